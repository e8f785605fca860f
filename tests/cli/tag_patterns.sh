#!/bin/bash
# HOST/NAME:GLOB in a list or as an operand stands for every tag that matches.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

tags() { # REPOSITORY TAG...: a rule
    local path="^/v2/$1/tags/list"
    shift
    printf 'path=%s body={"tags":[%s]}' "$path" "$(printf ',"%s"' "$@" | cut -c2-)"
}

# expect_names NAME...: what was fetched, in this order
expect_names() {
    printf "$registry/%s\n" "$@" > "$WORK/wanted"
    cut -d' ' -f1 "$WORK/out" > "$WORK/got"
    diff -u "$WORK/wanted" "$WORK/got" > "$WORK/diff" || fail "other names: $(cat "$WORK/diff")"
}

start_registry --generate app:1.2=10K --generate app:1.10=10K --generate app:2=10K \
    --generate other:edge=10K \
    --rule "$(tags app 1.10 2 1.2 latest)" --rule "$(tags other edge)" \
    --rule "path=^/v2/secret/ status=403" --rule "path=^/v2/slow/ delay=60000"

run -q fetch "$registry/app:[12]*"
expect_status 0
expect_names app:1.2 app:1.10 app:2

# Lines keep their places and options; what the list has anyway is not taken again. Each repository
# is listed once in a run.
cat > "$WORK/list" << END
$registry/other:*    label.a=b
$registry/app:1.10
$registry/app:1.*    # 1.2 is new
$registry/app:?
END
run -q fetch --from-file "$WORK/list"
expect_status 0
expect_names other:edge app:1.10 app:1.2 app:2
jq -e '[.manifests[] | select(.annotations.a == "b")] | length == 1' "$TUG_STORE/index.json" \
    > /dev/null || fail "the label"
run resolve --repository "$registry/app" '1.*' 2
expect_status 0
expect_names app:1.2 app:1.10 app:2

# All parts of a list are the whole.
run -q fetch --shard 0/2 "$registry/app:[12]*"
cp "$WORK/out" "$WORK/first"
run -q fetch --shard 1/2 "$registry/app:[12]*"
cat "$WORK/first" "$WORK/out" | sort > "$WORK/both"
[ "$(wc -l < "$WORK/both") $(sort -u "$WORK/both" | wc -l)" = "3 3" ] ||
    fail "parts: $(cat "$WORK/both")"

# A pattern that fails is a line that failed; the others are fetched, each in its place.
run fetch -q --format json --failed-file "$WORK/failed" "$registry/app:2" "$registry/app:9*" \
    "$registry/secret:*" "$registry/other:e*"
expect_status 1
jq -se --arg r "$registry" 'map(.status) == ["ok", "failed", "failed", "ok"] and
    map(.ref) == [$r + "/app:2", $r + "/app:9*", $r + "/secret:*", $r + "/other:edge"] and
    .[1].error.code == "not-found" and .[2].error.code == "auth"' "$WORK/out" > /dev/null ||
    fail "the results: $(cat "$WORK/out")"
printf "$registry/%s\n" 'app:9*' 'secret:*' | cmp -s - "$WORK/failed" || fail "the failed file"
expect_match err "tug: $registry/app:9\*: no tag matches"
run fetch -q "$registry/app:9*"
expect_status 3
expect_lines err 1
run fetch -q "$registry/secret:*"
expect_status 4
run resolve "$registry/app:9*" "$registry/app:2"
expect_status 1
expect_names app:2
run fetch --fail-fast "$registry/app:9*" "$registry/app:2"
expect_status 1
expect_empty out
run fetch -q --timeout 300ms "$registry/slow:*"
expect_status 10
run fetch -q --user me:x "$registry/app:*" "localhost:1/app:*"
expect_status 2
expect_text err "credentials are for one registry"

run fetch -q "$registry/app:1*@sha256:0"
expect_status 2

# A signal while tags are listed, once the request is on its way.
begin_run fetch --http-dump "$registry/slow:*"
await_text "$pid" err "GET /v2/slow/"
kill -TERM "$pid"
wait "$pid"
status=$?
expect_status 143
expect_match err "tug: interrupted while tags were listed; nothing was fetched"
