#!/bin/bash
# --failed-file: the references that are not complete, as they were given, ready for another run.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate a:1=10K --generate b:1=10K

printf '%s\n' "$registry/a:1" "$registry/none:1" "$registry/b:1" "$registry/gone:2" > "$WORK/list"
run fetch --plain-http --from-file "$WORK/list" --failed-file "$WORK/failed"
expect_status 1
printf '%s\n' "$registry/none:1" "$registry/gone:2" | cmp - "$WORK/failed" || fail "failed file"

# The same file for both, and it shrinks.
run fetch --plain-http --from-file "$WORK/list" --failed-file "$WORK/list"
expect_status 1
cmp "$WORK/list" "$WORK/failed" || fail "failed file over the list"
run fetch --plain-http "$registry/a:1" --failed-file "$WORK/list"
expect_status 0
[ ! -s "$WORK/list" ] || fail "failed file is not empty"

# Also when the store cannot be opened: nothing is complete.
: > "$WORK/file"
run fetch --store "$WORK/file" --failed-file "$WORK/failed" --plain-http "$registry/a:1"
expect_status 7
[ "$(cat "$WORK/failed")" = "$registry/a:1" ] || fail "failed file after a store error"

# A file that cannot be written is told of before anything is fetched.
run fetch --failed-file "$WORK/no/such/dir" --store "$WORK/new" --plain-http "$registry/a:1"
expect_status 2
expect_text err "$WORK/no/such/dir: open: "
[ ! -e "$WORK/new" ] || fail "a store was made"
