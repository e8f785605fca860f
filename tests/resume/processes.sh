#!/bin/bash
# Several processes and one store: nothing is fetched twice, whoever dies or stands still, and no
# name is lost. Others can read the store all the while.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# A network of its own, where sockets hold little: the system's hold megabytes for a reader that
# stands still, and all of it was served.
if [ -z "${IN_NAMESPACE:-}" ]; then
    options=(-n)
    [ "$(id -u)" -eq 0 ] || options+=(-r)
    trap - EXIT
    IN_NAMESPACE=1 exec unshare "${options[@]}" bash "$here/processes.sh"
fi
ip link set lo up
echo "4096 65536 131072" > /proc/sys/net/ipv4/tcp_rmem

# Start a fetch in the background; adds to $fetchers. $chunk_size: larger blobs may have several
# connections.
fetch() { # NUMBER REFERENCE…
    local number=$1
    shift
    "$TUG" --store store fetch --progress plain --plain-http --chunk-size "$chunk_size" "$@" \
        > "out$number" 2> "err$number" < /dev/null &
    fetchers[number]=$!
    pids+=("$!")
}

# Wait for one that must end so.
expect() { # NUMBER STATUS
    local status=0
    wait "${fetchers[$1]}" || status=$?
    [ "$status" -eq "$2" ] || fail "process $1 ended with $status, not $2: $(cat "err$1")"
}

# Tell whether a partial file has bytes.
has_partial() {
    [ -n "$(find store/ingest -type f -size +1000k 2> /dev/null)" ]
}

# Bytes that are on their way when a connection is closed are served in vain: a connection ends
# early when its process dies, when the rest of a blob is another one's, or when it asked for what
# the first one passes before the answer is there. The server's buffer holds twice what is set (see
# socket(7)), the reader's what is set above.
SEND_BUFFER=64K
IN_VAIN=$(((2 * 64 + 128) * 1024))

# The bytes of blobs that were served, and those that are in the store: documents are no blobs.
expect_served() { # MORE
    local served stored
    stop_registry
    served=$(logged blob_bytes)
    stored=$(find store/blobs -type f -size +100k -printf '%s\n' |
        awk '{ sum += $1 } END { print sum }')
    [ "$served" -ge "$stored" ] || fail "$served bytes were served, $stored are there"
    [ "$served" -le $((stored + $1 + 4096)) ] || fail "$served bytes were served for $stored"
    echo "= $what: $served bytes served for $stored"
}

# Read the store as others do, whose index.json has an image or none yet.
read_store() {
    jq -e .manifests store/index.json > /dev/null || fail "index.json is torn"
    jq -e .imageLayoutVersion store/oci-layout > /dev/null || fail "oci-layout is torn"
    if [ "$(jq '.manifests | length' store/index.json)" -gt 0 ]; then
        skopeo inspect --raw "oci:store:$registry/app:1" > /dev/null || fail "skopeo cannot read"
    fi
}

# Tell whether a process waits for what another one fetches.
is_waiting() { # NUMBER
    grep -q "waiting for another process" "err$1"
}

fetchers=()

# --- five at once ---
what="five processes"
chunk_size=0 # one connection for each blob: not a byte is in vain
start_registry --generate app:1=5M:4 --rate 4M
for i in 1 2 3 4 5; do fetch "$i" "$registry/app:1"; done
wait_until 120 "there is a partial file" has_partial
# At least once while the server stands still, so in the middle, and on until the name is there.
kill -STOP "$registry_pid"
read_store
kill -CONT "$registry_pid"
while kill -0 "${fetchers[1]}" 2> /dev/null; do
    read_store
    sleep 0.05
done
for i in 1 2 3 4 5; do expect "$i" 0; done
grep -ql "waiting for another process" err? || fail "nobody tells that it waits: $(cat err2)"
skopeo inspect --raw "oci:store:$registry/app:1" > /dev/null || fail "skopeo cannot read the store"
skopeo copy -q "oci:store:$registry/app:1" dir:copy || fail "skopeo cannot copy from the store"
check_store store 6
expect_served 0

# --- one is killed in the middle ---
what="five processes, one killed"
chunk_size=1MiB
rm -rf store
start_registry --generate app:1=6M:3 --rate 2M --send-buffer "$SEND_BUFFER"
fetch 1 "$registry/app:1"
wait_until 120 "there is a partial file" has_partial
kill -STOP "${fetchers[1]}" # until the others wait for it
for i in 2 3 4 5; do fetch "$i" "$registry/app:1"; done
for i in 2 3 4 5; do wait_until 120 "process $i waits" is_waiting "$i"; done
kill -KILL "${fetchers[1]}"
wait "${fetchers[1]}" 2> /dev/null || true
for i in 2 3 4 5; do expect "$i" 0; done
check_store store 5
expect_served $((6 * (1024 * 1024 + IN_VAIN))) # of each connection of the killed one

# --- one stands still ---
what="three processes, one stopped"
rm -rf store
start_registry --generate app:1=4M:2 --generate other:1=3M:2 --rate 4M \
    --send-buffer "$SEND_BUFFER"
fetch 1 "$registry/app:1"
wait_until 120 "there is a partial file" has_partial
kill -STOP "${fetchers[1]}"
fetch 2 "$registry/app:1"
fetch 3 "$registry/other:1"
expect 3 0 # not of the stopped one's business
kill -0 "${fetchers[2]}" || fail "the one that waits has ended: $(cat err2)"
kill -CONT "${fetchers[1]}"
expect 1 0
expect 2 0
check_store store 8
expect_served $((4 * IN_VAIN))

# --- twenty, each with an image of its own ---
what="twenty processes"
rm -rf store
options=()
for i in $(seq 20); do options+=(--generate "app$i:1=200K"); done
start_registry "${options[@]}"
for i in $(seq 20); do fetch "$i" "$registry/app$i:1"; done
for i in $(seq 20); do expect "$i" 0; done
names=$(jq -r '.manifests[].annotations["io.containerd.image.name"]' store/index.json | sort -u)
for i in $(seq 20); do
    grep -qxF "$registry/app$i:1" <<< "$names" || fail "app$i has no name"
done
[ "$(jq '.manifests | length' store/index.json)" -eq 20 ] || fail "not 20 entries"
expect_served 0
