#!/bin/bash
# Draw a file of `tug --trace` as a picture: a row for each thread, and the rate below.
#
#   tests/bench/draw_trace.sh TRACE.json PICTURE.svg|PICTURE.png [TITLE]
#
# Needs jq and gnuplot. Also draws what a killed run left. Spans that would be narrower than a
# pixel are drawn together with their neighbours of the same name, so that a picture stays small.
set -u -o pipefail

[ $# -ge 2 ] || {
    echo "usage: ${0##*/} TRACE.json PICTURE.svg [TITLE]" >&2
    exit 2
}
trace=$1 picture=$2 title=${3:-$(basename "$1" .json)}
folder=$(mktemp -d) || exit
trap 'rm -rf "$folder"' EXIT
width=1000
case $picture in
*.png) terminal=pngcairo ;;
*) terminal=svg ;;
esac

# The closing bracket that a killed run leaves out.
events="$folder/events"
{
    cat "$trace"
    [ "$(tail -c 2 "$trace")" = "]" ] || echo ']'
} > "$events"

jq -r '.[] | select(.ph == "M" and .name == "thread_name") | [.tid, .args.name] | @tsv' \
    "$events" > "$folder/rows" || exit
[ -s "$folder/rows" ] || {
    echo "${0##*/}: $trace has no threads" >&2
    exit 1
}
# Row, group, begin and end in seconds since the first span. The outer spans of a thread come first,
# so that the inner ones are drawn over them.
jq -r '([.[] | select(.ph == "X").ts] | min) as $zero |
    {wait: "idle", request: "request", resolve: "request", manifest: "request", blob: "request",
     transfer: "transfer", hash: "hash", document: "hash", recheck: "hash", trust: "hash",
     commit: "commit", sync: "sync", "sync names": "sync", index: "index",
     open: "open"} as $groups |
    [.[] | select(.ph == "X")] | sort_by([.tid, $groups[.name] // "resolver", .ts]) | .[] |
    [.tid, $groups[.name] // "resolver", (.ts - $zero) / 1e6, (.ts + .dur - $zero) / 1e6] | @tsv' \
    "$events" > "$folder/all" || exit
last=$(awk -F '\t' '$4 > last { last = $4 } END { print last + 0 }' "$folder/all")
# Join neighbours less than half a pixel apart.
awk -F '\t' -v gap="$(awk -v last="$last" -v width="$width" 'BEGIN { print last / width / 2 }')" '
    function put() { if (row != "") printf "%s\t%s\t%.6f\t%.6f\n", row, group, begin, end }
    $1 == row && $2 == group && $3 - end <= gap { if ($4 > end) end = $4; next }
    { put(); row = $1; group = $2; begin = $3; end = $4 }
    END { put() }' "$folder/all" > "$folder/spans"
jq -r '([.[] | select(.ph == "X").ts] | min) as $zero | .[] |
    select(.ph == "C" and .name == "bytes received per second") |
    [(.ts - $zero) / 1e6, .args.value / 1e6] | @tsv' "$events" > "$folder/rate" || exit

lines=$(wc -l < "$folder/rows")
has_rate=no
[ ! -s "$folder/rate" ] || has_rate=yes
height=$((24 * lines + 110))
[ $has_rate = no ] || height=$((height + 130))

plot_rows() {
    local group color separator="plot" half
    while read -r group color; do
        awk -F '\t' -v group="$group" '$2 == group { print $1, $3, $4 }' "$folder/spans" \
            > "$folder/$group.dat"
        [ -s "$folder/$group.dat" ] || continue
        # Inner spans are lower than those around them.
        half=0.38
        [ "$group" != sync ] || half=0.2
        printf "%s '%s' using 2:1:2:3:(\$1-%s):(\$1+%s) with boxxyerror" \
            "$separator" "$folder/$group.dat" "$half" "$half"
        printf " fillcolor rgb '%s' title '%s'" "$color" "$group"
        separator=","
    done << 'COLORS'
idle #eeeeee
resolver #777777
open #b39ddb
request #ffb74d
transfer #4f8fd0
hash #66ad5b
commit #f3a6a0
sync #d0342c
index #8e44ad
COLORS
    echo
}

# shellcheck disable=SC2016 # the dollars are gnuplot's
{
    echo "set terminal $terminal size $width,$height font 'sans,11' background rgb 'white'"
    echo "set output '$picture'"
    echo "set style fill solid 1.0 noborder; set xrange [0:$last]; set lmargin 12; set rmargin 3"
    if [ $has_rate = yes ]; then
        echo "set multiplot"
        echo "set origin 0,$(awk -v h=$height 'BEGIN { print 130 / h }');" \
            "set size 1,$(awk -v h=$height 'BEGIN { print 1 - 130 / h }')"
    fi
    echo "set title '${title//\'/}'; set key outside bottom center horizontal samplen 1"
    awk -F '\t' 'BEGIN { printf "set ytics (" }
        { printf "%s\"%s\" %s", (NR > 1 ? ", " : ""), $2, $1 }
        END { print ") scale 0" }' "$folder/rows"
    echo "set yrange [$((lines + 1)).6:0.4]; set xlabel 's' offset 0,0.5"
    plot_rows
    if [ $has_rate = yes ]; then
        echo "set origin 0,0; set size 1,$(awk -v h=$height 'BEGIN { print 130 / h }')"
        echo "unset title; unset key; unset xlabel; set yrange [0:*]; set ytics auto scale 1"
        echo "set ylabel 'MB/s'; set grid y"
        echo "plot '$folder/rate' using 1:2 with fillsteps fillcolor rgb '#4f8fd0'"
    fi
} > "$folder/script"
gnuplot "$folder/script"
