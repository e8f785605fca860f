#!/bin/bash
# Results on stdout, everything else on stderr; the two formats; exit status of batches.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate big:1=2M:3 --generate lib/small:2=10K --rate 8M
digest='sha256:[0-9a-f]{64}'

# Text: one line for each that succeeded, in the order given although the first is the slowest.
run fetch --plain-http "$registry/big:1" "$registry/none:1" "$registry/lib/small:2"
expect_status 1
expect_lines out 2
sed -n 1p "$WORK/out" | grep -qxE "$registry/big:1 $digest" || fail "first line"
sed -n 2p "$WORK/out" | grep -qxE "$registry/lib/small:2 $digest" || fail "second line"
[ "$(grep -c '^tug: ' "$WORK/err")" -eq 1 ] || fail "not one error line"
expect_match err "tug: $registry/none:1: [^:]+: .*"
expect_match err 'fetched 2 of 3 images: .* in .* \(.*/s\), 1 failed'

# JSON: one object for every reference, with these members in this order.
run -q fetch --format json --plain-http "$registry/big:1" "$registry/none:1" "$registry/lib/small:2"
expect_status 1
expect_lines out 3
expect_lines err 1
jq -e . "$WORK/out" > /dev/null || fail "not JSON"
members='"ref","digest","mediaType","size","status",'
counts='"blobs","bytesFetched","bytesReused","bytesCopied","referrers","seconds"'
[ "$(jq -c keys_unsorted "$WORK/out" | sed -n 1p)" = "[$members$counts,\"platform\"]" ] ||
    fail "members of a success"
[ "$(jq -c keys_unsorted "$WORK/out" | sed -n 2p)" = "[$members\"error\",$counts]" ] ||
    fail "members of a failure"
[ "$(jq -r .status "$WORK/out" | tr '\n' ' ')" = "ok failed ok " ] || fail "status"
[ "$(jq -r .error.code "$WORK/out" | tr '\n' ' ')" = "null not-found null " ] || fail "error code"
[ "$(jq -r .digest "$WORK/out" | sed -n 2p)" = null ] || fail "digest of what does not exist"
[ "$(jq -r .size "$WORK/out" | sed -n 2p)" = null ] || fail "size of what does not exist"
jq -r .digest "$WORK/out" | sed -n 1p | grep -qxE "$digest" || fail "digest"
[ "$(jq -r .bytesFetched "$WORK/out" | sed -n 1p)" = 0 ] || fail "fetched again"
[ "$(jq -r .bytesReused "$WORK/out" | sed -n 1p)" -gt 6000000 ] || fail "bytes reused"

# Quiet: nothing on stderr; the result is the same.
run -q fetch --plain-http "$registry/big:1"
expect_status 0
expect_empty err
expect_lines out 1

# All failed alike: that failure's own status. One of several: 1.
run fetch -q --plain-http "$registry/none:1" "$registry/none:2"
expect_status 3
expect_lines err 2
run fetch -q --plain-http "$registry/none:1"
expect_status 3

# --fail-fast: the others are not tried, and that is said once.
run fetch --progress none --fail-fast --plain-http --max-concurrent-downloads 1 \
    "$registry/none:1" "$registry/none:2" "$registry/none:3" "$registry/none:4" "$registry/none:5" \
    "$registry/none:6"
expect_status 1
expect_text err "--fail-fast: "
