#!/bin/bash
# tug tags: full references in the order of their versions, ready for a list.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

page() { # PATH TAGS [NEXT]: a rule
    local tags=${2// /\",\"}
    printf 'path=%s body={"tags":["%s"]} ' "$1" "$tags"
    printf 'add-header=Content-Type:_application/json%s' "${3:+\r\nLink:_<$3>;_rel=next}"
}

# expect_tags TAG…: what was printed, in this order
expect_tags() {
    expect_status 0
    printf "$registry/app:%s\n" "$@" > "$WORK/wanted"
    diff -u "$WORK/wanted" "$WORK/out" > "$WORK/diff" || fail "other tags: $(cat "$WORK/diff")"
}

start_registry --generate app:1.2=10K --generate app:1.10.1=10K --generate app:2=10K \
    --rule "$(page '^/v2/app/tags/list?n=1000$' 'latest 1.10.1 2 1.2-rc1')" \
    --rule "$(page '^/v2/other/tags/list' 'edge')" \
    --rule "path=^/v2/login/ body=<html>" \
    --rule "path=^/v2/slow/ delay=60000"

run tags "$registry/app"
expect_tags 1.2-rc1 1.10.1 2 latest
expect_empty err

run tags "$registry/app" --semver '>=1.2-0, <2' --exclude '*.1'
expect_tags 1.2-rc1
run tags "$registry/app" --match '1.*' --match '[l]*'
expect_tags 1.2-rc1 1.10.1 latest
run tags "$registry/app" --newest 2
expect_tags 1.10.1 2

# As JSON; a failure is an object, too, and the others are listed.
run tags --format json "$registry/other" "$registry/none" "$registry/login" "$registry/app" \
    --newest 1
expect_status 1
jq -se --arg r "$registry" '
    .[0].ref == $r + "/none" and .[0].status == "failed" and .[0].error.code == "not-found" and
    .[1].error.code == "content" and
    .[2] == {ref: ($r + "/app:2"), repository: ($r + "/app"), tag: "2", isVersion: true} and
    length == 3' "$WORK/out" > /dev/null || fail "the objects"
expect_match err "tug: warning: $registry/other: no tag of it is wanted, or it has none"
expect_text err "$registry/none: the registry answered 404, not found"
run -q tags "$registry/other" --newest 1
expect_status 0
expect_empty err

run tags "$registry/none"
expect_status 3
expect_lines err 1
run tags "$registry/login"
expect_status 6
run tags "$registry/slow" --timeout 300ms
expect_status 10
expect_match err "tug: $registry/slow: timed out"

# What is not a repository, a range or a number.
run tags "$registry/app:1.*"
expect_status 2
expect_text err "give '$registry/app' with --match '1.*'"
run tags "$registry/app@sha256:0"
expect_status 2
expect_text err "leave out its digest"
run tags "$registry/app" --semver 'latest'
expect_status 2
expect_text err "'latest' is not a version"
run tags "$registry/app" --newest 0
expect_status 2
run tags "$registry/app" --match ''
expect_status 2
run tags
expect_status 2
run list-tags "$registry/app"
expect_text err "did you mean 'tags'"

