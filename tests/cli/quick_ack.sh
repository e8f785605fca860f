#!/bin/bash
# Answers are acknowledged at once: a server that holds back the last bytes of one until then takes
# 40 ms otherwise, for each of the thousand ranges of an update.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate app:1=10K:5

if ! strace -o "$WORK/trace" true; then
    echo "NOT TESTED: acknowledgements, for strace cannot trace"
    exit 0
fi
# LeakSanitizer cannot run under strace.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

strace -f -qq -e trace=setsockopt,sendto -o "$WORK/calls" \
    "$TUG" fetch -q --plain-http --max-concurrent-downloads 2 "$registry/app:1" \
    > "$WORK/out" 2> "$WORK/err"
status=$?
expect_status 0
asked=$(grep -c 'GET /v2/' "$WORK/calls")
told=$(grep -c 'TCP_QUICKACK, \[1\], 4' "$WORK/calls") # in whole lines, or begun
[ "$asked" -ge 7 ] || fail "$asked requests only"
[ "$told" -eq "$asked" ] || fail "$told of $asked answers: $(cat "$WORK/calls")"
