#!/bin/bash
# --root platform: skopeo, umoci, podman and a walk of the layout find all of a fetched image.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_tools.sh
. "$here/lib_tools.sh"

# What is missing of all that index.json leads to, as tools that copy a layout walk it.
missing_below() { # DIGEST…
    local digest file
    for digest in "$@"; do
        file=$STORE/blobs/${digest/://}
        [ -f "$file" ] || echo "$digest"
        # shellcheck disable=SC2046 # digests are words
        ! jq -e '.manifests or .layers' "$file" > /dev/null 2>&1 ||
            missing_below $(jq -r '(.manifests // [])[], (.config // empty), (.layers // [])[]
                | .digest' "$file")
    done
}

names_the_manifest() {
    tug_run 0 fetch --root platform --platform linux/arm64 --format json "$index"
    assert_equal "the result's digest" "$arm64" "$(jq -r .digest "$OUT")"
    assert_equal "the index's digest" "$index_digest" "$(jq -r .indexDigest "$OUT")"
    assert_json "$STORE/index.json" "the entry" '.manifests | length == 1'
    assert_equal "the entry" "$arm64 {\"architecture\":\"arm64\",\"os\":\"linux\"} $index_digest" \
        "$(jq -r '.manifests[0] | "\(.digest) \(.platform | tojson) \(.annotations."tug.index")"' \
            "$STORE/index.json")"
    check_store "$STORE"
    # The same once more changes nothing; the index as root takes its place, and gives it back.
    before=$(cat "$STORE/index.json")
    tug_run 0 fetch --root platform --platform linux/arm64 "$index"
    assert_equal "index.json" "$before" "$(cat "$STORE/index.json")"
    tug_run 0 fetch --root index --platform linux/arm64 "$index"
    assert_equal "the root" "$index_digest" "$(jq -r '.manifests[].digest' "$STORE/index.json")"
    tug_run 0 fetch --root platform --platform linux/arm64 "$index"
    assert_equal "index.json" "$before" "$(cat "$STORE/index.json")"
}

is_whole_for_tools() {
    # shellcheck disable=SC2046 # digests are words
    assert_equal "what a walk misses" "" \
        "$(missing_below $(jq -r '.manifests[].digest' "$STORE/index.json"))"
    skopeo copy -q --all --preserve-digests "oci:$STORE:$index" "dir:$PWD/copy"
    assert_equal "digest of skopeo's copy" "$arm64" "$(sum_of < copy/manifest.json)"
    umoci unpack --rootless --image "$STORE:$index" bundle > umoci.log 2>&1 ||
        fail "umoci unpack: $(tail -n 5 umoci.log)"
    cmp bundle/rootfs/bin/busybox /bin/busybox
    tug_run 0 verify
    tug_run 0 prune
    [ ! -e "$STORE/blobs/${index_digest/://}" ] || fail "prune keeps the index, which nothing needs"
    # shellcheck disable=SC2046 # digests are words
    assert_equal "what a walk misses after prune" "" \
        "$(missing_below $(jq -r '.manifests[].digest' "$STORE/index.json"))"
}

podman_takes_it() {
    local why
    why=$(why_not podman)
    [ -z "$why" ] || { echo "= left out: podman: $why" && return; }
    use_containers_storage
    ln -s "$STORE" store # podman wants no capitals in a path
    podman pull -q --arch arm64 "oci:store:$index" > podman.log 2>&1 ||
        fail "podman pull: $(cat podman.log)"
    assert_equal "podman's image" "$(config_digest real/index "$arm64" | sed 's/^sha256://')" \
        "$(tail -n 1 podman.log)"
}

use_registry
use_image index
index=$REGISTRY/real/index:1
index_digest=$(registry_digest real/index 1)
arm64=$(index_entry real/index 1 arm64)
names_the_manifest
is_whole_for_tools
podman_takes_it
