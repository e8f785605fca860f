#!/bin/bash
# export -o: the file is the whole archive or what was there before, whatever goes wrong; on stdout
# what cannot be written is said.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
folder=$WORK/folder
file=$folder/images.tar

# Nothing has changed in the folder of the file.
expect_before() {
    [ "$(cat "$file")" = before ] || fail "$case: the file has changed"
    [ "$(ls -A "$folder")" = images.tar ] || fail "$case: left over: $(ls -A "$folder")"
}

# Export what must fail, to the file and to stdout.
refuse() { # CASE STATUS REGEX WORD…
    case=$1
    run export -o "$file" "${@:4}"
    [ "$status" -eq "$2" ] || fail "$case: exit status $status"
    expect_match err "tug: $3"
    expect_lines err 1
    expect_before
    run export "${@:4}"
    [ "$status" -eq "$2" ] || fail "$case, to stdout: exit status $status"
    expect_match err "tug: $3"
    expect_empty out # nobody gets half an archive of what is not there
}

whole() {
    run export -o "$file" "$ref"
    expect_status 0
    expect_empty out
    expect_empty err
    cp "$file" "$WORK/whole.tar"
    [ "$(stat -c %a "$file")" = 644 ] || fail "mode $(stat -c %a "$file")"
    [ "$(ls -A "$folder")" = images.tar ] || fail "left over: $(ls -A "$folder")"
    tar -tf "$file" > "$WORK/members" || fail "tar"
    for member in oci-layout index.json manifest.json; do
        grep -qx "$member" "$WORK/members" || fail "no $member"
    done
    (cd "$folder" && run export -o images.tar "$ref" && expect_status 0 &&
        cmp images.tar ../whole.tar) ||
        fail "a relative name"
    echo before > "$file"
}

refused() {
    refuse "no such image" 3 ".*absent.*" "$registry/absent:1"
    refuse "one of two is not there" 3 ".*absent.*" "$ref" "$registry/absent:1"
    refuse "a platform that it does not have" 3 ".*" --platform linux/s390x "$ref"
    mv "$layer" "$WORK/layer"
    refuse "a layer that is missing" 3 ".*$ref.*" "$ref"
    run export --partial -o "$file" "$ref"
    expect_status 0
    tar -tf "$file" > "$WORK/members" || fail "tar"
    ! grep -qF "${layer##*/}" "$WORK/members" || fail "a member for what is not there"
    mv "$WORK/layer" "$layer"
    echo before > "$file"
    # Noticed while it is written.
    case="a layer of other content"
    chmod u+w "$layer"
    cp "$layer" "$WORK/layer"
    printf 'damaged' | dd of="$layer" bs=1 seek=1000 conv=notrunc 2> "$WORK/dd"
    run export -o "$file" "$ref"
    expect_status 6
    expect_match err "tug: .*${layer##*/}.*"
    expect_before
    cp "$WORK/layer" "$layer"
}

cannot_be_written() {
    run export -o "$WORK/no/such/folder/images.tar" "$ref"
    expect_status 7
    expect_match err "tug: .*no/such/folder.*"
    run export -o "$folder" "$ref"
    expect_status 7
    "$TUG" export "$ref" > /dev/full 2> "$WORK/err"
    status=$?
    expect_status 7
    expect_match err "tug: .*[Nn]o space left.*"
    # A reader that has seen enough: no message, as when head ends any other program.
    "$TUG" export "$ref" 2> "$WORK/err" | head -c 1000 > "$WORK/out"
    status=${PIPESTATUS[0]}
    [ "$status" -ne 0 ] || fail "half an archive, and exit status 0"
}

# Killed at any moment: what was there before, or all of it.
killed() {
    local signal delay pid
    for signal in TERM KILL TERM KILL; do
        for delay in 0.001 0.005 0.010 0.015 0.020 0.030; do
            echo before > "$file"
            "$TUG" export -o "$file" "$ref" > "$WORK/out" 2> "$WORK/err" &
            pid=$!
            sleep "$delay"
            kill "-$signal" "$pid" 2> /dev/null
            wait "$pid" 2> /dev/null
            [ "$(head -c 6 "$file")" = before ] || cmp -s "$file" "$WORK/whole.tar" ||
                fail "killed by SIG$signal: half an archive"
            [ "$signal" = KILL ] || [ "$(ls -A "$folder")" = images.tar ] ||
                fail "left over after SIGTERM: $(ls -A "$folder")"
        done
    done
}

start_registry --generate app:1=3M:3
ref=$registry/app:1
run fetch -q --plain-http "$ref"
expect_status 0
manifest=$(cut -d ' ' -f 2 "$WORK/out")
layer=$TUG_STORE/blobs/$(jq -r '.layers[1].digest' "$TUG_STORE/blobs/${manifest/://}" | tr : /)
mkdir "$folder"
whole
refused
cannot_be_written
killed
