#!/bin/bash
# tug fetch --verify-key: only what one of the keys signed gets its name, and hostile signatures
# cost little.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_store.sh
. "$(dirname "$0")/lib_store.sh"
# shellcheck source-path=SCRIPTDIR source=../support/signatures.sh
. "$(dirname "$0")/../support/signatures.sh"
cd "$WORK" || exit 1

manifest_type=application/vnd.oci.image.manifest.v1+json
layout_begin served
image=$(layout_image served linux/amd64 1)
other=$(layout_image served linux/amd64 2)
arm=$(layout_image served linux/arm64 3)
index=$(layout_index served "$image" "$arm")
for name in image other index; do
    layout_name served "${!name}" "$name"
done
digest=$(digest_of "$image")
config=$(printf '{}' | layout_blob served application/vnd.oci.empty.v1+json)
make_key good p256
make_key second ed25519
make_key curve p384
repos=()

# Serve a descriptor as reg.test/team/NAME:TAG.
serve() { # NAME TAG DESCRIPTOR
    layout_name served "$3" "$1-$2"
    repos+=(--repo "team/$1:$2=$1-$2")
}

# Serve an image as reg.test/team/NAME:1, and a manifest under Cosign's tag of DIGEST.
serve_signed() { # NAME IMAGE DIGEST MANIFEST
    serve "$1" 1 "$2"
    serve "$1" "${3/:/-}.sig" "$4"
}

# Put a payload and the manifest of its signature into the layout. Prints the manifest.
sign() { # KEY DIGEST REFERENCE [SUBJECT]
    local payload
    simple_payload "$2" "$3" > payload
    payload=$(layout_blob served "$simple_signing_type" < payload)
    signature_manifest "${4:-}" "$config" \
        "$(with_signature "$payload" "$(sign_file "$1" payload)")" |
        layout_blob served "$manifest_type"
}

serve_signed signed "$image" "$digest" "$(sign good "$digest" reg.test/team/signed:1)"
serve_signed second "$image" "$digest" "$(sign second "$digest" reg.test/team/second)"
serve unsigned 1 "$image"
third=$(layout_image served linux/amd64 4)
serve_signed port "$third" "$(digest_of "$third")" \
    "$(sign good "$(digest_of "$third")" reg.test:5000/team/port)"
serve_signed curve "$image" "$digest" "$(sign curve "$digest" reg.test/team/curve)"
serve_signed repository "$image" "$digest" "$(sign good "$digest" reg.test/team/elsewhere)"
serve_signed digest "$image" "$digest" "$(sign good "$(digest_of "$other")" reg.test/team/digest)"
serve_signed index "$index" "$(digest_of "$index")" \
    "$(sign good "$(digest_of "$index")" reg.test/team/index)"
serve_signed platform "$index" "$digest" "$(sign good "$digest" reg.test/team/platform)"

# A payload that was changed, and one with a certificate instead of a key.
simple_payload "$digest" reg.test/team/else > payload
changed=$(with_signature "$(simple_payload "$digest" reg.test/team/changed |
    layout_blob served "$simple_signing_type")" "$(sign_file good payload)")
serve_signed changed "$image" "$digest" \
    "$(signature_manifest "" "$config" "$changed" | layout_blob served "$manifest_type")"
keyless=$(jq -c --arg text "$(printf 'x%.0s' {1..3000})" \
    '.annotations["dev.sigstore.cosign/certificate"] = $text' <<< "$changed")
serve_signed keyless "$image" "$digest" \
    "$(signature_manifest "" "$config" "$keyless" | layout_blob served "$manifest_type")"

# Print the form of a manifest, of a thousand that differ in an annotation, whose digest comes last:
# that must not matter.
last_form() {
    rm -rf forms && mkdir forms
    jq -c '. as $manifest | range(1000) | tostring as $n | $manifest | .annotations = {n: $n}' |
        split -l 1 -a 3 - forms/
    cat "$(sha256sum forms/* | sort | tail -n 1 | cut -d ' ' -f 3)"
}

