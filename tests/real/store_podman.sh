#!/bin/bash
# podman and buildah read the store as it is, and name the digests that the registry named.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_tools.sh
. "$here/lib_tools.sh"

# Pull one image out of a store. It has the id of its config, and the digest that was named: of an
# index podman gives the digest of the index, and buildah that of the manifest it took.
pull() { # podman|buildah STORE REPOSITORY:TAG ARCHITECTURE NAMED MANIFEST
    local id digest=$5
    [ "$1" = podman ] || digest=$6
    forget_containers
    id=$("$1" pull -q --os linux --arch "$4" "oci:$2:$REGISTRY/$3") || fail "$1 pull of $3"
    assert_equal "the image of $3 that $1 pulled" \
        "$(config_digest "${3%:*}" "$6")" "sha256:${id#sha256:}"
    assert_equal "the digest of $3 that $1 gives" "$digest" \
        "$("$1" inspect --type image "$id" | jq -r "$digest_in_answer")"
}

pull_index() { # podman|buildah
    local arch
    for arch in amd64 arm64; do
        pull "$1" store real/index:1 "$arch" "$index" "$(index_entry real/index 1 "$arch")"
    done
    pull "$1" partial real/index:1 arm64 "$index" "$(index_entry real/index 1 arm64)"
}

# A platform that is not there is refused, and not another one taken.
refuse_absent() { # podman|buildah
    forget_containers
    ! "$1" pull -q --os linux --arch amd64 "oci:partial:$REGISTRY/real/index:1" > out 2> err ||
        fail "$1 pulled a platform that is not there: $(cat out)"
    assert_file_has err "$(index_entry real/index 1 amd64 | cut -d : -f 2)"
}

# The files of the image, as podman mounts it.
look_inside() {
    local id folder
    forget_containers
    id=$(podman pull -q "oci:store:$REGISTRY/real/single:1")
    folder=$(podman image mount "$id")
    cmp "$folder/bin/busybox" /bin/busybox
    podman image unmount "$id" > out
}

why=$(why_not podman buildah)
[ -z "$why" ] || { echo "= left out: podman, buildah: $why" && exit 0; }
use_registry
use_image single index
use_containers_storage
single=$(registry_digest real/single 1)
index=$(registry_digest real/index 1)
tug_run 0 fetch --all-platforms "$REGISTRY/real/single:1" "$REGISTRY/real/index:1"
STORE=$PWD/partial tug_run 0 fetch --platform linux/arm64 "$REGISTRY/real/index:1"
for tool in podman buildah; do
    case $tool in
    podman) digest_in_answer='.[0].Digest' ;;
    buildah) digest_in_answer=.FromImageDigest ;;
    esac
    pull "$tool" store real/single:1 amd64 "$single" "$single"
    pull_index "$tool"
    refuse_absent "$tool"
done
look_inside
check_store "$STORE"
