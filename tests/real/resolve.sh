#!/bin/bash
# tug resolve against docker-registry: an index, its entry for a platform, single images, a blob.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

use_registry
use_image single index

size_of() { # REPOSITORY DIGEST: of a manifest, as the registry sends it
    registry_manifest "$1" "$2" | wc -c
}

expect_line() { # REPOSITORY NAME DIGEST
    assert_equal "what is printed" "$REGISTRY/$2 $3 $(size_of "$1" "$3")" \
        "$(cut -d' ' -f1,2,4 "$OUT")"
}

index_digest=$(registry_digest real/index 1)
arm64=$(index_entry real/index 1 arm64)
single=$(registry_digest real/single 1)

tug_run 0 resolve "$REGISTRY/real/index:1"
expect_line real/index real/index:1 "$index_digest"
mark_requests
tug_run 0 resolve --platform linux/arm64 "$REGISTRY/real/index:1"
expect_line real/index real/index:1 "$arm64"
assert_equal "requests" 1 "$(count_requests '[A-Z]+' /v2/real/index/manifests/1)"
tug_run 3 resolve --platform linux/s390x "$REGISTRY/real/index:1"

# A single image is asked for its config.
tug_run 0 resolve --platform linux/amd64 "$REGISTRY/real/single:1"
expect_line real/single real/single:1 "$single"
tug_run 3 resolve --platform linux/arm64 "$REGISTRY/real/single:1"

# docker-registry answers 500 when it is asked for a blob as for a manifest.
layer=$(registry_manifest real/single 1 | jq -r '.layers[0] | .digest + " " + (.size | tostring)')
tug_run 0 resolve --retries 1 "$REGISTRY/real/single@${layer% *}"
assert_equal "the layer" "$layer" "$(cut -d' ' -f2,4 "$OUT")"
tug_run 0 resolve --retries 1 --platform linux/arm64 "$REGISTRY/real/single@${layer% *}"
assert_equal "the layer, which has no platform" "$layer" "$(cut -d' ' -f2,4 "$OUT")"

[ ! -e "$STORE" ] || fail "a store was made"
