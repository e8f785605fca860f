#!/bin/bash
# Make an OCI image layout with one image for two platforms, out of real files of this machine.
#
#   tests/support/make_image.sh LAYOUT NAME
#
# Layers: Debian's busybox-static (linux/amd64 only: it is a program for that), a tree of links to it,
# and files that both platforms share. Deterministic for the same files. Needs tar, gzip, sha256sum.
set -euo pipefail

layout=$1
name=$2
blobs=$layout/blobs/sha256
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
    tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$scratch/layer.tar" .
    diff_id=sha256:$(sha256sum "$scratch/layer.tar" | cut -d' ' -f1)
    gzip -n -1 -c "$scratch/layer.tar" > "$scratch/layer.tar.gz"
    layer="{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",$(add_blob "$scratch/layer.tar.gz")}"
}

# Add the manifest of one platform; prints the index entry.
add_image() { # ARCHITECTURE LAYERS DIFF_IDS
    local config
    printf '{"architecture":"%s","os":"linux","config":{"Cmd":["/bin/sh"]},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
        "$1" "$3" > "$scratch/config.json"
    config=$(add_blob "$scratch/config.json")
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",%s},"layers":[%s]}' \
        "$config" "$2" > "$scratch/manifest.json"
    printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json",%s,"platform":{"os":"linux","architecture":"%s"}}' \
        "$(add_blob "$scratch/manifest.json")" "$1"
}

mkdir -p "$scratch/program/bin" "$scratch/links/bin" "$scratch/docs/usr/share" "$scratch/libs/usr/lib"
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

printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s,%s]}' \
    "$amd64" "$arm64" > "$scratch/index.json"
printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"%s"}}]}' \
    "$(add_blob "$scratch/index.json")" "$name" > "$layout/index.json"
printf '{"imageLayoutVersion":"1.0.0"}' > "$layout/oci-layout"
