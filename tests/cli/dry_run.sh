#!/bin/bash
# --dry-run: what would be fetched, for each image and in all; no blob is asked for, nothing stored.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate a:1=100K:2 --generate b:1=100K:3 # b's first two layers are a's

run fetch --dry-run --plain-http "$registry/a:1" "$registry/b:1" "$registry/none:1"
expect_status 1
expect_match out "$registry/a:1 sha256:[0-9a-f]{64}"
expect_match out "  sha256:[0-9a-f]{64} 102400"
cp "$WORK/out" "$WORK/plan"
[ ! -e "$TUG_STORE" ] || fail "the store was made"
run -q fetch --dry-run --format json --plain-http "$registry/a:1" "$registry/b:1"
expect_status 0
expect_lines out 3
jq -es '(.[0:2] | all(.bytesFetched == ([.planned[].size] | add) and (.planned | length) == .blobs))
    and .[2].total.blobs == ([.[0:2][].planned[].digest] | unique | length)
    and .[2].total.bytes == ([.[0:2][].planned[]] | unique_by(.digest) | map(.size) | add)' \
    "$WORK/out" > /dev/null || fail "JSON"
total=$(jq -r 'select(.total) | "\(.total.blobs) \(.total.bytes)"' "$WORK/out")
[ "$(tail -n 1 "$WORK/plan")" = "total $total" ] || fail "total"
stop_registry
grep -q '/blobs/' "$WORK/log" && fail "a blob was asked for"

# Nothing is made on the disk: neither the store, nor its parents, nor what an empty directory or a
# layout of another tool lacks.
f44_makes_nothing() {
    start_registry --generate a:1=100K:2
    env -u TUG_STORE "$TUG" -q fetch --dry-run --plain-http "$registry/a:1" > "$WORK/out" ||
        fail "without --store"
    [ ! -e "$HOME/.local" ] || fail "the parents of the default store were made"
    mkdir "$WORK/empty" "$WORK/layout" "$WORK/other"
    echo '{"imageLayoutVersion":"1.0.0"}' > "$WORK/layout/oci-layout"
    touch "$WORK/other/file"
    for store in empty layout; do
        find "$WORK/$store" -printf '%p %M %T@\n' > "$WORK/before"
        run -q --store "$WORK/$store" fetch --dry-run --plain-http "$registry/a:1"
        expect_status 0
        expect_match out "total 4 [0-9]+"
        find "$WORK/$store" -printf '%p %M %T@\n' | cmp - "$WORK/before" || fail "in $store"
    done
    run -q --store "$WORK/other" fetch --dry-run --plain-http "$registry/a:1"
    expect_status 7
    stop_registry
}
f44_makes_nothing

# The run that follows fetches just that, and then nothing is left.
start_registry --generate a:1=100K:2 --generate b:1=100K:3
run -q fetch --plain-http --format json "$registry/a:1" "$registry/b:1"
expect_status 0
[ "$(jq -s 'map(.bytesFetched) | add' "$WORK/out")" -eq "${total#* }" ] ||
    fail "not what was planned"
run fetch --dry-run --plain-http "$registry/a:1" "$registry/b:1"
expect_status 0
expect_lines out 3
expect_match out "total 0 0"
