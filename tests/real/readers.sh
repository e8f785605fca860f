#!/bin/bash
# Other tools read the store: skopeo copy, skopeo inspect, umoci unpack.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Files in a folder written by skopeo (dir:) that are not what their names say.
wrong_files() { # FOLDER
    (cd "$1" && find . -type f ! -name manifest.json ! -name '*.manifest.json' ! -name version \
        -printf '%P\0' | xargs -0 sha256sum | awk '$1 != $2')
}

copy_single() {
    local out=$PWD/single
    skopeo copy -q "oci:$STORE:$single" "dir:$out"
    assert_equal "digest of skopeo's copy" "$single_digest" \
        "sha256:$(sha256sum < "$out/manifest.json" | cut -d ' ' -f 1)"
    assert_equal "wrong files in skopeo's copy" "" "$(wrong_files "$out")"
    assert_equal "files in skopeo's copy" \
        "$(($(manifest_content real/single "$single_digest" | wc -l) - 1))" \
        "$(find "$out" -type f -name "$(printf '?%.0s' {1..64})" | wc -l)"
}

copy_index() {
    local out=$PWD/index
    skopeo copy -q --all --preserve-digests "oci:$STORE:$index" "dir:$out"
    assert_equal "digest of skopeo's copy" "$index_digest" \
        "sha256:$(sha256sum < "$out/manifest.json" | cut -d ' ' -f 1)"
    assert_equal "manifests in skopeo's copy" 4 "$(find "$out" -name '*.manifest.json' | wc -l)"
    assert_equal "wrong files in skopeo's copy" "" "$(wrong_files "$out")"
}

# Only one platform is there; skopeo takes that one.
copy_one_platform() {
    local partial=$PWD/partial-store out=$PWD/partial
    STORE=$partial tug_run 0 fetch --platform linux/arm64 "$index"
    skopeo --override-os linux --override-arch arm64 copy -q "oci:$partial:$index" "dir:$out"
    assert_equal "digest of skopeo's copy" "$(index_entry real/index 1 arm64)" \
        "sha256:$(sha256sum < "$out/manifest.json" | cut -d ' ' -f 1)"
}

# These versions of skopeo and umoci know no Docker types in a layout; skopeo knows them in a folder
# of its own kind, to which the store's files are handed over as they are.
copy_docker() {
    local folder=$PWD/docker amd64 digest
    amd64=$(index_entry real/docker 1 amd64)
    mkdir "$folder"
    cp "$STORE/blobs/${amd64/://}" "$folder/manifest.json"
    for digest in $(manifest_content real/docker "$amd64" | tail -n +2); do
        cp "$STORE/blobs/${digest/://}" "$folder/${digest#*:}"
    done
    skopeo copy -q --format oci "dir:$folder" "oci:$PWD/converted:1"
    assert_equal "layers of the converted image" \
        "$(registry_manifest real/docker "$amd64" | jq -c '[.layers[].digest]')" \
        "$(skopeo inspect --raw "oci:$PWD/converted:1" | jq -c '[.layers[].digest]')"
}

# skopeo gives the same digest for the name in the store as for the name in the registry.
inspect() { # REFERENCE DIGEST
    assert_equal "skopeo's digest of the store's $1" "$2" \
        "$(skopeo --override-arch amd64 inspect "oci:$STORE:$1" | jq -r .Digest)"
    assert_equal "skopeo's digest of the registry's $1" "$2" \
        "$(skopeo --override-arch amd64 inspect --tls-verify=false "docker://$1" | jq -r .Digest)"
}

unpack() {
    umoci unpack --rootless --image "$STORE:$single" bundle > umoci.log 2>&1 ||
        fail "umoci unpack: $(tail -n 5 umoci.log)"
    cmp bundle/rootfs/bin/busybox /bin/busybox
    assert_equal "what the image runs" /bin/busybox "$(jq -r '.process.args[0]' bundle/config.json)"
    umoci list --layout "$STORE" > names
    assert_file_has names "$single"
    assert_file_has names "$index"
}

unpack_large() {
    local file
    umoci unpack --rootless --image "$STORE:$large" large > umoci.log 2>&1 ||
        fail "umoci unpack: $(tail -n 5 umoci.log)"
    while read -r file; do
        cmp "$file" "large/rootfs$file"
    done < "$images_folder/large-0"
}

use_registry
use_image single index docker large
single=$REGISTRY/real/single:1
index=$REGISTRY/real/index:1
docker=$REGISTRY/real/docker:1
large=$REGISTRY/real/large:1
single_digest=$(registry_digest real/single 1)
index_digest=$(registry_digest real/index 1)
tug_run 0 fetch --all-platforms "$single" "$index" "$docker" "$large"
assert_same_lines "what is printed" "$single $single_digest
$index $index_digest
$docker $(registry_digest real/docker 1)
$large $(registry_digest real/large 1)" "$(cat "$OUT")"

copy_single
copy_index
copy_one_platform
copy_docker
inspect "$single" "$single_digest"
inspect "$index" "$index_digest"
unpack
unpack_large
check_store "$STORE"
