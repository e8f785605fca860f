#!/bin/bash
# References with a digest: alone, with a tag, with a tag that is not there, of an index's entry.
# shellcheck disable=SC2016 # $names in single quotes are jq's
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

fetch_and_check() { # REFERENCE DIGEST [PLATFORM]
    rm -rf "$STORE"
    tug_run 0 fetch --platform "${3:-linux/amd64}" "$1"
    assert_equal "what is printed" "$1 $2" "$(cat "$OUT")"
    check_store "$STORE"
    assert_json "$STORE/index.json" "index.json" '[.manifests[]
        | [.digest, .annotations."org.opencontainers.image.ref.name"]] == [[$digest, $name]]' \
        --arg digest "$2" --arg name "$1"
}

use_registry
use_image single index
name=$REGISTRY/real/single
digest=$(registry_digest real/single 1)
index_digest=$(registry_digest real/index 1)
arm64=$(index_entry real/index 1 arm64)

fetch_and_check "$name@$digest" "$digest"
manifest_content real/single "$digest" | assert_blobs "$STORE"
fetch_and_check "$name:1@$digest" "$digest"
# The digest decides; the tag is only a name.
mark_requests
fetch_and_check "$name:none@$digest" "$digest"
assert_equal "requests for the tag" 0 "$(count_requests '[A-Z]+' /v2/real/single/manifests/none)"

fetch_and_check "$REGISTRY/real/index@$index_digest" "$index_digest"
{ echo "$index_digest" && manifest_content real/index "$(index_entry real/index 1 amd64)"; } |
    assert_blobs "$STORE"
fetch_and_check "$REGISTRY/real/index@$arm64" "$arm64" linux/arm64
manifest_content real/index "$arm64" | assert_blobs "$STORE"

# A layer by its digest (f24): no manifest, so the registry is asked for a blob, which gets a name.
layer=$(registry_manifest real/single 1 | jq -r '.layers[0].digest')
rm -rf "$STORE"
# docker-registry answers 500 for it, which is tried again once here.
tug_run 0 fetch --retries 1 "$name@$layer"
assert_equal "what is printed" "$name@$layer $layer" "$(cat "$OUT")"
echo "$layer" | assert_blobs "$STORE"
assert_json "$STORE/index.json" "index.json" '[.manifests[].digest] == [$digest]' \
    --arg digest "$layer"
tug_run 0 prune
tug_run 0 verify
echo "$layer" | assert_blobs "$STORE" # its entry keeps it
