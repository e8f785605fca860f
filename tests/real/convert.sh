#!/bin/bash
# --convert oci: skopeo, podman and umoci read what Docker's images become, by name, and unpack
# them; schema 1 from a real registry, an octet-stream config, a list; again, verify, prune.
# shellcheck disable=SC2016 # $names in single quotes are jq's
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_tools.sh
. "$here/lib_tools.sh"
# shellcheck source-path=SCRIPTDIR source=../support/signatures.sh
. "$here/../support/signatures.sh"

# Everything that index.json leads to has OCI's types, and fits its descriptor.
is_all_oci() { # DIGEST
    local file=$STORE/blobs/${1/://} digest
    jq -e '[.. | .mediaType? // empty | strings | select(startswith("application/vnd.oci.") | not)]
        == []' "$file" > /dev/null || fail "$1 has other types than OCI's: $(cat "$file")"
    assert_equal "a digest" "$1" "$(sum_of < "$file")"
    while read -r digest; do
        is_all_oci "$digest"
    done < <(jq -r '(.manifests // [])[].digest' "$file")
}

# Fetch and convert an image; the second time nothing is fetched and nothing changes.
converts() { # REFERENCE ORIGINAL [OPTION…]
    local ref=$1 original=$2 before
    shift 2
    tug_run 0 fetch --convert oci --format json "$@" "$ref"
    made=$(jq -r .digest "$OUT")
    assert_equal "what it was" "$original" "$(jq -r .convertedFrom "$OUT")"
    assert_equal "the entry of $ref" "$made $original" "$(jq -r --arg ref "$ref" '.manifests[]
        | select(.annotations."io.containerd.image.name" == $ref)
        | "\(.digest) \(.annotations."tug.converted-from")"' "$STORE/index.json")"
    is_all_oci "$made"
    before=$(cat "$STORE/index.json")
    tug_run 0 fetch --convert oci --format json "$@" "$ref"
    assert_equal "what the second run makes" "$made 0" \
        "$(jq -r '"\(.digest) \(.bytesFetched)"' "$OUT")"
    assert_equal "index.json" "$before" "$(cat "$STORE/index.json")"
}

# Compare an unpacked image with the busybox that it was made with.
is_read_by_tools() { # REFERENCE NAME [SKOPEO-OPTION…]
    local ref=$1 name=$2
    shift 2
    skopeo copy -q "$@" --preserve-digests "oci:$STORE:$ref" "dir:$PWD/$name.copy"
    umoci unpack --rootless --image "$STORE:$ref" "$name.bundle" > umoci.log 2>&1 ||
        fail "umoci unpack $ref: $(tail -n 5 umoci.log)"
    cmp "$name.bundle/rootfs/bin/busybox" /bin/busybox
}

podman_takes() { # REFERENCE CONFIG-DIGEST
    podman pull -q "oci:store:$1" > podman.log 2>&1 || fail "podman pull $1: $(cat podman.log)"
    assert_equal "podman's image" "${2#sha256:}" "$(tail -n 1 podman.log)"
}

config_of() { # MANIFEST-DIGEST
    jq -r .config.digest "$STORE/blobs/${1/://}"
}

# A Docker manifest, by its tag and by its digest.
manifest_becomes_oci() {
    converts "$docker_amd64" "$amd64"
    assert_equal "media types are all that changed" "$(registry_manifest real/docker "$amd64" |
        sed 's|vnd\.docker\.distribution\.manifest\.v2|vnd.oci.image.manifest.v1|
            s|vnd\.docker\.container\.image|vnd.oci.image.config|
            s|vnd\.docker\.image\.rootfs\.diff\.tar\.gzip|vnd.oci.image.layer.v1.tar+gzip|g')" \
        "$(cat "$STORE/blobs/${made/://}")"
    is_read_by_tools "$docker_amd64" manifest
    amd64_made=$made
    converts "$REGISTRY/real/docker@$amd64" "$amd64"
    assert_equal "the digest by digest" "$amd64_made" "$made"
}

# The digest of a list is the same for each platform; platforms come together; so it is with one as
# root.
list_becomes_oci() {
    local list_made
    converts "$docker" "$list" --platform linux/amd64
    list_made=$made
    converts "$docker" "$list" --platform linux/arm64
    assert_equal "the digest for another platform" "$list_made" "$made"
    assert_equal "the platforms" "linux/amd64 linux/arm64" \
        "$(jq -r --arg ref "$docker" '.manifests[]
        | select(.annotations."io.containerd.image.name" == $ref) | .annotations."tug.platforms"' \
        "$STORE/index.json")"
    assert_equal "a platform's manifest" "$amd64_made" "$(jq -r '.manifests[]
        | select(.platform.architecture == "amd64") | .digest' "$STORE/blobs/${made/://}")"
    converts "$docker" "$list" --all-platforms
    skopeo copy -q --all --preserve-digests "oci:$STORE:$docker" "dir:$PWD/list.copy"
    tug_run 0 fetch --convert oci --root platform --name local.example/one:1 --format json \
        --platform linux/amd64 "$docker"
    assert_equal "one platform as root" "$amd64_made $amd64 $list" \
        "$(jq -r '"\(.digest) \(.convertedFrom) \(.indexDigest)"' "$OUT")"
}

# Without --convert the entry is the registry's again.
goes_back() {
    tug_run 0 fetch --all-platforms "$docker"
    assert_equal "the entry without --convert" "$list null" \
        "$(jq -r --arg ref "$docker" '.manifests[]
        | select(.annotations."io.containerd.image.name" == $ref)
        | "\(.digest) \(.annotations."tug.converted-from")"' "$STORE/index.json")"
    converts "$docker" "$list" --all-platforms
}

oci_stays() {
    tug_run 0 fetch --convert oci --format json "$REGISTRY/real/single:1"
    assert_equal "an OCI image" "$(registry_digest real/single 1) null" \
        "$(jq -r '"\(.digest) \(.convertedFrom)"' "$OUT")"
}

# Docker before 1.10: the config has no type of its own.
f51_octet_stream_config() {
    registry_manifest real/docker "$amd64" |
        sed 's|application/vnd.docker.container.image.v1+json|application/octet-stream|' \
            > octet.json
    put_manifest real/docker octet octet.json "$docker_manifest_type"
    tug_run 0 fetch "$REGISTRY/real/docker:octet"
    grep -q 'application/octet-stream.*--convert oci' "$ERR" || fail "no warning: $(cat "$ERR")"
    converts "$REGISTRY/real/docker:octet" "$(sum_of < octet.json)"
    assert_equal "the digest, as with the right type" "$amd64_made" "$made"
}

# Made by skopeo of an image whose layers are known, so the diff ids must be the same.
schema1_becomes_oci() {
    local config original
    skopeo copy -q --format v2s1 --src-tls-verify=false --dest-tls-verify=false \
        "docker://$REGISTRY/real/single:1" "docker://$REGISTRY/real/schema1:1"
    tug_run 6 fetch "$schema1"
    grep -q 'schema 1 .*--convert oci' "$ERR" || fail "no word of --convert: $(cat "$ERR")"
    original=$(curl -s -I "http://$REGISTRY/v2/real/schema1/manifests/1" |
        tr -d '\r' | sed -n 's/^Docker-Content-Digest: //p')
    converts "$schema1" "$original"
    config=$(registry_manifest real/single "$(registry_digest real/single 1)" |
        jq -r .config.digest)
    curl -s -f "http://$REGISTRY/v2/real/single/blobs/$config" > single.config
    assert_equal "diff ids" "$(jq -c .rootfs.diff_ids single.config)" \
        "$(jq -c .rootfs.diff_ids "$STORE/blobs/$(config_of "$made" | sed 's|:|/|')")"
    is_read_by_tools "$schema1" schema1
    schema1_made=$made
    converts "$REGISTRY/real/schema1@$original" "$original"
    assert_equal "the digest by digest" "$schema1_made" "$made"
}

# The registry's digest has to be signed; its signature stays with what is made of it.
signature_counts() {
    local ref=$REGISTRY/real/docker:signed tag=${amd64/:/-}.sig
    make_key right p256
    make_key wrong p256
    registry_manifest real/docker "$amd64" > signed.json
    put_manifest real/docker signed signed.json "$docker_manifest_type"
    simple_payload "$amd64" "$REGISTRY/real/docker" > payload
    printf '{}' > empty
    upload real/docker empty
    upload real/docker payload
    signature_manifest "" "$(descriptor empty application/vnd.oci.image.config.v1+json)" \
        "$(with_signature "$(descriptor payload "$simple_signing_type")" \
            "$(sign_file right payload)")" > signature.json
    put_manifest real/docker "$tag" signature.json "$manifest_type"
    tug_refuse 6 "not made with the key of 'wrong.pub'" \
        fetch --convert oci --verify-key wrong.pub "$ref"
    converts "$ref" "$amd64" --verify-key right.pub
    assert_equal "what the signature belongs to" "$made" \
        "$(jq -r --arg ref "$REGISTRY/real/docker:$tag" \
        '.manifests[] | select(.annotations."org.opencontainers.image.ref.name" == $ref)
        | .annotations."tug.refers-to"' "$STORE/index.json")"
    tug_run 0 rm "$ref"
}

# What refers to the original keeps that, of which only one platform was fetched.
referrer_is_no_damage() {
    local ref=$REGISTRY/real/referred:1 own=$STORE
    STORE=$PWD/referred
    skopeo copy -q --all --src-tls-verify=false --dest-tls-verify=false "docker://$docker" \
        "docker://$ref"
    registry_manifest real/docker "$list" > original.json
    printf '{}' > empty
    upload real/referred empty
    signature_manifest "$(descriptor original.json "$docker_list_type")" \
        "$(descriptor empty application/vnd.oci.empty.v1+json)" \
        "$(descriptor empty application/vnd.oci.empty.v1+json)" > referrer.json
    put_manifest real/referred "$(sum_of < referrer.json)" referrer.json "$manifest_type"
    jq -n -c --arg type "$index_type" --argjson one "$(descriptor referrer.json "$manifest_type")" \
        '{schemaVersion: 2, mediaType: $type, manifests: [$one]}' > referrers.json
    put_manifest real/referred "${list/:/-}" referrers.json "$index_type"
    converts "$ref" "$list" --referrers --platform linux/amd64
    [ -e "$STORE/blobs/${list/://}" ] || fail "the original is not there"
    tug_run 0 verify
    tug_run 0 verify "$ref"
    tug_run 0 prune
    tug_run 0 verify
    STORE=$own
}

podman_reads_them() {
    local why
    why=$(why_not podman)
    [ -z "$why" ] || { echo "= left out: podman: $why" && return; }
    use_containers_storage
    ln -s "$STORE" store # podman wants no capitals in a path
    podman_takes "$docker_amd64" "$(config_of "$amd64_made")"
    podman_takes "$schema1" "$(config_of "$schema1_made")"
}

# Nothing but the conversion is needed: without the originals all is whole, and comes out the same.
originals_may_go() {
    tug_run 0 verify
    tug_run 0 prune
    [ ! -e "$STORE/blobs/${amd64/://}" ] || fail "prune keeps an original"
    tug_run 0 verify
    converts "$docker_amd64" "$amd64"
    assert_equal "the digest after prune" "$amd64_made" "$made"
}

# What was made and is damaged comes from no registry.
damage_is_mended() {
    local config file
    config=$(config_of "$schema1_made")
    for file in "$STORE/blobs/${schema1_made/://}" "$STORE/blobs/${config/://}"; do
        chmod u+w "$file"
        printf x | dd of="$file" bs=1 seek=20 conv=notrunc 2> dd.log
        tug_run 6 verify --repair "$schema1"
        grep -q -e '--convert oci' "$OUT" "$ERR" ||
            fail "no word of --convert: $(cat "$OUT" "$ERR")"
        converts "$schema1" "$(jq -r --arg digest "$schema1_made" '[.manifests[]
            | select(.digest == $digest) | .annotations."tug.converted-from"][0]' \
            "$STORE/index.json")"
        assert_equal "the digest" "$schema1_made" "$made"
        tug_run 0 verify "$schema1"
    done
}

use_registry
use_image docker
use_image single
docker=$REGISTRY/real/docker:1
docker_amd64=$REGISTRY/real/docker:amd64
schema1=$REGISTRY/real/schema1:1
list=$(registry_digest real/docker 1)
amd64=$(index_entry real/docker 1 amd64)
manifest_becomes_oci
list_becomes_oci
goes_back
oci_stays
f51_octet_stream_config
schema1_becomes_oci
signature_counts
podman_reads_them
originals_may_go
referrer_is_no_damage
damage_is_mended
