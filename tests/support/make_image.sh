#!/bin/bash
# Make an OCI image layout with one image for two platforms, out of real files of this machine.
#
#   tests/support/make_image.sh LAYOUT NAME
#
# Layers: Debian's busybox-static (linux/amd64 only: it is a program for that), a tree of links to
# it, and files that both platforms share. Deterministic for the same files. Needs tar, gzip,
# sha256sum.
set -euo pipefail

layout=$1
name=$2
blobs=$layout/blobs/sha256
type=application/vnd.oci.image
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tug-image.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$blobs"

# Take a file into the layout; prints its descriptor's digest and size members.
add_blob() { # FILE
    local hex
    hex=$(sha256sum "$1" | cut -d' ' -f1)
    cp "$1" "$blobs/$hex"
    printf '"digest":"sha256:%s","size":%s' "$hex" "$(stat -c %s "$1")"
}

# Pack a folder as a layer; sets layer (descriptor) and diff_id.
add_layer() { # FOLDER
    tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
        -cf "$scratch/layer.tar" .
    diff_id=sha256:$(sha256sum "$scratch/layer.tar" | cut -d' ' -f1)
    gzip -n -1 -c "$scratch/layer.tar" > "$scratch/layer.tar.gz"
    layer="{\"mediaType\":\"$type.layer.v1.tar+gzip\",$(add_blob "$scratch/layer.tar.gz")}"
}

# Add the manifest of one platform; prints the index entry.
add_image() { # ARCHITECTURE LAYERS DIFF_IDS
    local config
    printf '{"architecture":"%s","os":"linux","config":{"Cmd":["/bin/sh"]},"rootfs":%s}' \
        "$1" "{\"type\":\"layers\",\"diff_ids\":[$3]}" > "$scratch/config.json"
    config="{\"mediaType\":\"$type.config.v1+json\",$(add_blob "$scratch/config.json")}"
    printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
        "$type.manifest.v1+json" "$config" "$2" > "$scratch/manifest.json"
    printf '{"mediaType":"%s",%s,"platform":{"os":"linux","architecture":"%s"}}' \
        "$type.manifest.v1+json" "$(add_blob "$scratch/manifest.json")" "$1"
}

mkdir -p "$scratch/program/bin" "$scratch/links/bin" "$scratch/docs/usr/share" \
    "$scratch/libs/usr/lib"
cp /bin/busybox "$scratch/program/bin/busybox"
for applet in sh ls cat cp mv rm mkdir wget tar gzip vi; do
    ln -s busybox "$scratch/links/bin/$applet"
done
cp -r /usr/share/common-licenses "$scratch/docs/usr/share/"
cp -rL /usr/share/perl "$scratch/docs/usr/share/" 2>/dev/null || true
for library in /usr/lib/x86_64-linux-gnu/lib{crypto,curl,stdc++,perl}*.so.*; do
    [ ! -f "$library" ] || cp -L "$library" "$scratch/libs/usr/lib/"
done

add_layer "$scratch/program" && program=$layer program_id=$diff_id
add_layer "$scratch/links" && links=$layer links_id=$diff_id
add_layer "$scratch/docs" && docs=$layer docs_id=$diff_id
add_layer "$scratch/libs" && libs=$layer libs_id=$diff_id
amd64=$(add_image amd64 "$program,$links,$docs,$libs" \
    "\"$program_id\",\"$links_id\",\"$docs_id\",\"$libs_id\"")
arm64=$(add_image arm64 "$links,$docs" "\"$links_id\",\"$docs_id\"")

printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,%s]}' \
    "$type.index.v1+json" "$amd64" "$arm64" > "$scratch/index.json"
printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s",%s,"annotations":{"%s":"%s"}}]}' \
    "$type.index.v1+json" "$(add_blob "$scratch/index.json")" \
    org.opencontainers.image.ref.name "$name" > "$layout/index.json"
printf '{"imageLayoutVersion":"1.0.0"}' > "$layout/oci-layout"
