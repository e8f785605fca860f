#!/bin/sh
# A program that was built with the last release runs with the library of now: compare its binary
# interface with the one in tests/abi. It may grow (functions, values at the end of an enum, members
# at the end of a struct) and nothing else.
#
#   tools/check-abi.sh             compare
#   tools/check-abi.sh --update    write the interface of now, for a release
set -eu

cd "$(dirname "$0")/.."
make --no-print-directory -s lib > /dev/null
# shellcheck disable=SC2016 # a variable of make
library=build/$(make --no-print-directory -s --eval='shared: ; @echo $(SHARED)' shared)
soname=$(objdump -p "$library" | awk '$1 == "SONAME" { print $2 }')
released=tests/abi/$soname.abi
now=build/$soname.abi

# Of what the public headers declare, without names of files and parameters.
abidw --headers-dir "$PWD/include/tug" --drop-private-types --exported-interfaces-only \
    --no-elf-needed --no-parameter-names --no-corpus-path --no-comp-dir-path --no-show-locs \
    --out-file "$now" "$library"
grep -q "name='tug_fetch_options' size" "$now" ||
    { echo "check-abi: $library has no debugging information: build it with -g" >&2; exit 1; }
if [ "${1-}" = --update ]; then
    cp "$now" "$released"
    exit
fi
# The architecture that a dump is of.
architecture() {
    sed -n "1s/.*architecture='\([a-z0-9_-]*\)'.*/\1/p" "$1"
}
if [ "$(architecture "$now")" != "$(architecture "$released")" ]; then
    echo "check-abi: not checked, $released is of another architecture"
    exit
fi

report=build/$soname.abidiff
status=0
abidiff --leaf-changes-only --no-added-syms --no-show-locs "$released" "$now" > "$report" ||
    status=$?
# Bits 1 and 2: it could not compare. Growth of structs is a change to it, so read what it says.
if [ $((status & 3)) -ne 0 ] || ! awk '
    function refuse() { refused = 1; print }
    /summary: / || /^$/ { next }
    /^\047struct [a-z_]+\047 changed:$/ {
        name = $2
        sub(/\047$/, "", name)
        old_size = -1
        if (name ~ /^tug_(error|digest|platform)$/) refuse()
        next
    }
    /^  type size changed from [0-9]+ to [0-9]+ \(in bits\)$/ { old_size = $5; next }
    # In padding: the program may have anything there, if the struct is its own.
    /^  type size hasn\047t changed$/ {
        if (name ~ /_options$|_watch$/) refuse()
        old_size = 0
        next
    }
    /^  [0-9]+ data member insertions?:$/ { next }
    /^    \047.*\047, at offset [0-9]+ \(in bits\)$/ {
        match($0, /at offset [0-9]+/)
        if (old_size < 0 || substr($0, RSTART + 10, RLENGTH - 10) + 0 < old_size + 0) refuse()
        next
    }
    { refuse() }
    END { exit refused }' "$report"; then
    cat "$report" >&2
    echo "check-abi: programs that were built with the last release would break ($released)" >&2
    exit 1
fi
