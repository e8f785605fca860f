#!/bin/bash
# Help and version: what was asked for goes to stdout, with exit status 0.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

for words in "version" "--version" "-V" "version -v" "fetch --version" "-V fetch"; do
    # shellcheck disable=SC2086 # words
    run $words
    expect_status 0
    expect_empty err
    expect_lines out 1
    expect_match out 'tug [0-9]+\.[0-9]+\.[0-9]+'
done

for words in "help" "--help" "-h" "-v --help"; do
    # shellcheck disable=SC2086
    run $words
    expect_status 0
    expect_empty err
    expect_match out 'usage: tug .*COMMAND.*'
    for command in fetch version help; do
        expect_match out "  $command( .*)?"
    done
done

for words in "help fetch" "fetch --help" "fetch x -h" "-h fetch"; do
    # shellcheck disable=SC2086
    run $words
    expect_status 0
    expect_empty err
    expect_match out 'usage: tug fetch .*'
    expect_match out 'Examples:'
    expect_match out 'see tug\(1\)'
    [ "$(sed -n '/^Examples:$/,/^$/p' "$WORK/out" | grep -c '^  tug ')" -eq 4 ] ||
        fail "not four examples"
    ! awk 'length > 80 { exit 1 }' "$WORK/out" || continue
    fail "a line is longer than 80 columns"
done

run help version
expect_status 0
run help help
expect_status 0

# A full disk or a closed descriptor does not pass unnoticed.
"$TUG" version > /dev/full 2> "$WORK/err"
status=$?
expect_status 7
expect_text err "tug: standard output: write: "
"$TUG" help fetch >&- 2> "$WORK/err"
status=$?
expect_status 7
expect_text err "tug: standard output: write: "
