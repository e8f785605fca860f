#!/bin/bash
# T-35: archives that no honest program writes, from a file and from a pipe: import refuses each
# with status 6 and one line, writes nothing outside the store, names nothing, and leaves no wrong
# blob.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
: "${OBJ:?}"
outside=$WORK/outside # all that an archive might reach; the stores are in it
source=$outside/source
export TUG_STORE=$outside/store
passwd=/etc/passwd

make_tar() { # WORD…
    "$OBJ/make-tar" "$@"
}

# What is in the folders, the store's blobs and locks left out.
look_around() {
    (cd "$outside" && find . -path ./store -prune -o -printf '%y %m %s %p %l\n' | sort
        find . -type f -path './store/index.json' -o -type f ! -path './store/*' | sort |
            xargs sha256sum)
}

# Every file below blobs/ is what its name says, and no link.
check_blobs() {
    local wrong
    wrong=$(cd "$TUG_STORE/blobs" && find . -mindepth 2 ! -type f -print)
    [ -z "$wrong" ] || fail "$case: not a file: $wrong"
    wrong=$(cd "$TUG_STORE/blobs/sha256" && find . -type f -printf '%P\0' |
        xargs -0 -r sha256sum | awk '$1 != $2')
    [ -z "$wrong" ] || fail "$case: wrong blobs: $wrong"
}

check_refusal() {
    [ "$status" -eq 6 ] || fail "$case: exit status $status"
    expect_empty out
    [ "$(wc -l < "$WORK/err")" -eq 1 ] || fail "$case: not one line"
    expect_match err 'tug: .*'
    expect_no_match err '[[:cntrl:]]'
    look_around > "$WORK/after"
    diff "$WORK/before" "$WORK/after" > "$WORK/out" || fail "$case: something has changed"
    check_blobs
}

# Import what is in $WORK/archive, which must be refused; with more words, those of the import.
refuse_archive() { # CASE WORD…
    case=$1
    shift
    forget_blobs
    run import "$@" "$WORK/archive"
    check_refusal
    case="$case, from a pipe"
    forget_blobs
    (cd "$outside/cwd" && "$TUG" import "$@" -) < <(cat "$WORK/archive") \
        > "$WORK/out" 2> "$WORK/err"
    status=$?
    check_refusal
}

# An archive of these words, with a tar's end.
refuse() { # CASE WORD…
    make_tar "${@:2}" zeros 2 > "$WORK/archive"
    refuse_archive "$1"
}

# The words for a store as an archive, but for one file of it.
whole() { # LEFT-OUT
    local file
    words=()
    for file in oci-layout index.json blobs/sha256/*; do
        [ "$file" = "$1" ] || words+=(copy "$file" "$source/$file")
    done
}

# Of archives that were refused, blobs that are right may stay, and are not read the next time.
forget_blobs() {
    local file
    for file in "$source"/blobs/sha256/*; do
        rm -f "$TUG_STORE/blobs/sha256/${file##*/}"
    done
}

