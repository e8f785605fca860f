#!/bin/bash
# images, ls, active: columns, one word a line with -q, JSON; what is complete, shared, needed. get.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")" || exit 1

start_registry --generate app:1=100K:3 --generate app:2=100K:2 --generate big:1=8M --rate 1M \
    --rule 'path=/v2/big/blobs/ cut=stall at=1000000'

column() { # N: of the lines after the titles
    tail -n +2 "$WORK/out" | awk -v n="$1" '{ print $n }'
}

columns_can_be_cut() {
    run images
    expect_status 0
    expect_empty err
    expect_match out \
        'NAME +DIGEST +KIND +COMPLETE +MISSING +SIZE +SHARED +CREATED +REFERRERS +LABELS'
    [ "$(column 1 | sort | tr '\n' ' ')" = "$registry/app:1 $registry/app:2 " ] || fail "names"
    [ "$(column 3 | sort -u)" = manifest ] || fail "kinds"
    awk 'NF != 10 { exit 1 }' "$WORK/out" || fail "a row has not as many words as columns"
    run -q images
    expect_lines out 2
    expect_match out "$registry/app:1"
    run -q images "$registry/app:2"
    expect_lines out 1
    expect_match out "$registry/app:2"
    run images "$registry/app:2" "$registry/app:3"
    expect_status 3
    expect_empty out
    expect_text err "app:3"
    run ls --bytes
    expect_match out 'DIGEST +SIZE +AGE +TYPE +IMAGES'
    while read -r digest size _; do
        [ "$(stat -c %s "$TUG_STORE/blobs/${digest/://}")" = "$size" ] || fail "the size of $digest"
    done < <(tail -n +2 "$WORK/out")
    [ "$(column 1)" = "$(column 1 | sort)" ] || fail "blobs are not sorted"
    run -q ls
    [ "$(wc -l < "$WORK/out")" = "$(find "$TUG_STORE/blobs" -type f | wc -l)" ] || fail "ls -q"
}

json_has_all() {
    run images --format json
    jq -e -s 'length == 2 and all(.complete and .blobs > 2 and .contentBytes > .size and
        (.platforms | length) == 1 and .platforms[0].blobsMissing == 0)' "$WORK/out" \
        > /dev/null || fail "images as JSON"
    [ "$(jq -r .sources[] "$WORK/out" | sort -u)" = "localhost/app" ] || fail "sources"
    run ls --format json
    jq -e -s 'all(.needed and .size <= .diskBytes + .size and (.images | length) > 0 and
        .mediaType != null and (.modified | fromdate) > 0)' "$WORK/out" > /dev/null ||
        fail "ls as JSON"
}

# Check the one object among the lines whose member has a value.
expect_object() { # MEMBER VALUE CONDITION
    jq -e -s --arg value "$2" \
        "map(select(.$1 == \$value)) | length == 1 and (.[0] | $3)" "$WORK/out" > /dev/null ||
        fail "not true of $2: $3"
}

