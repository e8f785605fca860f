#!/bin/sh
# What a link gives: so many curls at once, each with an equal share of an image's bytes, which they
# are told. Nothing is written or verified.
#
#   curls.sh COUNT BASE-URL LIST FOLDER      LIST: PATH HEX SIZE a line, as the limit program reads
set -eu
count=$1
base=$2
list=$3
folder=$4

# A share ends at every COUNTth part of all bytes, and at the end of each blob.
awk -v count="$count" -v base="$base" -v folder="$folder" '
    function add_range(from, to) {
        printf "%surl = \"%s%s\"\nrange = \"%d-%d\"\noutput = \"/dev/null\"\n", \
            started[share]++ ? "next\nsilent\nfail\n" : "silent\nfail\n", \
            base, path, from, to - 1 > (folder "/curls-" share)
    }
    { paths[NR] = $1; sizes[NR] = $3; total += $3 }
    END {
        each = int(total / count) + 1
        left = each
        for (i = 1; i <= NR; i++) {
            path = paths[i]
            for (at = 0; at < sizes[i]; at += part) {
                part = sizes[i] - at < left ? sizes[i] - at : left
                add_range(at, at + part)
                left -= part
                if (left == 0) { share++; left = each }
            }
        }
    }' "$list"

pids=""
for share in "$folder"/curls-*; do
    curl -q -K "$share" &
    pids="$pids $!"
done
status=0
for pid in $pids; do
    wait "$pid" || status=$?
done
exit "$status"
