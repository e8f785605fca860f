#!/bin/bash
# What no image needs is deleted: blobs, and partial downloads that no process holds.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
index=$TUG_STORE/index.json

blobs() {
    find "$TUG_STORE/blobs" -type f | sort
}

fetch() {
    run fetch -q --plain-http "$@"
    expect_status 0
}

# Start a fetch that cannot end: its layer comes in part, all else of it is there.
fetch_and_stall() { # NAME SIZE COUNT: of partial downloads then
    local before
    before=$(blobs 2> /dev/null | wc -l)
    start_registry --generate "$1=$2" --rule 'path=/blobs/ cut=stall at=307200 times=2'
    "$TUG" fetch -q --plain-http "$registry/$1" > "$WORK/fetched" 2> "$WORK/fetch-err" < /dev/null &
    pid=$!
    until [ "$(find "$TUG_STORE/ingest" -type f -size +200k 2> /dev/null | wc -l)" -eq "$3" ]; do
        kill -0 "$pid" || fail "no partial download"
        sleep 0.02
    done
    until [ "$(blobs | wc -l)" -eq $((before + 2)) ]; do # its manifest and config
        kill -0 "$pid" || fail "no config"
        sleep 0.02
    done
}

kill_fetch() {
    kill -KILL "$pid"
    wait "$pid" 2> /dev/null
}

