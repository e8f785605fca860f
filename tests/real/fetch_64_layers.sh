#!/bin/bash
# An image of 64 layers.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

use_registry
use_image layers64
ref=$REGISTRY/real/layers64:1
digest=$(registry_digest real/layers64 1)
assert_equal "layers of the image" 64 "$(registry_manifest real/layers64 1 | jq '.layers | length')"

mark_requests
tug_run 0 fetch --platform linux/amd64 "$ref"
assert_equal "what is printed" "$ref $digest" "$(cat "$OUT")"
check_store "$STORE"
manifest_content real/layers64 "$digest" > wanted
assert_blobs "$STORE" < wanted
assert_equal "requests for blobs" "$(sort -u wanted | grep -cvF "$digest")" \
    "$(count_requests GET /v2/real/layers64/blobs/)"
assert_at_most "connections" 6 "$(count_connections)"
