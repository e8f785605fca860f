#!/bin/bash
# --referrers from docker-registry 2.8, which has no referrers API: by the tag that stands for a
# digest and by Cosign's tags, down to the referrers of referrers.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_tools.sh
. "$here/lib_tools.sh"

sbom_type=application/spdx+json
attestation_type=application/vnd.in-toto+json

# Push a manifest with one layer, which says what it refers to. Prints its descriptor, for a list.
push_referrer() { # REPOSITORY SUBJECT-DESCRIPTOR ARTIFACT-TYPE TEXT
    printf '{}' > empty
    printf '%s' "$4" > layer
    upload "$1" empty
    upload "$1" layer
    jq -n -c --argjson subject "$2" --arg artifact "$3" --arg type "$manifest_type" \
        --argjson config "$(descriptor empty application/vnd.oci.empty.v1+json)" \
        --argjson layer "$(descriptor layer "$3")" '{schemaVersion: 2, mediaType: $type,
            artifactType: $artifact, config: $config, layers: [$layer], subject: $subject}' \
        > referrer.json
    put_manifest "$1" "sha256:$(sha256sum referrer.json | cut -d ' ' -f 1)" referrer.json \
        "$manifest_type"
    descriptor referrer.json "$manifest_type" |
        jq -c --arg artifact "$3" '. + {artifactType: $artifact}'
}

# Name what refers to a digest by the tag that stands for it.
push_list() { # REPOSITORY DIGEST DESCRIPTOR…
    printf '%s\n' "${@:3}" | jq -s -c --arg type "$index_type" \
        '{schemaVersion: 2, mediaType: $type, manifests: .}' > list.json
    put_manifest "$1" "${2/:/-}" list.json "$index_type"
}

use_registry
use_image single docker
repository=real/referrers
image=$REGISTRY/$repository:1
skopeo copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$REGISTRY/real/single:1" \
    "docker://$image"
digest=$(registry_digest "$repository" 1)
subject=$(jq -n -c --arg type "$manifest_type" --arg digest "$digest" \
    --argjson size "$(registry_manifest "$repository" 1 | wc -c)" \
    '{mediaType: $type, digest: $digest, size: $size}')
sbom=$(push_referrer "$repository" "$subject" "$sbom_type" '{"spdxVersion":"SPDX-2.3"}')
attestation=$(push_referrer "$repository" "$subject" "$attestation_type" '{"_type":"statement"}')
push_list "$repository" "$digest" "$sbom" "$attestation"
signature=$(push_referrer "$repository" "$(jq -c 'del(.artifactType)' <<< "$sbom")" \
    application/vnd.example.signature 'signed')
push_list "$repository" "$(jq -r .digest <<< "$sbom")" "$signature"

names_in_store() {
    jq -r '.manifests[].annotations."org.opencontainers.image.ref.name"' "$STORE/index.json"
}

# The digests of a list of referrers in the store, as regctl and oras look for it.
listed_in_store() { # DIGEST
    jq -r --arg name "$REGISTRY/$repository:${1/:/-}" '.manifests[] | select(
        .annotations."org.opencontainers.image.ref.name" == $name) | .digest' "$STORE/index.json" |
        while read -r list; do jq -r '.manifests[].digest' "$STORE/blobs/${list/://}"; done | sort
}

digest_of() { # DESCRIPTOR
    jq -r .digest <<< "$1"
}

brings_all() {
    tug_run 0 fetch "$image"
    assert_equal "entries without --referrers" "$image" "$(names_in_store)"
    mark_requests
    tug_run 0 fetch "$image" --referrers
    assert_equal "requests for blobs of the image" 0 \
        "$(count_requests GET "/v2/$repository/blobs/$(registry_manifest "$repository" 1 |
            jq -r '.layers[0].digest')")"
    assert_same_lines "what refers to the image" \
        "$(printf '%s\n' "$(digest_of "$sbom")" "$(digest_of "$attestation")" | sort)" \
        "$(listed_in_store "$digest")"
    assert_equal "what refers to the SBOM" "$(digest_of "$signature")" \
        "$(listed_in_store "$(digest_of "$sbom")")"
    assert_equal "entries" 3 "$(names_in_store | wc -l)"
    tug_run 0 verify
    tug_run 0 prune
    assert_file_has "$ERR" "deleted 0 blobs"
    before=$(cat "$STORE/index.json")
    tug_run 0 fetch "$image" --referrers
    assert_equal "index.json after the same again" "$before" "$(cat "$STORE/index.json")"
}

