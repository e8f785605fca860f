#!/bin/bash
# What verify tells people: a line for each finding, and a summary.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start_registry --generate team/app:1=10K
run fetch -q --plain-http "$registry/team/app:1"
expect_status 0
blobs=$(find "$TUG_STORE/blobs" -type f | wc -l)
layer=$(cd "$TUG_STORE" && find blobs -type f -size +5k)

sleep 0.05 # a file that is younger than a step of the clock is never trusted
run verify
expect_status 0
expect_empty out
expect_match err "verified $blobs blobs, [0-9.]+ KiB in .*: 0 bad"
run verify --quick
expect_status 0
expect_match err \
    "hashed 0 of $blobs blobs, 0 B in .*; trusted $blobs, unchanged since verified before: 0 bad"

rm -f "$TUG_STORE/$layer"
echo x > "$TUG_STORE/notes"
run verify
expect_status 6
expect_match out "missing $layer: needed by $registry/team/app:1"
expect_match out "foreign-file notes: a file that is no part of a store"
expect_match err "verified .*: 1 bad, 1 foreign file"
expect_match err "tug: 1 file is bad or missing: try tug verify --repair"
stop_registry
run verify --repair --retries 0 --plain-http
expect_status 6
expect_match out "missing $layer: cannot be fetched: .* \(needed by $registry/team/app:1\)"
