#!/bin/bash
# A Docker manifest list with Docker manifests.
# shellcheck disable=SC2016 # $names in single quotes are jq's
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

use_registry
use_image docker
ref=$REGISTRY/real/docker:1
digest=$(registry_digest real/docker 1)

tug_run 0 fetch --platform linux/amd64 "$ref"
assert_equal "what is printed" "$ref $digest" "$(cat "$OUT")"
check_store "$STORE"
assert_root "$STORE" "$ref" "$digest" "$docker_list_type"
amd64=$(index_entry real/docker 1 amd64)
{ echo "$digest" && manifest_content real/docker "$amd64"; } > wanted
assert_blobs "$STORE" < wanted
assert_json "$STORE/blobs/${amd64/://}" "the platform's manifest" '.mediaType == $type' \
    --arg type "$docker_manifest_type"

# One of its manifests under a name of its own.
tug_run 0 fetch "$REGISTRY/real/docker:amd64"
assert_equal "what is printed" "$REGISTRY/real/docker:amd64 $amd64" "$(cat "$OUT")"
check_store "$STORE"
assert_root "$STORE" "$REGISTRY/real/docker:amd64" "$amd64" "$docker_manifest_type"
assert_blobs "$STORE" < wanted