# A layer goes: the platform lacks it. An image goes: its own blobs are orphans.
what_is_missing_and_orphaned() {
    local manifest layer file
    run images --format json
    manifest=$(jq -r "select(.name == \"$registry/app:1\") | .digest" "$WORK/out")
    layer=$(jq -r '.layers[0].digest' "$TUG_STORE/blobs/${manifest/://}")
    file=$TUG_STORE/blobs/${layer/://}
    mv "$file" "$WORK/layer"
    run images --format json
    expect_object name "$registry/app:1" ".complete | not"
    expect_object name "$registry/app:1" ".platforms[0] | .stored and .blobsMissing == 1"
    expect_object name "$registry/app:1" ".platforms[0].bytesMissing == $(stat -c %s "$WORK/layer")"
    mv "$WORK/layer" "$file"
    cp "$TUG_STORE/index.json" "$WORK/index.json"
    run rm "$registry/app:1"
    expect_status 0
    run ls --format json
    expect_object digest "$layer" ".needed | not"
    run ls
    grep -q "^$layer .* (orphan)$" "$WORK/out" || fail "the orphan is not marked"
    cat "$WORK/index.json" > "$TUG_STORE/index.json"
}

# A download goes on, as long as it is looked at, and is interrupted.
partial_downloads() {
    local pid digest
    run active
    expect_lines out 1
    "$TUG" -q fetch "$registry/big:1" > /dev/null 2>&1 &
    pid=$!
    until run active --format json &&
        jq -e -s 'length == 1 and .[0].size == 8388608 and .[0].present > 0' "$WORK/out" \
            > /dev/null; do
        kill -0 $pid || fail "the fetch ended"
    done
    jq -e ".held and .pid == $pid and .size == 8388608 and (.holder | test(\"process $pid\"))" \
        "$WORK/out" > /dev/null || fail "who holds it"
    digest=$(jq -r .digest "$WORK/out")
    kill -TERM $pid
    wait $pid
    run active --bytes
    expect_status 0
    expect_match out "$digest +[0-9]+ +8388608 +[0-9]+ +[0-9]+ +[0-9]+s +-"
    run active --format json
    jq -e '(.held | not) and .pid == null and .holder == null and .present <= .diskBytes' \
        "$WORK/out" > /dev/null || fail "nobody holds it"
    run -q active
    expect_match out "$digest"
}

# One blob, by its digest or as the root of an image.
get_writes_bytes() {
    local manifest blob
    run images --format json "$registry/app:1"
    manifest=$(jq -r .digest "$WORK/out")
    run get "$registry/app:1"
    expect_status 0
    cmp "$WORK/out" "$TUG_STORE/blobs/${manifest/://}" || fail "the root is not what get wrote"
    for blob in $(jq -r '.config.digest, .layers[].digest' "$WORK/out"); do
        run get "$blob"
        cmp "$WORK/out" "$TUG_STORE/blobs/${blob/://}" || fail "$blob is not what get wrote"
    done
    run get "sha256:$(printf '%064d' 7)"
    expect_status 3
    expect_text err "has no blob sha256:0"
    run get "$registry/app:9"
    expect_status 3
    run get
    expect_status 2
    run get "$blob" "$manifest"
    expect_status 2
    "$TUG" get "$blob" > /dev/full 2> "$WORK/err"
    status=$?
    expect_status 7
    expect_text err "tug: standard output: write: "
}

# Nothing is written: a store without write permission will do; a name cannot harm the terminal.
foreign_stores() {
    local before
    mkdir -p "$WORK/foreign/blobs/sha256"
    echo '{"imageLayoutVersion":"1.0.0"}' > "$WORK/foreign/oci-layout"
    printf '%s' '{"schemaVersion":2,"manifests":[{"mediaType":"application/x","size":2,"digest":' \
        '"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","annotations":' \
        '{"org.opencontainers.image.ref.name":"\u001b[2J\u202ex"}},7]}' > "$WORK/foreign/index.json"
    local braces=44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
    printf '{}' > "$WORK/foreign/blobs/sha256/$braces"
    before=$(find "$WORK/foreign" -printf '%P ')
    run --store "$WORK/foreign" images
    expect_status 0
    expect_text out '\x1b[2J\u{202e}x '
    expect_lines out 3
    run --store "$WORK/foreign" ls
    expect_lines out 2
    run --store "$WORK/foreign" active
    expect_lines out 1
    run --store "$WORK/foreign" get "sha256:$braces"
    expect_match out '{}'
    [ "$(find "$WORK/foreign" -printf '%P ')" = "$before" ] ||
        fail "something was made in the store"
    rm "$WORK/foreign/index.json"
    echo '{' > "$WORK/foreign/index.json"
    run --store "$WORK/foreign" images
    expect_status 7
    expect_text err "index.json"
    local command
    for command in images ls active verify prune "get x" "rm x"; do
        # shellcheck disable=SC2086 # words
        run --store "$WORK/no-store" $command
        expect_status 7
        expect_lines err 1
        expect_match err "tug: cannot open the store '$WORK/no-store': No such file or directory; \
fetch something first, or name the store with --store"
    done
}

usage() {
    run ls something
    expect_status 2
    run active something
    expect_status 2
    run ls --all-platforms
    expect_status 2
    expect_text err "no effect on 'ls'"
    run list
    expect_text err "'ls'"
    "$TUG" ls > /dev/full 2> "$WORK/err"
    status=$?
    expect_status 7
    expect_match err "tug: standard output: write: No space left on device"
    # someone who has read enough is no failure worth a line
    { "$TUG" ls --format json 2> "$WORK/err"; echo $? > "$WORK/out"; } | true
    expect_empty err
}

# An option that the help names is in the manual, and the other way round.
options_are_documented() {
    local command manual
    for command in images ls active get; do
        manual=../../man/tug-$command.1
        "$TUG" help "$command" | sed -nE 's/^  (-[A-Za-z], |    )--([a-z-]+)( .*)?$/\2/p' |
            grep -vxE 'store|quiet|verbose|debug|color|help|version' | sort > "$WORK/in-help"
        sed -nE 's/^\.It (Fl [A-Za-z] , )?Fl -([a-z-]+).*$/\2/p' "$manual" |
            sort > "$WORK/in-manual"
        cmp -s "$WORK/in-manual" "$WORK/in-help" || fail "$(diff "$WORK/in-manual" "$WORK/in-help")"
    done
}

run fetch "$registry/app:1" "$registry/app:2"
expect_status 0
columns_can_be_cut
json_has_all
what_is_missing_and_orphaned
get_writes_bytes
partial_downloads
foreign_stores
usage
options_are_documented