prepare() {
    start_registry --generate app:1=40K:2
    mkdir -p "$outside/cwd"
    "$TUG" --store "$source" fetch -q --plain-http "$registry/app:1" > "$WORK/fetched" ||
        fail "the fetch"
    "$TUG" fetch -q --plain-http "$registry/app:1" > "$WORK/fetched" || fail "the second fetch"
    manifest=$(cut -d ' ' -f 2 "$WORK/fetched")
    manifest=blobs/${manifest/://}
    layer=blobs/$(jq -r '.layers[0].digest' "$source/$manifest" | tr : /)
    config=blobs/$(jq -r .config.digest "$source/$manifest" | tr : /)
    # The store has another image: what an archive lacks does not come from it by chance.
    stop_registry
    start_registry --generate other:1=30K
    rm -rf "$TUG_STORE"
    "$TUG" fetch -q --plain-http "$registry/other:1" > "$WORK/fetched" || fail "the third fetch"
    cd "$source" || exit 1
    echo secret > "$outside/secret"
    look_around > "$WORK/before"
}

# Names that lead elsewhere, in every way a tar can write them.
names() {
    local name
    whole none
    for name in ../evil blobs/sha256/../../../evil blobs/../../evil ./../evil .. \
        "$outside/evil" "/$outside/cwd/evil"; do
        refuse "a member '$name'" text "$name" evil "${words[@]}"
        refuse "a member '$name' by pax" pax path "$name" text innocent evil "${words[@]}"
        refuse "a member '$name' by GNU" long-name "$name" text innocent evil "${words[@]}"
    done
    refuse "a name in two fields" split "../.." evil "${words[@]}"
    refuse "a directory '../evil/'" directory ../evil/ "${words[@]}"
    refuse "an endless name" long-name "$(head -c 100000 /dev/zero | tr '\0' a)" \
        text innocent evil "${words[@]}"
}

# Links, devices: nothing is read from outside the archive, nothing is written through them.
links() {
    local kind
    whole none
    refuse "a link for a folder" symlink blobs "$outside" "${words[@]}"
    refuse "a link for a folder of blobs" symlink blobs/sha256 "$outside/cwd" "${words[@]}"
    refuse "a link to a link" symlink a / symlink blobs a "${words[@]}"
    whole "$layer"
    refuse "a link for a layer" symlink "$layer" "$source/$layer" "${words[@]}"
    refuse "a relative link for a layer" symlink "$layer" "../../../source/$layer" "${words[@]}"
    refuse "a hard link for a layer" hardlink "$layer" "$source/$layer" "${words[@]}"
    refuse "a layer that is a link to itself" symlink "$layer" "$(basename "$layer")" "${words[@]}"
    for kind in directory fifo device; do
        refuse "a $kind for a layer" "$kind" "$layer" "${words[@]}"
    done
    refuse "a layer of an unknown type" typed Z "$layer" "${words[@]}"
    refuse "a sparse layer" typed S "$layer" "${words[@]}"
    whole index.json
    for kind in symlink hardlink; do
        refuse "a $kind for index.json" "$kind" index.json "$source/index.json" "${words[@]}"
    done
}

# Sizes that cannot be, and those that can but are too much.
sizes() {
    whole "$layer"
    refuse "a layer of 2^62 bytes" "${words[@]}" claim "$layer" 4611686018427387904
    refuse "a layer of 2^64-1 bytes" "${words[@]}" claim "$layer" 18446744073709551615
    refuse "a layer of -1 bytes" "${words[@]}" minus "$layer"
    refuse "a layer of no size" "${words[@]}" field "$layer" "zzzzzzzzzzz"
    refuse "a layer of 12 digits" "${words[@]}" field "$layer" "777777777777"
    refuse "a layer whose size is in pax" "${words[@]}" pax size 99999999999999999999 \
        text "$layer" x
    refuse "a layer whose size is less than nothing" "${words[@]}" pax size -5 text "$layer" x
    refuse "a layer too short" "${words[@]}" text "$layer" short
    refuse "a layer too long" "${words[@]}" claim "$layer" 50000 bytes 50000
    whole index.json
    refuse "an index.json of 64 MiB" "${words[@]}" claim index.json 67108864 bytes 67108864
    whole oci-layout
    refuse "an oci-layout of 64 MiB" claim oci-layout 67108864 bytes 67108864 "${words[@]}"
}

# The tar itself is broken.
broken() {
    local count whole_size
    whole none
    refuse "a wrong checksum" wrong-sum innocent "${words[@]}"
    refuse "a pax record longer than its header" pax-raw "99999 path=x" text innocent x \
        "${words[@]}"
    refuse "a pax record of length 0" pax-raw "0 path=x" text innocent x "${words[@]}"
    refuse "a pax record without '='" pax-raw "8 abcde
" text innocent x "${words[@]}"
    refuse "a million members" many 1000000 "${words[@]}"
    refuse "nothing but zeros" zeros 20
    : > "$WORK/archive"
    refuse_archive "an empty file"
    head -c 3000 "$passwd" > "$WORK/archive"
    refuse_archive "a text"
    make_tar "${words[@]}" zeros 2 > "$WORK/whole"
    whole_size=$(stat -c %s "$WORK/whole")
    # Within a head, between head and content, within content, before the last member.
    for count in 100 512 530 $((whole_size / 3)) $((whole_size - 2000)); do
        head -c "$count" "$WORK/whole" > "$WORK/archive"
        refuse_archive "cut after $count bytes"
    done
    gzip -n < "$WORK/whole" | head -c 20000 > "$WORK/archive"
    refuse_archive "a gzip file that was cut"
    zstd -q < "$WORK/whole" | head -c 20000 > "$WORK/archive"
    refuse_archive "a zstd file that was cut"
    gzip -n < "$WORK/whole" > "$WORK/archive"
    printf '\001\002\003' | dd of="$WORK/archive" bs=1 seek=30000 conv=notrunc 2> "$WORK/dd"
    refuse_archive "a gzip file with other bytes"
}

# Good tar files of wrong content.
content() {
    local file
    for file in index.json "$manifest" "$config" "$layer"; do
        whole "$file"
        refuse "without $file" "${words[@]}"
    done
    whole "$config"
    refuse "a config of other content" "${words[@]}" claim "$config" \
        "$(stat -c %s "$source/$config")" bytes "$(stat -c %s "$source/$config")"
    whole index.json
    refuse "index.json is no JSON" "${words[@]}" text index.json '{"manifests":['
    refuse "index.json names something outside" "${words[@]}" text index.json \
        '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",
        "digest":"sha256:../../../../secret","size":7}]}'
    refuse "two index.json" text index.json '{"schemaVersion":2,"manifests":[]}' \
        copy index.json "$source/index.json" "${words[@]}"
    whole oci-layout
    refuse "a layout of the future" text oci-layout '{"imageLayoutVersion":"9.0.0"}' "${words[@]}"
}

