#!/bin/bash
# One reference in ten is broken - unknown, denied, damaged, on a dead host: the others end in the
# store, the exit status is 1, and --failed-file holds just the broken ones.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

serve_images 200 --rule 'path=/v2/app50/ status=403' --rule 'path=/v2/app100/ status=401' \
    --rule 'path=^/v2/app33/blobs/ flip=255 flip-at=7' --rule 'path=/v2/app101/blobs/ status=500'
dead=localhost:1 # nobody listens there
for i in $(seq 8); do
    echo "$registry/none$i:1"
    echo "$dead/app:$i"
done > "$WORK/bad"
printf '%s\n' "$registry/app"{50,100,33,101}":1" | cat "$WORK/bad" - | sort > "$WORK/broken"
sort -R --random-source="$0" "$WORK/list" "$WORK/bad" > "$WORK/all"
run fetch --plain-http --retries 1 --retry-max-wait 100ms --from-file "$WORK/all" \
    --failed-file "$WORK/failed"
expect_status 1
sort "$WORK/failed" | cmp - "$WORK/broken" ||
    fail "failed: $(sort "$WORK/failed" | diff - "$WORK/broken")"
expect_lines out 196
[ "$(cut -d' ' -f1 "$WORK/out")" = "$(grep -vxFf "$WORK/broken" "$WORK/all")" ] || fail "order"
[ "$(names_in_index)" = "$(cut -d' ' -f1 "$WORK/out" | sort)" ] || fail "names in index.json"
[ "$(grep -c '^tug: ' "$WORK/err")" -eq 20 ] || fail "not one error line each"

# Some time later all but the dead host is well: only that is left.
start=$(find "$TUG_STORE/blobs" -type f | wc -l)
stop_registry
old=$registry
serve_images 200
sed -i "s/$old/$registry/" "$WORK/failed" "$TUG_STORE/index.json"
run fetch --plain-http --retries 0 --from-file "$WORK/failed" --failed-file "$WORK/failed"
expect_status 1
[ "$(grep -c "^$dead" "$WORK/failed")" -eq 8 ] || fail "the dead host"
[ "$(wc -l < "$WORK/failed")" -eq 16 ] || fail "second run: $(cat "$WORK/failed")"
[ "$(find "$TUG_STORE/blobs" -type f | wc -l)" -gt "$start" ] || fail "nothing came"
