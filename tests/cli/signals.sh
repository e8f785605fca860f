#!/bin/bash
# SIGINT, SIGTERM and SIGHUP end a run within a second; what was received is kept and used.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# A job of a script has SIGINT ignored; with job control it has not.
set -m

# Start a fetch that stalls after 300 KiB of 1 MiB (the small configuration may be one of the two
# blobs that the rule is for), wait until the partial is there (it is written in pieces of 256 KiB).
begin() { # WORD… after fetch
    rm -rf "$TUG_STORE"
    start_registry --generate app:1=1M --rule 'path=/blobs/ cut=stall at=307200 times=2'
    "$TUG" fetch --plain-http "$@" "$registry/app:1" > "$WORK/out" 2> "$WORK/err" < /dev/null &
    pid=$!
    await "$pid" "a partial download" find_partial
}

find_partial() {
    partial=$(find "$TUG_STORE/ingest" -type f -size +200k 2> /dev/null | head -n 1)
    [ -n "$partial" ]
}

# What could hold it up lasts for 30 seconds (the server stalls) or for ever. How long it takes on
# a machine with nothing else to do is seen in the fastest of several.
fastest_ms=10000
finish() { # EXPECTED STATUS
    local began took_ms
    began=$(date +%s%N)
    wait "$pid"
    status=$?
    took_ms=$((($(date +%s%N) - began) / 1000000))
    expect_status "$1"
    [ "$took_ms" -lt 10000 ] || fail "it took $took_ms ms to stop"
    [ "$took_ms" -ge "$fastest_ms" ] || fastest_ms=$took_ms
}

for signal in INT TERM HUP; do
    case $signal in
    INT) expected=130 ;;
    TERM) expected=143 ;;
    HUP) expected=129 ;;
    esac
    begin --failed-file "$WORK/failed"
    kill -"$signal" "$pid"
    finish "$expected"
    expect_empty out
    expect_match err "tug: interrupted by SIG$signal; partial downloads are kept"
    [ "$(cat "$WORK/failed")" = "$registry/app:1" ] || fail "failed file"
    [ -s "$partial" ] || fail "the partial is gone"
    [ ! -e "$TUG_STORE/index.json" ] || ! grep -q app:1 "$TUG_STORE/index.json" ||
        fail "index.json names an image that is not complete"
done

[ "$fastest_ms" -lt 1000 ] || fail "it took $fastest_ms ms to stop at least"

# The next run goes on where this one stopped.
run fetch -q --format json --plain-http "$registry/app:1"
expect_status 0
stop_registry
received=$(sed -n 's/^blob_bytes //p' "$WORK/log")
# 300 KiB before, the rest now, the configuration twice at most; far from 1.3 MiB.
[ "$received" -lt $((1048576 + 65536)) ] || fail "$received bytes for a blob of 1 MiB"

# JSON still has a line for the reference.
begin --format json
kill -TERM "$pid"
finish 143
[ "$(jq -r .error.code "$WORK/out")" = cancelled ] || fail "JSON of an interrupted run"

# Two at once are one (timeout(1) signals the child and its group): both are there when it goes on.
begin
kill -STOP "$pid"
# It stops some time after that, thread by thread.
while grep -qv '^State:.T ' < <(grep -h '^State:' "/proc/$pid/task/"*/status); do
    sleep 0.01
done
kill -TERM "$pid"
kill -INT "$pid"
kill -CONT "$pid"
finish 130
expect_text err "interrupted by SIGINT"

# An ignored signal stays ignored: it is a later one that ends the run. (Of several that are there
# at once, the one with the lowest number counts.)
trap '' HUP INT
begin
trap - HUP INT
kill -HUP "$pid"
kill -INT "$pid"
kill -TERM "$pid"
finish 143
expect_match err "tug: interrupted by SIGTERM; partial downloads are kept"

# Stopping cannot be held up by a terminal or pipe that nobody reads.
start_registry --generate app:1=10K
mkfifo "$WORK/pipe"
exec 8<> "$WORK/pipe"
dd if=/dev/zero of="$WORK/pipe" bs=4096 oflag=nonblock 2> "$WORK/err" # until it is full
expect_text err "Resource temporarily unavailable"
"$TUG" fetch --plain-http "$registry/app:1" > "$WORK/pipe" 2> "$WORK/err" &
pid=$!
# Once the image has its name, all that is left to do is to print it.
await "$pid" "the image has its name" grep -qF "$registry/app:1" "$TUG_STORE/index.json"
kill -TERM "$pid"
finish 143
