#!/bin/bash
# Standard output that cannot be written is noticed: exit status 7, whatever was fetched.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate a:1=10K --generate b:1=4M --rate 1M

"$TUG" fetch --plain-http "$registry/a:1" > /dev/full 2> "$WORK/err"
status=$?
expect_status 7
expect_text err "tug: standard output: write: No space left on device"

# Closed from the start: no file of the store may become descriptor 1.
rm -rf "$TUG_STORE"
"$TUG" fetch --plain-http "$registry/a:1" >&- 2> "$WORK/err" < /dev/null
status=$?
expect_status 7
"$TUG" fetch --plain-http "$registry/a:1" > "$WORK/out" 2>&- <&-
status=$?
expect_status 0
expect_lines out 1
(cd "$TUG_STORE/blobs/sha256" &&
    for blob in *; do echo "$blob  $blob"; done | sha256sum --quiet -c) ||
    fail "a blob is damaged"

# Nobody reads any more: the run stops, it does not die of SIGPIPE.
mkfifo "$WORK/pipe"
true < "$WORK/pipe" &
began=$(date +%s%N)
"$TUG" fetch --plain-http "$registry/a:1" "$registry/b:1" > "$WORK/pipe" 2> "$WORK/err"
status=$?
took_ms=$((($(date +%s%N) - began) / 1000000))
expect_status 7
expect_text err "tug: standard output: write: Broken pipe"
[ "$took_ms" -lt 3000 ] || fail "it went on for $took_ms ms"