is_listed() {
    tug_run 0 images -q
    assert_equal "images" "$image" "$(cat "$OUT")"
    tug_run 0 images
    assert_equal "referrers of the image" 3 "$(awk 'NR == 2 { print $9 }' "$OUT")"
    tug_run 0 images --format json
    assert_same_lines "types" "$(printf '%s\n' "$sbom_type" "$attestation_type" \
        application/vnd.example.signature | sort)" \
        "$(jq -r '.referrers[].artifactType' "$OUT" | sort)"
    tug_run 0 images -q "$REGISTRY/$repository:${digest/:/-}"
    assert_equal "an entry for referrers" "$REGISTRY/$repository:${digest/:/-}" "$(cat "$OUT")"
}

# With the whole store, and with their image.
are_verified() {
    local file
    file=$STORE/blobs/$(digest_of "$sbom" | tr : /)
    mv "$file" sbom
    tug_run 6 verify "$image"
    assert_file_has "$OUT" "missing blobs/$(digest_of "$sbom" | tr : /)"
    tug_run 6 verify
    mv sbom "$file"
    tug_run 0 verify "$image"
    # An interrupted fetch leaves manifests without their layers, which harm nobody.
    tug_run 0 fetch --store partial "$image"
    mkdir -p partial/blobs/sha256
    cp "$file" partial/blobs/sha256/
    tug_run 0 verify --store partial
}

go_with_their_image() {
    tug_run 0 fetch "$REGISTRY/real/docker:1" --platform linux/amd64
    tug_run 0 rm "$image"
    assert_equal "entries after rm" "$REGISTRY/real/docker:1" "$(names_in_store)"
    tug_run 0 prune
    [ ! -e "$STORE/blobs/$(digest_of "$sbom" | tr : /)" ] || fail "prune keeps the SBOM"
    [ ! -e "$STORE/blobs/${digest/://}" ] || fail "prune keeps the image"
    tug_run 0 rm "$REGISTRY/real/docker:1"
}

takes_one_type() {
    tug_run 0 fetch "$image" "--referrers=$attestation_type"
    assert_equal "what refers to the image" "$(digest_of "$attestation")" \
        "$(listed_in_store "$digest")"
    [ ! -e "$STORE/blobs/$(digest_of "$sbom" | tr : /)" ] || fail "the SBOM was fetched"
    echo "$image referrers=$sbom_type" > list
    tug_run 0 fetch --from-file list
    assert_equal "what refers to the image, of both types" 2 "$(listed_in_store "$digest" | wc -l)"
}

# An archive has them, too, and brings them to another store.
travel_with_their_image() {
    tug_run 0 fetch "$image" --referrers
    tug_run 0 export -o archive.tar "$image"
    own=$STORE STORE=$PWD/other
    tug_run 0 import archive.tar
    assert_equal "imported images" 1 "$(wc -l < "$OUT")"
    assert_same_lines "index.json" \
        "$(jq -S '[.manifests[] | del(.annotations)] | sort_by(.digest)' "$own/index.json")" \
        "$(jq -S '[.manifests[] | del(.annotations)] | sort_by(.digest)' "$STORE/index.json")"
    tug_run 0 verify
    tug_run 0 images
    assert_equal "referrers of the image" 3 "$(awk 'NR == 2 { print $9 }' "$OUT")"
    tug_run 0 import --name example.org/other:1 archive.tar
    tug_run 0 rm "$image"
    assert_equal "entries, of the other name" 3 "$(names_in_store | wc -l)"
    tug_run 0 rm example.org/other:1
    assert_equal "entries" 0 "$(names_in_store | wc -l)"
    STORE=$own
}

# Other programs take the image, and nothing else for an image.
are_no_images_for_others() {
    use_containers_storage
    if [ -z "$(why_not podman)" ]; then
        podman load -i archive.tar > podman.log 2>&1 || fail "podman load: $(tail -n 3 podman.log)"
        assert_equal "podman's images" 1 "$(podman images -q | wc -l)"
    fi
    start_containerd || return 0
    in_ctr image import archive.tar > ctr.log 2>&1 || fail "ctr image import: $(tail -n 3 ctr.log)"
    assert_equal "containerd's images" "$image" "$(in_ctr image ls -q)"
}

brings_all
is_listed
are_verified
go_with_their_image
takes_one_type
travel_with_their_image
are_no_images_for_others
