#!/bin/bash
# The lines of README.md, "Into podman, docker, containerd, CRI-O", as they are, but for the place
# of the store, sockets and storage of this script. What podman pulled is not run: that needs
# cgroups.
# shellcheck disable=SC2016,SC2317 # $names in single quotes are jq's; eval calls functions
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_tools.sh
. "$here/lib_tools.sh"

# The lines that have a word in them.
lines_with() { # WORD
    sed -n '/^## Into podman/,/^## /s/^    //p' "$here/../../README.md" | grep -v '^#' |
        sed 's,oci:/srv/images:,oci:store:,' | grep -F -- "$1"
}

tug() {
    "$TUG" "$@"
}

# What the lines with a word say.
do_lines() { # WORD
    local lines
    lines=$(lines_with "$1") || fail "README has no line with $1"
    eval "$lines"
}

with_podman() {
    local why
    why=$(why_not podman skopeo)
    [ -z "$why" ] || { echo "= left out: podman, CRI-O: $why" && return; }
    use_containers_storage
    podman() { # run --rm IMAGE: it is there
        if [ "$1" = run ]; then
            command podman image inspect "$3" > pulled
        else
            command podman "$@"
        fi
    }
    do_lines podman
    assert_json pulled "what podman pulled" '.[0].Digest == $digest' --arg digest "$digest"
    forget_containers
    do_lines skopeo > copied 2>&1
    command podman image inspect "$name" > copied
    assert_json copied "what CRI-O would find" '.[0].Digest == $digest' --arg digest "$digest"
}

with_containerd() {
    start_containerd || return 0
    (
        ctr() { command ctr --address "$WORK/ctd.sock" "$@"; }
        do_lines ctr > loaded
    )
    assert_equal "images of containerd" "$name $digest" "$(ctr_images k8s.io)"
    start_dockerd || return 0
    (
        docker() {
            DOCKER_CONFIG=$PWD/docker-config command docker --host "unix://$WORK/dkd.sock" "$@"
        }
        do_lines docker > loaded
    )
    assert_file_has loaded "$name"
}

use_registry
use_image single
export TUG_STORE=$STORE
name=$REGISTRY/real/single:1
digest=$(registry_digest real/single 1)
tug_run 0 fetch "$name"
with_podman
with_containerd
