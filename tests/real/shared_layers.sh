#!/bin/bash
# 40 images that share three layers, from one list: each layer is asked for once.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

use_registry
use_image layers64
push layers64 real/shared:base

# Upload a small blob in one request.
upload() { # FILE
    local digest location
    digest=sha256:$(sha256sum < "$1" | cut -d' ' -f1)
    location=$(curl -s -S -f -D - -o /dev/null -X POST \
        "http://$REGISTRY/v2/real/shared/blobs/uploads/" |
        tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
    curl -s -S -f -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" \
        "$location&digest=$digest" > /dev/null
    jq -n -c --arg digest "$digest" --argjson size "$(stat -c %s "$1")" \
        '{mediaType: "application/vnd.oci.image.config.v1+json", $digest, $size}'
}

# shellcheck disable=SC2094 # upload reads what is complete
registry_manifest real/shared base > base
for i in $(seq 40); do
    echo "{\"architecture\":\"amd64\",\"os\":\"linux\",\"number\":$i}" > config
    described=$(upload config)
    jq -c --argjson config "$described" '.config = $config | .layers |= .[0:3]' base > manifest
    curl -s -S -f -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
        --data-binary @manifest "http://$REGISTRY/v2/real/shared/manifests/$i" > /dev/null
    echo "$REGISTRY/real/shared:$i"
done > list
mark_requests
tug_run 0 fetch --max-concurrent-downloads 16 --platform linux/amd64 --from-file list
assert_equal "results" "$(cat list)" "$(cut -d' ' -f1 "$OUT")"
check_store "$STORE"
assert_equal "manifests asked for" 40 "$(count_requests GET /v2/real/shared/manifests/)"
assert_equal "blobs asked for" 43 "$(count_requests GET /v2/real/shared/blobs/)"
assert_equal "blobs asked for more than once" "" "$(requests_since_mark |
    grep -oE 'http\.request\.uri="?/v2/[^" ]*/blobs/[^" ]*' | sed 's,.*/blobs/,,' | sort | uniq -d)"
