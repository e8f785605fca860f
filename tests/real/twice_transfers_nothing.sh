#!/bin/bash
# What is in the store is not transferred again; what is missing or short is.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Everything that a second fetch might change: content, modes, times and identity of all files.
list_blobs() {
    find "$STORE/blobs" -type f -printf '%P %s %m %T@ %i\n' | sort
}

# index.json with its entries in the order of their names.
sorted_index() {
    jq -S '.manifests |= sort_by(.annotations."org.opencontainers.image.ref.name")' \
        "$STORE/index.json"
}

fetch_again() { # REFERENCE…
    mark_requests
    tug_run 0 fetch --all-platforms --format json "$@"
}

use_registry
use_image index layers64
refs=("$REGISTRY/real/index:1" "$REGISTRY/real/layers64:1")
tug_run 0 fetch --all-platforms --format json "${refs[@]}"
assert_json "$OUT" "the first time" 'all(.[]; .bytesFetched > 0)' -s
list_blobs > before
sorted_index > index-before

fetch_again "${refs[@]}"
assert_equal "requests for blobs" 0 "$(count_requests '[A-Z]+' /v2/.*/blobs/)"
assert_at_most "requests" 2 "$(count_requests '[A-Z]+' /v2/.*/)"
assert_json "$OUT" "the second time" \
    'length == 2 and all(.[]; .status == "ok" and .bytesFetched == 0 and .bytesReused > 0)' -s
assert_same_lines "files in blobs/" "$(cat before)" "$(list_blobs)"
assert_same_lines "index.json" "$(cat index-before)" "$(sorted_index)"
check_store "$STORE"

# The same content by another name.
push amd64 real/copy:1
mark_requests
tug_run 0 fetch --platform linux/amd64 "$REGISTRY/real/copy:1"
assert_equal "requests for blobs of a copy" 0 "$(count_requests '[A-Z]+' /v2/.*/blobs/)"
assert_json "$STORE/index.json" "index.json" '.manifests | length == 3'

# Only a blob that went away, and one that a power cut left short.
lost=$(jq -r '.layers[3].digest' "$STORE/blobs/$(registry_digest real/layers64 1 | tr : /)")
short=$(jq -r '.layers[5].digest' "$STORE/blobs/$(registry_digest real/layers64 1 | tr : /)")
rm -f "$STORE/blobs/${lost/://}"
chmod u+w "$STORE/blobs/${short/://}"
truncate -s 1000 "$STORE/blobs/${short/://}"
chmod u-w "$STORE/blobs/${short/://}"
fetch_again "${refs[@]}"
assert_equal "requests for blobs" 2 "$(count_requests '[A-Z]+' /v2/.*/blobs/)"
assert_equal "requests for the lost one" 1 "$(count_requests GET "/v2/.*/blobs/$lost")"
assert_equal "requests for the short one" 1 "$(count_requests GET "/v2/.*/blobs/$short")"
check_store "$STORE"
assert_same_lines "blobs" "$(cut -d ' ' -f 1,2,3 before)" "$(list_blobs | cut -d ' ' -f 1,2,3)"
