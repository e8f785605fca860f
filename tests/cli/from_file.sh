#!/bin/bash
# --from-file: what a list may look like, and what is told when it is wrong.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate a:1=10K --generate b:1=10K --generate c:1=10K --generate d:1=10K

# Byte order mark, Windows line ends, comments, blanks, no end of the last line; order as given.
printf '\xef\xbb\xbf%s\r\n\r\n# comment\r\n  # another\r\n\t%s  # why\r\n%s' \
    "$registry/b:1" "$registry/a:1" "$registry/c:1" > "$WORK/list"
run fetch -q --plain-http "$registry/d:1" --from-file "$WORK/list" "$registry/a:1"
expect_status 0
expect_empty err
cut -d' ' -f1 "$WORK/out" | sed "s,^$registry/,," | tr '\n' ' ' > "$WORK/order"
[ "$(cat "$WORK/order")" = "d:1 b:1 a:1 c:1 a:1 " ] || fail "order: $(cat "$WORK/order")"

# Standard input, and two files.
printf '%s\n' "$registry/c:1" > "$WORK/list2"
printf '%s\n' "$registry/a:1" | "$TUG" fetch -q --plain-http --from-file - \
    --from-file "$WORK/list2" > "$WORK/out" 2> "$WORK/err"
status=$?
expect_status 0
expect_lines out 2

# Every bad line is told of by file and line, and nothing is fetched.
{
    echo "$registry/a:1"
    echo "Bad Reference"
    echo "# fine"
    echo "also:bad:one"
    printf 'nul\0byte\n'
    head -c 5000 /dev/zero | tr '\0' x
    echo
    echo "last/Bad"
} > "$WORK/bad"
rm -rf "$TUG_STORE"
run fetch --plain-http --from-file "$WORK/bad"
expect_status 2
expect_empty out
expect_lines err 5
for line in 2 4 5 6 7; do
    expect_match err "tug: $WORK/bad:$line: .*"
done
[ ! -e "$TUG_STORE" ] || fail "a store was made"

printf 'Bad\n' | "$TUG" fetch --from-file - > "$WORK/out" 2> "$WORK/err"
status=$?
expect_status 2
expect_match err "tug: standard input:1: .*"

run fetch --from-file "$WORK/missing"
expect_status 2
expect_match err "tug: $WORK/missing: open: No such file or directory"
run fetch --from-file "$WORK"
expect_status 2
expect_match err "tug: $WORK: read: Is a directory"

# A list without references: all of it is there.
printf '# nothing today\n' > "$WORK/empty"
run fetch --from-file "$WORK/empty"
expect_status 0
expect_empty out