# Referrers: the tag that stands for the digest names a bundle; and one that only a log could prove.
make_bundle second "$digest" reg.test/team/bundle > bundle
jq -c '.verificationMaterial = {tlogEntries: [{}], certificate: {rawBytes: "AAAA"}}' bundle \
    > log-bundle
for name in bundle log-bundle; do
    bundle=$(layout_blob served "$bundle_type" < "$name")
    manifest=$(signature_manifest "$image" "$config" "$bundle" | last_form |
        layout_blob served "$manifest_type")
    serve "$name" 1 "$image"
    serve "$name" "${digest/:/-}" "$(layout_index served "$(jq -c --arg type "$bundle_type" \
        '.artifactType = $type' <<< "$manifest")")"
done

# Hostile ones: a payload of 1 GiB by its descriptor, and one that only is that large; 10 000
# signatures, of which as many exist as are looked at.
huge=$(jq -nc --arg type "$simple_signing_type" --arg digest "sha256:$(printf '1%.0s' {1..64})" \
    '{mediaType: $type, digest: $digest, size: 1073741824}')
huge=$(with_signature "$huge" AAAA)
truncate -s 1G "$(blob_path served "$huge")"
serve_signed huge "$image" "$digest" \
    "$(signature_manifest "" "$config" "$huge" | layout_blob served "$manifest_type")"
lying=$(jq -c --arg digest "sha256:$(printf '2%.0s' {1..64})" \
    '.size = 100 | .digest = $digest' <<< "$huge")
ln "$(blob_path served "$huge")" "$(blob_path served "$lying")"
serve_signed lying "$image" "$digest" \
    "$(signature_manifest "" "$config" "$lying" | layout_blob served "$manifest_type")"

# Payloads that the registry has lost: of the only signature; of one beside another that counts, by
# the same payload in two manifests, so that both are without it.
lost=$(jq -nc --arg type "$simple_signing_type" --arg digest "sha256:$(printf '3%.0s' {1..64})" \
    '{mediaType: $type, digest: $digest, size: 100}')
lost=$(with_signature "$lost" AAAA)
serve_signed lost "$image" "$digest" \
    "$(signature_manifest "" "$config" "$lost" | layout_blob served "$manifest_type")"
serve_signed partly "$image" "$digest" \
    "$(signature_manifest "" "$config" "$lost" | layout_blob served "$manifest_type")"
partly=()
for name in lost-too kept; do
    layer=$lost
    if [ "$name" = kept ]; then
        make_bundle second "$digest" reg.test/team/partly > bundle
        layer=$(layout_blob served "$bundle_type" < bundle)
    fi
    partly+=("$(signature_manifest "$image" "$config" "$layer" |
        jq -c --arg name "$name" '.annotations = {n: $name}' |
        layout_blob served "$manifest_type")")
