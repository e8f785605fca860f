#!/bin/bash
# images, ls and get tell of stores what the registry and skopeo say: of ours, and of one by skopeo.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

use_registry
use_image index single
index=$REGISTRY/real/index:1
single=$REGISTRY/real/single:1
arm64=$(index_entry real/index 1 arm64)

# The line of JSON of one image, one of its members.
of_image() { # NAME JQ-EXPRESSION
    jq -r --arg name "$1" "select(.name == \$name) | $2" "$OUT"
}

tug_run 0 fetch --platform linux/arm64 "$index"
tug_run 0 images --format json
assert_equal "digest of the index" "$(registry_digest real/index 1)" "$(of_image "$index" .digest)"
assert_equal "kind of the index" index "$(of_image "$index" .kind)"
assert_equal "what is complete of it" "linux/arm64" \
    "$(of_image "$index" '.platforms[] | select(.complete) | .platform')"
assert_equal "the manifests it names, without the attestation" \
    "$(registry_manifest real/index 1 |
        jq -r '.manifests[] | select(.platform.os != "unknown") | .digest' | sort)" \
    "$(of_image "$index" '.platforms[].digest' | sort)"
assert_equal "is it complete" true "$(of_image "$index" .complete)"
assert_equal "blobs of the index" "$(manifest_content real/index "$arm64" | sort -u | wc -l)" \
    "$(($(of_image "$index" .blobs) - 1))"
assert_equal "source of the index" "${REGISTRY%:*}/real/index" "$(of_image "$index" '.sources[]')"
tug_run 0 images
assert_equal "columns: complete, missing" "linux/arm64 linux/amd64,linux/arm/v7" \
    "$(awk -v name="$index" '$1 == name { print $4, $5 }' "$OUT")"

tug_run 0 fetch "$single"
tug_run 0 images --format json
created=$(skopeo inspect --config --tls-verify=false "docker://$single" |
    jq -r '.created // "null"')
assert_equal "when the image was made" "$created" "$(of_image "$single" .created)"
sizes=$(manifest_content real/single "$(registry_digest real/single 1)" | sort -u |
    while read -r blob; do stat -c %s "$STORE/blobs/${blob/://}"; done |
    awk '{ n += $1 } END { print n }')
assert_equal "size of the image" "$sizes" "$(of_image "$single" .contentBytes)"

tug_run 0 get "$single"
assert_equal "the manifest" "$(registry_digest real/single 1)" \
    "sha256:$(sha256sum < "$OUT" | cut -d ' ' -f 1)"

# Everything in the store is needed by the two.
tug_run 0 ls --format json
assert_equal "blobs" "$(find "$STORE/blobs" -type f | wc -l)" "$(wc -l < "$OUT")"
assert_equal "orphans" "" "$(jq -r 'select(.needed | not) | .digest' "$OUT")"

# A layout that skopeo made: it names no more than a tag, and blobs have other modes.
skopeo --insecure-policy copy -q --all --src-tls-verify=false "docker://$index" oci:theirs:some-tag
STORE=$PWD/theirs
tug_run 0 images --format json
assert_equal "the name that skopeo wrote" some-tag "$(jq -r .name "$OUT")"
assert_equal "digest" "$(jq -r '.manifests[0].digest' theirs/index.json)" "$(jq -r .digest "$OUT")"
assert_equal "platforms" "true true true" "$(jq -r '[.platforms[].complete] | join(" ")' "$OUT")"
tug_run 0 images some-tag
assert_file_has "$OUT" "linux/amd64,linux/arm64,"
