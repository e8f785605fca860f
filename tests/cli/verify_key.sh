#!/bin/bash
# tug verify --verify-key: images of a store are signed, or told of with the reason.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_store.sh
. "$(dirname "$0")/lib_store.sh"
# shellcheck source-path=SCRIPTDIR source=../support/signatures.sh
. "$(dirname "$0")/../support/signatures.sh"
cd "$WORK" || exit 1

layout_begin "$TUG_STORE"
image=$(layout_image "$TUG_STORE" linux/amd64 1)
digest=$(digest_of "$image")
layout_name "$TUG_STORE" "$image" reg.test/team/app:1
cp "$TUG_STORE/index.json" unsigned.json
config=$(printf '{}' | layout_blob "$TUG_STORE" application/vnd.oci.empty.v1+json)
for kind in p256 p384 ed25519 rsa; do
    make_key "$kind" "$kind"
done
make_key other p256

# Sign DIGEST for NAME with KEY under Cosign's tag of TARGET, instead of what is there.
sign() { # KEY DIGEST NAME [TARGET]
    local payload manifest target=${4:-$2}
    simple_payload "$2" "$3" > payload
    payload=$(layout_blob "$TUG_STORE" "$simple_signing_type" < payload)
    manifest=$(signature_manifest "" "$config" \
        "$(with_signature "$payload" "$(sign_file "$1" payload)")" |
        layout_blob "$TUG_STORE" application/vnd.oci.image.manifest.v1+json)
    cp unsigned.json "$TUG_STORE/index.json"
    layout_name "$TUG_STORE" "$manifest" "reg.test/team/app:${target/:/-}.sig"
}

# Nothing else in the store is wrong, so the image is the only finding.
expect_unsigned() { # TEXT
    expect_status 6
    expect_lines out 1
    expect_match out "unsigned blobs/sha256/${digest#sha256:}: .* \(root of reg\.test/team/app:1\)"
    expect_text out "$1"
    expect_match err "tug: 1 image is not signed by the key"
}

run verify --verify-key p256.pub
expect_unsigned "no signature was found"

for kind in p256 p384 ed25519 rsa; do
    sign "$kind" "$digest" reg.test/team/app
    run verify --verify-key "$kind.pub"
    expect_status 0
    expect_empty out
    expect_match err "verified .*: 0 bad, 1 image signed, 0 unsigned"
    run verify --verify-key other.pub
    expect_unsigned "not made with the key of 'other.pub' (ECDSA P-256)"
done
run verify --verify-key other.pub --verify-key rsa.pub reg.test/team/app:1
expect_status 0
run verify --verify-key other.pub --verify-key p384.pub
expect_status 6
expect_match err "tug: 1 image is not signed by any of the keys"

# Another curve; another repository; another digest; a payload that was changed afterwards.
sign p384 "$digest" reg.test/team/app
run verify --verify-key p256.pub
expect_unsigned "not made with the key of 'p256.pub' (ECDSA P-256)"
sign p256 "$digest" reg.test/team/other:1
run verify --verify-key p256.pub
expect_unsigned \
    "it is for the repository of 'reg.test/team/other:1', which --verify-any-name allows"
run verify --verify-key p256.pub --verify-any-name
expect_status 0
sign p256 "sha256:$(printf x | sha256sum | cut -d' ' -f1)" reg.test/team/app "$digest"
run verify --verify-key p256.pub
expect_unsigned "it is for sha256:2d711642"
simple_payload "sha256:$(printf x | sha256sum | cut -d' ' -f1)" reg.test/team/app > payload
signature=$(sign_file p256 payload)
payload=$(simple_payload "$digest" reg.test/team/app |
    layout_blob "$TUG_STORE" "$simple_signing_type")
manifest=$(signature_manifest "" "$config" "$(with_signature "$payload" "$signature")" |
    layout_blob "$TUG_STORE" application/vnd.oci.image.manifest.v1+json)
cp unsigned.json "$TUG_STORE/index.json"
layout_name "$TUG_STORE" "$manifest" "sha256-${digest#sha256:}.sig"
run verify --verify-key p256.pub
expect_unsigned "not made with the key"

# An image that is named as a fetch did, from elsewhere: that repository counts, too.
sign p256 "$digest" reg.test/team/app
jq -c '(.manifests[]
    | select(.annotations."org.opencontainers.image.ref.name" == "reg.test/team/app:1")
    | .annotations) = {"org.opencontainers.image.ref.name": "other.test/copy:1",
    "containerd.io/distribution.source.reg.test": "team/app"}' "$TUG_STORE/index.json" > new
