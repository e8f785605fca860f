#!/bin/bash
# Export: what is in the archive, where it goes, and what is refused.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
manual="$(dirname "$0")/../../man/tug-export.1"
start_registry --generate app:1=40K:3 --generate app:2=10K --generate other:1=10K \
    --generate large:1=4M
app1=$registry/app:1
app2=$registry/app:2

run -q fetch --plain-http "$app1" "$app2" "$registry/other:1" "$registry/large:1"
expect_status 0
mkdir "$WORK/dir"

the_archive_is_a_layout_and_a_docker_archive() {
    run export -o "$WORK/dir/a.tar" "$app1" "$app2"
    expect_status 0
    expect_empty out
    expect_empty err
    [ "$(ls -A "$WORK/dir")" = a.tar ] || fail "$(ls -A "$WORK/dir")"
    [ "$(stat -c %a "$WORK/dir/a.tar")" = "$(printf '%o' $((0666 & ~$(umask))))" ] || fail "mode"
    tar tvf "$WORK/dir/a.tar" --full-time > "$WORK/out" 2> "$WORK/err" || fail "tar"
    expect_empty err
    # Sorted, without owner, time or anything but directories and files of fixed modes.
    sed 's/^.* //' "$WORK/out" > "$WORK/names"
    LC_ALL=C sort -c "$WORK/names" || fail "members are not sorted"
    ! grep -vE '^(drwxr-xr-x|-rw-r--r--) 0/0 +[0-9]+ 1970-01-01 00:00:00 ' "$WORK/out" ||
        fail "a member that is not as it should be"
    mkdir "$WORK/layout"
    tar xf "$WORK/dir/a.tar" -C "$WORK/layout"
    (cd "$WORK/layout/blobs/sha256" && sha256sum -- * | awk '$1 != $2 { exit 1 }') || fail "digests"
    jq -e --arg a "$app1" --arg b "$app2" \
        '[.manifests[].annotations."io.containerd.image.name"] == [$a, $b]' \
        "$WORK/layout/index.json" > /dev/null || fail "index.json"
    jq -r '.[].Config, .[].Layers[]' "$WORK/layout/manifest.json" | while read -r member; do
        [ -f "$WORK/layout/$member" ] || fail "manifest.json names $member"
    done || exit 1
    jq -e --arg a "$app1" --arg b "$app2" '[.[].RepoTags[]] == [$a, $b]' \
        "$WORK/layout/manifest.json" > /dev/null || fail "manifest.json"
}

the_same_images_give_the_same_bytes() {
    "$TUG" export "$app2" "$app1" "$app1" > "$WORK/b.tar" || fail "export to stdout"
    cmp "$WORK/dir/a.tar" "$WORK/b.tar" || fail "another order gives other bytes"
    TUG_STORE=$WORK/again run -q fetch --plain-http "$registry/other:1" "$app2" "$app1"
    expect_status 0
    TUG_STORE=$WORK/again run export -o - "$app1" "$app2"
    cmp "$WORK/dir/a.tar" "$WORK/out" || fail "another store gives other bytes"
    "$TUG" export "$app1" "$app2" | cat > "$WORK/b.tar"
    cmp "$WORK/dir/a.tar" "$WORK/b.tar" || fail "a pipe gets other bytes"
}

images_are_found_by_name_and_digest() {
    local digest
    digest=$(jq -r '.manifests[0].digest' "$TUG_STORE/index.json")
    run export -o "$WORK/dir/b.tar" "$digest"
    expect_status 0
    run export -o "$WORK/dir/b.tar" "$registry/other:9"
    expect_status 3
    expect_match err \
        "tug: the store has no image '$registry/other:9'; did you mean '$registry/other:1'\?"
    run export
    expect_status 2
    script -qec "'$TUG' export '$app1'" /dev/null > "$WORK/err" < /dev/null
    grep -q "not for a terminal" "$WORK/err" || fail "it writes to a terminal"
}

# Nothing is left behind, and what was there stays.
a_failure_leaves_the_old_file() {
    cp "$WORK/dir/a.tar" "$WORK/dir/b.tar"
    chmod 644 "$layer"
    printf x | dd of="$layer" bs=1 seek=100 conv=notrunc status=none
    run export -o "$WORK/dir/b.tar" "$app1"
    expect_status 6
    expect_lines err 1
    expect_match err \
        "tug: blob sha256:${layer##*/} is damaged; 'tug verify --repair' fetches it again"
    cmp "$WORK/dir/a.tar" "$WORK/dir/b.tar" || fail "the old file is gone"
    [ "$(ls -A "$WORK/dir")" = "$(printf 'a.tar\nb.tar')" ] || fail "$(ls -A "$WORK/dir")"
    run export -o "$WORK/no/such/dir.tar" "$app2"
    expect_status 7
    expect_match err "tug: $WORK/no/such/dir.tar: write: No such file or directory"
    "$TUG" export "$app2" > /dev/full 2> "$WORK/err"
    status=$?
    expect_status 7
    expect_match err "tug: cannot write the archive: No space left on device"
    run export -o /dev/full "$app2"
    expect_status 7
    rm "$layer"
    run export -o "$WORK/dir/b.tar" "$app1"
    expect_status 3
    expect_match err "tug: image '$app1' is incomplete: sha256:${layer##*/} is not in the store; .*"
    cmp "$WORK/dir/a.tar" "$WORK/dir/b.tar" || fail "the old file is gone"
    run export --partial -o "$WORK/dir/b.tar" "$app1"
    expect_status 0
    tar tf "$WORK/dir/b.tar" > "$WORK/out"
    expect_no_match out "${layer##*/}|manifest.json"
    expect_text out index.json
}

# A reader that stands still holds no one up, and one that goes away is an error.
a_pipe_that_is_not_read() {
    local pid
    mkfifo "$WORK/fifo"
    "$TUG" export -o "$WORK/fifo" "$registry/large:1" 2> "$WORK/err" &
    pid=$!
    exec 8< "$WORK/fifo"
    head -c 1 <&8 > /dev/null # it is at work, and the rest is more than the FIFO holds
    kill -TERM "$pid"
    wait "$pid"
    status=$?
    exec 8<&-
    expect_status 143
    expect_match err "tug: interrupted"
    { "$TUG" export "$registry/large:1" 2> "$WORK/err"; echo $? > "$WORK/out"; } |
        head -c 1 > /dev/null
    expect_match out 7
    expect_match err "tug: cannot write the archive: Broken pipe"
}

# An option that the help names is in the manual, and the other way round.
options_are_documented() {
    "$TUG" help export | sed -nE 's/^  (-[A-Za-z], |    )--([a-z-]+)( .*)?$/\2/p' |
        grep -vxE 'store|quiet|verbose|debug|color|help|version' | sort > "$WORK/in-help"
    sed -nE 's/^\.It (Fl [A-Za-z] , )?Fl -([a-z-]+).*$/\2/p' "$manual" | sort > "$WORK/in-manual"
    cmp -s "$WORK/in-manual" "$WORK/in-help" || fail "$(diff "$WORK/in-manual" "$WORK/in-help")"
}

the_archive_is_a_layout_and_a_docker_archive
layer=$TUG_STORE/blobs/sha256/$(jq -r '.[0].Layers[1]' "$WORK/layout/manifest.json" |
    sed 's/.*\///')
the_same_images_give_the_same_bytes
images_are_found_by_name_and_digest
a_failure_leaves_the_old_file
a_pipe_that_is_not_read
options_are_documented
