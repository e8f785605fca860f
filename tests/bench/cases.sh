# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with the other files
# shellcheck disable=SC2046 # names of programs are words
#
# The cases, one function each, named by BENCH_CASES. Sourced.

waiting_kib=()
declare -A trips=()
all_cases="store100k verify start present kill waiting small200 layers64 layers7 layer1g images40
    tls tls16 concurrency latency capped capped64 capped7 delta0 delta2 delta20 delta100 wan refs
    memory"

with_rounds() { # COUNT COMMAND…
    local rounds=$1
    shift
    "$@"
}

# One more run, with a timeline: plot.sh draws it.
trace_case() { # CASE SERVER PROGRAM
    local tug_options="--trace $results/trace-$1.json"
    [ -z "${keep_store:-}" ] || return 0
    run_once "trace-$1" "$2" "$3"
}

case_layer1g() {
    image=one
    measure_case layer1g nginx tug tug-none limit "${peers[@]}"
    measure_case layer1g registry tug limit "${peers[@]}"
}

case_layers7() {
    image=seven
    measure_case layers7 registry tug limit-4 limit-2 "${peers[@]}"
    measure_case layers7 nginx tug tug-none limit-4 limit-2 "${peers[@]}"
    trace_case layers7 nginx tug
}

case_layers64() {
    image=mid
    measure_case layers64 nginx tug tug-none limit-4 "${peers[@]}"
    measure_case layers64 registry tug "${peers[@]}"
}

case_small200() {
    image=small
    measure_case small200 nginx tug tug-none limit-4 "${peers[@]}"
    measure_case small200 registry tug "${peers[@]}"
}

# Fetch an image that the store has already.
case_present() {
    local keep_store=yes
    image=seven
    empty_folder "$work/store"
    with_rounds 1 measure_case present-first nginx tug
    measure_case present nginx tug
}

case_images40() {
    local images
    mapfile -t images < <(seq -f 'many/%.0f' 1 40)
    measure_case images40 nginx tug $(peers_among skopeo crane oras ctr curl)
    measure_case images40 registry tug $(peers_among skopeo crane oras ctr curl)
}

# 1 GiB over connections of 20 MB/s each, 50 ms away. A peer takes a minute: one round.
case_capped() {
    image=one
    measure_case capped capped-far tug-8 $(peers_among aria2)
    trace_case capped capped-far tug-8
    with_rounds 1 measure_case capped capped-far $(peers_among skopeo crane oras ctr curl)
}

# One layer of 64 MiB, and 7 layers, over connections of 20 MB/s each.
case_capped64() {
    image=one64
    measure_case capped64 capped tug-8
    with_rounds 1 measure_case capped64 capped "${peers[@]}"
}

case_capped7() {
    image=seven
    measure_case capped7 capped tug-8
    with_rounds 1 measure_case capped7 capped $(peers_among oras aria2)
}

# A link of some length: wan-RTT-MBIT-LOSS. The slower peers get one round.
measure_wan() { # RTT-MS MBIT/S LOSS-PERCENT
    local name=wan-$1-$2-$3
    start_wan "$name" "$(($1 / 2))" "$2" "$3"
    image=seven
    with_rounds "$((rounds < 3 ? rounds : 3))" \
        measure_case wan "$name" tug-8 curls-8 $(peers_among oras)
    with_rounds 1 measure_case wan "$name" $(peers_among skopeo crane aria2)
    stop_wan
}

# Round trips from the manifest's arrival to the last byte of the last blob, by the run's timeline.
round_trips() { # TRACE RTT-MS
    jq -r --argjson rtt "$2" 'def stop: .ts + .dur;
        ([.[] | select(.name == "manifest") | stop] | max) as $manifest |
        ([.[] | select(.name == "transfer") | stop] | max) as $end_of_all |
        ($end_of_all - $manifest) / 1000 / $rtt' "$1"
}

