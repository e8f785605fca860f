#!/bin/bash
# Archives of other programs: skopeo, podman, buildah, docker and ctr wrote them, gzip and zstd made
# them smaller. The store then has the image under its name, and others read it there.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_tools.sh
. "$here/lib_tools.sh"

# Import into an empty store, from a file, a folder or "-", which is then stdin.
import_fresh() { # WORD…
    chmod -R u+rwX "$STORE" 2> /dev/null || true
    rm -rf "$STORE"
    tug_run 0 import "$@"
    check_store "$STORE"
}

# The store has one image of this name; its manifest is this one.
assert_manifest() { # NAME DIGEST
    assert_equal "what import printed" "$1 $2" "$(cat "$OUT")"
    assert_equal "digest of $1" "$2" "$(skopeo inspect --raw "oci:$STORE:$1" | sum_of)"
}

# An archive of docker save has no manifest: the image is known by its config, and is as good as
# before.
assert_config() { # NAME
    assert_equal "name of what was imported" "$1" "$(cut -d ' ' -f 1 "$OUT")"
    assert_equal "config of $1" "$config" \
        "$(skopeo inspect --config --raw "oci:$STORE:$1" | sum_of)"
    rm -rf bundle
    umoci unpack --rootless --image "$STORE:$1" bundle > umoci.log 2>&1 ||
        fail "umoci unpack: $(tail -n 5 umoci.log)"
    cmp bundle/rootfs/bin/busybox /bin/busybox
}

# As it is, checked in full; then from a pipe and compressed, which gives the same.
import_in_all_forms() { # FILE CHECK WORD…
    local form
    import_fresh "$1"
    "${@:2}"
    store_blobs "$STORE" > blobs
    cp "$OUT" printed
    gzip -n -1 -c "$1" > "$1.gz"
    zstd -q -1 -c "$1" > "$1.zst"
    for form in "$1.gz" "$1.zst" - -.gz -.zst; do
        case $form in
        -*) import_fresh - < <(cat "$1${form#-}") ;;
        *) import_fresh "$form" ;;
        esac
        cmp printed "$OUT"
        assert_blobs "$STORE" < blobs
    done
    rm "$1.gz" "$1.zst"
}

by_skopeo() {
    skopeo copy -q "oci:fetched:$single" "oci-archive:skopeo-oci.tar:$single"
    import_in_all_forms skopeo-oci.tar assert_manifest "$single" "$digest"
    skopeo copy -q "oci:fetched:$single" "docker-archive:skopeo-docker.tar:$single"
    import_in_all_forms skopeo-docker.tar assert_config "$single"
    skopeo copy -q --all "oci:fetched:$index" "oci-archive:skopeo-index.tar:$index"
    import_fresh skopeo-index.tar
    assert_manifest "$index" "$(registry_digest real/index 1)"
}

by_podman() {
    local why
    why=$(why_not podman buildah)
    [ -z "$why" ] || { echo "= left out: podman, buildah: $why" && return; }
    podman pull -q "oci:fetched:$single" > id
    podman tag "$(cat id)" example.com/saved:2
    podman save -q --format docker-archive -o podman-docker.tar example.com/saved:2
    import_fresh podman-docker.tar
    assert_config example.com/saved:2
    podman save -q --format oci-archive -o podman-oci.tar example.com/saved:2
    import_fresh podman-oci.tar
    assert_config example.com/saved:2
    podman save -q --format oci-dir -o podman-dir example.com/saved:2
    import_fresh --name example.com/folder:3 podman-dir
    assert_config example.com/folder:3
    buildah push -q "$(cat id)" "oci-archive:buildah.tar:example.com/pushed:4"
    import_fresh buildah.tar
    assert_config example.com/pushed:4
}

by_docker() {
    start_containerd || return 0
    tar -C fetched -cf fetched.tar oci-layout index.json blobs
    in_ctr images import --no-unpack --all-platforms fetched.tar > out
    in_ctr images export --all-platforms ctr.tar "$single" "$index"
    import_fresh ctr.tar
    assert_same_lines "what import printed" "$(printf '%s %s\n' "$index" \
        "$(registry_digest real/index 1)" "$single" "$digest")" "$(sort "$OUT")"
    start_dockerd || return 0
    in_docker load -q -i skopeo-docker.tar > out
    in_docker tag "$single" example.com/saved:5
    in_docker save -o docker.tar example.com/saved:5
    import_in_all_forms docker.tar assert_config example.com/saved:5
    in_docker save -o both.tar "$single" example.com/saved:5
    import_fresh both.tar
    assert_equal "names of both" "$(printf '%s\n' "$single" example.com/saved:5 | sort)" \
        "$(cut -d ' ' -f 1 "$OUT" | sort)"
    in_docker save -o unnamed.tar "$config"
    tug_run 6 import unnamed.tar
    import_fresh --name example.com/unnamed:6 unnamed.tar
    assert_config example.com/unnamed:6
}

# A store, as a folder.
by_tug() {
    import_fresh fetched
    assert_same_lines "what import printed" "$(printf '%s %s\n' "$index" \
        "$(registry_digest real/index 1)" "$single" "$digest")" "$(sort "$OUT")"
    store_blobs fetched | assert_blobs "$STORE"
}

# A tag alone is no name, and one name is too few for several images.
names() {
    skopeo copy -q "oci:fetched:$single" oci:tagged:v1
    rm -rf "$STORE"
    tug_run 6 import tagged
    assert_file_has "$ERR" "only 'v1'; give it one with --name"
    import_fresh --name example.com/named tagged
    assert_manifest example.com/named:latest "$digest"
    tug_run 2 import --name example.com/named fetched
}

use_registry
use_image single index
use_containers_storage
single=$REGISTRY/real/single:1
index=$REGISTRY/real/index:1
digest=$(registry_digest real/single 1)
config=$(config_digest real/single "$digest")
STORE=$PWD/fetched tug_run 0 fetch --all-platforms "$single" "$index"
by_skopeo
by_podman
by_docker
by_tug
names
