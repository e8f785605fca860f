# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with the other files
#
# Images of seeded random bytes, as static files for nginx and as docker-registry's storage.
# Sourced.
#
# Below $content: blobs/sha256/HEX; tags/REPOSITORY/TAG (the manifest); lists/REPOSITORY (what the
# limit program reads: PATH HEX SIZE); digests.map (for nginx); storage/ (docker-registry). Blobs
# begin like gzip, so that no peer compresses them. Kept from run to run.

blobs=$content/blobs/sha256
manifest_type=application/vnd.oci.image.manifest.v1+json
config_type=application/vnd.oci.image.config.v1+json
layer_type=application/vnd.oci.image.layer.v1.tar+gzip

# Bytes that look random, the same each time. Prints "HEX SIZE".
make_blob() { # SEED BYTES
    local key hex
    key=$(printf '%s' "$1" | sha256sum | cut -c 1-32)
    {
        printf '\x1f\x8b\x08\0\0\0\0\0\0\x03'
        head -c $(($2 - 10)) /dev/zero |
            openssl enc -aes-128-ctr -K "$key" -iv 00000000000000000000000000000000
    } > "$content/new"
    hex=$(sha256sum "$content/new" | cut -d ' ' -f 1)
    mv "$content/new" "$blobs/$hex"
    echo "$hex $2"
}

link_file() { # FOLDER DIGEST
    mkdir -p "$1"
    printf '%s' "$2" > "$1/link"
}

# Let docker-registry have a blob too, without a second copy.
store_blob() { # REPOSITORY HEX
    local data=$content/storage/docker/registry/v2/blobs/sha256/${2:0:2}/$2/data
    mkdir -p "${data%/data}"
    ln -f "$blobs/$2" "$data"
    link_file "$content/storage/docker/registry/v2/repositories/$1/_layers/sha256/$2" "sha256:$2"
}

store_manifest() { # REPOSITORY HEX
    local manifests=$content/storage/docker/registry/v2/repositories/$1/_manifests
    store_blob "$1" "$2"
    link_file "$manifests/revisions/sha256/$2" "sha256:$2"
    link_file "$manifests/tags/1/current" "sha256:$2"
    link_file "$manifests/tags/1/index/sha256/$2" "sha256:$2"
}

layer_json() { # HEX SIZE
    printf '{"mediaType":"%s","digest":"sha256:%s","size":%s}' "$layer_type" "$1" "$2"
}

# Put an image together from blobs that are there, "HEX SIZE" a line on stdin.
make_image() { # REPOSITORY
    local hex size config layers="" ids="" list=$content/lists/$1
    mkdir -p "$(dirname "$list")" "$content/tags/$1"
    : > "$list"
    while read -r hex size; do
        layers+=,$(layer_json "$hex" "$size")
        ids+=,\"sha256:$hex\"
        echo "/v2/$1/blobs/sha256:$hex $hex $size" >> "$list"
        store_blob "$1" "$hex"
    done
    printf '{"architecture":"amd64","os":"linux","author":"%s","config":{},"rootfs":%s}' \
        "$1" "{\"type\":\"layers\",\"diff_ids\":[${ids#,}]}" > "$content/new"
    config=$(sha256sum "$content/new" | cut -d ' ' -f 1)
    size=$(stat -c %s "$content/new")
    mv "$content/new" "$blobs/$config"
    store_blob "$1" "$config"
    echo "/v2/$1/blobs/sha256:$config $config $size" >> "$list"
    config=$(printf '{"mediaType":"%s","digest":"sha256:%s","size":%s}' \
        "$config_type" "$config" "$size")
    printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
        "$manifest_type" "$config" "${layers#,}" > "$content/tags/$1/1"
    hex=$(sha256sum "$content/tags/$1/1" | cut -d ' ' -f 1)
    cp "$content/tags/$1/1" "$blobs/$hex"
    store_manifest "$1" "$hex"
    echo "/v2/$1/manifests/1 sha256:$hex;" >> "$content/digests.map"
}

make_layers() { # SEED BYTES…
    local seed=$1 number=0 size
    shift
    for size in "$@"; do
        number=$((number + 1))
        make_blob "$seed-$number" "$size"
    done
}

repeat() { # COUNT WORD
    local i
    for ((i = 0; i < $1; i++)); do
        echo "$2"
    done
}

# 40 images: three layers that all share, one of its own each.
make_images40() {
    local number
    make_layers shared $((24 << 20)) $((12 << 20)) $((4 << 20)) > "$content/shared"
    for ((number = 1; number <= 40; number++)); do
        {
            cat "$content/shared"
            make_blob "own-$number" 65536
        } | make_image "many/$number"
    done
}

# 10 000 references with a manifest each, which differ in an annotation; only for nginx. The
# manifests are written by one awk and hashed by one sha256sum.
make_refs() {
    local base
    make_layers refs 20480 | make_image refs/base
    base=$(sed 's/}$//' "$content/tags/refs/base/1")
    seq -f "$content/tags/refs/%.0f" 1 10000 | xargs mkdir -p
    seq 1 10000 | awk -v base="$base" -v folder="$content/tags/refs" '{ file = folder "/" $1 "/1"
        printf "%s,\"annotations\":{\"number\":\"%s\"}}", base, $1 > file; close(file) }'
    (cd "$content/tags" &&
        find refs -name 1 -type f -not -path 'refs/base/*' -print0 | xargs -0 sha256sum) |
        awk '{ sub(/\/1$/, "", $2); print "/v2/" $2 "/manifests/1 sha256:" $1 ";" }' \
            >> "$content/digests.map"
}

# The sizes of "seven" are those of a usual Python image with its system below: 628 MB.
make_content() {
    local stamp=4
    if [ "$(cat "$content/stamp" 2> /dev/null)" = "$stamp" ]; then
        return
    fi
    echo "bench: making the images" >&2
    empty_folder "$content"
    mkdir -p "$blobs" "$content/lists"
    make_layers one $((1 << 30)) | make_image one
    make_layers seven 49500000 24000000 64300000 211000000 6200000 23000000 250000000 |
        make_image seven
    # shellcheck disable=SC2046 # numbers
    make_layers mid $(repeat 64 $((4 << 20))) | make_image mid
    # shellcheck disable=SC2046
    make_layers small $(repeat 200 20480) | make_image small
    # shellcheck disable=SC2046
    make_layers ten $(repeat 10 20480) | make_image ten
    make_layers one64 $((64 << 20)) | make_image one64
    make_layers two $((200 << 20)) | make_image two
    make_images40
    make_refs
    echo "$stamp" > "$content/stamp"
    sync -f "$content"
}

# Everything into the page cache: the disk of the server is not what is measured.
warm_content() {
    find "$content/blobs" "$content/tags" -type f -print0 | xargs -0 cat > /dev/null
}
