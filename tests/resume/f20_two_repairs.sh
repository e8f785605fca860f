#!/bin/bash
# F-20: two processes find the same damaged blobs at the same time: both end well, each warns of a
# blob no more than once, and the store is right.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start_registry --generate app:1=300K:2 --rate 1M
reference=$registry/app:1

run_fetch() { # OPTION…
    timeout -k 5 100 "$TUG" --store store fetch --progress none --plain-http "$@" "$reference"
}

run_fetch > out || fail "the first fetch"
find store/blobs/sha256 -type f -size +200k > layers
while read -r blob; do
    chmod u+w "$blob"
    printf 'damaged' | dd of="$blob" bs=1 seek=1000 conv=notrunc 2> dd.err
done < layers
run_fetch --recheck > out.1 2> err.1 &
first=$!
run_fetch --recheck > out.2 2> err.2 || fail "the second: $(cat err.2)"
wait "$first" || fail "the first: $(cat err.1)"
for out in out.1 out.2; do
    cmp -s out "$out" || fail "$out: $(cat "$out")"
done
for err in err.1 err.2; do
    [ "$(grep -c 'is damaged' "$err")" -le 2 ] || fail "$err: $(cat "$err")"
done
[ "$(cat err.1 err.2 | grep -c 'is damaged')" -ge 2 ] || fail "nobody warned: $(cat err.1 err.2)"
check_store store 4
