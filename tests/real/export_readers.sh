#!/bin/bash
# What export wrote is read by skopeo, podman, buildah, umoci, containerd and dockerd, as an OCI
# archive or as one of docker save; names, digests and ids are those of the registry.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_tools.sh
. "$here/lib_tools.sh"

export_to() { # FILE WORD…
    local file=$1
    shift
    tug_run 0 export -o "$file" "$@"
    assert_file_is_empty "$OUT"
}

# As an OCI archive: the digest of what was named.
skopeo_reads_oci() { # FILE NAME DIGEST
    assert_equal "skopeo's digest of $2 in $1" "$3" \
        "$(skopeo inspect --raw "oci-archive:$1:$2" | sum_of)"
}

# As docker save's archive: the digest of the config.
skopeo_reads_docker() { # FILE NAME CONFIG
    assert_equal "skopeo's config of $2 in $1" "$3" \
        "$(skopeo inspect --config --raw "docker-archive:$1:$2" | sum_of)"
}

podman_loads() { # FILE NAME CONFIG
    [ -n "$has_containers" ] || return 0
    forget_containers
    podman load -q -i "$1" > loaded
    assert_file_has loaded "Loaded image: $2"
    assert_equal "podman's id of $2 in $1" "$3" \
        "$(podman image inspect "$2" | jq -r '"sha256:" + .[0].Id')"
}

buildah_pulls() { # FILE NAME CONFIG ARCHITECTURE
    [ -n "$has_containers" ] || return 0
    forget_containers
    assert_equal "buildah's id of $2 in $1 for $4" "$3" \
        "sha256:$(buildah pull -q --arch "$4" "oci-archive:$1:$2")"
}

containerd_imports() { # FILE LINES-OF-NAME-AND-DIGEST IMPORT-OPTION…
    [ -n "$has_containerd" ] || return 0
    in_ctr --namespace "$1" images import --no-unpack "${@:3}" "$1" > out
    assert_same_lines "containerd's images of $1" "$2" "$(ctr_images "$1")"
}

docker_loads() { # FILE NAME CONFIG
    [ -n "$has_dockerd" ] || return 0
    in_docker load -q -i "$1" > loaded
    assert_file_has loaded "Loaded image: $2"
    assert_equal "docker's id of $2 in $1" "$3" "$(in_docker image inspect "$2" | jq -r '.[0].Id')"
    in_docker image rm "$2" > out
}

umoci_unpacks() { # FILE NAME
    mkdir unpacked
    tar -C unpacked -xf "$1"
    umoci unpack --rootless --image "unpacked:$2" bundle > umoci.log 2>&1 ||
        fail "umoci unpack: $(tail -n 5 umoci.log)"
    cmp bundle/rootfs/bin/busybox /bin/busybox
}

one_manifest() {
    export_to single.tar "$single"
    skopeo_reads_oci single.tar "$single" "$single_digest"
    skopeo_reads_docker single.tar "$single" "$amd64_config"
    podman_loads single.tar "$single" "$amd64_config"
    buildah_pulls single.tar "$single" "$amd64_config" amd64
    containerd_imports single.tar "$single $single_digest"
    docker_loads single.tar "$single" "$amd64_config"
    umoci_unpacks single.tar "$single"
}

# All platforms of an index. docker save's form has one of them, this machine's.
whole_index() {
    export_to index.tar "$index"
    skopeo copy -q --all --preserve-digests "oci-archive:index.tar:$index" dir:index
    assert_equal "skopeo's digest of the index" "$index_digest" "$(sum_of < index/manifest.json)"
    assert_equal "skopeo's manifests" 4 "$(find index -name '*.manifest.json' | wc -l)"
    skopeo_reads_docker index.tar "$index" "$amd64_config"
    podman_loads index.tar "$index" "$amd64_config"
    buildah_pulls index.tar "$index" "$amd64_config" amd64
    buildah_pulls index.tar "$index" "$arm64_config" arm64
    containerd_imports index.tar "$index $index_digest" --all-platforms
    docker_loads index.tar "$index" "$amd64_config"
}

# One platform of an index, which may be all that is there: it is still that index.
one_platform() { # FILE STORE
    STORE=$2 export_to "$1" --platform linux/arm64 "$index"
    skopeo_reads_oci "$1" "$index" "$index_digest"
    skopeo_reads_docker "$1" "$index" "$arm64_config"
    podman_loads "$1" "$index" "$arm64_config"
    buildah_pulls "$1" "$index" "$arm64_config" arm64
    containerd_imports "$1" "$index $index_digest" --platform linux/arm64
    docker_loads "$1" "$index" "$arm64_config"
}

# Manifests of Docker, of which these tools know nothing in an OCI layout.
docker_manifest() {
    local digest config
    digest=$(registry_digest real/docker amd64)
    config=$(config_digest real/docker "$digest")
    export_to docker.tar "$docker"
    skopeo_reads_docker docker.tar "$docker" "$config"
    podman_loads docker.tar "$docker" "$config"
    containerd_imports docker.tar "$docker $digest"
    docker_loads docker.tar "$docker" "$config"
}

several() {
    local name
    export_to several.tar "$single" "$index" "$docker"
    skopeo_reads_oci several.tar "$single" "$single_digest"
    skopeo_reads_oci several.tar "$index" "$index_digest"
    containerd_imports several.tar "$docker $(registry_digest real/docker amd64)
$index $index_digest
$single $single_digest" --all-platforms
    for name in "$single" "$index"; do
        podman_loads several.tar "$name" "$amd64_config"
        docker_loads several.tar "$name" "$amd64_config"
    done
}

use_registry
use_image single index docker
use_containers_storage
why=$(why_not podman buildah)
has_containers="" has_containerd="" has_dockerd=""
if [ -z "$why" ]; then has_containers=yes; else echo "= left out: podman, buildah: $why"; fi
if start_containerd; then
    has_containerd=yes
    if start_dockerd; then has_dockerd=yes; fi
fi
single=$REGISTRY/real/single:1
index=$REGISTRY/real/index:1
docker=$REGISTRY/real/docker:amd64
single_digest=$(registry_digest real/single 1)
index_digest=$(registry_digest real/index 1)
arm64_config=$(config_digest real/index "$(index_entry real/index 1 arm64)")
amd64_config=$(config_digest real/single "$single_digest")
tug_run 0 fetch --all-platforms "$single" "$index" "$docker"
STORE=$PWD/partial tug_run 0 fetch --platform linux/arm64 "$index"
one_manifest
whole_index
one_platform arm64.tar "$STORE"
one_platform partial.tar "$PWD/partial"
cmp arm64.tar partial.tar
docker_manifest
several
