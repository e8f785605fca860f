#!/bin/bash
# Options of single references in a list, parts of a list, an index as a list.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate a:1=10K --generate b:1=10K --generate c:1=10K

printf '%s label.team=net label.all=mine\r\n%s\r\n' "$registry/a:1" "$registry/b:1" > "$WORK/list"
run fetch --plain-http --label all=yours --from-file "$WORK/list"
expect_status 0
label() { # NAME KEY
    jq -r --arg name "$registry/$1" --arg key "$2" '.manifests[].annotations
        | select(."io.containerd.image.name" == $name) | .[$key]' "$TUG_STORE/index.json"
}
[ "$(label a:1 team) $(label a:1 all)" = "net mine" ] || fail "labels of a line"
[ "$(label b:1 team) $(label b:1 all)" = "null yours" ] || fail "labels of the run"

# What failed comes back with its options.
printf '%s  platform=linux/arm64 \t label.x=1 # no\n' "$registry/none:1" > "$WORK/list"
run fetch --plain-http --from-file "$WORK/list" --failed-file "$WORK/failed"
expect_status 3
[ "$(tr -s ' \t' ' ' < "$WORK/failed")" = "$registry/none:1 platform=linux/arm64 label.x=1" ] ||
    fail "failed file: $(cat "$WORK/failed")"

# Every bad line is told of, and nothing is fetched.
printf '%s\n' "$registry/c:1" "A B" "$registry/c:1 platform=" "x:1 y" > "$WORK/list"
run fetch --plain-http --store "$WORK/new" --from-file "$WORK/list"
expect_status 2
expect_lines err 3
for line in 2 3 4; do
    expect_match err "tug: $WORK/list:$line: .*"
done
[ ! -e "$WORK/new" ] || fail "a store was made"

# Parts: together they are all, and each reference is in one of them.
for name in a b c; do
    echo "$registry/$name:1"
done > "$WORK/list"
for part in 0 1 2 3; do
    run fetch --plain-http --store "$WORK/parts" --shard "$part/4" --from-file "$WORK/list"
    expect_status 0
    cat "$WORK/out" >> "$WORK/all"
done
[ "$(cut -d' ' -f1 "$WORK/all" | sort)" = "$(sort "$WORK/list")" ] ||
    fail "parts: $(cat "$WORK/all")"
for bad in 4/4 1 /4 1/ 0/0 -1/4 1/4/2; do
    run fetch --shard "$bad" a:1
    expect_status 2
done

# An index: its manifests by digest.
jq '{schemaVersion, manifests: [.manifests[] | select(.annotations."io.containerd.image.name"
    | endswith("a:1")) | {mediaType, digest, size}]}' "$TUG_STORE/index.json" > "$WORK/index"
run fetch --plain-http --store "$WORK/by-index" --repository "$registry/a" --from-file - < /dev/null
expect_status 0
"$TUG" fetch --plain-http --store "$WORK/by-index" --repository "$registry/a" --from-file - \
    < "$WORK/index" > "$WORK/out" 2> "$WORK/err" || fail "an index from standard input"
digest=$(jq -r '.manifests[0].digest' "$WORK/index")
[ "$(cat "$WORK/out")" = "$registry/a@$digest $digest" ] || fail "result of an index"
run fetch --from-file "$WORK/index"
expect_status 2
expect_text err "--repository"
for bad in a 'a/b:1' 'a/b@sha256:x' 'a/B'; do
    run fetch --repository "$bad" a:1
    expect_status 2
done
