#!/bin/bash
# A single OCI manifest, and what --format json says of it.
# shellcheck disable=SC2016 # $names in single quotes are jq's
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

use_registry
use_image single
ref=$REGISTRY/real/single:1
digest=$(registry_digest real/single 1)
size=$(registry_manifest real/single 1 | wc -c)
manifest_content real/single "$digest" > wanted
bytes=$(registry_manifest real/single 1 |
    jq --argjson size "$size" '[$size, .config.size, .layers[].size] | add')

tug_run 0 fetch --platform linux/amd64 --format json "$ref"
assert_equal "lines printed" 1 "$(wc -l < "$OUT")"
assert_json "$OUT" "the result" '.ref == $ref and .digest == $digest and .mediaType == $type
    and .size == $size and .status == "ok" and .blobs == $blobs and .bytesFetched == $bytes
    and .bytesReused == 0 and .seconds >= 0 and .error == null' \
    --arg ref "$ref" --arg digest "$digest" --arg type "$manifest_type" --argjson size "$size" \
    --argjson blobs "$(wc -l < wanted)" --argjson bytes "$bytes"
check_store "$STORE"
assert_root "$STORE" "$ref" "$digest" "$manifest_type"
assert_blobs "$STORE" < wanted

# What is in the store is the file's bytes, as the registry has them.
registry_manifest real/single 1 | cmp - "$STORE/blobs/${digest/://}"