# 10 layers of 20 KiB, 50 ms away.
measure_wan_small() {
    local server trace=$results/trace-wan-ten.json round
    start_wan wan-ten 25 1000 0
    image=ten
    for server in wan-ten wan-ten-tls; do
        : > "$work/trips-$server"
        measure_case wan-small "$server" tug $(peers_among oras skopeo crane)
        for ((round = 0; round < rounds; round++)); do
            tug_options="--trace $trace" run_once wan-small-trace "$server" tug
            round_trips "$trace" 50 >> "$work/trips-$server"
        done
        trips[$server]=$(sort -n "$work/trips-$server" | sed -n "$(((rounds + 1) / 2))p")
    done
    stop_wan
}

case_wan() {
    if [ "$(id -u)" -ne 0 ]; then
        echo "bench: only root can make a long link: left out" >&2
        return
    fi
    measure_wan 50 1000 0
    measure_wan 100 1000 0.1
    measure_wan 50 500 1
    measure_wan 150 200 0.1
    measure_wan_small
}

# 200 small layers, 50 ms away. The peers take up to a minute: one round.
case_latency() {
    image=small
    measure_case latency far tug
    with_rounds 1 measure_case latency far "${peers[@]}"
}

case_tls() {
    image=one
    measure_case tls tls tug tug-8 tug-static-8 limit "${peers[@]}"
    image=mid
    measure_case tls-layers64 tls tug tug-8 tug-static-8 limit-4 "${peers[@]}"
}

# How far apart 16 connections are that are to start together: the times of the first request for a
# blob on each connection, by the server's clock.
connection_spread_ms() {
    awk '/\/blobs\// { start = $5 - $6; if (!($4 in first) || start < first[$4]) first[$4] = start }
        END {
            for (c in first) {
                n++
                if (low == "" || first[c] < low) low = first[c]
                if (first[c] > high) high = first[c]
            }
            printf "%d %.0f\n", n, (high - low) * 1000
        }' "$work/nginx/access"
}

case_tls16() {
    local round
    image=small
    : > "$work/spreads"
    for ((round = 0; round < rounds; round++)); do
        run_once tls16 tls tug-16
        connection_spread_ms >> "$work/spreads"
    done
    spread_connections=$(sort -n "$work/spreads" | head -n 1 | cut -d ' ' -f 1)
    spread_ms=$(cut -d ' ' -f 2 "$work/spreads" | sort -n | sed -n "$(((rounds + 1) / 2))p")
}

case_concurrency() {
    image=seven
    measure_case concurrency nginx tug-1 tug-2 tug-4 tug-8 tug-16
}

# A list of so many references: into an empty store, then again.
case_refs() {
    local count images keep_store=yes round
    for count in 100 1000 10000; do
        mapfile -t images < <(seq -f 'refs/%.0f' 1 "$count")
        for ((round = 0; round < (rounds < 3 ? rounds : 3); round++)); do
            empty_folder "$work/store"
            run_once "refs-$count" nginx tug
            run_once "refs-$count-present" nginx tug
        done
    done
}

# Peak memory over the size of a blob; made by the fake registry while it is sent.
case_memory() {
    local size images generate=() sizes=(1M 16M 256M 1G)
    [ "$max_blob" = 1G ] || sizes+=("$max_blob")
    for size in "${sizes[@]}"; do
        generate+=(--generate "blob/${size,,}:1=$size")
    done
    start_fake "${generate[@]}"
    for size in "${sizes[@]}"; do
        image=blob/${size,,}
        with_rounds 1 measure_case "memory-$size" fake tug-8 tug-static-8
    done
    end_process "$fake_pid"
}

# The median of milliseconds that a command takes until its first request is on the wire.
first_request_ms() { # COMMAND…
    "$obj/bench-first-request" "$((rounds * 6))" "$@" > "$work/starts" 2> "$work/err" ||
        fail "start: $(cat "$work/err")"
    sort -n "$work/starts" | sed -n "$((rounds * 3))p"
}

