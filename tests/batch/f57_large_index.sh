#!/bin/bash
# An index.json of 87 MB with 400 000 names: putting one more into it takes the memory of the file
# and not more than 64 MiB besides, and what was there stays byte for byte.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

case "${ASAN_OPTIONS:-}" in
*detect_leaks*)
    if nm "$TUG" 2> /dev/null | grep -q __asan_init; then
        echo "= not tested: the memory is AddressSanitizer's"
        exit 0
    fi
    ;;
esac
serve_images 1
mkdir -m 700 "$TUG_STORE"
echo '{"imageLayoutVersion":"1.0.0"}' > "$TUG_STORE/oci-layout"
awk 'BEGIN {
    digest = sprintf("%064d", 0)
    type = "application/vnd.oci.image.manifest.v1+json"
    printf "{\"schemaVersion\":2,\"manifests\":["
    for (i = 1; i <= 400000; i++)
        printf "%s\n{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":1,\"annotations\":" \
            "{\"io.containerd.image.name\":\"r.example/i%06d:1\"}}",
            (i > 1 ? "," : ""), type, digest, i
    print "\n]}"
}' > "$TUG_STORE/index.json"
cp "$TUG_STORE/index.json" "$WORK/before"
bound=$((65536 + $(stat -c %s "$WORK/before") / 1024))

measure() {
    /usr/bin/time -f %M -o "$WORK/peak" "$TUG" fetch -q --durability none --plain-http \
        --from-file "$WORK/list" > "$WORK/out" 2> "$WORK/err" || fail "the fetch"
    peak=$(tail -n 1 "$WORK/peak")
    echo "= $1: $((peak / 1024)) MiB, bound $((bound / 1024))"
    [ "$peak" -le "$bound" ] || fail "$1: peak memory $peak KiB, over $bound"
}

measure "a name added to 400 000"
size=$(($(stat -c %s "$WORK/before") - 4)) # without the end: newline, brackets, newline
cmp -n "$size" "$WORK/before" "$TUG_STORE/index.json" || fail "what was there has changed"
tail -c +$((size + 1)) "$TUG_STORE/index.json" > "$WORK/end"
[ "$(head -n 1 "$WORK/end")" = ',' ] || fail "not behind the last one"
grep -qF "$(cat "$WORK/list")" "$WORK/end" || fail "the name"
inode=$(stat -c %i "$TUG_STORE/index.json")
measure "nothing to change"
[ "$(stat -c %i "$TUG_STORE/index.json")" = "$inode" ] || fail "it was written anew"
