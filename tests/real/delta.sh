#!/bin/bash
# Updates that transfer only what changed: layers by skopeo (zstd:chunked) and by
# stargz-snapshotter's ctr-remote (eStargz), of which 2 % of the files differ, from a real registry.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_tools.sh
. "$here/lib_tools.sh"

# Content and time, sizes that cross 512, a file that comes, one that goes, one that is renamed, and
# a new directory early in the archive.
change_files() { # FOLDER
    local file number=0 files
    mapfile -t files < <(find "$1" -type f -size +1k -size -40k | sort)
    for file in "${files[@]}"; do
        number=$((number + 1))
        case $((number % 100)) in
        1) printf 'changed %s\n' "$number" | dd of="$file" conv=notrunc status=none ;;
        34) seq 200 >> "$file" ;;
        67) truncate -s -3 "$file" ;;
        *) continue ;;
        esac
        touch -d @$((1700000000 + number)) "$file"
    done
    mkdir "$1/aaa" && echo new > "$1/aaa/new"
    mv "${files[5]}" "${files[5]}-renamed"
    rm "${files[8]}"
}

# An image of one layer, not compressed. (skopeo 1.9 waits for ever at the end of some padded
# archives: -b 1.)
make_layout() { # FOLDER LAYOUT
    local blobs=$2/blobs/sha256 layer config manifest type=application/vnd.oci.image
    mkdir -p "$blobs"
    put() {
        local digest
        digest=$(sha256sum < "$1" | cut -d ' ' -f 1)
        printf '"digest":"sha256:%s","size":%s' "$digest" "$(stat -c %s "$1")"
        mv "$1" "$blobs/$digest"
    }
    tar -C "$1" -b 1 --sort=name --owner=0 --group=0 --numeric-owner -cf scratch .
    layer=$(put scratch)
    printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers",%s}}' \
        "\"diff_ids\":[\"$(expr "$layer" : '"digest":"\([^"]*\)')\"]" > scratch
    config=$(put scratch)
    printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
        "$type.manifest.v1+json" "{\"mediaType\":\"$type.config.v1+json\",$config}" \
        "{\"mediaType\":\"$type.layer.v1.tar\",$layer}" > scratch
    manifest=$(put scratch)
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s",%s,"annotations":{"%s":"1"}}]}' \
        "$type.manifest.v1+json" "$manifest" org.opencontainers.image.ref.name > "$2/index.json"
    echo '{"imageLayoutVersion":"1.0.0"}' > "$2/oci-layout"
}

# Bytes of the layer of an image.
layer_bytes() { # REPOSITORY TAG
    skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/$1:$2" | jq '.layers[0].size'
}

# Fetch a version; sets received: bytes that came over the network.
fetch_version() { # REFERENCE [OPTION…]
    local reference=$1
    shift
    tug_run 0 fetch --progress json --format json "$@" "$reference"
    received=$(jq -r 'select(.type == "summary") | .bytesReceived' "$ERR")
}

# The layer has the registry's digest, and others read it.
check_content() { # REPOSITORY
    tug_run 0 verify
    rm -rf copied
    skopeo copy -q "oci:$STORE:$REGISTRY/$1:2" "dir:$PWD/copied"
    assert_equal "skopeo's copy of $1" \
        "$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/$1:2" | sha256sum)" \
        "$(sha256sum < copied/manifest.json)"
    umoci list --layout "$STORE" > names
    assert_file_has names "$REGISTRY/$1:2"
    umoci stat --image "$STORE:$REGISTRY/$1:2" > umoci.log 2>&1 ||
        fail "umoci stat: $(tail -n 5 umoci.log)"
}

# umoci of Debian 12 reads manifest and config of an image with zstd layers (check_content), but
# knows no such layers: "blob is not correct mediatype". So it unpacks eStargz only, whose tables
# and marks are files to it.
unpack() { # REPOSITORY
    rm -rf bundle
    umoci unpack --rootless --image "$STORE:$REGISTRY/$1:2" bundle > umoci.log 2>&1 ||
        fail "umoci unpack: $(tail -n 5 umoci.log)"
    assert_same_lines "differences of what umoci unpacks" \
        "Only in bundle/rootfs: .no.prefetch.landmark
Only in bundle/rootfs: stargz.index.json" "$(diff -rq --no-dereference files2 bundle/rootfs)"
}

# A dry run knows the bounds of an update; sets least: the lower one.
check_plan() { # REFERENCE LAYER_BYTES
    local total
    tug_run 0 fetch --dry-run --format json "$1"
    # shellcheck disable=SC2016 # jq's variables
    assert_json "$OUT" "a plan" -s '([.[0].planned[] | select(.donor)] | length == 1) and
        (.[0].planned[] | select(.donor) | .size == $size and .bytesLeast < $size / 4 and
            (.donor | test("^sha256:[0-9a-f]{64}$"))) and
        .[1].total.bytes - .[1].total.bytesLeast == (.[0].planned[] | select(.donor) |
            .size - .bytesLeast)' --argjson size "$2"
    least=$(jq 'select(.planned) | .planned[] | select(.donor) | .bytesLeast' "$OUT")
    total=$(jq -r 'select(.total).total | "total \(.blobs) \(.bytes) \(.bytesLeast)"' "$OUT")
    tug_run 0 fetch --dry-run "$1"
    assert_equal "the total of a plan" "$total" "$(tail -n 1 "$OUT")"
    assert_equal "layers that may be put together" 1 \
        "$(grep -cxE "  sha256:[0-9a-f]{64} $2 $least sha256:[0-9a-f]{64}" "$OUT")"
}

update() { # REPOSITORY PERCENT
    local size least
    STORE=$PWD/store-${1##*/}
    size=$(layer_bytes "$1" 2)
    fetch_version "$REGISTRY/$1:1"
    check_plan "$REGISTRY/$1:2" "$size"
    fetch_version "$REGISTRY/$1:2"
    assert_at_least "bytes of an update of $1" "$least" "$received"
    assert_at_most "bytes of an update of $1" $((size * $2 / 100 + 2000)) "$received"
    # shellcheck disable=SC2016 # jq's variables
    assert_json "$OUT" "the result" \
        '.bytesCopied + .bytesFetched > $size and .bytesFetched < $most' \
        --argjson size "$size" --argjson most $((size * $2 / 100 + 2000))
    assert_equal "bytes copied, in the summary" "$(jq .bytesCopied "$OUT")" \
        "$(jq 'select(.type == "summary") | .bytesCopied' "$ERR")"
    check_content "$1"
}

# From another store, which stays as it is; and not at all.
donors() { # REPOSITORY
    local size donor=$PWD/store-${1##*/} before
    size=$(layer_bytes "$1" 2)
    before=$(find "$donor" -printf '%P %s %t\n' | sort)
    STORE=$PWD/store-donated
    fetch_version "$REGISTRY/$1:2" --donor "$donor"
    assert_at_most "bytes of a fetch with a donor" $((size / 10)) "$received"
    assert_same_lines "the donor" "$before" "$(find "$donor" -printf '%P %s %t\n' | sort)"
    check_content "$1"
    STORE=$PWD/store-plain
    fetch_version "$REGISTRY/$1:1"
    fetch_version "$REGISTRY/$1:2" --delta off
    assert_at_least "bytes of a fetch without deltas" "$size" "$received"
    tug_refuse 7 "no-such-store" fetch --donor "$PWD/no-such-store" "$REGISTRY/$1:1"
}

push_zstd() { # VERSION
    skopeo copy -q --dest-tls-verify=false --dest-compress --dest-compress-format zstd:chunked \
        "oci:$PWD/plain$1:1" "docker://$REGISTRY/delta/zstd:$1" 2> skopeo.log
}

push_estargz() { # VERSION
    tar -C "plain$1" -cf plain.tar .
    in_ctr images import --no-unpack --base-name "plain/image" plain.tar > ctr.log
    ctr-remote -a "$WORK/ctd.sock" images convert --estargz --oci \
        plain/image:1 "$REGISTRY/delta/estargz:$1" >> ctr.log
    in_ctr images push --plain-http "$REGISTRY/delta/estargz:$1" >> ctr.log
}

use_registry
mkdir files1
cp -a /usr/share/perl/. files1
cp -a files1 files2
change_files files2
make_layout files1 plain1
make_layout files2 plain2

push_zstd 1
push_zstd 2
update delta/zstd 4
donors delta/zstd

why=$(why_not ctr-remote)
if [ -n "$why" ]; then
    echo "= left out: eStargz: $why"
elif start_containerd; then
    push_estargz 1
    push_estargz 2
    update delta/estargz 6
    unpack delta/estargz
fi
