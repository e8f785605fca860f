#!/bin/bash
# Images that are in the store are labelled and forgotten, by name, reference or digest.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate team/app:1=10K --generate team/other:1=20K
index=$TUG_STORE/index.json
app=$registry/team/app:1
other=$registry/team/other:1

fetch() {
    run fetch -q --plain-http "$@"
    expect_status 0
}

labels_of() { # NAME: its labels as JSON, without what tug writes
    jq -c --arg name "$1" '
        .manifests[] | .annotations | select(."io.containerd.image.name" == $name)
        | with_entries(select(
            .key | test("^(io.containerd|org.opencontainers|containerd.io)") | not))' "$index"
}

names() { # of the entries, in their order
    jq -c '[.manifests[].annotations."io.containerd.image.name"]' "$index"
}

expect_labels() { # NAME JSON
    [ "$(labels_of "$1")" = "$2" ] || fail "labels of $1: $(labels_of "$1"), not $2"
}

label_sets_changes_removes() {
    local inode order
    fetch "$app" "$other"
    order=$(names)
    digest=$(sed -n "s|^$app ||p" "$WORK/out")
    run label "$app" team=web keep=yes
    expect_status 0
    expect_empty err
    expect_match out "$app $digest"
    expect_lines out 1
    expect_labels "$app" '{"team":"web","keep":"yes"}'
    expect_labels "$other" '{}'
    [ "$(names)" = "$order" ] || fail "its place: $(names), not $order"
    run label --format json "$digest" keep= team=net none=
    expect_status 0
    [ "$(jq -c . "$WORK/out")" = "{\"name\":\"$app\",\"digest\":\"$digest\"}" ] || fail "the result"
    expect_labels "$app" '{"team":"net"}'
    inode=$(stat -c %i "$index")
    run label "$app" team=net
    expect_status 0
    [ "$(stat -c %i "$index")" = "$inode" ] || fail "written for nothing"
}

# A fetch keeps labels, and adds its own ones.
labels_stay() {
    fetch "$app"
    expect_labels "$app" '{"team":"net"}'
    fetch --label stage=test "$app"
    expect_labels "$app" '{"team":"net","stage":"test"}'
    fetch --label team=web --label stage= "$app"
    expect_labels "$app" '{"team":"web"}'
}

wrong_usage() {
    run label
    expect_status 2
    expect_text err "tug: label: no image given"
    run label "$app"
    expect_status 2
    expect_text err "tug: label: no KEY=VALUE given"
    run label "$app" "$other"
    expect_status 2
    expect_text err "tug: label '$other' is not KEY=VALUE"
    expect_text err "try 'tug help label'"
    run label "$app" io.containerd.image.name=x
    expect_status 2
    run rm
    expect_status 2
    expect_text err "tug: rm: no image given"
    run rm --label a=b x
    expect_status 2
    run rmi x
    expect_text err "did you mean 'rm'?"
}

not_found() {
    run label app:1 a=b
    expect_status 3
    expect_match err "tug: the store has no image 'app:1'; did you mean '$app'\?"
    run rm "$other" "$registry/team/app:2"
    expect_status 3
    expect_empty out
    expect_match err "tug: the store has no image '$registry/team/app:2'; did you mean '$app'\?"
    expect_labels "$other" '{}'
    run --store "$WORK/none" rm x
    expect_status 7
    [ ! -e "$WORK/none" ] || fail "a store was made"
}

rm_forgets() {
    local before after
    before=$(find "$TUG_STORE/blobs" -type f | sort)
    run rm "$other" "$other"
    expect_status 0
    expect_empty err
    expect_match out "$other sha256:[0-9a-f]{64}"
    expect_lines out 1
    [ "$(jq '.manifests | length' "$index")" -eq 1 ] || fail "the entries"
    run -q --format json rm "$digest"
    expect_status 2 # not a global option
    run rm -q --format json "$digest"
    expect_status 0
    [ "$(jq -c . "$WORK/out")" = "{\"name\":\"$app\",\"digest\":\"$digest\"}" ] || fail "the result"
    after=$(find "$TUG_STORE/blobs" -type f | sort)
    [ "$before" = "$after" ] || fail "content is gone"
    run rm "$app"
    expect_status 3
}

# Two names of one digest: which one is meant is not guessed.
a_digest_of_two_names() {
    start_registry --generate team/app:1=10K \
        --rule "path=/manifests/2 location=/v2/team/app/manifests/1"
    app=$registry/team/app:1
    fetch "$app" "$registry/team/app:2"
    digest=$(cut -d ' ' -f 2 "$WORK/out" | head -n 1)
    run rm "$digest"
    expect_status 2
    expect_match err "tug: '$digest' has several names, '$registry/.*' and '$registry/.*' \
among them: give the name"
    run rm "$app"
    expect_status 0
    run rm "$digest"
    expect_status 0
}

# What another tool named comes as it is, and shows escaped.
foreign_entries() {
    local named_b='{"annotations":{"org.opencontainers.image.ref.name":"b"}}'
    printf '{"schemaVersion":2,"manifests":[%s,\n%s,%s]}\n' \
        '{"annotations":{"org.opencontainers.image.ref.name":"a\u001b[1m"}}' \
        "{\"digest\":\"sha256:$(printf '%064d' 1)\"}" "$named_b" > "$index"
    run rm "$(printf 'a\e[1m')" "sha256:$(printf '%064d' 1)"
    expect_status 0
    expect_match out 'a\\x1b\[1m -'
    expect_match out "- sha256:$(printf '%064d' 1)"
    [ "$(jq -c '.manifests' "$index")" = "[$named_b]" ] || fail "the rest"
}

read_only_store() {
    [ "$(id -u)" -ne 0 ] || return 0
    chmod 500 "$TUG_STORE"
    run rm b
    chmod 700 "$TUG_STORE"
    expect_status 7
}

output_that_fails() {
    "$TUG" rm b > /dev/full 2> "$WORK/err"
    status=$?
    expect_status 7
    expect_text err "standard output: write"
}

label_sets_changes_removes
labels_stay
wrong_usage
not_found
rm_forgets
a_digest_of_two_names
foreign_entries
read_only_store
output_that_fails
