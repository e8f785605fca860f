#!/bin/bash
# A blob of more than 8 GiB, which is more than the octal digits of a tar header can say: export and
# import give the same store. In the short form it is as large as they can say.
# shellcheck source-path=SCRIPTDIR source=../resume/lib.sh
. "$(dirname "$0")/../resume/lib.sh"

# Zeros, which take no room in the first store.
size=$(by_form $((64 << 20)) $(((8 << 30) + (1 << 20))))
layer=$(by_form 3b6a07d0d404fab4e23b6d34bc6696a6a312dd92821332385e5af7c01c421351 \
    18d5b3642bd16ddac617b9147a6528a702ed551597d612fc435bd470f022c7f0)
name=example.com/large:1

# Take a document from stdin into the store. Prints its digest and size as members.
add_document() {
    local hex
    cat > document
    hex=$(sha256sum document | cut -d ' ' -f 1)
    cp document "store/blobs/sha256/$hex"
    printf '"digest":"sha256:%s","size":%s' "$hex" "$(stat -c %s document)"
}

make_store() {
    local config manifest oci=application/vnd.oci.image
    mkdir -p store/blobs/sha256
    truncate -s "$size" "store/blobs/sha256/$layer"
    config=$(printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers",
        "diff_ids":["sha256:%s"]}}' "$layer" | add_document)
    manifest=$(printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":
        {"mediaType":"%s.config.v1+json",%s},"layers":[{"mediaType":"%s.layer.v1.tar",
        "digest":"sha256:%s","size":%s}]}' "$oci" "$oci" "$config" "$oci" "$layer" "$size" |
        add_document)
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json",%s,"annotations":
        {"org.opencontainers.image.ref.name":"%s","io.containerd.image.name":"%s"}}]}' \
        "$oci" "$manifest" "$name" "$name" > store/index.json
    printf '{"imageLayoutVersion":"1.0.0"}' > store/oci-layout
}

# Hashing is what takes the time: the archive is read once, by tar and by import.
make_store
mkfifo archive
# --read-full-records: from a pipe with a name, tar would not take a part of a block.
tar --read-full-records -tvf archive > members &
tar=$!
pids+=("$tar")
# Both stop at the end of the archive, and must not keep the other one from it: the rest is padding.
"$TUG" --store store export "$name" | tee -p archive |
    { "$TUG" --store copy import - > imported && cat > /dev/null; } || fail "export or import"
wait "$tar" || fail "tar cannot read it"
grep -qE " $size .*blobs/sha256/$layer$" members || fail "tar sees another size: $(cat members)"
[ "$(stat -c %s "copy/blobs/sha256/$layer")" -eq "$size" ] || fail "the copy has another size"
[ "$(wc -l < imported)" -eq 1 ] || fail "import printed: $(cat imported)"
