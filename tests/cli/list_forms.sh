#!/bin/bash
# What is a list: tags and digests of a repository, own output, the store's index.json, JSON.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate a:1=10K --generate a:2=10K --generate b:1=10K

run fetch -q --plain-http "$registry/a:1" "$registry/b:1"
expect_status 0
cp "$WORK/out" "$WORK/results"
digest=$(sed -n 's/.*a:1 //p' "$WORK/out")

fetch_list() { # STORE [OPTION…]: the list is $WORK/list
    local name=$1
    shift
    run fetch -q --plain-http --store "$WORK/$name" --from-file "$WORK/list" "$@"
}

expect_names() { # NAME…: in the output, without the registry
    [ "$(cut -d' ' -f1 "$WORK/out" | sed "s,^$registry/,," | tr '\n' ' ')" = "$* " ] ||
        fail "names: $(cat "$WORK/out")"
}

# Tags and digests belong to --repository, in a list and on the command line.
f15_repository() {
    printf '2\n%s\n' "$digest" > "$WORK/list"
    fetch_list f15 --repository "$registry/a"
    expect_status 0
    expect_names a:2 "a@$digest"
    run fetch -q --plain-http --store "$WORK/f15-operands" --repository "$registry/a" 1 "$digest"
    expect_status 0
    expect_names a:1 "a@$digest"
    run fetch "$digest"
    expect_status 2
    expect_text err "give its repository with --repository HOST/NAME"
    run fetch --repository "$registry/a" nginx:1.27
    expect_status 2
    expect_text err "neither a tag nor a digest"
    [ ! -e "$WORK/home/.local" ] || fail "a store was made"
}

# --platform filters the entries of an index; a platform that none is for is not found.
f16_platform() {
    jq -n --arg digest "$digest" '{manifests: [
        {digest: $digest, platform: {os: "linux", architecture: "amd64"}},
        {digest: ("sha256:" + "0" * 64), platform: {os: "linux", architecture: "arm64"}}]}' \
        > "$WORK/list"
    fetch_list f16 --repository "$registry/a" --platform linux/amd64
    expect_names "a@$digest"
    fetch_list f16-none --repository "$registry/a" --platform linux/s390x
    expect_status 3
    expect_text err "no entry is for the platform linux/s390x"
    [ ! -e "$WORK/f16-none" ] || fail "a store was made"
}

f36_mark_and_blank_lines() {
    printf '\xef\xbb\xbf\r\n\r\n{"manifests":[{"digest":"%s"}]}\r\n' "$digest" > "$WORK/list"
    fetch_list f36 --repository "$registry/a"
    expect_status 0
    expect_names "a@$digest"
}

# What tug prints and writes is a list: REF DIGEST is REF@DIGEST.
f45_own_output() {
    cp "$WORK/results" "$WORK/list"
    fetch_list f45
    expect_status 0
    expect_names "a:1@$digest" "b:1@$(sed -n 's/.*b:1 //p' "$WORK/list")"
    "$TUG" resolve --plain-http "$registry/a:1" > "$WORK/list" || fail "resolve"
    fetch_list f45-resolve
    expect_names "a:1@$digest"
    "$TUG" resolve --plain-http --format json "$registry/a:1" > "$WORK/list" || fail "resolve"
    fetch_list f45-json
    expect_names "a:1@$digest"
    cp "$TUG_STORE/index.json" "$WORK/list"
    fetch_list f45-index
    expect_status 0
    expect_lines out 2
    expect_text out "$registry/a:1@$digest"
    printf '["%s", "%s"]' "$registry/b:1" "$registry/a:2" > "$WORK/list"
    fetch_list f45-array
    expect_names b:1 a:2
}

# metadata-only on a line is of that image alone.
f45_words_of_a_line() {
    printf '%s metadata-only\n%s all-metadata\n' "$registry/a:1" "$registry/b:1" > "$WORK/list"
    fetch_list f45-words
    expect_status 0
    layer_of() { # NAME
        local manifest
        manifest=$(sed -n "s/.*$1 sha256://p" "$WORK/results")
        jq -r '.layers[0].digest' "$TUG_STORE/blobs/sha256/$manifest" | sed 's/:/\//'
    }
    [ ! -e "$WORK/f45-words/blobs/$(layer_of a:1)" ] || fail "a layer of metadata-only"
    [ -e "$WORK/f45-words/blobs/$(layer_of b:1)" ] || fail "no layer of the other"
}

f46_manifest_as_list() {
    cp "$TUG_STORE/blobs/sha256/${digest#sha256:}" "$WORK/list"
    fetch_list f46 --repository "$registry/a"
    expect_status 2
    expect_match err "tug: $WORK/list: an image manifest, not a list of images: .*"
}

f15_repository
f16_platform
f36_mark_and_blank_lines
f45_own_output
f45_words_of_a_line
f46_manifest_as_list
