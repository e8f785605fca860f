#!/bin/bash
# One malformed reference, and nothing at all is fetched: exit status 2, every bad one is told of.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate app:1=1M

run fetch --plain-http "$registry/app:1" 'Bad/NAME:1' "$registry/app:1" 'x:y:z'
expect_status 2
expect_empty out
expect_lines err 2
expect_match err 'tug: .*Bad/NAME:1.*'
expect_match err 'tug: .*x:y:z.*'
[ ! -e "$TUG_STORE" ] || fail "a store was made"

run fetch $'evil\e]52;c;AAAA\a'
expect_status 2
expect_no_match err $'[\e\a]'

run fetch ''
expect_status 2

stop_registry
grep -qx 'requests 0' "$WORK/log" || fail "the registry was asked"
