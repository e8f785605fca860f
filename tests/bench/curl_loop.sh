#!/bin/sh
# The loop that people write: each blob of an image by curl into a file and through sha256sum.
#
#   curl_loop.sh URL REPOSITORY FOLDER [CURL-OPTION…]
set -eu
url=$1/v2/$2
folder=$3
shift 3

curl -sSf "$@" -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
    -o "$folder/manifest" "$url/manifests/1"
jq -r '.config.digest, .layers[].digest' "$folder/manifest" | while read -r digest; do
    found=$(curl -sSf "$@" "$url/blobs/$digest" | tee "$folder/${digest#sha256:}" | sha256sum)
    [ "sha256:${found%% *}" = "$digest" ]
done
