#!/bin/bash
# One download at a time and 64 leave the same store, over no more connections than that.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

fetch_with() { # DOWNLOADS REFERENCE
    STORE=$PWD/store-$1
    tug_run 0 fetch --platform linux/amd64 --max-concurrent-downloads "$1" "$2"
    check_store "$STORE"
}

# Counted at the real registry, whose log tells the address of each request.
compare_stores() {
    local ref=$REGISTRY/real/layers64:1
    mark_requests
    fetch_with 1 "$ref"
    assert_equal "connections with one download" 1 "$(count_connections)"
    mark_requests
    fetch_with 64 "$ref"
    assert_at_most "connections with 64 downloads" 64 "$(count_connections)"
    assert_same_lines "blobs" "$(store_blobs store-1)" "$(store_blobs store-64)"
    assert_same_lines "index.json" "$(jq -S . store-1/index.json)" "$(jq -S . store-64/index.json)"
}

# Counted at the fake registry, which knows what was open at once. It answers slowly, so that
# connections pile up if they can.
count_open() { # DOWNLOADS
    start_fake_registry --generate "open/image:1=20K:100" --delay 20
    rm -rf "store-$1"
    fetch_with "$1" "$fake_host/open/image:1"
    stop_fake_registry
    open_max=$(fake_sum connections_open_max)
}

use_registry
use_image layers64
compare_stores
count_open 1
assert_equal "connections open at once with one download" 1 "$open_max"
count_open 8
assert_at_most "connections open at once with 8 downloads" 8 "$open_max"
assert_at_least "connections open at once with 8 downloads" 2 "$open_max"

STORE=$PWD/store-none
for wrong in 0 65 -1 1.5 many; do
    tug_refuse 2 "tug: --max-concurrent-downloads '$wrong': " \
        fetch --max-concurrent-downloads "$wrong" "$REGISTRY/real/layers64:1"
done
