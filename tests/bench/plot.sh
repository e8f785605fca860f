# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2028 # variables are shared with the other files
#
# The plots, by gnuplot, of what was measured. Sourced.

# Wall time of each program in units of the fastest peer's, a group of bars for each case.
plot_walls() {
    local case_server names
    awk -F '\t' '$1 ~ /^(layer1g|layers7|layers64|small200|images40|latency|tls)$/ &&
        $3 ~ /^(tug|limit.*|skopeo|crane|oras|ctr|aria2|curl)$/ {
        print $1 "/" $2 "\t" $3 "\t" $6 "\t" $9 }' "$results/summary.tsv" > "$results/walls.dat"
    [ -s "$results/walls.dat" ] || return
    names=$(cut -f 1 "$results/walls.dat" | uniq)
    {
        echo "set terminal svg size 900,$((60 + 180 * $(wc -l <<< "$names"))) font 'sans,11'"
        echo "set output '$results/walls.svg'; set datafile separator '\t'"
        echo "set style fill solid 0.8; set boxwidth 0.35; set xrange [-0.5:*]; set yrange [0:*]"
        echo "set ylabel 's'; set grid y; set key top left"
        echo "set multiplot layout $(wc -l <<< "$names"),1"
        for case_server in $names; do
            echo "set title '$case_server'"
            echo "plot '< grep \"^$case_server\" $results/walls.dat'" \
                "using (\$0-0.18):3:xtic(2) with boxes title 'wall'," \
                "'' using (\$0+0.18):4 with boxes title 'CPU'"
        done
    } | gnuplot
}

plot_line() { # FILE TITLE XLABEL YLABEL SCALE
    [ -s "$results/$1.dat" ] || return
    gnuplot << END
set terminal svg size 640,400 font 'sans,11'
set output '$results/$1.svg'
set title '$2'; set xlabel '$3'; set ylabel '$4'; set yrange [0:*]; set grid
$5
plot '$results/$1.dat' using 1:2 with linespoints pointtype 7 notitle
END
}

plot_lines() {
    awk -F '\t' '$1 == "concurrency" { sub(/tug-/, "", $3); print $3, $6 }' \
        "$results/summary.tsv" > "$results/concurrency.dat"
    awk -F '\t' '$1 ~ /^refs-[0-9]+-present$/ {
        split($1, part, "-")
        print part[2], $9 * 1000 / part[2] }' "$results/summary.tsv" > "$results/refs.dat"
    awk -F '\t' '$1 ~ /^memory-/ && $3 == "tug-8" {
        size = substr($1, 8)
        print size * (size ~ /G$/ ? 1024 : 1), $10 / 1024 }' \
        "$results/summary.tsv" > "$results/memory.dat"
    plot_line concurrency "7 layers, 628 MB" "--max-concurrent-downloads" s "set logscale x 2"
    plot_line refs "references that are present" references "ms of CPU each" "set logscale x 10"
    plot_line memory "peak memory" "MiB of the blob" MiB "set logscale x 2"
}

# The timelines of trace_case.
plot_traces() {
    local trace
    for trace in "$results"/trace-*.json; do
        [ ! -s "$trace" ] ||
            "$here/draw_trace.sh" "$trace" "${trace%.json}.svg" "$(basename "${trace%.json}")"
    done
}

# Show the timelines in the report.
list_pictures() {
    local picture
    for picture in "$results"/trace-*.svg; do
        [ ! -s "$picture" ] || printf '\n![%s](%s)\n' "$(basename "$picture" .svg)" "${picture##*/}"
    done
}
