# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with the other files
#
# Updates of an image whose layers can be put together: the content, the stores that have the old
# image, the cases. Sourced.
#
# The image has seven layers of 570 MB in all, compressed by this system's skopeo as zstd:chunked;
# delta/old:1 is the old one, delta/PERCENT:1 one of whose files so many per cent are new. In
# delta/0 the layers are built anew from the same files: times of folders differ (layer_tar.c).

delta_versions="old 0 2 20 100"

# Bytes of the archives; compressed they have five eighths of that.
delta_layers=(71000000 34000000 92000000 302000000 9000000 33000000 359000000)

# Move a file into a layout. Prints what is said of it in a descriptor.
put_blob() { # FILE LAYOUT
    local hex size
    hex=$(sha256sum < "$1" | cut -d ' ' -f 1) size=$(stat -c %s "$1")
    mv "$1" "$2/blobs/sha256/$hex"
    printf '"digest":"sha256:%s","size":%s' "$hex" "$size"
}

# An image that is not compressed yet.
make_plain_image() { # VERSION LAYOUT
    local bytes seed=0 layer layers="" ids="" config manifest
    mkdir -p "$2/blobs/sha256"
    for bytes in "${delta_layers[@]}"; do
        seed=$((seed + 1))
        "$obj/bench-layer" "$seed" "$bytes" "$1" > "$2/new" || fail "delta: no layer"
        layer=$(put_blob "$2/new" "$2")
        layers+=",{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",$layer}"
        ids+=,\"$(cut -d '"' -f 4 <<< "$layer")\"
    done
    printf '{"architecture":"amd64","os":"linux","author":"delta %s","config":{},"rootfs":%s}' \
        "$1" "{\"type\":\"layers\",\"diff_ids\":[${ids#,}]}" > "$2/new"
    config=$(put_blob "$2/new" "$2")
    printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' "$manifest_type" \
        "{\"mediaType\":\"$config_type\",$config}" "${layers#,}" > "$2/new"
    manifest=$(put_blob "$2/new" "$2")
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s",%s,"annotations":{"%s":"1"}}]}' \
        "$manifest_type" "$manifest" org.opencontainers.image.ref.name > "$2/index.json"
    echo '{"imageLayoutVersion":"1.0.0"}' > "$2/oci-layout"
}

make_delta_image() { # VERSION
    local plain=$content/delta-plain chunked=$content/delta-chunked hex
    empty_folder "$plain"
    empty_folder "$chunked"
    make_plain_image "$1" "$plain"
    skopeo --insecure-policy copy -q --dest-compress --dest-compress-format zstd:chunked \
        "oci:$plain:1" "oci:$chunked:1" 2> "$work/err" ||
        fail "delta: $(tail -n 2 "$work/err")"
    hex=$(sed 's/.*"digest":"sha256:\([0-9a-f]*\)".*/\1/' "$chunked/index.json")
    mkdir -p "$content/tags/delta/$1"
    cp "$chunked/blobs/sha256/$hex" "$content/tags/delta/$1/1"
    echo "/v2/delta/$1/manifests/1 sha256:$hex;" >> "$content/digests.map"
    mv "$chunked"/blobs/sha256/* "$blobs"
    rm -rf "$plain" "$chunked"
}

# skopeo needs two minutes of a core for each version. Kept from run to run, like the rest.
make_delta_content() {
    local stamp=1 version
    if [ "$(cat "$content/delta-stamp" 2> /dev/null)" = "$stamp" ]; then
        return
    fi
    sed -i '\:^/v2/delta/:d' "$content/digests.map"
    for version in $delta_versions; do
        echo "bench: making the image delta/$version" >&2
        make_delta_image "$version"
    done
    echo "$stamp" > "$content/delta-stamp"
    sync -f "$content"
}

needs_delta_content() { # CASE…
    [[ " $* " = *" delta"* ]]
}

# What has the old image already, for each program. Made once in a call.
make_old_stores() {
    [ ! -e "$work/old/tug" ] || return 0
    mkdir -p "$work/old"
    "$tug" --store "$work/old/tug" fetch --progress none --plain-http "${host[nginx]}/delta/old:1" \
        > /dev/null 2> "$work/err" || fail "delta: $(tail -n 2 "$work/err")"
    skopeo --insecure-policy copy -q --src-tls-verify=false "docker://${host[nginx]}/delta/old:1" \
        "oci:$work/old/skopeo:old" 2> "$work/err" || fail "delta: $(tail -n 2 "$work/err")"
}

# Let the store be as the old image left it. Its blobs are links: no program writes into a blob, all
# begin with the same pages in memory, and the disk has nothing to do before a run. (What has other
# names is kept when a store is put away.)
begin_with_old_image() { # PROGRAM
    local from=$work/old/tug
    [[ $1 != skopeo* ]] || from=$work/old/skopeo
    cp -a --link "$from/blobs" "$store/blobs"
    find "$from" -mindepth 1 -maxdepth 1 ! -name blobs -exec cp -a -t "$store" {} +
}

# The update, and the plain fetch of the same image into the same store. skopeo fetches plainly at
# its own number of connections; one round of it is enough where the link decides.
measure_delta() { # PERCENT ROUNDS-CAPPED
    local has_old_image=yes
    make_old_stores
    image=delta/$1
    measure_case "delta$1" nginx tug tug-plain skopeo-here
    trace_case "delta$1" nginx tug
    with_rounds "$((rounds < $2 ? rounds : $2))" measure_case "delta$1" capped tug-8 tug-plain-8
    with_rounds 1 measure_case "delta$1" capped skopeo-here
}

case_delta0() {
    measure_delta 0 3
}

case_delta2() {
    measure_delta 2 5
}

case_delta20() {
    measure_delta 20 3
}

case_delta100() {
    measure_delta 100 3
}
