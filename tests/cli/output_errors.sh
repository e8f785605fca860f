#!/bin/bash
# Standard output that cannot be written is noticed: exit status 7, whatever was fetched.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate a:1=10K --generate b:1=4M --rule 'path=/v2/b/blobs/ cut=stall at=0'

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

# Nobody reads any more: the run stops, although the second image would never come; it does not die
# of SIGPIPE.
mkfifo "$WORK/pipe"
exec 8<> "$WORK/pipe"
exec 9> "$WORK/pipe" 8>&-
timeout 60 "$TUG" fetch --plain-http --stall-timeout 1h "$registry/a:1" "$registry/b:1" \
    >&9 2> "$WORK/err"
status=$?
expect_status 7
expect_text err "tug: standard output: write: Broken pipe"
