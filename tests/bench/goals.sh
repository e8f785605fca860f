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
    goal "$1" "${7%_s} <= $2 x $6" "$(divide "$a" "$b")" "<=" "$2" \
        "$(ratio_text "$a" "$b" "$unit" "$6")"
}

# Compare with the best of the peers.
peer_goal() { # WORK LIMIT CASE SERVER TUG
    local best
    best=$(best_peer "$3" "$4")
    [ -n "$best" ] || return
    ratio_goal "$1" "$2" "$3" "$4" "$5" "${best#* }" wall_s
}

# The CPU of a run divided by so many pieces of work.
cpu_goal() { # WORK LIMIT CASE SERVER TUG COUNT UNIT
    local each
    each=$(divide "$(figure "$3" "$4" "$5" cpu_s)" "$6")
    goal "$1" "cpu <= $2 $7" "$each" "<=" "$2" "$each $7"
}

# The faster of the limit program's forms.
best_limit() { # CASE SERVER
    awk -F '\t' -v c="$1" -v s="$2" '$1 == c && $2 == s && $3 ~ /^limit/ { print $6, $3 }' \
        "$results/summary.tsv" | sort -n | head -n 1 | cut -d ' ' -f 2
}

transfer_goals() {
    local server
    for server in nginx registry; do
        ratio_goal "1 layer of 1 GiB ($server)" 1.0 layer1g "$server" tug limit wall_s
        ratio_goal "1 layer of 1 GiB ($server)" 1.05 layer1g "$server" tug limit cpu_s
        ratio_goal "1 layer of 1 GiB ($server)" 0.5 layer1g "$server" tug oras wall_s
    done
    for server in nginx registry; do
        ratio_goal "7 layers, 628 MB ($server)" 1.05 layers7 "$server" tug \
            "$(best_limit layers7 "$server")" wall_s
        ratio_goal "7 layers, 628 MB ($server)" 0.6 layers7 "$server" tug oras wall_s
    done
    ratio_goal "64 x 4 MiB (nginx)" 0.95 layers64 nginx tug oras wall_s
    ratio_goal "64 x 4 MiB, --durability none (nginx)" 0.8 layers64 nginx tug-none oras wall_s
    cpu_goal "64 x 4 MiB (nginx)" 1.35 layers64 nginx tug 0.25 "CPU-s a GiB"
    ratio_goal "200 x 20 KiB (nginx)" 0.8 small200 nginx tug oras wall_s
    cpu_goal "200 x 20 KiB (nginx)" 0.25 small200 nginx tug 0.2 "ms a blob"
    peer_goal "40 images sharing 3 layers (nginx)" 0.1 images40 nginx tug
    peer_goal "40 images sharing 3 layers (registry)" 0.1 images40 registry tug
}

# 40 images are 41 MiB of shared and 40 x 64 KiB of own layers, configurations and manifests.
shared_goal() {
    local bytes most=$(((40 << 20) + 40 * (65536 + 4096)))
    bytes=$(figure images40 nginx tug server_bytes)
    goal "40 images sharing 3 layers" "each shared layer once" "$bytes" "<=" "$most" \
        "$(awk -v b="$bytes" 'BEGIN { printf "%.1f MB sent", b / 1e6 }')"
}

# Bytes a second, of a case that moves so many MB.
rate_goal() { # WORK GOAL-TEXT LIMIT-MB/S CASE SERVER MB
    local rate
    rate=$(divide "$6" "$(figure "$4" "$5" tug-8 wall_s)")
    goal "$1" "$2" "$rate" ">=" "$3" "$rate MB/s"
}

capped_goals() {
    local wall
    rate_goal "1 GiB, 20 MB/s per connection, 50 ms" ">= 0.93 x 8 x 20 MB/s" 148.8 \
        capped capped-far 1073.741824
    ratio_goal "1 GiB, 20 MB/s per connection, 50 ms" 0.85 capped capped-far tug-8 aria2 wall_s
    wall=$(figure capped64 capped tug-8 wall_s)
    goal "64 MiB, 20 MB/s per connection" "<= 0.65 s" "$wall" "<=" 0.65 "$wall s"
    wall=$(figure capped7 capped tug-8 wall_s)
    goal "7 layers, 20 MB/s per connection" "wall <= 1.1 x bytes / (8 x 20 MB/s)" \
        "$wall" "<=" 4.317 "$wall s"
}

wan_goals() {
    local server
    ratio_goal "628 MB, 50 ms, 1 Gbit/s" 1.08 wan wan-50-1000-0 tug-8 curls-8 wall_s
    ratio_goal "628 MB, 100 ms, 0.1 % loss, 1 Gbit/s" 0.35 wan wan-100-1000-0.1 tug-8 oras wall_s
    ratio_goal "628 MB, 50 ms, 1 % loss, 500 Mbit/s" 1.0 wan wan-50-500-1 tug-8 oras wall_s
    rate_goal "628 MB, 150 ms, 0.1 % loss, 200 Mbit/s" ">= 0.85 of the link" 21.25 \
        wan wan-150-200-0.1 628
    for server in wan-ten wan-ten-tls; do
        goal "10 layers of 20 KiB, 50 ms (${server/#wan-ten/HTTP})" \
            "<= 3 round trips after the manifest" \
            "${trips[$server]:-}" "<=" 3.2 "${trips[$server]:-}"
    done
}

