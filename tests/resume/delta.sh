#!/bin/bash
# Updates that copy what an older layer has, killed again and again: each goes on where the last one
# was. What was copied is not fetched, and of what was fetched little is fetched again. A second
# part: how much memory a table of contents takes; in the full form one of 15 MB, and the largest.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

connections=2

serve() { # LAYOUT [OPTION…]: sets registry, and server for its end
    local layout=$1
    shift
    rm -f port
    "$FAKE_REGISTRY" --layout "$layout" --repo app:1=1 --repo app:2=2 \
        --port-file port --log log "$@" > /dev/null &
    server=$!
    pids+=("$server")
    wait_until 120 "the registry listens" test -s port
    registry=127.0.0.1:$(cat port)
}

# Sets sent: bytes of blobs that the registry has sent.
end_server() {
    kill "$server"
    wait "$server" || true
    sent=$(sed -n 's/^blob_bytes //p' log)
}

fetch() { # STORE TAG
    "$TUG" --store "$1" fetch -q --max-concurrent-downloads "$connections" "$registry/app:$2" > out
}

# A state file is there, or the process has ended.
find_state() { # PID
    ! kill -0 "$1" 2> /dev/null || [ -n "$(find killed/ingest -name '*.state')" ]
}

# Of the answers with content in these logs: bytes that were sent, and those of them that had been
# sent before. How many are sent at all is no measure: which ranges are worth a request depends on
# how fast the registry is.
sum_of_sent() { # LOG…
    sed -n 's/ range=- / range=bytes=0- /
        s|.* GET \(.*/blobs/.*\) range=bytes=\([0-9]*\)-.* status=20. body_bytes=|\1 \2 |p' "$@" |
        sort -k 1,1 -k 2,2n | awk '{
            if ($1 != blob) { blob = $1; end = 0 }
            last = $2 + $3
            sent += $3
            if ($2 < end) twice += (last < end ? last : end) - $2
            if (last > end) end = last
        } END { print sent + 0, twice + 0 }'
}

kills() { # FORMAT COUNT
    local killed=0 kill_count=$2 layer sent twice
    "$OBJ/make-toc" "layout-$1" "$1" "$(by_form 1000 9000)" 30000 3
    layer=$(find "layout-$1/blobs" -type f -printf '%s\n' | sort -n | tail -n 1)
    serve "layout-$1"
    fetch killed 1
    end_server
    # Slowly, so that an update takes longer than all that is done to it.
    serve "layout-$1" --delay 10 --rate "$(by_form 1000000 3000000)" --send-buffer 64K
    while [ "$killed" -lt "$kill_count" ]; do
        "$TUG" --store killed fetch -q --max-concurrent-downloads "$connections" \
            "$registry/app:2" > out &
        pids+=("$!")
        wait_until 120 "bytes are on their way" find_state "$!"
        sleep "0.$((2 + killed % 5))"
        kill -9 "$!" 2> /dev/null || break # it is done already
        wait "$!" 2> /dev/null || true
        killed=$((killed + 1))
    done
    end_server
    mv log log.killed
    serve "layout-$1"
    fetch killed 2
    end_server
    [ "$killed" -ge 2 ] || fail "killed $killed times only"
    read -r sent twice < <(sum_of_sent log.killed log)
    echo "= $1: $killed kills, $sent bytes sent for a layer of $layer, $twice of them twice"
    # What is not in the state file yet, and what two sockets hold.
    [ "$twice" -le $((killed * connections * (1048576 + 262144))) ] ||
        fail "sent $twice bytes twice"
    [ "$((sent - twice))" -le $((layer * 9 / 10)) ] || fail "sent $sent bytes of $layer"
    "$TUG" --store killed verify > out
    [ -z "$(find killed/ingest -type f)" ] || fail "left over: $(find killed/ingest -type f)"
    rm -rf killed
}

# Make two versions of a layer of many small files, and update from one to the other. Sets peak: KiB
# of memory, text: bytes of the table of contents, where the layer says so, sent, and size: of the
# layer.
update_large() { # FORMAT FILES BYTES EVERY
    rm -rf layout-large old
    "$OBJ/make-toc" layout-large "$@"
    size=$(jq -r '.manifests[1].digest' layout-large/index.json)
    size=$(jq '.layers[0].size' "layout-large/blobs/sha256/${size#*:}")
    text=$(grep -rhoE 'manifest-position":"[0-9:]*' layout-large/blobs | head -n 1 | cut -d : -f 4)
    serve layout-large
    fetch old 1
    end_server
    # On a faster link more is fetched than need be, to save requests.
    serve layout-large --rate 3000000
    command time -f %M -o peak "$TUG" --store old fetch -q \
        --max-concurrent-downloads "$connections" "$registry/app:2" > out
    end_server
    peak=$(tail -n 1 peak)
    "$TUG" -q --store old verify > out
}

# 15 MB of text stay below 48 MiB of memory, and so does the most that is read: 300 000 chunks and
# headers, 30 MB. Every second file differs, which makes the most ranges to choose from, all of them
# too short to be copied; or one of fifty.
memory() { # FILES TEXT_BYTES
    local every
    for every in 2 50; do
        update_large zstd-split "$1" 300 "$every"
        echo "= peak memory with a table of contents of $text bytes: $peak KiB"
        [ "$text" -ge "$2" ] || fail "only $text bytes of text"
        [ "$peak" -le $((48 * 1024)) ] || fail "$peak KiB of memory"
    done
    [ "$sent" -lt $((size * 7 / 10)) ] || fail "$sent of $size bytes were sent"
}

# Over the limit of what is read a layer is fetched as any other, and its end is not fetched again.
# Over one connection: of several, one may be cut while its bytes are on their way, which then come
# twice.
over_the_limit() {
    local connections=1
    update_large zstd 152000 100 50
    echo "= peak memory with 304000 chunks and headers: $peak KiB"
    [ "$peak" -le $((48 * 1024)) ] || fail "$peak KiB of memory"
    [ "$sent" -eq "$size" ] || fail "$sent bytes were sent for $size"
}

kills zstd "$(by_form 3 60)"
kills estargz "$(by_form 2 60)"
connections=6
memory "$(by_form 15000 90000)" "$(by_form 3000000 15000000)"
if [ "$RESUME_FORM" = full ]; then
    memory 149000 30000000
    over_the_limit
fi
