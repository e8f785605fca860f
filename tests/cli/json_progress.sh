#!/bin/bash
# --progress json: every line of standard error is an object with just the members that the manual
# lists for its type, whatever the registry sends; progress comes at most four times a second.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
manual="$(dirname "$0")/../../man/tug.1"
sed -e ':more; /\\$/{N; s/\\\n//; b more}' "$manual" | # a line may go on in the next one
    sed -nE 's/^\.It Li ([a-z]+) No "(.*)"$/\1 \2/p' > "$WORK/types"
[ "$(wc -l < "$WORK/types")" -ge 11 ] || fail "only $(wc -l < "$WORK/types") types in the manual"

check_objects() {
    local line type members
    jq -es 'all(type == "object")' < "$WORK/err" > /dev/null || fail "not a list of objects"
    [ "$(jq -s length < "$WORK/err")" -eq "$(wc -l < "$WORK/err")" ] || fail "not one a line"
    iconv -f UTF-8 -t UTF-8 "$WORK/err" > /dev/null || fail "not UTF-8"
    expect_no_match err $'[\x01-\x09\x0b-\x1f\x7f]'
    jq -r '[.type] + keys_unsorted | join(" ")' "$WORK/err" | sort -u > "$WORK/seen"
    while read -r type members; do
        line=$(sed -n "s/^$type //p" "$WORK/types")
        [ -n "$line" ] || fail "type $type is not in the manual"
        [ "$members" = "time type $line" ] || fail "$type has $members, not $line"
        echo "$type" >> "$WORK/covered"
    done < "$WORK/seen"
    jq -es 'all(.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z$"))' "$WORK/err" \
        > /dev/null || fail "time"
    [ "$(tail -n 1 "$WORK/err" | jq -r .type)" = summary ] || fail "the last one is no summary"
    [ "$(tail -n 1 "$WORK/err" | jq -r .exitStatus)" -eq "$status" ] || fail "exit status"
}

# Blobs that take a while, one that fails once, a reference that is not there.
start_registry --generate app:1=1M:3 --generate b:1=10K --rate 800K \
    --rule 'path=/b/blobs/ status=503 times=1'
began=$(date +%s%N)
run fetch --progress json --plain-http "$registry/app:1" "$registry/b:1" "$registry/none:1"
took_ms=$((($(date +%s%N) - began) / 1000000))
expect_status 1
expect_lines out 2
check_objects
for type in resolved started progress committed retry image failed; do
    grep -q "\"type\":\"$type\"" "$WORK/err" || fail "no $type"
done
count=$(grep -c '"type":"progress"' "$WORK/err")
[ "$count" -ge 2 ] || fail "$count progress objects in $took_ms ms"
[ "$count" -le $((took_ms / 250 + 1)) ] || fail "$count progress objects in $took_ms ms"
jq -es 'map(select(.type == "failed")) | length == 1 and
    (.[0] | .error.code == "not-found" and .digest == null and .size == null)' "$WORK/err" \
    > /dev/null || fail "failed"
jq -es '.[-1] | .images == 3 and .imagesDone == 2 and .imagesFailed == 1
    and .blobsFetched == 8 and .blobsReused == 0 and .bytesReceived > 3000000' "$WORK/err" \
    > /dev/null || fail "summary"
