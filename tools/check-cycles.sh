#!/bin/bash
# No circle among the files of src/: fails and names the members when object files need each other
# (one defines what the next one needs, round and round). Reads the object files of the last build;
# without one, or when a source is newer than its object file, it says so and fails.
set -u

cd "$(dirname "$0")/.." || exit 2
last=$(find build -path 'build/*/src/*' -name '*.o' -printf '%T@ %p\n' 2> /dev/null | sort -n |
    tail -n 1 | cut -d ' ' -f 2)
obj=${1:-${last%%/src/*}/src}
[ -d "$obj" ] || { echo "check-cycles: nothing is built; run 'make' first"; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/tug-cycles.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Lines "FILE U|D SYMBOL", of objects whose source is still there, then lines "USER DEFINER".
find "$obj" -name '*.o' | while read -r object; do
    source=src/${object#"$obj"/}
    source=${source%.o}.c
    [ -f "$source" ] || continue
    [ ! "$source" -nt "$object" ] || { echo "$source" >> "$work/stale"; continue; }
    nm --format=posix "$object" |
        awk -v file="$source" '
            $2 == "U" { print file, "U", $1 }
            $2 ~ /^[TDBRVW]$/ { print file, "D", $1 }'
done > "$work/symbols"
if [ -s "$work/stale" ]; then
    echo "check-cycles: $(head -n 1 "$work/stale") is newer than its object; run 'make' first"
    exit 1
fi
[ -s "$work/symbols" ] || { echo "check-cycles: no object files in $obj"; exit 1; }
awk '$2 == "D" { home[$3] = $1 }
    $2 == "U" { user[NR] = $1; need[NR] = $3 }
    END {
        for (i in need)
            if (need[i] in home && home[need[i]] != user[i]) print user[i], home[need[i]]
    }' "$work/symbols" | sort -u > "$work/arrows"

# tsort names the members of each circle on standard error.
tsort "$work/arrows" > /dev/null 2> "$work/circles"
if [ -s "$work/circles" ]; then
    echo "check-cycles: files that need each other:"
    sed -n 's/^tsort: //p' "$work/circles" | sed 's/.*contains a loop:/and:/'
    exit 1
fi
