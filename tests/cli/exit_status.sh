#!/bin/bash
# The exit status tells what went wrong (tug(1), "Exit status").
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

expect_failure() { # STATUS RULE WORD…
    local expected=$1 rule=$2
    shift 2
    rm -rf "$TUG_STORE"
    start_registry --generate app:1=200K --rule "$rule"
    run fetch -q --plain-http "$@" "$registry/app:1"
    expect_status "$expected"
    expect_empty out
    expect_lines err 1
    expect_match err "tug: $registry/app:1: .*"
}

expect_failure 3 'path=/manifests/ status=404'
expect_failure 4 'path=/manifests/ status=403'
expect_failure 5 'path=/blobs/ status=500' --retries 0
expect_failure 5 'path=/blobs/ cut=rst at=100' --retries 0
expect_failure 6 'path=/blobs/ flip=255 flip-at=50'
expect_failure 8 'path=/manifests/ status=429' --retries 0
expect_failure 10 'path=/blobs/ cut=stall at=100' --timeout 500ms

# Nothing listens there.
run fetch -q --plain-http --retries 0 localhost:1/app:1
expect_status 5

# The store: something else is in its place.
: > "$WORK/file"
run fetch --store "$WORK/file" x
expect_status 7
expect_empty out
mkdir "$WORK/other"
: > "$WORK/other/precious"
run fetch --store "$WORK/other" x
expect_status 7
[ "$(ls "$WORK/other")" = precious ] || fail "something was put into a directory that is no store"
