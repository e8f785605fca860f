#!/bin/bash
# --progress tty: a block at the bottom that is never wider than the terminal and gone at the end.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate app:1=600K:8 --generate lib/other:2=600K:3 --rate 1M

# Run in a terminal of the size given; what it shows goes to $WORK/shown.
in_terminal() { # COLUMNS ROWS WORD…
    local columns=$1 rows=$2
    shift 2
    rm -rf "$TUG_STORE" "$WORK/typescript"
    printf 'stty cols %s rows %s\n"%s" %s\nexit $?\n' "$columns" "$rows" "$TUG" "$*" \
        > "$WORK/command"
    script -qec "bash $WORK/command" "$WORK/typescript" > /dev/null < /dev/null
    status=$?
    # script adds a line of its own at each end.
    sed '1d;$d' "$WORK/typescript" > "$WORK/bytes"
    sed -i '$ { /^Script done/d }' "$WORK/bytes"
    screen "$WORK/bytes" > "$WORK/shown" 2> "$WORK/widest"
    cp "$WORK/shown" "$WORK/out"
    grep -q 'ESCAPE NOT KNOWN' "$WORK/shown" && fail "an escape code that is not known"
    grep -q 'CURSOR ABOVE' "$WORK/shown" && fail "the cursor went above the first line"
}

# Widest line of the block: what is drawn between cursor movements, without colours.
widest_drawn() {
    sed 's/\x1b\[[0-9;]*[A-Za-z]//g' "$WORK/bytes" | tr '\r' '\n' |
        grep -E 'downloading|verifying|waiting|retry|images  |%|\.\.\. and' |
        awk '{ if (length > widest) widest = length } END { print widest + 0 }'
}

for columns in 200 80 60 40 20; do
    in_terminal "$columns" 24 fetch --plain-http "$registry/app:1" "$registry/lib/other:2"
    expect_status 0
    drawn=$(widest_drawn)
    [ "$drawn" -gt 0 ] || fail "nothing was drawn at $columns columns"
    [ "$drawn" -lt "$columns" ] || fail "a line of $drawn columns in a terminal of $columns"
    # What remains: a line for each finished image, the results in order, and the summary.
    [ "$(grep -c . "$WORK/shown")" -eq 5 ] || fail "the block is not gone at $columns columns"
    [ "$(grep -cE "^$registry/.*  done  " "$WORK/shown")" -eq 2 ] || fail "finished images"
    grep -E ' sha256:[0-9a-f]{64}$' "$WORK/shown" | head -n 1 | grep -q "^$registry/app:1 " ||
        fail "first result"
    sed -n 5p "$WORK/shown" | grep -qE '^fetched 2 images: 15 blobs, .* in .* \(.*/s\)$' ||
        fail "summary"
done

# Few rows: the oldest blobs, and how many more there are.
in_terminal 80 6 fetch --plain-http --max-concurrent-downloads 8 "$registry/app:1"
expect_status 0
grep -q '\.\.\. and [0-9]* more' "$WORK/bytes" || fail "no '... and K more'"
! grep -q "$(printf '\033')\[[6-9]A" "$WORK/bytes" || fail "the block is higher than the terminal"

# Colour only as asked for.
grep -q "$(printf '\033')\[32m" "$WORK/bytes" || fail "no colour on a terminal"
in_terminal 80 24 --color never fetch --plain-http "$registry/app:1"
! grep -q "$(printf '\033')\[[0-9]*m" "$WORK/bytes" || fail "colour with --color never"
NO_COLOR=1 in_terminal 80 24 fetch --plain-http "$registry/app:1"
! grep -q "$(printf '\033')\[[0-9]*m" "$WORK/bytes" || fail "colour with NO_COLOR"

# A dumb terminal gets lines.
TERM=dumb in_terminal 80 24 fetch --plain-http "$registry/app:1"
! grep -q "$(printf '\033')" "$WORK/bytes" || fail "escape codes for a dumb terminal"

# Errors and finished images stay above the block.
in_terminal 100 24 "fetch --plain-http $registry/none:1 $registry/lib/other:2 > $WORK/results"
expect_status 1
grep -qE "^tug: $registry/none:1: .*" "$WORK/shown" || fail "no error"
grep -qE "^$registry/lib/other:2  done  5 blobs  1\.8 MiB  [0-9.]+ s$" "$WORK/shown" ||
    fail "no line for the finished image"
grep -qE '^fetched 1 of 2 images: ' "$WORK/shown" || fail "summary"
[ "$(grep -c . "$WORK/shown")" -eq 3 ] || fail "the block is not gone"
[ "$(wc -l < "$WORK/results")" -eq 1 ] || fail "results"

# What the store has already exists, of an image and of the whole run.
f34_what_exists() {
    "$TUG" --store "$WORK/kept" fetch -q --plain-http "$registry/app:1" > /dev/null
    in_terminal 100 24 --store "$WORK/kept" fetch --plain-http "$registry/app:1"
    grep -qE "^$registry/app:1  exists  10 blobs  4\.7 MiB  [0-9.]+ s$" "$WORK/shown" ||
        fail "image"
    grep -qE '^nothing to fetch: 1 image, 10 blobs, 4\.7 MiB reused in [0-9.]+ s$' "$WORK/shown" ||
        fail "summary"
}
f34_what_exists
