#!/bin/bash
# A registry that is far away: while the manifest is on its way, the other workers connect as well,
# with one request each that costs nothing. So small layers arrive in three round trips after it. A
# registry that is near gets no such request, nor does a run that needs no blob.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Namespaces take privileges over them, which anybody has in a user namespace of their own.
if [ "$(id -u)" -ne 0 ]; then
    trap - EXIT
    exec unshare -r "$here/../net/$test_name.sh"
fi

LONG_LINK=$(absolute_path "${LONG_LINK:-$(dirname "$TUG")/long-link}")
image=10.77.0.2:5000/test/image:1

# A link whose round trip takes so long, with a registry at its far end.
start_far() { # RTT-MS
    : > link.out
    "$LONG_LINK" -d "$(($1 / 2))" > link.out &
    link_pid=$!
    own_pids+=("$link_pid")
    wait_until 120 "the link is up" grep -q near link.out
    read -r _ near _ far < link.out
    nsenter --net="$far" "$(dirname "$TUG")/fake-registry" --address 10.77.0.2 --port 5000 \
        --port-file port --log requests --generate test/image:1=160K:8 > /dev/null &
    fake_pid=$!
    own_pids+=("$fake_pid")
    wait_until 120 "the registry listens" test -s port
}

stop_far() {
    end_process "$fake_pid"
    end_process "$link_pid"
    rm -f port
}

near_tug() { # ARGUMENT…
    nsenter --net="$near" "$TUG" "$@" --plain-http "$image"
}

count() { # EXPRESSION
    grep -c "$1" requests || true
}

start_far 300
near_tug --store store fetch --max-concurrent-downloads 5
near_tug --store store fetch --max-concurrent-downloads 5
near_tug resolve
stop_far
assert_equal "connections ahead of the work" 4 "$(count 'GET /v2/ ')"
assert_equal "layers and the config" 9 "$(count '/blobs/')"

start_fake near --generate test/image:1=160K:8
tug_fetch --plain-http --max-concurrent-downloads 5 "${FAKE[near]}/test/image:1"
stop_fake near
assert_equal "connections ahead, to a registry that is near" 0 \
    "$(grep -c 'GET /v2/ ' "${FAKE_LOG[near]}" || true)"
