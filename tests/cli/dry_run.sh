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
[ -z "$(find "$TUG_STORE" -name '*' -path '*/blobs/*/*' -type f)" ] || fail "a blob was stored"
[ ! -e "$TUG_STORE/index.json" ] || [ "$(jq '.manifests | length' "$TUG_STORE/index.json")" -eq 0 ] ||
    fail "an image was named"
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

# The run that follows fetches just that, and then nothing is left.
start_registry --generate a:1=100K:2 --generate b:1=100K:3
run -q fetch --plain-http --format json "$registry/a:1" "$registry/b:1"
expect_status 0
[ "$(jq -s 'map(.bytesFetched) | add' "$WORK/out")" -eq "${total#* }" ] || fail "not what was planned"
run fetch --dry-run --plain-http "$registry/a:1" "$registry/b:1"
expect_status 0
expect_lines out 3
expect_match out "total 0 0"
