#!/bin/bash
# What index.json names: --root platform, --name, and both in a list.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry \
    --rule 'path=^/v2/team/app/tags/list body={"name":"team/app","tags":["1","2"]}' \
    --generate team/app:1=10K --generate team/app:2=10K --generate team/other:1=20K
index=$TUG_STORE/index.json
app=$registry/team/app:1
other=$registry/team/other:1

names() { # of the entries, sorted
    jq -c '[.manifests[].annotations."io.containerd.image.name"] | sort' "$index"
}

# The name is made full, the source stays the registry's, and the next fetch changes nothing.
name_of_one() {
    local digest inode
    run fetch -q --plain-http --format json --name team/mine "$app"
    expect_status 0
    digest=$(jq -r .digest "$WORK/out")
    [ "$(jq -r .name "$WORK/out")" = docker.io/team/mine:latest ] || fail "the name in the result"
    [ "$(jq -r .ref "$WORK/out")" = "$app" ] || fail "the reference in the result"
    [ "$(names)" = '["docker.io/team/mine:latest"]' ] || fail "names: $(names)"
    [ "$(jq -r ".manifests[0].annotations.\"containerd.io/distribution.source.${registry%:*}\"" \
        "$index")" = team/app ] || fail "its source: $(cat "$index")"
    [ "$(jq -r '.manifests[0].digest' "$index")" = "$digest" ] || fail "its digest"
    inode=$(stat -c %i "$index")
    run fetch -q --plain-http --name team/mine "$app"
    expect_status 0
    [ "$(stat -c %i "$index")" = "$inode" ] || fail "written for nothing"
}

# A name on another host does not hide where the content is to be had again.
repaired_from_its_source() {
    local blob
    blob=$(find "$TUG_STORE/blobs" -type f -size +4k)
    chmod u+w "$blob" && printf x | dd of="$blob" bs=1 seek=100 conv=notrunc status=none
    run -q verify --repair --plain-http
    expect_status 0
    run -q verify
    expect_status 0
}

names_in_lists() {
    rm -rf "$TUG_STORE"
    printf '%s name=r.example/a:1\n%s\n' "$app" "$other" > "$WORK/list"
    run fetch -q --plain-http --from-file "$WORK/list"
    expect_status 0
    [ "$(names)" = "$(jq -cn --arg o "$other" '["r.example/a:1", $o] | sort')" ] ||
        fail "names: $(names)"
    printf '%s name=A\n' "$app" > "$WORK/list"
    run fetch -q --plain-http --from-file "$WORK/list"
    expect_status 2
    expect_text err "$WORK/list:1: "
}

# One would replace the other, whichever comes last.
two_of_one_name() {
    rm -rf "$TUG_STORE"
    printf '%s name=a/b\n%s name=docker.io/a/b:latest\n' "$app" "$other" > "$WORK/list"
    run fetch -q --plain-http --from-file "$WORK/list"
    expect_status 2
    expect_text err "'$app' and '$other' are both to have the name 'docker.io/a/b:latest'"
    printf '%s name=%s\n%s\n' "$app" "$other" "$other" > "$WORK/list"
    run fetch -q --plain-http --from-file "$WORK/list"
    expect_status 2
    printf '%s name=a/b\n' "$registry/team/app:*" > "$WORK/list"
    run fetch -q --plain-http --from-file "$WORK/list"
    expect_status 2
    [ ! -e "$index" ] || fail "something was fetched"
    printf '%s name=a/b\n%s name=a/b\n%s name=a/c\n%s\n' "$app" "$app" "$app" "$app" > "$WORK/list"
    run fetch -q --plain-http --from-file "$WORK/list"
    expect_status 0
    [ "$(jq -r '.manifests | length' "$index")" = 3 ] || fail "names: $(names)"
}

# A name says what the image is: it has the digest that the reference has, or none.
digest_in_a_name() {
    local digest wrong
    rm -rf "$TUG_STORE"
    wrong=sha256:$(printf '%064d' 0)
    run resolve --plain-http "$app"
    digest=$(cut -d ' ' -f 2 "$WORK/out")
    run fetch -q --plain-http --name "team/mine@$digest" "$app"
    expect_status 2
    expect_text err "'$app' does not have it: leave it out of the name"
    run fetch -q --plain-http --name "team/mine@$wrong" "$app@$digest"
    expect_status 2
    [ "$(names)" = '[]' ] || fail "names: $(names)"
    run fetch -q --plain-http --name "team/mine@$digest" "$app@$digest"
    expect_status 0
    [ "$(names)" = "[\"docker.io/team/mine@$digest\"]" ] || fail "names: $(names)"
    printf '%s name=a/b@%s\n' "$app" "$digest" > "$WORK/list"
    run fetch -q --plain-http --from-file "$WORK/list"
    expect_status 2
    expect_text err "'$app' does not have it"
}

refused() {
    run fetch -q --plain-http --name a "$app" "$other"
    expect_status 2
    expect_text err 'name is for one reference, but there are 2'
    run fetch -q --plain-http --name 'no NAME' "$app"
    expect_status 2
    run fetch -q --root platform --platform linux/arm64 --platform linux/amd64 "$app"
    expect_status 2
    expect_text err 'root platform needs a single platform'
    printf '%s root=platform all-platforms\n' "$app" > "$WORK/list"
    run fetch -q --plain-http --from-file "$WORK/list"
    expect_status 2
    expect_text err 'a platform as root is one platform'
    run fetch -q --plain-http --label tug.index=x "$app"
    expect_status 2
}

name_of_one
repaired_from_its_source
names_in_lists
two_of_one_name
digest_in_a_name
refused
