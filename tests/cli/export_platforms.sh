#!/bin/bash
# Export of images for several platforms: those that are complete, those that were asked for.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_store.sh
. "$(dirname "$0")/lib_store.sh"

s=$TUG_STORE
layout_begin "$s"
host=$(uname -m | sed 's/x86_64/amd64/;s/aarch64/arm64/')
own=$(layout_image "$s" "linux/$host" 1)
s390x=$(layout_image "$s" linux/s390x 1)
riscv=$(layout_image "$s" linux/riscv64 1)
inner=$(layout_index "$s" "$riscv")
attestation=$(layout_image "$s" unknown/unknown 1)
index=$(layout_index "$s" "$s390x" "$own" "$inner" "$attestation")
layout_name "$s" "$index" r.example/multi:1
layout_name "$s" "$s390x" r.example/single:1

members() { # the blobs of an archive, sorted
    tar tf "$1" | sed -n 's,^blobs/sha256/\(.\),sha256:\1,p' | sort
}

content() { # DESCRIPTOR…: all that these images are made of
    local image
    for image in "$@"; do
        digest_of "$image"
        jq -r '.config.digest, .layers[].digest' "$(blob_path "$s" "$image")"
    done
}

expect_members() { # ARCHIVE, digests on stdin
    sort > "$WORK/wanted"
    members "$1" > "$WORK/found"
    cmp -s "$WORK/wanted" "$WORK/found" || fail "$(diff "$WORK/wanted" "$WORK/found")"
}

docker_configs() { # ARCHIVE
    tar xOf "$1" manifest.json | jq -r '.[].Config'
}

config_of() { # DESCRIPTOR
    jq -r '.config.digest | sub("sha256:"; "blobs/sha256/")' "$(blob_path "$s" "$1")"
}

all_platforms() {
    run export -o "$WORK/a.tar" r.example/multi:1
    expect_status 0
    { digest_of "$index"; digest_of "$inner"; content "$own" "$s390x" "$riscv" "$attestation"; } |
        expect_members "$WORK/a.tar"
    # Docker gets this machine's, although another one comes first.
    [ "$(docker_configs "$WORK/a.tar")" = "$(config_of "$own")" ] || fail "docker's config"
    tar xOf "$WORK/a.tar" index.json | jq -e --arg digest "$(digest_of "$index")" \
        '[.manifests[].digest] == [$digest]' > /dev/null || fail "index.json names another image"
}

one_platform() {
    run export --platform linux/s390x -o "$WORK/a.tar" r.example/multi:1 r.example/single:1
    expect_status 0
    { digest_of "$index"; digest_of "$inner"; content "$s390x"; } | expect_members "$WORK/a.tar"
    [ "$(docker_configs "$WORK/a.tar")" = "$(config_of "$s390x")" ] || fail "docker's config"
    tar xOf "$WORK/a.tar" manifest.json |
        jq -e '.[0].RepoTags == ["r.example/multi:1", "r.example/single:1"]' > /dev/null ||
        fail "the tags of one manifest"
    run export --platform linux/riscv64 -o "$WORK/a.tar" r.example/multi:1 # within an inner index
    expect_status 0
    { digest_of "$index"; digest_of "$inner"; content "$riscv"; } | expect_members "$WORK/a.tar"
    run export --platform linux/ppc64le -o "$WORK/no.tar" r.example/multi:1
    expect_status 3
    expect_match err "tug: image 'r.example/multi:1' has no platform linux/ppc64le"
    run export --platform linux/ppc64le -o "$WORK/no.tar" r.example/single:1
    expect_status 3
    [ ! -e "$WORK/no.tar" ] || fail "a file was made"
}

# What is not complete is left out, unless it was asked for.
incomplete_platforms() {
    rm "$(blob_path "$s" "$(layer_of "$s" "$own")")"
    rm "$(blob_path "$s" "$attestation")"
    run export -o "$WORK/a.tar" r.example/multi:1
    expect_status 0
    { digest_of "$index"; digest_of "$inner"; content "$s390x" "$riscv"; } |
        expect_members "$WORK/a.tar"
    [ "$(docker_configs "$WORK/a.tar")" = "$(config_of "$s390x")" ] || fail "docker's config"
    run export --platform "linux/$host" -o "$WORK/no.tar" r.example/multi:1
    expect_status 3
    lacks="$(layer_of "$s" "$own") is not in .*"
    expect_match err "tug: image 'r.example/multi:1' is incomplete: $lacks"
    run export --platform "linux/$host" --partial -o "$WORK/a.tar" r.example/multi:1
    expect_status 0
    {
        digest_of "$index"
        digest_of "$inner"
        content "$own" | grep -v "$(layer_of "$s" "$own")"
    } | expect_members "$WORK/a.tar"
    ! tar tf "$WORK/a.tar" | grep -q manifest.json || fail "docker cannot load that"
    # No platform is complete.
    rm "$(blob_path "$s" "$(layer_of "$s" "$s390x")")" "$(blob_path "$s" "$riscv")"
    run export -o "$WORK/no.tar" r.example/multi:1
    expect_status 3
    expect_lines err 1
    [ ! -e "$WORK/no.tar" ] || fail "a file was made"
    # A document that is damaged is no list of what there is.
    printf ' ' >> "$(blob_path "$s" "$index")"
    run export --partial -o "$WORK/no.tar" r.example/multi:1
    [ "$status" -eq 3 ] || [ "$status" -eq 6 ] || fail "exit status $status"
    expect_lines err 1
    [ ! -e "$WORK/no.tar" ] || fail "a file was made"
}

all_platforms
one_platform
incomplete_platforms
