#!/bin/bash
# Waiting costs nothing: 64 downloads from a server that stalls use no processor time.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Clock ticks (hundredths of a second) of the process so far, user and system.
ticks_of() { # PID
    sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

# Connections that are open to the fake registry's port, seen from the client.
open_connections() {
    awk -v port="$(printf ':%04X' "${fake_host##*:}")" \
        '$4 == "01" && substr($3, length($3) - 4) == port' /proc/net/tcp | wc -l
}

has_all_connections() {
    [ "$(open_connections)" -eq 64 ]
}

# Whether it used nothing since the last look. Sets ticks.
is_settled() {
    local last=$ticks
    ticks=$(ticks_of "$tug_pid")
    sleep 0.3
    [ "$ticks" -eq "$last" ]
}

start_fake_registry --generate idle/image:1=100K:64 --rule "path=/blobs/ cut=stall at=50000"
"$TUG" --store "$STORE" fetch --platform linux/amd64 --max-concurrent-downloads 64 \
    --progress plain --stall-timeout 1h "$fake_host/idle/image:1" > "$OUT" 2> "$ERR" &
tug_pid=$!
own_pids+=("$tug_pid")
wait_until 120 "64 connections are open" has_all_connections
ticks=-1
wait_until 120 "tug waits quietly" is_settled

before=$(ticks_of "$tug_pid")
sleep 2 # the time that is measured
used=$(($(ticks_of "$tug_pid") - before))
assert_at_most "clock ticks used in two seconds of waiting" 2 "$used"
assert_equal "connections still open" 64 "$(open_connections)"

# It was waiting, not stuck.
kill -TERM "$tug_pid"
status=0
wait "$tug_pid" || status=$?
assert_equal "exit status after SIGTERM" 143 "$status"
stop_fake_registry
assert_equal "connections open at once" 64 "$(fake_sum connections_open_max)"