mv new "$TUG_STORE/index.json"
run verify --verify-key p256.pub
expect_status 0

# Identical content that came from elsewhere as well proves nothing for this name.
jq -c '(.manifests[]
    | select(.annotations."org.opencontainers.image.ref.name" == "other.test/copy:1")
    | .annotations."containerd.io/distribution.source.other.test") = "copy"' \
    "$TUG_STORE/index.json" > new
mv new "$TUG_STORE/index.json"
run verify --verify-key p256.pub
expect_status 6
expect_text out "it is for the repository of 'reg.test/team/app'"

# Referrers: simple signing, and a bundle; they are not named by index.json.
cp unsigned.json "$TUG_STORE/index.json"
make_bundle p384 "$digest" reg.test/team/app > bundle
bundle=$(layout_blob "$TUG_STORE" "$bundle_type" < bundle)
manifest=$(signature_manifest "$image" "$config" "$bundle" |
    layout_blob "$TUG_STORE" application/vnd.oci.image.manifest.v1+json)
run verify --verify-key p384.pub
expect_status 0
run verify --verify-key other.pub
expect_unsigned "not made with the key of 'other.pub'"

# What a named manifest says of itself exempts it from nothing.
layout_name "$TUG_STORE" "$manifest" reg.test/team/disguise:1
run verify --verify-key p384.pub --format json
expect_status 6
expect_lines out 1
jq -e --arg digest "$(digest_of "$manifest")" '.damage == "unsigned" and .digest == $digest and
    .images == ["reg.test/team/disguise:1"] and .repaired == false' out > /dev/null || fail "JSON"
run verify --verify-key p384.pub reg.test/team/app:1
expect_status 0
rm -f "$(blob_path "$TUG_STORE" "$manifest")"

# Hostile ones are looked at up to a limit: a payload of 1 GiB as the manifest says and as it is,
# and 10 000 signatures in one manifest and in as many.
huge=$(truncate -s 1G huge && jq -nc --arg type "$simple_signing_type" \
    --arg digest "sha256:$(printf '1%.0s' {1..64})" \
    '{mediaType: $type, digest: $digest, size: 1073741824}')
lying=$(jq -c --arg digest "sha256:$(printf '2%.0s' {1..64})" \
    '.size = 100 | .digest = $digest' <<< "$huge")
mv huge "$(blob_path "$TUG_STORE" "$huge")"
ln "$(blob_path "$TUG_STORE" "$huge")" "$(blob_path "$TUG_STORE" "$lying")"
for layer in "$huge" "$lying"; do
    manifest=$(signature_manifest "$image" "$config" "$(with_signature "$layer" AAAA)" |
        layout_blob "$TUG_STORE" application/vnd.oci.image.manifest.v1+json)
    run verify --verify-key p256.pub --verify-any-name reg.test/team/app:1
    expect_unsigned "over the limit of 1048576"
    rm -f "$(blob_path "$TUG_STORE" "$manifest")"
done
rm -f "$(blob_path "$TUG_STORE" "$huge")" "$(blob_path "$TUG_STORE" "$lying")"
simple_payload "$digest" reg.test/team/app > payload
payload=$(layout_blob "$TUG_STORE" "$simple_signing_type" < payload)
wrong=$(with_signature "$payload" "$(sign_file other payload)")
manifest=$(signature_manifest "$image" "$config" "$wrong" |
    jq -c '.layers[0] as $layer | .layers = [range(10000) | $layer]' |
    layout_blob "$TUG_STORE" application/vnd.oci.image.manifest.v1+json)
run verify --verify-key p256.pub reg.test/team/app:1
expect_unsigned "none of the 256 signatures found counts"
rm -f "$(blob_path "$TUG_STORE" "$manifest")"

# A key may be installed as a link.
ln -s p256.pub link.pub
run verify --verify-key link.pub reg.test/team/app:1
expect_status 6

# Keys and options that cannot be.
run verify --verify-key p256.key
expect_status 9
expect_match err "tug: 'p256.key' is a private key: pass the public one"
run verify --verify-key none.pub
expect_status 9
expect_text err "none.pub"
run verify --verify-any-name
expect_status 2
run resolve --verify-key p256.pub reg.test/team/app:1
expect_status 2
