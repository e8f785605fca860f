#!/bin/bash
# What the registry does not know: one line, status 3, and the store stays as it was.
# shellcheck disable=SC2016 # $names in single quotes are jq's
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

refuse() { # EXIT-STATUS REFERENCE
    tug_refuse "$1" "tug: $2: " fetch --platform linux/amd64 "$2"
    assert_same_lines "blobs" "$blobs" "$(store_blobs "$STORE")"
    assert_same_lines "index.json" "$index" "$(cat "$STORE/index.json")"
    check_store "$STORE"
}

use_registry
use_image single
tug_run 0 fetch --platform linux/amd64 "$REGISTRY/real/single:1"
blobs=$(store_blobs "$STORE")
index=$(cat "$STORE/index.json")
none=sha256:$(printf 'not there' | sha256sum | cut -d ' ' -f 1)

refuse 3 "$REGISTRY/real/nothing:1"
refuse 3 "$REGISTRY/real/single:nothing"
refuse 3 "$REGISTRY/real/single@$none"

tug_run 3 fetch --format json "$REGISTRY/real/single:nothing"
assert_json "$OUT" "the result" '.status == "failed" and .ref == $ref
    and (.error.code | length > 0) and (.error.message | length > 0)' \
    --arg ref "$REGISTRY/real/single:nothing"
