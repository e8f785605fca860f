# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with the other files
#
# DESIGN's numbers to reach: compute each figure and say whether it is met. Sourced.

ratio_text() { # NUMERATOR DENOMINATOR UNIT NAME
    printf '%.3f %s, %s %.3f: %.2f' "$1" "$3" "$4" "$2" "$(divide "$1" "$2")"
}

# Compare a column of tug with another program's.
ratio_goal() { # WORK LIMIT CASE SERVER TUG OTHER COLUMN
    local a b unit=s
    a=$(figure "$3" "$4" "$5" "$7")
    b=$(figure "$3" "$4" "$6" "$7")
    [ -n "$a" ] && [ -n "$b" ] || return
    [ "$7" != cpu_s ] || unit="CPU-s"
    goal "$1" "${7%_s} <= $2 x $6" "$(divide "$a" "$b")" "<=" "$2" "$(ratio_text "$a" "$b" "$unit" "$6")"
}

peer_goal() { # WORK LIMIT CASE SERVER TUG
    local a best b name
    a=$(figure "$3" "$4" "$5" wall_s)
    best=$(best_peer "$3" "$4")
    [ -n "$a" ] && [ -n "$best" ] || return
    b=${best% *} name=${best#* }
    goal "$1" "wall <= $2 x best peer" "$(divide "$a" "$b")" "<=" "$2" "$(ratio_text "$a" "$b" s "$name")"
}

# The faster of the limit program's forms.
best_limit() { # CASE SERVER
    awk -F '\t' -v c="$1" -v s="$2" '$1 == c && $2 == s && $3 ~ /^limit/ { print $6, $3 }' \
        "$results/summary.tsv" | sort -n | head -n 1 | cut -d ' ' -f 2
}

transfer_goals() {
    local server
    for server in nginx registry; do
        ratio_goal "1 layer of 1 GiB ($server)" 1.10 layer1g "$server" tug limit wall_s
        ratio_goal "1 layer of 1 GiB ($server)" 1.15 layer1g "$server" tug limit cpu_s
        peer_goal "1 layer of 1 GiB ($server)" 0.7 layer1g "$server" tug
    done
    for server in registry nginx; do
        ratio_goal "7 layers, 628 MB ($server)" 1.15 layers7 "$server" tug "$(best_limit layers7 "$server")" wall_s
        peer_goal "7 layers, 628 MB ($server)" 0.8 layers7 "$server" tug
    done
    peer_goal "64 x 4 MiB (nginx)" 0.9 layers64 nginx tug
    peer_goal "64 x 4 MiB, --durability none (nginx)" 0.7 layers64 nginx tug-none
    peer_goal "200 x 20 KiB (nginx)" 0.6 small200 nginx tug
    peer_goal "40 images sharing 3 layers (nginx)" 0.5 images40 nginx tug
    peer_goal "40 images sharing 3 layers (registry)" 0.5 images40 registry tug
}

# 40 images are 41 MiB of shared and 40 x 64 KiB of own layers, configurations and manifests.
shared_goal() {
    local bytes most=$(((40 << 20) + 40 * (65536 + 4096)))
    bytes=$(figure images40 nginx tug server_bytes)
    goal "40 images sharing 3 layers" "each shared layer once" "$bytes" "<=" "$most" \
        "$(awk -v b="$bytes" 'BEGIN { printf "%.1f MB sent", b / 1e6 }')"
}

capped_goal() {
    local wall rate
    wall=$(figure capped capped-far tug-8 wall_s)
    rate=$(divide 1073.741824 "$wall")
    goal "1 GiB, 20 MB/s per connection, 50 ms" ">= 0.9 x 8 x 20 MB/s" "$rate" ">=" 144 "$rate MB/s"
}

tls_goals() {
    ratio_goal "TLS 1.3, 1 GiB" 1.15 tls tls tug limit cpu_s
    if [ -n "${spread_ms:-}" ]; then
        goal "16 TLS connections to start" "first bytes within 100 ms" "$spread_ms" "<=" 100 \
            "$spread_ms ms ($spread_connections connections)"
    fi
}

milliseconds_each() { # SECONDS COUNT
    [ -n "$1" ] && awk -v s="$1" -v n="$2" 'BEGIN { printf "%.3f", s * 1000 / n }'
}

present_goals() {
    local cpu requests count per_reference small
    cpu=$(figure present nginx tug cpu_s)
    requests=$(figure present nginx tug server_requests)
    goal "all present, 1 image" "<= 1 request" "$requests" "<=" 1 "$requests"
    for count in 100 1000 10000; do
        cpu=$(figure "refs-$count-present" nginx tug cpu_s)
        requests=$(figure "refs-$count-present" nginx tug server_requests)
        goal "all present, $count images" "<= 1 request each" "$requests" "<=" "$count" "$requests"
        per_reference=$(milliseconds_each "$cpu" "$count")
        goal "all present, $count images" "<= 2 ms of CPU each" "$per_reference" "<=" 2 "$per_reference ms"
    done
    small=$(milliseconds_each "$(figure refs-1000-present nginx tug cpu_s)" 1000)
    per_reference=$(milliseconds_each "$(figure refs-10000-present nginx tug cpu_s)" 10000)
    goal "CPU of a reference, 10 000 to 1 000" "<= 1.3 (constant)" "$(divide "$per_reference" "$small")" \
        "<=" 1.3 "$(divide "$per_reference" "$small")"
}

# The most memory among the cases of blob sizes and of TLS.
peak_goal() { # PROGRAM MIB NAME
    local most
    most=$(awk -F '\t' -v p="$1" '$3 == p && $1 ~ /^(memory|tls)/ && $10 > most { most = $10 }
        END { print most + 0 }' "$results/summary.tsv")
    [ "$most" -eq 0 ] || goal "peak memory, any blob size, 8 downloads, TLS$3" "<= $2 MiB" \
        "$most" "<=" "$(($2 * 1024))" "$most KiB"
}

memory_goals() {
    local few many named=""
    peak_goal tug-8 16 ""
    peak_goal tug-static-8 10 ", static"
    few=$(figure refs-100 nginx tug peak_kib)
    many=$(figure refs-10000 nginx tug peak_kib)
    if [ -n "$few" ] && [ -n "$many" ]; then
        named="; with 10 000 names in index.json, which is written anew, $(divide "$((many - few))" 9900) KiB"
    fi
    if [ -n "${waiting_kib[100]:-}" ]; then
        few=${waiting_kib[100]} many=${waiting_kib[10000]}
        goal "memory per reference waiting" "<= 1 KiB" "$(divide "$((many - few))" 9900)" "<=" 1 \
            "$(divide "$((many - few))" 9900) KiB$named"
    fi
}

store_goals() {
    local name wall peak
    # 0.9 of the speed is 1.11 times the time.
    ratio_goal "verify 1 GiB in 32 blobs" 1.11 verify none tug-store-verify openssl wall_s
    for name in images ls prune; do
        wall=$(figure store100k none "tug-store-$name" wall_s)
        peak=$(figure store100k none "tug-store-$name" peak_kib)
        [ -n "$wall" ] || continue
        goal "$name of 100 000 blobs, 5 000 images" "<= 1 s" "$wall" "<=" 1 "$wall s"
        goal "$name of 100 000 blobs, 5 000 images" "<= 64 MiB" "$peak" "<=" 65536 "$peak KiB"
    done
}

other_goals() {
    if [ -n "${start_ms:-}" ]; then
        goal "start to first request on the wire" "<= 15 ms" "$start_ms" "<=" 15 \
            "$start_ms ms; curl itself $curl_start_ms ms"
        goal "start to first request, static" "<= 15 ms" "$static_start_ms" "<=" 15 "$static_start_ms ms"
    fi
    if [ -n "${again_bytes:-}" ]; then
        goal "kill -9, 8 connections" "<= 1 MiB each again" "$again_bytes" "<=" "$((8 << 20))" \
            "$again_bytes bytes at most (of 8388608)"
        goal "kill -9, 8 connections" "no bad blob" "$bad_count" "<=" 0 "$bad_count"
    fi
}

judge() {
    : > "$results/goals.tsv"
    transfer_goals
    shared_goal
    capped_goal
    tls_goals
    present_goals
    memory_goals
    store_goals
    other_goals
}

# As a table that README can take.
print_goals() {
    awk -F '\t' 'BEGIN { print "| work | goal | measured | |\n|---|---|---|---|" }
        { printf "| %s | %s | %s | %s |\n", $1, $2, $3, $4 }' "$results/goals.tsv"
}

print_medians() {
    awk -F '\t' 'BEGIN { print "| case | server | program | wall s (min-max) | CPU s | peak MiB | server CPU s | MB sent | requests | runs (dropped) |\n|---|---|---|---|---|---|---|---|---|---|" }
        NR > 1 { printf "| %s | %s | %s | %.3f (%.3f-%.3f) | %.3f | %.1f | %.2f | %.1f | %d | %d (%d)%s |\n",
            $1, $2, $3, $6, $7, $8, $9, $10 / 1024, $11, $12 / 1e6, $13, $4, $5, $14 == "noisy" ? " noisy" : "" }' \
        "$results/summary.tsv"
}
