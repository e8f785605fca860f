#!/bin/sh
# src/libtug.map exports what the public headers declare, and nothing else; each function has a
# comment. With a library: it exports the same, as a program sees it.
#
#   tools/check-symbols.sh [LIBRARY]
set -eu

cd "$(dirname "$0")/.."
map=src/libtug.map
lists=$(mktemp -d "${TMPDIR:-/tmp}/tug-symbols.XXXXXX")
trap 'rm -rf "$lists"' EXIT

# Functions, without comments and macros: a name of ours followed by an argument list.
cat include/tug/*.h | awk '
    {
        while (1) {
            if (in_comment) {
                if (!(end = index($0, "*/"))) next
                $0 = substr($0, end + 2)
                in_comment = 0
            }
            if (!(start = index($0, "/*"))) break
            code = substr($0, 1, start - 1)
            rest = substr($0, start + 2)
            end = index(rest, "*/")
            if (!end) { $0 = code; in_comment = 1; break }
            $0 = code substr(rest, end + 2)
        }
        print
    }' | grep -v '^#' | grep -oE '\btug_[a-z0-9][a-z0-9_]*\(' | tr -d '(' | sort > "$lists/declared"
grep -oE '^ +tug_[a-z0-9_]+;' "$map" | tr -d ' ;' | sort > "$lists/mapped"

failed=0
# A comment ends on the line above a prototype, or above the prototypes before it.
awk '
    /^[a-z].*[ *]tug_[a-z0-9_]+\(/ && !/typedef/ && !documented {
        print "check-symbols: " FILENAME ": no comment above: " $0
        missing = 1
    }
    { documented = /\*\/$/ || (documented && !/^$/) }
    END { exit missing }' include/tug/*.h >&2 || failed=1
for name in $(comm -23 "$lists/declared" "$lists/mapped"); do
    header=$(grep -lE "\\b$name\\(" include/tug/*.h | head -n 1)
    echo "check-symbols: $header declares $name, which $map does not export: add it there" >&2
    failed=1
done
for name in $(comm -13 "$lists/declared" "$lists/mapped"); do
    echo "check-symbols: $map exports $name, which no header in include/tug declares" >&2
    failed=1
done
if [ $# -gt 0 ]; then
    nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
        sort > "$lists/exported"
    if ! diff "$lists/mapped" "$lists/exported" >&2; then
        echo "check-symbols: $1 does not export what $map says" >&2
        failed=1
    fi
fi
exit "$failed"