done
serve partly "${digest/:/-}" "$(layout_index served "${partly[@]}")"
mkdir many
# Move all files of the folder into the layout, and print their digests and sizes.
store_many() {
    sha256sum many/* | perl -ane 'print "sha256:$F[0] ", -s $F[1], "\n";
        rename $F[1], "served/blobs/sha256/$F[0]" or die'
}
seq 100000 100255 | split -l 1 -a 3 - many/
store_many | sed 's/ .*//' > digests
many=$(jq -Rnc --argjson layer "$huge" '
    [inputs] + [range(9744) | "sha256:\("\(. + 1000000)" * 9 | .[0:63])3"] |
    map(. as $digest | $layer | .digest = $digest | .size = 7)[]' < digests |
    jq -cs --argjson config "$config" '{schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: .}' |
    layout_blob served "$manifest_type")
serve_signed many "$image" "$digest" "$many"

# 300 manifests that refer to the image, each with a bundle by somebody else; a list of 10 000.
make_bundle curve "$digest" reg.test/team/crowd > bundle
bundle=$(layout_blob served "$bundle_type" < bundle)
signature_manifest "$image" "$config" "$bundle" |
    jq -c '. as $manifest | range(300) | tostring as $n | $manifest | .annotations = {n: $n}' |
    split -l 1 -a 3 - many/
mapfile -t crowd < <(store_many | jq -Rc --arg type "$manifest_type" --arg artifact "$bundle_type" \
    'split(" ") |
    {mediaType: $type, digest: .[0], size: (.[1] | tonumber), artifactType: $artifact}')
serve crowd 1 "$image"
serve crowd "${digest/:/-}" "$(layout_index served "${crowd[@]}")"
serve flood 1 "$image"
serve flood "${digest/:/-}" "$(jq -c <<< "${crowd[0]}" '
    [range(10000) as $n | .digest |= .[0:63] + ($n + 10000000 | tostring)] |
    {schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' |
    layout_blob served application/vnd.oci.image.index.v1+json)"

start_registry --layout served "${repos[@]}"
mkdir -p hosts/reg.test
printf 'server = "http://%s"\n' "$registry" > hosts/reg.test/hosts.toml

fetch() { # ARGUMENT…
    run -q fetch --hosts-dir hosts --platform linux/amd64 "$@"
}

names() {
    jq -r '.manifests[].annotations."org.opencontainers.image.ref.name"' \
        "$TUG_STORE/index.json" 2> /dev/null | sort
}

expect_names() { # NAME…
    [ "$(names)" = "$(printf '%s\n' "$@" | sort)" ] || fail "names: $(names)"
}

# The reference fails, with one line, and nothing is named that was not before.
expect_refused() { # NAME TEXT [ARGUMENT…]
    local before
    before=$(names)
    fetch --verify-key good.pub "${@:3}" "reg.test/team/$1:1"
    expect_status 6
    expect_empty out
    expect_lines err 1
    expect_text err "tug: reg.test/team/$1:1: "
    expect_text err "$2"
    [ "$(names)" = "$before" ] || fail "$1 was named: $(names)"
}

# Keys are looked at before anything is asked of anybody.
fetch --verify-key good.key reg.test/team/signed:1
expect_status 9
expect_match err "tug: 'good.key' is a private key: pass the public one"
printf 'reg.test/team/signed:1\nreg.test/team/second:* verify-key=none.pub\n' > list
fetch --verify-key good.pub --from-file list
expect_status 9
expect_match err "tug: list:2: key: 'none.pub': No such file or directory"
fetch --verify-key good.pub --dry-run reg.test/team/signed:1
expect_status 2
fetch --verify-any-name reg.test/team/signed:1
expect_status 2
[ ! -e "$TUG_STORE" ] || fail "a store was made"

expect_refused unsigned "it is not signed: no signature was found"
expect_refused second "it was not made with the key of 'good.pub' (ECDSA P-256)"
expect_refused curve "it was not made with the key of 'good.pub' (ECDSA P-256)"
expect_refused repository \
    "it is for the repository of 'reg.test/team/elsewhere', which --verify-any-name"
expect_refused digest "it is for $(digest_of "$other")"
expect_refused changed "it was not made with the key"
expect_refused keyless "it has a certificate (keyless signing), which is not supported"
expect_refused log-bundle "it is signed with a certificate (keyless), which is not supported"
expect_refused platform \
    "no signature was found; but its manifest $digest is signed, which --root platform"
expect_refused index \
    "but the index $(digest_of "$index") is signed, which --root index names" --root platform
expect_refused huge "its payload has 1073741824 bytes, over the limit of 1048576"
expect_refused lying "sha256:2222"
expect_refused lost "its payload is not in the store"
expect_refused many "none of the 256 signatures found counts"
expect_refused crowd "none of the 256 signatures found counts"
expect_refused flood "the list is over the limit of 2000 entries"
[ -z "$(names)" ] || fail "named: $(names)"

fetch --verify-key good.pub reg.test/team/signed:1
expect_status 0
expect_names reg.test/team/signed:1 "reg.test/team/signed:${digest/:/-}.sig"
run verify --verify-key good.pub
expect_status 0
fetch --verify-key curve.pub --verify-key good.pub reg.test/team/index:1
expect_status 0
fetch --verify-key good.pub --root platform reg.test/team/platform:1
expect_status 0
fetch --verify-key good.pub --verify-any-name reg.test/team/repository:1
expect_status 0
fetch --verify-key second.pub reg.test/team/bundle:1
expect_status 0
fetch --verify-key second.pub --format json reg.test/team/partly:1
expect_status 0
[ "$(jq .referrers "$WORK/out")" = 1 ] || fail "referrers: $(cat "$WORK/out")"
[ "$(names | grep -c team/partly)" -eq 2 ] || fail "names of what lacks a payload: $(names)"
run verify --verify-key second.pub reg.test/team/partly:1
expect_status 0
# All that refers to an image is another matter: what is lost is missed.
fetch --referrers reg.test/team/lost:1
expect_status 3
expect_text err sha256:3333
run verify --verify-key good.pub --verify-key second.pub reg.test/team/bundle:1 \
    reg.test/team/index:1
expect_status 0

# Each line of a list has its keys; what fails comes back with them.
cat > list << END
reg.test/team/signed:1 verify-key=good.pub name=reg.test/list/signed:1
reg.test/team/second:1 verify-key=second.pub verify-key=curve.pub
reg.test/team/curve:1 verify-key=second.pub
reg.test/team/unsigned:1
END
fetch --from-file list --failed-file failed
expect_status 1
expect_lines out 3
expect_lines err 1
expect_text err "tug: reg.test/team/curve:1: the one signature found does not count"
[ "$(cat failed)" = "reg.test/team/curve:1 verify-key=second.pub" ] || fail "failed: $(cat failed)"
fetch --verify-key curve.pub --from-file list
expect_status 1
expect_lines out 2
expect_text err "tug: reg.test/team/unsigned:1: it is not signed: no signature was found"
printf 'reg.test/team/repository:1 verify-key=good.pub\n' > list
fetch --verify-any-name --from-file list
expect_status 0

# containerd's annotation for the source has no port: a name with the same host tells it, or tug's.
cp -r hosts/reg.test hosts/reg.test:5000
fetch --verify-key good.pub --name other.test/port:1 reg.test:5000/team/port:1
expect_status 0
run verify --verify-key good.pub other.test/port:1
expect_status 0
fetch --verify-key good.pub reg.test:5000/team/port:1
run verify --verify-key good.pub reg.test:5000/team/port:1
expect_status 0

# What is in the store already is checked as well, and keeps the name that it has.
before=$(names)
fetch --verify-key curve.pub reg.test/team/signed:1
expect_status 6
fetch --verify-key curve.pub "reg.test/team/signed:1@$digest"
expect_status 6
[ "$(names)" = "$before" ] || fail "names changed: $(names)"

# Not more of what is hostile was asked for than is looked at. The server writes its log at the end.
stop_registry
grep -q "^request .*/blobs/sha256:1111" log && fail "the payload of 1 GiB was asked for"
for name in many crowd; do
    [ "$(grep -c "^request .* GET /v2/team/$name/" log)" -le 300 ] ||
        fail "too many requests for $name"
done

# A tag that moves to what is not signed: its name stays with what is.
fetch_moving() { # IMAGE
    start_registry --layout served --repo "team/moving:1=$1" \
        --repo "team/moving:${digest/:/-}.sig=repository-${digest/:/-}.sig"
    printf 'server = "http://%s"\n' "$registry" > hosts/reg.test/hosts.toml
    fetch --verify-key good.pub --verify-any-name reg.test/team/moving:1
}
fetch_moving image
expect_status 0
cp "$TUG_STORE/index.json" before.json
fetch_moving other
expect_status 6
cmp -s "$TUG_STORE/index.json" before.json || fail "index.json changed"
