#!/bin/bash
# --progress plain: lines for a log in the forms that the manual shows, no control characters.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate app:1=2M:2 --rule 'path=/blobs/ cut=rst at=1000 times=2'
short='sha256:[0-9a-f]{12}'
size='[0-9.]+ ([KMG]i)?B'
time='[0-9.]+ s'

run fetch --plain-http "$registry/app:1" # not a terminal: auto is plain
expect_status 0
expect_no_match err $'[\x01-\x09\x0b-\x1f\x7f]'
expect_match err "$registry/app:1  resolved  sha256:[0-9a-f]{64}"
expect_match err "$short  2\\.0 MiB  $time  $size/s"
expect_match err "$registry/app:1  retry in $time  .*"
sum="fetched 1 image: 4 blobs, 4\\.0 MiB in $time \\($size/s\\)"
[ "$(tail -n 1 "$WORK/err" | grep -cxE "$sum")" -eq 1 ] || fail "no summary"
known="$registry/app:1  (resolved|retry in) .*"
known+="|$short  $size  ($time  $size/s|resumed at $size)|fetched .*"
grep -vxE "$known" "$WORK/err" > "$WORK/other" && fail "other lines: $(cat "$WORK/other")"

# Nothing new: quiet but for the reference; with -v each blob.
run fetch --plain-http "$registry/app:1"
expect_lines err 2
run fetch -v --plain-http "$registry/app:1"
[ "$(grep -cxE "$short  $size  reused" "$WORK/err")" -eq 4 ] || fail "blobs reused"

# none: warnings and errors only, as with -q.
run fetch --progress none --plain-http "$registry/app:1"
expect_empty err
run -q fetch --plain-http "$registry/app:1"
expect_empty err

# Long downloads get a line about the whole every ten seconds. One copies what an older layer has.
"$OBJ/make-toc" "$WORK/layout" zstd 300 20000 3
serve_layout() { # OPTION…
    start_registry --layout "$WORK/layout" --repo app:1=1 --repo app:2=2 "$@"
}
serve_layout
"$TUG" --store "$WORK/updated" fetch -q --plain-http "$registry/app:1" > /dev/null
serve_layout --generate slow:1=3M --rate 250K
"$TUG" --store "$WORK/updated" fetch --plain-http --limit-rate 10K "$registry/app:2" \
    2> "$WORK/update" > /dev/null &
update=$!
run fetch --plain-http "$registry/slow:1"
# The registry gives no more than 250 KiB/s, and takes 12 seconds at least.
total="total  0/1 images  $size/3\\.0 MiB  [12]?[0-9]{1,2} KiB/s  eta $time  elapsed"
expect_match err "$total 1[0-9]\\.[0-9] s"
totals=$(grep -cxE "$total [0-9]+\\.[0-9] s" "$WORK/err")
seconds=$(sed -nE 's/^fetched .* in ([0-9]+)\.[0-9] s .*/\1/p' "$WORK/err")
[ "$totals" -le $((seconds / 10)) ] || fail "$totals lines in $seconds seconds"
expect_lines err $((totals + 5))
await_text "$update" update "total  0/1 images"
kill "$update"
wait "$update"
expect_match update "total  0/1 images  $size/1\\.[0-9] MiB  1\\.[0-9] MiB copied  $size/s  eta .*"

# The last line says what happened.
f35_nothing_came() {
    run fetch --plain-http --retries 0 "$registry/none:1" localhost:1/app:1
    expect_status 1
    expect_match err "fetched nothing: 2 images failed after $time"
    run fetch --plain-http --retries 0 "$registry/none:1"
    expect_match err "fetched nothing: 1 image failed after $time"
}
f35_nothing_came
