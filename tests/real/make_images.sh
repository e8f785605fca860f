# shellcheck shell=bash
#
# Images made from real Debian files with umoci, pushed into the registry. Sourced by lib.sh.
#
# use_image NAME… makes what is not in the registry yet:
#   single    real/single:1    one OCI manifest, two layers
#   index     real/index:1     an OCI index: amd64, arm64, arm/v7, and an attestation of the first
#   docker    real/docker:1    a Docker manifest list of the same three platforms
#   layers64  real/layers64:1  64 layers
#   large     real/large:1     300 MB and more, layers that are not compressed
# All are built in one layout, and kept for the scripts that run after this one.

images_folder=$WORK/images
layout=$images_folder/layout
large_bytes=$((310 * 1000 * 1000))
large_layer_bytes=$((62 * 1000 * 1000))
index_type=application/vnd.oci.image.index.v1+json
manifest_type=application/vnd.oci.image.manifest.v1+json
docker_list_type=application/vnd.docker.distribution.manifest.list.v2+json
docker_manifest_type=application/vnd.docker.distribution.manifest.v2+json

# Run a tool; what it says matters only when it fails.
quietly() { # COMMAND…
    "$@" > "$images_folder/log" 2>&1 || fail "$*: $(tail -n 5 "$images_folder/log")"
}

layout_digest() { # TAG
    jq -r --arg tag "$1" '.manifests[]
        | select(.annotations."org.opencontainers.image.ref.name" == $tag) | .digest' \
        "$layout/index.json"
}

layout_path() { # DIGEST
    printf '%s/blobs/%s' "$layout" "${1/://}"
}

# Take a file into the layout. Prints its descriptor.
add_blob() { # FILE MEDIA-TYPE
    local hex
    hex=$(sha256sum "$1" | cut -d ' ' -f 1)
    cp "$1" "$layout/blobs/sha256/$hex"
    jq -n -c --arg type "$2" --arg digest "sha256:$hex" --argjson size "$(stat -c %s "$1")" \
        '{mediaType: $type, digest: $digest, size: $size}'
}

# Take a JSON text from stdin into the layout. Prints its descriptor.
add_json() { # MEDIA-TYPE
    cat > "$images_folder/document.json"
    add_blob "$images_folder/document.json" "$1"
}

name_in_layout() { # TAG DESCRIPTOR
    jq -c --arg tag "$1" --argjson descriptor "$2" '.manifests |= map(select(
        .annotations."org.opencontainers.image.ref.name" != $tag))
        + [$descriptor + {annotations: {"org.opencontainers.image.ref.name": $tag}}]' \
        "$layout/index.json" > "$images_folder/index.json"
    mv "$images_folder/index.json" "$layout/index.json"
}

new_image() { # TAG ARCHITECTURE
    quietly umoci new --image "$layout:$1"
    quietly umoci config --image "$layout:$1" --os linux --architecture "$2" \
        --config.entrypoint /bin/busybox
}

insert_file() { # TAG SOURCE TARGET
    quietly umoci insert --rootless --image "$layout:$1" "$2" "$3"
}

push() { # TAG REPOSITORY:TAG OPTION…
    local tag=$1 target=$2
    shift 2
    quietly skopeo copy --dest-tls-verify=false "$@" "oci:$layout:$tag" "docker://$REGISTRY/$target"
}

# The first so many program and library files of this machine, by name.
real_files() { # COUNT FIND-CONDITION…
    local count=$1
    shift
    find /usr/lib /usr/bin -xdev -type f -readable "$@" -print | sort > "$images_folder/files"
    assert_at_least "files for an image" "$count" "$(wc -l < "$images_folder/files")"
    head -n "$count" "$images_folder/files"
}

make_platforms() {
    local arch
    for arch in amd64 arm64 arm; do
        new_image "$arch" "$arch"
        insert_file "$arch" /bin/busybox /bin/busybox
        real_files 4 -size +16k -size -200k | case $arch in
        amd64) sed -n 1,2p ;;
        arm64) sed -n 2,3p ;;
        arm) sed -n 4p ;;
        esac > "$images_folder/chosen"
        while read -r file; do
            insert_file "$arch" "$file" "$file"
        done < "$images_folder/chosen"
    done
}

# A statement about the amd64 image, as a manifest whose layer is no file system. Prints its
# descriptor.
add_attestation() {
    local config layer
    config=$(jq -n -c '{architecture: "unknown", os: "unknown", config: {},
        rootfs: {type: "layers", diff_ids: []}}' |
        add_json application/vnd.oci.image.config.v1+json)
    layer=$(dpkg-query -W -f '${Package} ${Version}\n' | jq -R -s -c '{_type:
        "https://in-toto.io/Statement/v0.1", predicateType: "https://spdx.dev/Document",
        subject: [], predicate: {packages: split("\n")}}' | add_json application/vnd.in-toto+json)
    jq -n -c --argjson config "$config" --argjson layer "$layer" --arg type "$manifest_type" \
        '{schemaVersion: 2, mediaType: $type, config: $config, layers: [$layer
        + {annotations: {"in-toto.io/predicate-type": "https://spdx.dev/Document"}}]}' |
        add_json "$manifest_type"
}

