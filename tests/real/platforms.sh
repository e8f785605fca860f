#!/bin/bash
# Which content is fetched: --platform, --all-platforms, --all-metadata, --metadata-only.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# The content of the index's images. They are the same all the time: the registry is asked once.
declare -A known_content
content_of() { # ARCHITECTURE PART
    local text
    text=$(manifest_content real/index "$(index_entry real/index 1 "$1")" "$2")
    known_content[$1 $2]=$text
}

all_content() { # ARCHITECTURE…; "metadata" before those of which only that is wanted
    local part=all arch
    echo "$index_digest"
    for arch in "$@"; do
        if [ "$arch" = metadata ]; then
            part=metadata
        else
            echo "${known_content[$arch $part]}"
        fi
    done
}

# Fetch into a fresh store and look what is in it. Wanted digests are on stdin.
fetch_fresh() { # REFERENCE OPTION…
    local ref=$1
    shift
    rm -rf "$STORE"
    tug_run 0 fetch "$@" "$ref"
    check_store "$STORE"
    assert_blobs "$STORE"
}

choose_on_index() {
    all_content arm64 | fetch_fresh "$index" --platform linux/arm64
    all_content arm | fetch_fresh "$index" --platform linux/arm/v7
    all_content arm | fetch_fresh "$index" --platform linux/arm
    all_content amd64 arm64 |
        fetch_fresh "$index" --platform linux/amd64 --platform linux/arm64
    all_content arm64 | fetch_fresh "$index" --platform linux/arm64 --skip-metadata
    all_content amd64 arm64 arm unknown | fetch_fresh "$index" --all-platforms
    all_content arm64 metadata amd64 arm unknown |
        fetch_fresh "$index" --platform linux/arm64 --all-metadata
    all_content metadata arm64 | fetch_fresh "$index" --platform linux/arm64 --metadata-only
    all_content metadata amd64 arm64 arm unknown |
        fetch_fresh "$index" --all-platforms --metadata-only
    all_content metadata amd64 arm64 arm unknown |
        fetch_fresh "$index" --platform linux/arm64 --all-metadata --metadata-only
}

# Without --platform it is this machine's.
choose_default() {
    case $(dpkg --print-architecture) in
    amd64) all_content amd64 | fetch_fresh "$index" ;;
    arm64) all_content arm64 | fetch_fresh "$index" ;;
    armhf) all_content arm | fetch_fresh "$index" ;;
    *) tug_run 3 fetch "$index" ;;
    esac
}

# A fetch that wants more completes what another left.
choose_more() {
    all_content metadata arm64 | fetch_fresh "$index" --platform linux/arm64 --metadata-only
    tug_run 0 fetch --platform linux/arm64 "$index"
    all_content arm64 | assert_blobs "$STORE"
    tug_run 0 fetch --platform linux/amd64 "$index"
    all_content arm64 amd64 | assert_blobs "$STORE"
    check_store "$STORE"
    assert_json "$STORE/index.json" "index.json" '.manifests | length == 1'
}

choose_missing() {
    local platform
    rm -rf "$STORE"
    tug_refuse 3 "tug: $index: " fetch --platform linux/s390x "$index"
    for platform in linux/s390x linux/amd64 linux/arm64 linux/arm/v7; do
        assert_file_has "$ERR" "$platform"
    done
    assert_json "$STORE/index.json" "names in the store" '.manifests | length == 0'

    # One that is there does not make up for one that is not.
    tug_refuse 3 linux/s390x fetch --platform linux/amd64 --platform linux/s390x "$index"
    tug_refuse 3 windows/amd64 fetch --platform windows/amd64 "$index"
    for platform in linux/ linux/amd64/v2/x "linux/a b"; do
        tug_refuse 2 "tug: --platform '$platform': " fetch --platform "$platform" "$index"
    done
}

choose_on_single() {
    local digest option
    digest=$(registry_digest real/single 1)
    manifest_content real/single "$digest" | fetch_fresh "$single" --all-platforms
    assert_file_lacks_warnings
    for option in --all-metadata --skip-metadata; do
        manifest_content real/single "$digest" |
            fetch_fresh "$single" --platform linux/amd64 "$option"
        assert_file_lacks_warnings
    done
    manifest_content real/single "$digest" metadata |
        fetch_fresh "$single" --platform linux/amd64 --metadata-only
    # It says that it is for another platform than the one that was asked for.
    tug_refuse 3 linux/amd64 fetch --platform linux/arm64 "$single"
}

assert_file_lacks_warnings() {
    ! grep -i warning "$ERR" || fail "a warning where none is due"
}

use_registry
use_image index single
index=$REGISTRY/real/index:1
single=$REGISTRY/real/single:1
index_digest=$(registry_digest real/index 1)
for arch in amd64 arm64 arm unknown; do
    content_of "$arch" all
    content_of "$arch" metadata
done
choose_on_index
choose_default
choose_more
choose_missing
choose_on_single
