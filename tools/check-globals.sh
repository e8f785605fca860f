#!/bin/bash
# No mutable file-scope variables: the library has no .data and no .bss symbols; the command has
# none that other files see (a signal handler needs one of its own).
set -u

cd "$(dirname "$0")/.." || exit 2
make --no-print-directory -s CONFIG=lint CFLAGS='-O1' build/libtug.a build/tug > /dev/null || exit 1
objects=$(find build/lint-* -path '*/src/*.o')
# shellcheck disable=SC2086 # a list of files
found=$(nm -A $objects | awk '$2 ~ /^[bBdDC]$/ || $3 ~ /^[bBdDC]$/' |
    grep -v '/src/\(cli\|lists\|options\|display\)/.* [bd] ')
# Tables of pointers are constant, but relocated: they show as "d" in .data.rel.ro only.
found=$(printf '%s\n' "$found" | grep -v '^$' | while read -r line; do
    file=${line%%:*}
    symbol=${line##* }
    objdump -t "$file" | grep -E " $symbol\$" | grep -q '\.data\.rel\.ro' || echo "$line"
done)
if [ -n "$found" ]; then
    echo "$found"
    echo "check-globals: mutable file-scope variables"
    exit 1
fi
