#!/bin/bash
# Each line of --http-dump and --http-trace says which connection and which request it is about,
# with several workers at work, as the server saw them.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Requests over each connection, from "CONNECTION REQUEST" lines: the counts, in order.
counts() {
    sort -u | cut -d ' ' -f 1 | sort | uniq -c | sed 's/ *\([0-9]*\) .*/\1/' | sort -n | tr '\n' ' '
}

start_registry --generate app:1=64K:12 --delay 5
run fetch --plain-http --progress none --http-dump --http-trace --max-concurrent-downloads 4 \
    "$registry/app:1"
expect_status 0
expect_no_match err '^[^c]'
! grep -vqE '^c[1-9][0-9]* r[1-9][0-9]* [><*|] ' "$WORK/err" || fail "a line without a place"
stop_registry

shown=$(sed -n 's/^c\([0-9]*\) r\([0-9]*\) [><].*/\1 \2/p' "$WORK/err" | counts)
served=$(sed -n 's/^request .*connection=\([0-9]*\).*/\1/p' "$WORK/log" |
    awk '{print $1, NR}' | counts)
[ -n "$served" ] || fail "nothing in the log"
[ "$shown" = "$served" ] || fail "requests by connection: shown $shown, served $served"
timed=$(sed -n 's/^c\([0-9]*\) r\([0-9]*\) \*.*/\1 \2/p' "$WORK/err" | counts)
[ "$timed" = "$served" ] || fail "requests by connection: timed $timed, served $served"