# tug, the same as one file, and curl: what loading libcurl and what it needs takes here, at least.
case_start() {
    local arguments=(--store "$work/store" fetch --progress none --plain-http HOST/test/image:1)
    empty_folder "$work/store"
    start_ms=$(first_request_ms "$tug" "${arguments[@]}") &&
        static_start_ms=$(first_request_ms "$tug-static" "${arguments[@]}") &&
        curl_start_ms=$(first_request_ms "$(command -v curl)" -s http://HOST/) || exit 1
    echo "bench: start: $start_ms ms, static $static_start_ms ms, curl $curl_start_ms ms" >&2
}

bad_blobs() { # STORE
    local file
    for file in "$1"/blobs/sha256/*; do
        [ "$(sha256sum "$file" | cut -d ' ' -f 1)" = "${file##*/}" ] || echo "$file"
    done
}

# Kill a fetch of 200 MiB at some moment, fetch again: bytes the server sent twice. The scripted
# server sends at an even rate: nginx' limit_rate begins with a burst, which would be in the
# sockets.
case_kill() {
    local round bytes log=$work/fake-log size=$((200 << 20))
    image=kill/image again_bytes=0 bad_count=0
    RANDOM=1
    for ((round = 0; round < rounds; round++)); do
        store=$work/store
        empty_folder "$store"
        start_fake --log "$log" --rate 20000000 --generate "$image:1=200M"
        prepare tug-8 fake
        "${command[@]}" > /dev/null 2>&1 &
        sleep "0.$((200 + RANDOM % 700))"
        kill -9 $!
        wait $! 2> /dev/null
        "${command[@]}" > /dev/null 2> "$work/err" || fail "kill: $(tail -n 2 "$work/err")"
        end_process "$fake_pid"
        bytes=$(($(sed -n 's/^blob_bytes //p' "$log") - size))
        echo "bench: kill: $bytes bytes more" >&2
        [ "$bytes" -le "$again_bytes" ] || again_bytes=$bytes
        bad_count=$((bad_count + $(bad_blobs "$store" | wc -l)))
    done
}

# Peak memory of a list whose references wait for a port where nobody listens; they fail one by one.
case_waiting() {
    local count
    host[nobody]=127.0.0.1:1
    for count in 100 10000; do
        mapfile -t images < <(seq -f 'refs/%.0f' 1 "$count")
        store=$work/store
        empty_folder "$store"
        prepare tug nobody
        command time -f %M -o "$work/peak" "${command[@]}" --retries 0 > /dev/null 2>&1
        waiting_kib[count]=$(tail -n 1 "$work/peak")
    done
    images=()
    echo "bench: waiting: ${waiting_kib[100]} KiB with 100," \
        "${waiting_kib[10000]} KiB with 10000" >&2
}

# A store of 100 000 small blobs and 5 000 images of 20 layers each.
case_store100k() {
    local keep_store=yes
    big_store=$work/store100k
    "$obj/make-store" "$big_store" 5000 20 || fail "store100k: cannot make the store"
    measure_case store100k none tug-store-images tug-store-ls tug-store-prune
}

# 1 GiB in 32 blobs, hashed from memory. The memo of one run is not used by the next one.
case_verify() {
    local keep_store=yes i name
    big_store=$work/verify
    rm -rf "$big_store"
    mkdir -p "$big_store/blobs/sha256"
    echo '{"imageLayoutVersion":"1.0.0"}' > "$big_store/oci-layout"
    echo '{"schemaVersion":2,"manifests":[]}' > "$big_store/index.json"
    for ((i = 0; i < 32; i++)); do
        head -c 33554432 /dev/urandom > "$work/blob"
        name=$(openssl dgst -sha256 -r < "$work/blob" | cut -d ' ' -f 1)
        mv "$work/blob" "$big_store/blobs/sha256/$name"
    done
    measure_case verify none tug-store-verify openssl
    rm -rf "$big_store"
}
