#!/bin/bash
# A run that brings content holds lock.use, shared, from its first look at the store to the end: who
# deletes content takes it exclusively and knows that nobody relies on any.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
use=$TUG_STORE/lock.use

# Take lock.use exclusively, as the process $holder.
hold() {
    flock --no-fork -n "$use" sleep 300 &
    holder=$!
    await "$holder" "it has the lock" grep -qx sleep "/proc/$holder/comm"
}

release() {
    kill "$holder"
    wait "$holder" 2> /dev/null
}

# Start a fetch and wait until it says that it waits.
fetch_and_wait() { # WORD… after fetch
    begin_run fetch --plain-http --progress none "$@"
    await_text "$pid" err "waiting for"
    expect_match err "tug: warning: waiting for process $holder \(sleep\), which holds '$use'"
}

# Start a fetch that cannot end: its layer comes in part.
fetch_and_stall() {
    rm -rf "$TUG_STORE"
    start_registry --generate app:1=1M --rule 'path=/blobs/ cut=stall at=307200 times=2'
    "$TUG" fetch -q --plain-http "$registry/app:1" > "$WORK/out" 2> "$WORK/err" < /dev/null &
    pid=$!
    until [ -n "$(find "$TUG_STORE/ingest" -type f -size +200k 2> /dev/null)" ]; do
        kill -0 "$pid" || fail "no partial download"
        sleep 0.02
    done
}

# The lock is held while content comes, by several at a time, and is free afterwards, however the
# run ended.
held_until_the_end() {
    local signal
    for signal in TERM KILL; do
        fetch_and_stall
        ! flock -n -x "$use" true || fail "not held during a fetch"
        flock -n -s "$use" true || fail "a second run could not share it"
        kill -"$signal" "$pid"
        wait "$pid" 2> /dev/null
        flock -n -x "$use" true || fail "still held after SIG$signal"
    done
    stop_registry
    start_registry --generate app:1=10K
    run fetch -q --plain-http "$registry/app:1"
    expect_status 0
    flock -n -x "$use" true || fail "still held after the fetch"
    [ "$(stat -c %a "$use")" = 600 ] || fail "its mode is $(stat -c %a "$use")"
}

# A fetch waits for who deletes before it looks at the store, says so, and goes on.
waits_and_goes_on() {
    local digest
    hold
    fetch_and_wait "$registry/app:1"
    rm "$TUG_STORE"/blobs/sha256/* # as prune would: what was there is not relied on
    release
    wait "$pid"
    status=$?
    expect_status 0
    expect_lines err 1
    digest=$(cut -d ' ' -f 2 "$WORK/out")
    [ -s "$TUG_STORE/blobs/${digest/://}" ] || fail "the image is not there"
}

# Time and signals count while it waits.
waits_no_longer_than_it_may() {
    hold
    run fetch --plain-http --progress none --timeout 100ms "$registry/app:1"
    expect_status 10
    expect_empty out
    expect_match err "tug: $registry/app:1: timed out; partial downloads are kept"
    fetch_and_wait "$registry/app:1"
    kill -TERM "$pid"
    wait "$pid"
    status=$?
    expect_status 143
    expect_match err "tug: interrupted by SIGTERM; partial downloads are kept"
    release
}

# What brings nothing does not take it.
not_for_those_that_only_look() {
    hold
    run fetch -q --plain-http --dry-run "$registry/app:1"
    expect_status 0
    run resolve --plain-http "$registry/app:1"
    expect_status 0
    release
    rm -rf "$TUG_STORE"
    run fetch -q --plain-http --dry-run "$registry/app:1"
    [ ! -e "$TUG_STORE" ] || fail "a dry run made the store"
}

something_else_of_its_name() {
    run fetch -q --plain-http "$registry/app:1"
    rm "$use"
    mkfifo "$use"
    run fetch -q --plain-http "$registry/app:1"
    expect_status 7
    expect_match err "tug: the store '$TUG_STORE': 'lock.use' is not a regular file"
}

held_until_the_end
waits_and_goes_on
waits_no_longer_than_it_may
not_for_those_that_only_look
something_else_of_its_name