# docker save's manifest.json, which names files of the archive.
docker() {
    local path
    for path in "$outside/secret" ../secret ../../../../../../../../../../etc/passwd absent; do
        refuse "a layer '$path'" text config.json '{"architecture":"amd64","os":"linux",
            "rootfs":{"type":"layers","diff_ids":["sha256:'"$(sha256sum < "$outside/secret" |
            cut -d ' ' -f 1)"'"]}}' text manifest.json \
            '[{"Config":"config.json","RepoTags":["evil:1"],"Layers":["'"$path"'"]}]'
        refuse "a config '$path'" text manifest.json \
            '[{"Config":"'"$path"'","RepoTags":["evil:1"],"Layers":[]}]'
        refuse "a link to '$path'" symlink layer.tar "$path" text config.json '{"architecture":
            "amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:'"$(sha256sum \
            < "$outside/secret" | cut -d ' ' -f 1)"'"]}}' text manifest.json \
            '[{"Config":"config.json","RepoTags":["evil:1"],"Layers":["layer.tar"]}]'
    done
    refuse "a layer that is not what the config says" text layer.tar x text config.json \
        '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:'"$(
            sha256sum < "$outside/secret" | cut -d ' ' -f 1)"'"]}}' text manifest.json \
        '[{"Config":"config.json","RepoTags":["evil:1"],"Layers":["layer.tar"]}]'
    refuse "a name that is none" text config.json '{"architecture":"amd64","os":"linux","rootfs":
        {"type":"layers","diff_ids":[]}}' text manifest.json \
        '[{"Config":"config.json","RepoTags":["../../evil"],"Layers":[]}]'
    refuse "a manifest.json that is no list" text manifest.json '{"Config":"config.json"}'
}

prepare
names
links
sizes
broken
content
docker

# And without all this it is taken.
whole none
make_tar "${words[@]}" zeros 2 > "$WORK/archive"
run import "$WORK/archive"
expect_status 0
