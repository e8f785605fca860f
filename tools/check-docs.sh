#!/bin/bash
# What the prose names exists: files in src/README.md and README.md, tests in SECURITY.md; what is
# public has its manual, and structs theirs. No line of text is over 100 columns.
set -u

cd "$(dirname "$0")/.." || exit 2
failed=0

complain() {
    echo "check-docs: $*"
    failed=1
}

# Files named in backquotes, as ROOM/FILE or FILE.c, below src/, include/ or the top.
# shellcheck disable=SC2016 # backquotes are meant here
for prose in README.md src/README.md SECURITY.md; do
    for name in $(grep -oE '`[A-Za-z0-9_./-]+\.(c|h|sh|md|[1-9])`' "$prose" | tr -d '`' |
        sort -u); do
        if [ ! -e "$name" ] && [ ! -e "src/$name" ] && [ ! -e "include/$name" ] &&
            [ -z "$(find src tests tools man -name "$(basename "$name")" -path "*$name" |
                head -n 1)" ]; then
            complain "$prose names $name, which does not exist"
        fi
    done
    for name in $(grep -oE '`(tug_[a-z_]+|tug__[a-z_]+)`' "$prose" | tr -d '`' | sort -u); do
        grep -qrE "\b$name\b" src include --include='*.[ch]' ||
            complain "$prose names $name, which does not exist"
    done
done

# SECURITY.md has a row for each case, T-01 to T-51, with a test that carries the number (T-01 or
# t01_) or the words why there is none.
for ((case = 1; case <= 51; case++)); do
    number=$(printf '%02d' "$case")
    row=$(grep -E "^\\| T-$number \\|" SECURITY.md)
    if [ "$(printf '%s\n' "$row" | grep -c .)" -ne 1 ]; then
        complain "SECURITY.md has no row, or several, for T-$number"
        continue
    fi
    # shellcheck disable=SC2016 # backquotes are meant here
    tests=$(printf '%s\n' "$row" | grep -oE '`[a-z0-9_]+\.(c|sh)`' | tr -d '`')
    if [ -z "$tests" ] && [[ $row != *"| does not apply: "* ]]; then
        complain "SECURITY.md names no test for T-$number and no reason why there is none"
    fi
    for name in $tests; do
        found=$(find tests -name "$name" -exec grep -lE "T-$number|[( ]t${number}_" {} +)
        [ -n "$found" ] || complain "SECURITY.md: no test of T-$number in $name"
    done
done

# No line is over 100 columns, whatever the file: a tab at its start takes eight. Not held to this
# are files whose lines are not ours to break: what abidw writes, the bytes that fuzzed parsers are
# given, and jobs of cron, which takes a whole line for one.
while read -r line; do
    complain "over 100 columns: $line"
done < <(git ls-files -co --exclude-standard -z -- . ':!tests/abi/*.abi' ':!tests/fuzz/seeds' \
    ':!tests/fuzz/found' ':!tools/examples/tug.cron' |
    LC_ALL=C.UTF-8 xargs -0 grep -IHnsE $'^(\t.{93,}|.{101,})' | cut -c 1-100)

# Each function that the library exports has its page in section 3, and no page has another one.
# Each option of a fetch is described.
while read -r name; do
    grep -qx "\.Fo $name" man/*.3 || complain "no page of man/*.3 has $name"
done < <(sed -n 's/^ *\(tug_[a-z0-9_]*\);$/\1/p' src/libtug.map)
while read -r name; do
    grep -q "^ *$name;$" src/libtug.map ||
        complain "man/*.3 has $name, which the library does not export"
done < <(sed -n 's/^\.Fo \(tug_[a-z0-9_]*\)$/\1/p' man/*.3)
while read -r name; do
    grep -qwE "^\.(It )?Va .*$name" man/tug_fetch.3 ||
        complain "man/tug_fetch.3 does not describe tug_fetch_options.$name"
done < <(sed -n '/^struct tug_fetch_options {/,/^};/p' include/tug/fetch.h |
    sed -n 's/^    [a-z][a-z0-9_ *]*[ *]\([a-z_]*\);.*/\1/p' | grep -vx size)

# The pages of section 3 have every public struct as the headers have it, but for comments.
structs() { # FILE…
    perl -0777 -ne 's{/\*.*?\*/}{}gs;
        while (/^(struct tug_\w+ \{\n.*?^\};)/msg) {
            my $struct = $1 =~ s/\s+/ /gr;
            print $struct =~ s/\[ /[/gr =~ s/ ;/;/gr, "\n";
        }' "$@" | sort
}
while read -r line; do
    complain "structs of include/tug (<) and of man/*.3 (>) differ: $line"
done < <(diff <(structs include/tug/*.h) <(structs man/*.3) | grep '^[<>]')

exit "$failed"
