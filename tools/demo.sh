#!/bin/bash
# The demonstration: make an image of real files, serve it from a loopback registry, fetch it,
# interrupt and resume a second fetch, verify every blob with sha256sum, show the tree.
# Environment: TUG and FAKE_REGISTRY, the programs to use.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/tug-demo.XXXXXX")
server=""

cleanup() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT

step() {
    printf '\n\033[1m%s\033[0m\n' "$*"
}

wait_for_file() { # FILE: until it is there and not empty
    until [ -s "$1" ]; do
        kill -0 "$server" || { echo "demo: the registry does not come up" >&2 && exit 1; }
        sleep 0.05
    done
}

start_registry() { # more options
    rm -f "$work/port"
    "$FAKE_REGISTRY" --layout "$work/image" --repo demo/busybox:1.0=demo --port-file "$work/port" \
        "$@" > "$work/registry.log" 2>&1 &
    server=$!
    wait_for_file "$work/port"
    ref="127.0.0.1:$(cat "$work/port")/demo/busybox:1.0"
}

stop_registry() {
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=""
}

check_store() { # STORE: every blob has the digest it is named after
    (cd "$1/blobs/sha256" && for blob in *; do
        printf '%s  %s\n' "$blob" "$blob"
    done | sha256sum --check --quiet)
    echo "$(find "$1/blobs/sha256" -type f | wc -l) blobs, each with the digest it is named after"
}

partial_bytes() { # received by the second store and not yet committed
    find "$work/second/ingest" -type f -exec cat {} + 2>/dev/null | wc -c || true
}

step "An image of two platforms, made of busybox-static and other files of this machine"
"$here/tests/support/make_image.sh" "$work/image" demo
du -sh "$work/image" | cut -f1

step "Fetch it (this machine's platform)"
start_registry
"$TUG" --store "$work/store" fetch --platform linux/amd64 "$ref"
check_store "$work/store"

step "Fetch all platforms: what is there already is not fetched again"
"$TUG" --store "$work/store" fetch --all-platforms "$ref"
stop_registry

step "A second store: interrupt the fetch in the middle of a slow download …"
start_registry --rate 4000000 --rule 'path=/blobs/ cut=stall at=3000000' # it stays in the middle
"$TUG" --store "$work/second" fetch --all-platforms "$ref" &
tug=$!
while [ "$(partial_bytes)" -lt 3000000 ]; do
    kill -0 "$tug" || { echo "demo: there was nothing to interrupt" >&2 && exit 1; }
    sleep 0.05
done
kill -TERM "$tug"
status=0
wait "$tug" || status=$?
echo "exit status $status; kept: $(partial_bytes) bytes of partial downloads"
[ "$status" -eq 143 ]
stop_registry

step "… and go on: only the rest is transferred"
start_registry
"$TUG" --store "$work/second" fetch --all-platforms "$ref"
check_store "$work/second"

step "The store is an OCI image layout"
find "$work/store" | sort | sed "s|^$work/||; s|[^/]*/|  |g"
cat "$work/store/index.json"
