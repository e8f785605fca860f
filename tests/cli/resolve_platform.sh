#!/bin/bash
# tug resolve --platform: digest, type and size of the manifest for that platform, from the command
# line and from a list. What it prints is what a fetch of that platform stores.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_store.sh
. "$(dirname "$0")/lib_store.sh"

layout=$WORK/layout
layout_begin "$layout"
amd64=$(layout_image "$layout" linux/amd64 1)
s390x=$(layout_image "$layout" linux/s390x 1)
i386=$(layout_image "$layout" linux/386 1)
index=$(layout_index "$layout" "$amd64" "$s390x")
small=$(layout_index "$layout" "$i386")
layout_name "$layout" "$index" multi
layout_name "$layout" "$small" small
layout_name "$layout" "$s390x" single
start_registry --layout "$layout" --repo app:1=multi --repo app:small=small --repo app:single=single

line() { # REFERENCE DESCRIPTOR
    jq -r --arg ref "$registry/$1" '[$ref, .digest, .mediaType, (.size | tostring)] | join(" ")' \
        <<< "$2"
}

run resolve --platform linux/s390x "$registry/app:1" "$registry/app:single"
expect_status 0
expect_empty err
{ line app:1 "$s390x"; line app:single "$s390x"; } | cmp -s - "$WORK/out" ||
    fail "not that platform's"
[ ! -e "$TUG_STORE" ] || fail "a store was made"

run resolve "$registry/app:1"
line app:1 "$index" | cmp -s - "$WORK/out" || fail "without --platform not the index"

run resolve --platform linux/arm64 "$registry/app:1" "$registry/app:single"
expect_status 3
expect_lines out 0
expect_text err "app:1: platform linux/arm64 not found; the index has linux/amd64, linux/s390x"
expect_text err "app:single: platform linux/arm64 not found; the image is for linux/s390x"

run resolve --format json --platform linux/s390x "$registry/app:1"
expect_status 0
jq -e --arg digest "$(jq -r .digest <<< "$s390x")" \
    '.digest == $digest and .platform == "linux/s390x" and .status == "ok"' "$WORK/out" \
    > /dev/null || fail "the object"

# A stand-in is less than what was asked for, so even -q says it.
run -q resolve --platform linux/amd64 "$registry/app:small"
expect_status 0
expect_text err "app:small: no entry for linux/amd64, using linux/386, which runs on it"

# A list may say otherwise line by line; its own output is a list of just these manifests.
printf '%s\n' "$registry/app:1 platform=linux/amd64 label.a=b" "$registry/app:1" \
    "$registry/app:1 all-platforms" > "$WORK/list"
run resolve --platform linux/s390x --from-file "$WORK/list"
expect_status 0
{ line app:1 "$amd64"; line app:1 "$s390x"; line app:1 "$index"; } | cmp -s - "$WORK/out" ||
    fail "not the platforms of the list"
cp "$WORK/out" "$WORK/list"
sed -n 2p "$WORK/list" > "$WORK/one"
run fetch -q --platform linux/s390x --from-file "$WORK/one"
expect_status 0
[ "$(cut -d' ' -f2 "$WORK/out")" = "$(jq -r .digest <<< "$s390x")" ] || fail "another image came"

run resolve --platform linux/amd64 --platform linux/s390x "$registry/app:1"
expect_status 2
expect_text err "resolve: only one --platform can be given"
