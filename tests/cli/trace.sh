#!/bin/bash
# --trace: a file of Chrome trace events that is valid JSON, names every thread, and accounts for
# every byte; what is left of it when tug is killed; a file that cannot be written.
# shellcheck source-path=SCRIPTDIR source=lib.sh
# shellcheck disable=SC2016 # the variables are jq's
. "$(dirname "$0")/lib.sh"
start_registry --generate a:1=3M:3
trace="$WORK/trace.json"

query() { # FILE FILTER: its result is true
    jq -e "$2" "$1" > "$WORK/out" 2> "$WORK/err" || fail "$(basename "$1"): not so: $2"
}

# Every event has a phase, a place and a name; every thread with an event has one title and a place
# in the order; spans lie within the run, which took 'seconds' or a little more.
check_form() { # FILE
    query "$1" \
        'type == "array" and all(.[]; has("ph") and has("pid") and has("tid") and has("name"))'
    query "$1" '([.[] | select(.ph == "M" and .name == "thread_name") | .tid] | sort) as $named |
        ($named == ($named | unique)) and
        ([.[] | select(.ph == "X" or .ph == "i") | .tid] | unique) - $named == []'
    query "$1" '[.[] | select(.ph == "M" and .name == "thread_sort_index")] | length ==
        ([.[].tid | select(. != 0)] | unique | length)'
    query "$1" 'all(.[] | select(.ph == "X"); .ts > 0 and .dur >= 0)'
    # Spans of a thread are nested or apart; half a microsecond is what numbers of JSON lose.
    query "$1" '[.[] | select(.ph == "X")] | group_by(.tid) | all(.[];
        sort_by([.ts, -.dur]) | reduce .[] as $span ({open: [], is_good: true};
            .open |= map(select(. > $span.ts + 0.5)) |
            .is_good = (.is_good and all(.open[]; . >= $span.ts + $span.dur - 0.5)) |
            .open += [$span.ts + $span.dur]) | .is_good)'
}

# Counters are samples: transfers last for many of them.
began=$(date +%s%N)
run fetch --plain-http --format json --max-concurrent-downloads 2 --limit-rate 20M "$registry/a:1" \
    --trace "$trace"
took=$((($(date +%s%N) - began) / 1000))
expect_status 0
fetched=$(jq .bytesFetched "$WORK/out")
check_form "$trace"
query "$trace" "[.[] | select(.name == \"transfer\" or .name == \"manifest\") | .args.length] |
    add == $fetched"
query "$trace" "[.[] | select(.ph == \"X\")] | (map(.ts + .dur) | max) - (map(.ts) | min) < $took"
query "$trace" '[.[] | select(.name == "thread_name").args.name] as $names |
    $names[:4] == ["resolver", "worker 0", "worker 1", "lane 0"]'
query "$trace" '.[0] | .name == "process_name" and .args.name == "tug fetch"'
for name in wait request transfer hash sync commit index publish plan; do
    query "$trace" "any(.[]; .name == \"$name\" and .ph == \"X\")"
done
query "$trace" '[.[] | select(.name == "transfer")] |
    all(.[]; .args.host == "'"$registry"'" and .args.offset == 0)'
query "$trace" '[.[] | select(.cat == "image") | .ph] == ["b", "e"]'
query "$trace" 'any(.[]; .ph == "C" and .name == "bytes received per second")'
query "$trace" 'any(.[]; .ph == "C" and .name == "transfers" and .args.value > 0)'

run verify --format json --trace "$WORK/verify.json"
expect_status 0
check_form "$WORK/verify.json"
stored=$(cat "$TUG_STORE"/blobs/sha256/* | wc -c)
query "$WORK/verify.json" "[.[] | select(.name == \"hash\") | .args.length] | add == $stored"
query "$WORK/verify.json" \
    '[.[] | select(.name == "thread_name").args.name][0:2] == ["verify", "hash 0"]'
run verify --quick --trace "$WORK/verify.json"
expect_status 0
query "$WORK/verify.json" 'all(.[]; .name != "hash")'

# Repairs are in the trace of the verification; damage is marked.
layer=$(find "$TUG_STORE/blobs/sha256" -size +1M | head -n 1)
chmod u+w "$layer"
printf x | dd of="$layer" conv=notrunc bs=1 seek=1000 2> /dev/null
run verify --repair --plain-http --trace "$WORK/repair.json"
expect_status 0
check_form "$WORK/repair.json"
query "$WORK/repair.json" '[.[] | select(.name == "hash" and .args.error != null)] | length == 1'
query "$WORK/repair.json" \
    "[.[] | select(.name == \"transfer\") | .args.length] == [$(stat -c %s "$layer")]"

# Nothing of a URL but the host, whatever the credentials.
run fetch --plain-http --user joe:sesame-4711 --recheck "$registry/a:1" --trace "$trace"
expect_status 0
check_form "$trace"
! grep -E 'sesame|am9l|https?:|\?' "$trace" || fail "more than hosts in the trace"

# Killed: all but the closing bracket is there, and no event is torn.
start_registry --generate b:1=6M:2 --rate 500K
rm "$trace"
"$TUG" -q fetch --plain-http "$registry/b:1" --trace "$trace" &
pid=$!
await "$pid" "a request in the trace" grep -qs '"request"' "$trace"
{ kill -KILL "$pid" && wait "$pid"; } 2> /dev/null
(cat "$trace" && echo ']') > "$WORK/killed.json"
check_form "$WORK/killed.json"
query "$WORK/killed.json" 'any(.[]; .name == "request")'

# A file that cannot be written is told of before anything is fetched; one that fills the disk at
# the end.
run fetch --plain-http "$registry/b:1" --trace "$WORK/no/such/dir" --store "$WORK/new"
expect_status 2
expect_text err "$WORK/no/such/dir: open: "
[ ! -e "$WORK/new" ] || fail "a store was made"
run verify --trace "$WORK/no/such/dir"
expect_status 2
run verify --trace /dev/full
expect_status 7
expect_text err "/dev/full: write: "
