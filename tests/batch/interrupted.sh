#!/bin/bash
# SIGINT in the middle of 200 images: it stops although the server stalls, what was told as complete
# is named in index.json, and the next run asks for the rest only. index.json is not rewritten for
# each image.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
set -m # a job of a script has SIGINT ignored; with job control it has not

# Once so many are there, all further requests wait until the run is over.
serve_images 200 --rule 'path=/manifests/ skip=120 cut=stall at=0'
rm -f "$WORK/err"
"$TUG" fetch --plain-http --progress json --from-file "$WORK/list" --failed-file "$WORK/failed" \
    > "$WORK/out" 2> "$WORK/err" < /dev/null &
pid=$!
has_forty() {
    [ "$(grep -cs '"type":"image"' "$WORK/err")" -ge 40 ]
}
await "$pid" "forty images" has_forty
kill -INT "$pid"
began=$(now_ms)
wait "$pid"
status=$?
expect_status 130
expect_between "ms to stop" 0 10000 $(($(now_ms) - began))

jq -r 'select(.type == "image") | .ref' "$WORK/err" | sort > "$WORK/complete"
done_count=$(wc -l < "$WORK/complete")
expect_between "complete images" 40 180 "$done_count"
names_in_index > "$WORK/named"
[ -z "$(comm -23 "$WORK/complete" "$WORK/named")" ] || fail "complete, but not in index.json"
expect_between "failed references" $((200 - done_count)) $((200 - done_count)) \
    "$(wc -l < "$WORK/failed")"

# The next run: one HEAD for what is named, nothing of what is there comes again.
started=$(find "$TUG_STORE/blobs" -type f | wc -l)
stop_registry
serve_images 200
rename_store() { # the port has changed
    sed -i "s/localhost:[0-9]*/$registry/g" "$TUG_STORE/index.json"
}
rename_store
run fetch --plain-http --progress json --from-file "$WORK/list"
expect_status 0
expect_lines out 200
[ "$(names_in_index | wc -l)" -eq 200 ] || fail "not all are named"
stop_registry
named=$(wc -l < "$WORK/named")
total=$(find "$TUG_STORE/blobs" -type f | wc -l)
expect_between "HEAD requests" "$named" "$named" "$(grep -c '^request.* HEAD ' "$WORK/log")"
gets=$(grep -c '^request.* GET .*/blobs/' "$WORK/log")
expect_between "blobs that came" 0 $((total - started)) "$gets"

# All present: one request each.
stop_registry
serve_images 200
rename_store
run fetch --plain-http --from-file "$WORK/list"
expect_status 0
stop_registry
expect_between "requests when all is there" 200 200 "$(grep -c '^request ' "$WORK/log")"
