#!/bin/bash
# An image of 300 MB and more.
# shellcheck disable=SC2016 # $names in single quotes are jq's
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

use_registry
use_image large
ref=$REGISTRY/real/large:1
digest=$(registry_digest real/large 1)
size=$(registry_manifest real/large 1 | wc -c)
bytes=$(registry_manifest real/large 1 |
    jq --argjson size "$size" '[$size, .config.size, .layers[].size] | add')
assert_at_least "bytes of the image" 300000000 "$bytes"

tug_run 0 fetch --platform linux/amd64 --format json "$ref"
assert_json "$OUT" "the result" '.digest == $digest and .bytesFetched == $bytes' \
    --arg digest "$digest" --argjson bytes "$bytes"
check_store "$STORE"
manifest_content real/large "$digest" | assert_blobs "$STORE"
assert_equal "bytes in the store" "$bytes" \
    "$(find "$STORE/blobs" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')"
