#!/bin/bash
# A new store costs two syncs before the first request, and is durable before a blob gets its name.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate app:1=10K

if ! strace -o "$WORK/trace" true; then
    echo "NOT TESTED: what is synced when, for strace cannot trace"
    exit 0
fi
# LeakSanitizer cannot run under strace.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

trace() { # OPTION…: what a fetch did, each call with the paths of its descriptors
    strace -f -qq -y -e trace=connect,fsync,syncfs,mkdirat,/rename -o "$WORK/calls" \
        "$TUG" fetch -q --plain-http "$@" "$registry/app:1" > "$WORK/out" 2> "$WORK/err"
    status=$?
    expect_status 0
}

trace
asked=$(grep -nF -m 1 "htons(${registry#*:})" "$WORK/calls" | cut -d : -f 1)
syncs=$(head -n "$asked" "$WORK/calls" | grep -cE 'fsync\(|syncfs\(')
[ "$syncs" -eq 2 ] ||
    fail "$syncs syncs before the first request: $(head -n "$asked" "$WORK/calls")"

named=$(grep -nE -m 1 'renameat.*blobs/sha256>, "' "$WORK/calls" | cut -d : -f 1)
for directory in "" /blobs /ingest; do
    head -n "$named" "$WORK/calls" | tail -n "+$asked" |
        grep -qE "fsync\\([0-9]+<$TUG_STORE$directory>" ||
        fail "'$directory' was not synced before a blob had its name: $(cat "$WORK/calls")"
done

rm -rf "$TUG_STORE"
trace --durability none
[ "$(grep -cE 'fsync\(|syncfs\(' "$WORK/calls")" -eq 0 ] || fail "synced, although not asked to"