only_what_nothing_needs() {
    local size
    start_registry --generate team/app:1=10K --generate team/other:1=20K
    fetch "$registry/team/app:1"
    blobs > "$WORK/app"
    fetch "$registry/team/other:1"
    blobs > "$WORK/all"
    run prune
    expect_status 0
    expect_empty out
    expect_match err 'deleted 0 blobs, 0 B freed; [0-9]+ needed'
    run rm "$registry/team/other:1"
    expect_status 0
    run prune --dry-run
    expect_status 0
    expect_match err 'would delete [0-9]+ blobs and free [0-9.]+ KiB; [0-9]+ needed'
    cp "$WORK/out" "$WORK/plan"
    [ "$(blobs)" = "$(cat "$WORK/all")" ] || fail "a dry run deleted something"
    comm -13 "$WORK/app" "$WORK/all" | while read -r file; do
        echo "sha256:${file##*/} $(stat -c %s "$file")"
    done | sort > "$WORK/expected"
    run -q prune
    expect_status 0
    expect_empty err
    cmp -s "$WORK/out" "$WORK/expected" || fail "$(diff "$WORK/out" "$WORK/expected")"
    cmp -s "$WORK/out" "$WORK/plan" || fail "it did not do what it had said"
    [ "$(blobs)" = "$(cat "$WORK/app")" ] || fail "not what the image needs"
    for lock in lock lock.use; do
        [ -e "$TUG_STORE/$lock" ] || fail "$lock is gone"
    done
    fetch "$registry/team/other:1"
    [ "$(blobs)" = "$(cat "$WORK/all")" ] || fail "not all came again"
    run rm "$registry/team/other:1"
    run prune -q --format json
    expect_status 0
    size=$(jq -s 'map(select(.kind == "blob" and (.path | startswith("blobs/sha256/"))))
        | map(.size) | add' "$WORK/out")
    [ "$size" -eq "$(awk '{ sum += $2 } END { print sum }' "$WORK/expected")" ] ||
        fail "$size bytes"
}

refuses_beside_a_run() {
    local began
    fetch_and_stall team/stalled:1 1M 1
    blobs > "$WORK/before"
    run prune
    expect_status 7
    expect_empty out
    expect_match err "tug: the store '$TUG_STORE': \
process $pid \(tug\) holds '$TUG_STORE/lock.use'; --wait TIME .*"
    began=$(date +%s%N)
    run prune --wait 200ms
    expect_status 7
    [ $((($(date +%s%N) - began) / 1000000)) -ge 200 ] || fail "it did not wait"
    expect_match err "tug: the store .* holds '$TUG_STORE/lock.use'; it still does after 200 ms"
    run -q prune --dry-run
    expect_status 0
    [ "$(blobs)" = "$(cat "$WORK/before")" ] || fail "something was deleted"
    "$TUG" prune --wait 100s > "$WORK/out" 2> "$WORK/err" < /dev/null &
    local pruner=$!
    until grep -q "waiting for process $pid" "$WORK/err"; do
        kill -0 "$pruner" || fail "it did not wait"
        sleep 0.02
    done
    kill -TERM "$pruner"
    wait "$pruner"
    status=$?
    expect_status 143
    "$TUG" prune --wait 100s > "$WORK/out" 2> "$WORK/err" < /dev/null &
    pruner=$!
    kill_fetch
    wait "$pruner"
    status=$?
    expect_status 0
}

# A partial download that a process holds stays, others go; no blob does.
partial_downloads() {
    local size
    rm -rf "$TUG_STORE"
    fetch_and_stall team/first:1 1M 1
    kill_fetch
    fetch_and_stall team/second:1 2M 2
    blobs > "$WORK/before"
    run prune --partials --older-than 1h
    expect_status 0
    expect_empty out
    expect_match err 'deleted 0 partial downloads, 0 B freed; 2 too young'
    run prune --partials --dry-run
    expect_status 0
    cp "$WORK/out" "$WORK/plan"
    run prune --partials
    expect_status 0
    expect_lines out 1
    cmp -s "$WORK/out" "$WORK/plan" || fail "it did not do what it had said"
    expect_match out 'sha256:[0-9a-f]{64} [0-9]+'
    expect_match err 'deleted 1 partial download, [0-9.]+ KiB freed; 1 in use'
    kill_fetch
    echo torn > "$index.tmp"
    run -q prune --partials --format json
    expect_status 0
    [ "$(jq -r .kind "$WORK/out" | sort | tr '\n' ' ')" = "leftover partial " ] || fail "what went"
    [ -z "$(find "$TUG_STORE/ingest" -type f)" ] || fail "not all went"
    [ "$(blobs)" = "$(cat "$WORK/before")" ] || fail "a blob was deleted"
    [ -e "$index" ] || fail "the index is gone"
    [ ! -e "$index.tmp" ] || fail "what was left of it is not gone"
}

# Without knowing what is needed nothing is deleted.
refuses_what_it_does_not_understand() {
    local manifest
    rm -rf "$TUG_STORE"
    start_registry --generate team/app:1=10K
    fetch "$registry/team/app:1"
    manifest=$TUG_STORE/blobs/sha256/$(cut -d : -f 4 "$WORK/out")
    echo orphan > "$TUG_STORE/blobs/sha256/$(printf '%064d' 1)"
    cp "$index" "$WORK/index"
    blobs > "$WORK/before"
    for text in '' '{' '{"manifests":7}' '{"manifests":[{"digest":"sha256:x"}]}'; do
        printf '%s' "$text" > "$index"
        run prune
        expect_status 6
        expect_text err "index.json"
    done
    rm "$index"
    run prune
    expect_status 6
    expect_text err "index.json"
    [ ! -e "$index" ] || fail "an index was made"
    cp "$WORK/index" "$index"
    chmod 600 "$manifest"
    cp "$manifest" "$WORK/manifest"
    tr n m < "$WORK/manifest" > "$manifest"
    run prune
    expect_status 6
    expect_text err "$registry/team/app:1: sha256:${manifest##*/}"
    rm "$manifest"
    run prune
    expect_status 6
    expect_text err "is missing"
    cp "$WORK/manifest" "$manifest"
    [ "$(blobs)" = "$(cat "$WORK/before")" ] || fail "something was deleted"
    run prune
    expect_status 0
    expect_lines out 1
}

wrong_usage() {
    run prune x
    expect_status 2
    expect_text err "tug: prune: unexpected argument 'x'"
    run prune --older-than 1h
    expect_status 2
    expect_text err "--older-than needs --partials"
    run prune --partials --wait 1s
    expect_status 2
    run --store "$WORK/none" prune
    expect_status 7
    [ ! -e "$WORK/none" ] || fail "a store was made"
    run prune --force
    expect_text err "unknown option '--force': leave it out"
    run gc
    expect_text err "did you mean 'prune'?"
}

only_what_nothing_needs
refuses_beside_a_run
partial_downloads
refuses_what_it_does_not_understand
wrong_usage
