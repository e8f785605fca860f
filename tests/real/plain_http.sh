#!/bin/bash
# A registry without TLS on this machine: asked for by --plain-http, and found out by tug.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

use_registry
use_image single
digest=$(registry_digest real/single 1)

fetch_from() { # HOST OPTION…
    local host=$1
    shift
    rm -rf "$STORE"
    mark_requests
    tug_run 0 fetch --platform linux/amd64 "$@" "$host/real/single:1"
    assert_equal "what is printed" "$host/real/single:1 $digest" "$(cat "$OUT")"
    check_store "$STORE"
    assert_equal "requests for manifests" 1 "$(count_requests '[A-Z]+' /v2/real/single/manifests/)"
}

fetch_from "$REGISTRY" --plain-http
fetch_from "$REGISTRY"
fetch_from "localhost:${REGISTRY##*:}" --plain-http
fetch_from "localhost:${REGISTRY##*:}"