# An update of so many per cent of the files, beside a plain fetch.
delta_goals() {
    local percent work part
    for percent in 0 2 20 100; do
        work="update of 570 MB, $percent % of the files"
        ratio_goal "$work" 1.1 "delta$percent" nginx tug tug-plain wall_s
    done
    work="update of 570 MB, 2 % of the files"
    ratio_goal "$work, 8 x 20 MB/s" 0.15 delta2 capped tug-8 tug-plain-8 wall_s
    part=$(divide "$(figure delta2 nginx tug server_bytes)" \
        "$(figure delta2 nginx tug-plain server_bytes)")
    goal "$work" "<= 0.04 of the bytes" "$part" "<=" 0.04 "$part"
    part=$(divide "$(figure delta2 capped tug-8 server_bytes)" \
        "$(figure delta2 capped tug-plain-8 server_bytes)")
    goal "$work, 8 x 20 MB/s" "<= 0.04 of the bytes" "$part" "<=" 0.04 "$part"
}

tls_goals() {
    ratio_goal "TLS 1.3, 1 GiB" 1.05 tls tls tug limit cpu_s
    if [ -n "${spread_ms:-}" ]; then
        goal "16 TLS connections to start" "first bytes within 100 ms" "$spread_ms" "<=" 100 \
            "$spread_ms ms ($spread_connections connections)"
    fi
}

milliseconds_each() { # SECONDS COUNT
    [ -n "$1" ] && awk -v s="$1" -v n="$2" 'BEGIN { printf "%.3f", s * 1000 / n }'
}

present_goals() {
    local requests count per_reference small
    requests=$(figure present nginx tug server_requests)
    goal "all present, 1 image" "<= 1 request" "$requests" "<=" 1 "$requests"
    for count in 100 1000 10000; do
        requests=$(figure "refs-$count-present" nginx tug server_requests)
        goal "all present, $count images" "<= 1 request each" "$requests" "<=" "$count" "$requests"
    done
    small=$(milliseconds_each "$(figure refs-1000-present nginx tug cpu_s)" 1000)
    per_reference=$(milliseconds_each "$(figure refs-10000-present nginx tug cpu_s)" 10000)
    goal "all present, 10000 images" "<= 0.15 ms of CPU each" \
        "$per_reference" "<=" 0.15 "$per_reference ms"
    goal "CPU of a reference, 10 000 to 1 000" "<= 1.3 (constant)" \
        "$(divide "$per_reference" "$small")" "<=" 1.3 "$(divide "$per_reference" "$small")"
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
        named="; with 10 000 names in index.json, which is written anew, "
        named+="$(divide "$((many - few))" 9900) KiB"
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
        goal "start to first request on the wire" "<= curl + 3 ms" "$start_ms" "<=" \
            "$(awk -v c="$curl_start_ms" 'BEGIN { print c + 3 }')" \
            "$start_ms ms; curl itself $curl_start_ms ms"
        goal "start to first request, static" "<= 10 ms" \
            "$static_start_ms" "<=" 10 "$static_start_ms ms"
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
    capped_goals
    delta_goals
    wan_goals
    tls_goals
    present_goals
    memory_goals
    store_goals
    other_goals
}

# Updates in seconds and MB, as README's table has them.
print_updates() {
    [ -n "$(figure delta2 nginx tug wall_s)" ] || return 0
    awk -F '\t' '
        BEGIN {
            print "| files changed | server | tug | tug --delta off | skopeo |"
            print "|---|---|---|---|---|"
        }
        $1 ~ /^delta/ {
            key = substr($1, 6) " %" " | " ($2 == "capped" ? "8 x 20 MB/s" : "unlimited")
            if (!(key in cells)) order[++n] = key
            program = $3 ~ /plain/ ? 2 : $3 ~ /skopeo/ ? 3 : 1
            cells[key, program] = sprintf("%.2f s, %.1f MB, %d requests, %.2f CPU-s, %.0f MiB", \
                $6, $12 / 1e6, $13, $9, $10 / 1024)
            cells[key] = 1
        }
        END {
            for (i = 1; i <= n; i++)
                printf "| %s | %s | %s | %s |\n", order[i], \
                    cells[order[i], 1], cells[order[i], 2], cells[order[i], 3]
        }' "$results/summary.tsv"
    echo
}

# As a table that README can take.
print_goals() {
    awk -F '\t' 'BEGIN { print "| work | goal | measured | |\n|---|---|---|---|" }
        { printf "| %s | %s | %s | %s |\n", $1, $2, $3, $4 }' "$results/goals.tsv"
}

print_medians() {
    awk -F '\t' '
        BEGIN {
            print "| case | server | program | wall s (min-max) | CPU s | peak MiB " \
                "| server CPU s | MB sent | requests | runs (dropped) |"
            print "|---|---|---|---|---|---|---|---|---|---|"
        }
        NR > 1 {
            printf "| %s | %s | %s | %.3f (%.3f-%.3f) | %.3f | %.1f ",
                $1, $2, $3, $6, $7, $8, $9, $10 / 1024
            printf "| %.2f | %.1f | %d | %d (%d)%s |\n",
                $11, $12 / 1e6, $13, $4, $5, $14 == "noisy" ? " noisy" : ""
        }' \
        "$results/summary.tsv"
}
