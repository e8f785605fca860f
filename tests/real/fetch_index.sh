#!/bin/bash
# An OCI index: one platform's image, then all of them.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

use_registry
use_image index
ref=$REGISTRY/real/index:1
digest=$(registry_digest real/index 1)

mark_requests
tug_run 0 fetch --platform linux/arm64 "$ref"
assert_equal "what is printed" "$ref $digest" "$(cat "$OUT")"
check_store "$STORE"
assert_root "$STORE" "$ref" "$digest" "$index_type"
arm64=$(index_entry real/index 1 arm64)
{ echo "$digest" && manifest_content real/index "$arm64"; } > wanted
assert_blobs "$STORE" < wanted
# Each manifest is asked for once, as is each blob; the index and the manifest are not blobs.
assert_equal "requests for manifests" 2 "$(count_requests '[A-Z]+' /v2/real/index/manifests/)"
assert_equal "requests for blobs" "$(($(wc -l < wanted) - 2))" \
    "$(count_requests '[A-Z]+' /v2/real/index/blobs/)"

tug_run 0 fetch --all-platforms "$ref"
check_store "$STORE"
{
    echo "$digest"
    registry_manifest real/index 1 | jq -r '.manifests[].digest' | while read -r entry; do
        manifest_content real/index "$entry"
    done
} > wanted
assert_blobs "$STORE" < wanted
assert_json "$STORE/index.json" "index.json" '.manifests | length == 1'
