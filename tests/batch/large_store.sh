#!/bin/bash
# Stores with many names and many blobs: listing them takes memory for each that is bounded, and an
# index.json with 10 000 names is read in no more time than that takes.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

case "${ASAN_OPTIONS:-}" in
*detect_leaks*) # not its memory
    [ "$(nm "$TUG" 2> /dev/null | grep -c __asan_init)" -eq 0 ] || exit 0
    ;;
esac

peak_kib() { # WORDS…: of tug
    /usr/bin/time -f %M -o "$WORK/peak" "$TUG" "$@" > "$WORK/out" 2> "$WORK/err" < /dev/null ||
        fail "tug $*"
    tail -n 1 "$WORK/peak"
}

# Each blob costs less than 400 bytes, and each name less than 1 KiB.
blobs() {
    local few many
    "$OBJ/make-store" "$WORK/few" 100 10
    "$OBJ/make-store" "$WORK/many" 1000 10
    for command in images ls; do
        few=$(peak_kib --store "$WORK/few" "$command")
        many=$(peak_kib --store "$WORK/many" "$command")
        expect_between "KiB more of $command for 9000 blobs and 900 images more" 0 \
            $((9000 * 400 / 1024 + 900 + 1024)) $((many - few))
    done
    [ "$(wc -l < "$WORK/out")" -eq $((1 + $(find "$WORK/many/blobs" -type f | wc -l))) ] ||
        fail "lines"
    run --store "$WORK/many" images --format json
    jq -e -s 'length == 1000 and all(.complete and .blobs == 12)' "$WORK/out" > /dev/null ||
        fail "images that are not complete"
}

names() {
    local user system ms
    "$OBJ/make-store" "$WORK/names" 1 1
    jq -c '.manifests[0] as $one | .manifests = [range(10000) | . as $i | $one |
        .annotations["io.containerd.image.name"] = "r.example/i\($i):1"]' "$WORK/names/index.json" \
        > "$WORK/index.json"
    cat "$WORK/index.json" > "$WORK/names/index.json"
    /usr/bin/time -f '%U %S' -o "$WORK/times" "$TUG" -q --store "$WORK/names" images \
        > "$WORK/out" 2> "$WORK/err" || fail "tug images"
    expect_lines out 10000
    read -r user system < "$WORK/times" # in seconds, with two digits
    ms=$((10#${user/./} * 10 + 10#${system/./} * 10))
    echo "= 10 000 names in $ms ms of processor time"
    [ "$ms" -lt 3000 ] || fail "it took $ms ms"
}

blobs
names
