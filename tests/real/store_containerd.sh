#!/bin/bash
# A tar of the store as it is: containerd imports it under the names and digests that tug gave.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_tools.sh
. "$here/lib_tools.sh"

pack() { # STORE TAR
    tar -C "$1" -cf "$2" oci-layout index.json blobs
}

# All content of a store, and nothing more but the index.json, which containerd keeps for a while.
assert_in_containerd() { # NAMESPACE STORE
    assert_same_lines "content in containerd" "$(store_blobs "$2")" \
        "$(ctr_blobs "$1" | grep -vxF "$(sum_of < "$2/index.json")")"
}

import_all() {
    pack "$STORE" all.tar
    in_ctr --namespace all images import --no-unpack --all-platforms all.tar > out
    assert_same_lines "images in containerd" "$(sort "$OUT")" "$(ctr_images all)"
    assert_in_containerd all "$STORE"
}

# Only one platform of an index is there, and containerd takes that one.
import_one_platform() {
    STORE=$PWD/partial tug_run 0 fetch --platform linux/arm64 "$REGISTRY/real/index:1"
    pack partial partial.tar
    in_ctr --namespace one images import --no-unpack --platform linux/arm64 partial.tar > out
    assert_same_lines "images in containerd" "$(cat "$OUT")" "$(ctr_images one)"
    assert_in_containerd one partial
}

# containerd unpacks it, too: its layers are what the config says.
unpack() {
    local target=$PWD/mounted
    mkdir "$target"
    in_ctr --namespace all images mount --snapshotter native "$REGISTRY/real/single:1" \
        "$target" > out
    cmp "$target/bin/busybox" /bin/busybox && echo same > compared
    in_ctr --namespace all images unmount "$target" > out
    assert_equal "busybox in containerd's snapshot" same "$(cat compared)"
}

start_containerd || exit 0
use_registry
use_image single index docker
tug_run 0 fetch --all-platforms "$REGISTRY/real/single:1" "$REGISTRY/real/index:1" \
    "$REGISTRY/real/docker:1"
import_all
unpack
import_one_platform
check_store "$STORE"