f34_json_shows_what_is_at_work() {
    jq -es --arg ref "$registry/app:1" 'map(select(.type == "progress")) |
        (map(.active[]) | length > 0 and all(.done <= .size and .ref != null)
            and any(.ref == $ref and .state == "downloading")
            and (map(keys_unsorted) | unique) == [["digest","ref","state","size","done"]]) and
        (map(.activeImages[]) | any(.ref == $ref and .blobs == 5 and .bytesDone > 0
                and .bytesDone < .bytesKnown and .bytesKnown > 3000000)
            and all((.blobs == null) == (.bytesKnown == null))
            and (map(keys_unsorted) | unique) ==
                [["ref","blobs","blobsDone","bytesKnown","bytesDone"]]) and
        any(.eta > 0) and all(.rate != 0 or .bytesReceived == 0)' "$WORK/err" > /dev/null ||
        fail "active, activeImages, eta"
    jq -es 'map(select(.type == "committed")) | all(.ref != null)' "$WORK/err" > /dev/null ||
        fail "committed without ref"
}
f34_json_shows_what_is_at_work
f33_json_counts_attempts() {
    jq -es 'map(select(.type == "retry")) |
        length == 1 and all(.attempt == 1 and .attemptsMax == 6)' "$WORK/err" > /dev/null ||
        fail "attempt"
}
f33_json_counts_attempts

run fetch --progress json --plain-http "$registry/app:1"
expect_status 0
check_objects
grep -q '"type":"reused"' "$WORK/err" || fail "no reused"

# T-44: what a registry sends, as a message and as a media type.
evil=$'\e]0;x\a\e[2J"}\\{\x01\xff\xfe\xc3\u202e'
denied="{\"errors\":[{\"code\":\"DENIED\",\"message\":\"$evil\"}]}"
start_registry --generate c:1=10K --generate d:1=10K \
    --rule "path=/c/manifests/ status=403 body=$denied" \
    --rule "path=/d/manifests/ add-header=Content-Type:_application/x\";$evil"
run fetch --progress json --retries 0 --plain-http "$registry/c:1" "$registry/d:1"
[ "$status" -ne 0 ] || fail "it was a success"
check_objects

# A signal: told as an error, and the summary still comes.
start_registry --generate e:1=1M --rule 'path=/blobs/ cut=stall at=500000'
"$TUG" --store "$WORK/other" fetch --progress json --plain-http "$registry/e:1" \
    > "$WORK/out" 2> "$WORK/first" < /dev/null &
pid=$!
await_text "$pid" first '"state":"downloading"'
# Meanwhile another process wants the same.
f34_json_says_who_waits() {
    local pid # of the second one
    begin_run --store "$WORK/other" fetch --progress json --plain-http "$registry/e:1"
    await_text "$pid" err '"type":"waiting"'
    await_text "$pid" err '"state":"waiting"'
    kill -TERM "$pid"
    wait "$pid"
    status=$?
    expect_status 143
    check_objects
    jq -es --arg ref "$registry/e:1" 'any(.type == "waiting" and .ref == $ref) and
        any(.type == "progress" and any(.active[]; .state == "waiting"))' "$WORK/err" > /dev/null ||
        fail "waiting"
}
f34_json_says_who_waits
kill -TERM "$pid"
wait "$pid"
status=$?
mv "$WORK/first" "$WORK/err"
expect_status 143
check_objects
grep -q '"type":"error"' "$WORK/err" || fail "no error"
f35_json_interrupted_is_not_failed() {
    jq -es '.[-1] | .imagesStopped == 1 and .imagesFailed == 1' "$WORK/err" > /dev/null ||
        fail "imagesStopped"
}
f35_json_interrupted_is_not_failed

# What is not known is null: nothing has come.
f34_json_null_is_unknown() {
    run fetch --progress json --retries 2 --plain-http localhost:1/app:1
    expect_status 5
    check_objects
    jq -es '(.[-1] | .rate == null) and (map(select(.type == "progress")) | length > 0
        and all(.eta == null and .activeImages[0].bytesKnown == null))' "$WORK/err" > /dev/null ||
        fail "null"
}
f34_json_null_is_unknown

# With -q errors are lines of text.
run -q fetch --plain-http "$registry/e:2"
expect_match err 'tug: .*'

# What these runs did not show: a warning.
sort -u "$WORK/covered" > "$WORK/all"
cut -d' ' -f1 "$WORK/types" | grep -vx warning | sort | comm -13 "$WORK/all" - > "$WORK/rest"
[ ! -s "$WORK/rest" ] || fail "not seen: $(cat "$WORK/rest")"
