#!/bin/bash
# --limit-rate 10MB/s: ten seconds' worth takes ten seconds, over 1 and 16 connections; a signal
# ends a wait at once. How closely the limit is reached is for test_budget.c, with a clock of its
# own: here a busy machine loses more, but not the half, as what counts bytes twice would.
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2030,SC2031
. "$(dirname "$0")/lib.sh"

limited() { # CONNECTIONS IMAGE
    local began
    rm -rf "$TUG_STORE"
    began=$(now_ms)
    run -q fetch --plain-http --durability none --limit-rate 10MB/s \
        --max-concurrent-downloads "$1" "$registry/$2"
    expect_status 0
    expect_between "ms for 100 MB over $1 connections" 9500 18000 $(($(now_ms) - began))
}

start_registry --generate one:1=97656K --generate many:1=6104K:16
# Both at once: each is held back by its own limit, not by the machine.
(
    TUG_STORE="$WORK/store-1" WORK="$WORK/1"
    mkdir "$WORK"
    limited 1 one:1
) &
first=$!
limited 16 many:1
wait "$first" || fail "one connection"

rm -rf "$TUG_STORE"
"$TUG" fetch --progress plain --plain-http --limit-rate 1KB --stall-timeout 2s "$registry/one:1" \
    2> "$WORK/err" > "$WORK/out" < /dev/null &
pid=$!
sleep 5 # more than two stall times: our own pause is not the server's
kill -TERM "$pid"
began=$(now_ms)
wait "$pid"
status=$?
expect_status 143
expect_between "ms to stop" 0 10000 $(($(now_ms) - began))
expect_no_match err 'retry in'
