# shellcheck shell=bash
# Make stores and layouts by hand: blobs, manifests and indexes. Sourced after lib.sh.

# Begin an empty layout.
layout_begin() { # DIR
    mkdir -p "$1/blobs/sha256"
    echo '{"imageLayoutVersion":"1.0.0"}' > "$1/oci-layout"
    echo '{"schemaVersion":2,"manifests":[]}' > "$1/index.json"
}

# Put stdin into a layout. Prints its descriptor.
layout_blob() { # DIR MEDIA-TYPE
    local sum
    cat > "$1/new"
    sum=$(sha256sum < "$1/new" | cut -d' ' -f1)
    printf '{"mediaType":"%s","digest":"sha256:%s","size":%d}' "$2" "$sum" "$(stat -c %s "$1/new")"
    mv -f "$1/new" "$1/blobs/sha256/$sum"
}

# Put an image of one layer into a layout, with SEED in its layer and config. Prints its descriptor,
# with a platform.
layout_image() { # DIR OS/ARCH SEED
    local config layer os=${2%/*} arch=${2#*/}
    layer=$(printf 'layer %s of %s' "$3" "$2" |
        layout_blob "$1" application/vnd.oci.image.layer.v1.tar)
    config=$(printf '{"architecture":"%s","os":"%s","rootfs":%s,"x":"%s"}' "$arch" "$os" \
        "$(jq -c '{type: "layers", diff_ids: [.digest]}' <<< "$layer")" "$3" |
        layout_blob "$1" application/vnd.oci.image.config.v1+json)
    printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
        application/vnd.oci.image.manifest.v1+json \
        "$config" "$layer" | layout_blob "$1" application/vnd.oci.image.manifest.v1+json |
        jq -c --arg os "$os" --arg arch "$arch" '. + {platform: {os: $os, architecture: $arch}}'
}

# Put an index of descriptors into a layout. Prints its descriptor.
layout_index() { # DIR DESCRIPTOR…
    local dir=$1
    shift
    printf '%s\n' "$@" | jq -cs '{schemaVersion: 2,
        mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' |
        layout_blob "$dir" application/vnd.oci.image.index.v1+json
}

# Name an image in index.json.
layout_name() { # DIR DESCRIPTOR NAME
    jq -c --argjson image "$2" --arg name "$3" '.manifests += [$image | del(.platform) |
        .annotations = {"org.opencontainers.image.ref.name": $name}]' "$1/index.json" > "$1/new"
    mv -f "$1/new" "$1/index.json"
}

digest_of() { # DESCRIPTOR
    jq -r .digest <<< "$1"
}

# The path of a blob.
blob_path() { # DIR DESCRIPTOR|DIGEST
    local digest=$2
    [[ $digest != \{* ]] || digest=$(digest_of "$digest")
    printf '%s/blobs/%s' "$1" "${digest/://}"
}

# The layer of an image.
layer_of() { # DIR DESCRIPTOR
    jq -r '.layers[0].digest' "$(blob_path "$1" "$2")"
}