# The index entry of an image in the layout.
platform_entry() { # TAG MEDIA-TYPE DIGEST SIZE
    jq -n -c --arg arch "$1" --arg type "$2" --arg digest "$3" --argjson size "$4" \
        '{mediaType: $type, digest: $digest, size: $size,
         platform: ({architecture: $arch, os: "linux"}
         + if $arch == "arm" then {variant: "v7"} else {} end)}'
}

layout_entry() { # TAG
    local digest
    digest=$(layout_digest "$1")
    platform_entry "$1" "$manifest_type" "$digest" "$(stat -c %s "$(layout_path "$digest")")"
}

add_index() {
    add_attestation > "$images_folder/attestation"
    { layout_entry amd64 && layout_entry arm64 && layout_entry arm; } > "$images_folder/entries"
    jq -s -c --slurpfile attestation "$images_folder/attestation" --arg type "$index_type" \
        '{schemaVersion: 2, mediaType: $type, manifests: (. + [$attestation[0]
        + {platform: {architecture: "unknown", os: "unknown"},
            annotations: {"vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": .[0].digest}}])}' "$images_folder/entries" |
        add_json "$index_type"
}

make_single() {
    need_made platforms
    push amd64 real/single:1
}

make_index() {
    need_made platforms
    name_in_layout index "$(add_index)"
    push index real/index:1 --all --preserve-digests
}

# Docker manifests are made by skopeo from the OCI ones; the list of them is written by hand.
make_docker() {
    local arch digest size
    need_made platforms
    for arch in amd64 arm64 arm; do
        push "$arch" "real/docker:$arch" --format v2s2
        digest=$(registry_digest real/docker "$arch")
        size=$(registry_manifest real/docker "$arch" | wc -c)
        platform_entry "$arch" "$docker_manifest_type" "$digest" "$size"
    done > "$images_folder/entries"
    jq -s --arg type "$docker_list_type" '{schemaVersion: 2, mediaType: $type, manifests: .}' \
        "$images_folder/entries" > "$images_folder/list.json"
    quietly curl -s -S -f -X PUT -H "Content-Type: $docker_list_type" \
        --data-binary "@$images_folder/list.json" "http://$REGISTRY/v2/real/docker/manifests/1"
}

make_layers64() {
    local file
    new_image layers64 amd64
    real_files 64 -size +16k -size -200k > "$images_folder/chosen"
    while read -r file; do
        insert_file layers64 "$file" "$file"
    done < "$images_folder/chosen"
    push layers64 real/layers64:1
}

# Divide the larger files of this machine among layers (from the first file on again, should they
# not be enough); one list of names a layer.
list_large_layers() {
    find /usr/lib /usr/bin -xdev -type f -readable -size +256k -printf '%s %P %H\n' | sort -k 2 |
        awk -v wanted="$large_bytes" -v each="$large_layer_bytes" -v folder="$images_folder" '
            { size[NR] = $1; name[NR] = $3 "/" $2 }
            END {
                for (i = 1; NR > 0 && sum < wanted; i = i % NR + 1) {
                    print name[i] > (folder "/large-" int(sum / each))
                    sum += size[i]
                }
            }'
}

# Add a layer that is a tar and not compressed; umoci would compress it, which takes long.
add_plain_layer() { # TAG FILE-LIST
    local tar=$images_folder/layer.tar manifest config layer
    sort -u "$2" | tar -cf "$tar" -P --transform 's,^/,,' --mtime=@0 --owner=0 --group=0 \
        --numeric-owner --no-recursion -T -
    layer=$(add_blob "$tar" application/vnd.oci.image.layer.v1.tar)
    manifest=$(layout_path "$(layout_digest "$1")")
    config=$(layout_path "$(jq -r .config.digest "$manifest")")
    config=$(jq -c --argjson layer "$layer" '.rootfs.diff_ids += [$layer.digest]
        | .history += [{created_by: "tar"}]' "$config" |
        add_json application/vnd.oci.image.config.v1+json)
    name_in_layout "$1" "$(jq -c --argjson layer "$layer" --argjson config "$config" \
        '.config = $config | .layers += [$layer]' "$manifest" | add_json "$manifest_type")"
    rm "$tar"
}

make_large() {
    local list
    new_image large amd64
    insert_file large /bin/busybox /bin/busybox
    list_large_layers
    for list in "$images_folder"/large-*; do
        add_plain_layer large "$list"
    done
    push large real/large:1 --preserve-digests
}

need_made() { # NAME
    [ ! -e "$images_folder/$1.made" ] || return 0
    mkdir -p "$images_folder"
    [ -e "$layout" ] || quietly umoci init --layout "$layout"
    "make_$1"
    : > "$images_folder/$1.made"
}

use_image() { # NAME…
    local name
    for name in "$@"; do
        need_made "$name"
    done
}
