#!/bin/bash
# Labels are kept as annotations of the image's entry in index.json.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# One annotation of the only entry.
annotation() { # KEY
    jq -r --arg key "$1" '.manifests | if length == 1 then .[0].annotations[$key] else "?" end' \
        "$STORE/index.json"
}

use_registry
use_image single
ref=$REGISTRY/real/single:1

tug_run 0 fetch --platform linux/amd64 --label owner=alice --label "note=a = b, \"c\"" "$ref"
check_store "$STORE"
assert_equal "label owner" alice "$(annotation owner)"
assert_equal "label note" 'a = b, "c"' "$(annotation note)"

# Fetched again with other labels: still one entry.
tug_run 0 fetch --platform linux/amd64 --label owner=bob "$ref"
check_store "$STORE"
assert_equal "label owner" bob "$(annotation owner)"

for wrong in nonsense =value; do
    tug_refuse 2 "tug: --label '$wrong': " fetch --label "$wrong" "$ref"
done
assert_equal "label owner" bob "$(annotation owner)"
