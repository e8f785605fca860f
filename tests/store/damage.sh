#!/bin/bash
# Every kind of damage to blobs: verify reports exactly what is wrong, and with --repair all is as
# before, with only what was damaged fetched again.
# shellcheck source-path=SCRIPTDIR source=lib_damage.sh
. "$(dirname "$0")/lib_damage.sh"

# One damage of one blob. COMMAND gets its path.
damage() { # NAME DIGEST COMMAND…
    local digest=$2 file
    take_store
    file=store/blobs/${digest/://}
    "${@:3}" "$file"
    mend "$1 of $digest by $3" "$digest" <<< "$1 $digest"
    if [ -e "$file.damaged" ]; then
        [ -e "$file.damaged/with/file" ] || fail "$case: what is $file.damaged?"
        rm -r "$file.damaged"
    fi
    expect_whole
}

flip() {
    chmod u+w "$1"
    printf '\377' | dd of="$1" bs=1 seek=10 conv=notrunc 2> dd.err
    chmod u-w "$1"
}

make_shorter() { chmod u+w "$1" && truncate -s -1 "$1" && chmod u-w "$1"; }
make_empty() { chmod u+w "$1" && truncate -s 0 "$1" && chmod u-w "$1"; }
make_longer() { chmod u+w "$1" && echo more >> "$1" && chmod u-w "$1"; }
put_full_folder() { rm "$1" && mkdir -p "$1/with" && touch "$1/with/file"; }

# Several blobs at once, of one image all that it has.
damage_several() {
    local digest
    take_store
    flip "store/blobs/${config/://}"
    remove "store/blobs/${layer/://}"
    mend "two blobs" "$config" "$layer" << END
wrong-content $config
missing $layer
END
    expect_whole
    take_store
    rm -rf store/blobs
    mend "no blobs" "${all[@]}" < <(jq -r '.manifests[] | "missing \(.digest)"' store/index.json)
    expect_whole
}

# Only what is asked for is looked at and fetched.
damage_of_others() {
    case="damage to another image"
    take_store
    flip "store/blobs/${layer/://}"
    run_verify 0 "$registry/other:1"
    run_verify 6 --format json "$registry/app:1"
    expect_findings "wrong-content $layer"
    run_verify 6 --format json "$layer"
    expect_findings "wrong-content $layer"
}

# What nothing names: right content stays, wrong content goes, and nothing is fetched.
damage_orphans() {
    local right wrong
    take_store
    right=$(echo right | sha256sum | cut -d ' ' -f 1)
    wrong=$(echo wrong | sha256sum | cut -d ' ' -f 1)
    echo right > "store/blobs/sha256/$right"
    echo other > "store/blobs/sha256/$wrong"
    mend "orphans" <<< "wrong-content sha256:$wrong"
    [ -e "store/blobs/sha256/$right" ] || fail "an orphan with the right content is gone"
    rm -f "store/blobs/sha256/$right"
    expect_whole
}

# Files of others are told of, and left where they are.
foreign() {
    local names=(notes pipe blobs/file blobs/link blobs/md5 blobs/sha256/notes blobs/sha256/pipe
        blobs/sha256/folder)
    case="foreign files"
    take_store
    mkdir -p store/blobs/md5 store/blobs/sha256/folder
    touch store/notes store/blobs/file store/blobs/md5/file store/blobs/sha256/notes
    mkfifo store/pipe store/blobs/sha256/pipe
    ln -s /etc/passwd store/blobs/link
    run_verify 0 --format json
    expect_findings "${names[@]/#/foreign-file }"
    look_at store > before
    run_verify 0 --repair --plain-http
    look_at store > after
    cmp before after || fail "$case: a repair touched them"
}

for digest in "$layer" "$config" "$manifest"; do
    damage wrong-content "$digest" flip
    damage missing "$digest" remove
    damage wrong-size "$digest" make_empty
done
damage wrong-size "$layer" make_shorter
damage wrong-size "$layer" make_longer
damage not-a-file "$layer" put_link
damage not-a-file "$layer" put_fifo
damage not-a-file "$layer" put_folder
damage not-a-file "$layer" put_full_folder
damage_several
damage_of_others
damage_orphans
foreign
