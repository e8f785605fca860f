#!/bin/bash
# --verify-key with docker-registry: signatures made with OpenSSL, carried along and written by
# skopeo (Debian's can do that, but neither make nor check any), are found, count, and stay with
# their image.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../support/signatures.sh
. "$here/../support/signatures.sh"

use_registry
use_image single
use_image index
use_image docker
make_key first p256
make_key second rsa
mkdir registries.d
printf 'docker:\n  %s:\n    use-sigstore-attachments: true\n' "$REGISTRY" > registries.d/here.yaml

copy() { # FROM TO: with signatures
    skopeo --insecure-policy --registries.d registries.d copy -q --all --src-tls-verify=false \
        --dest-tls-verify=false "docker://$REGISTRY/$1:1" "docker://$REGISTRY/$2:1"
}

# Sign a manifest, as an image with this name.
sign() { # KEY REPOSITORY DIGEST NAME
    simple_payload "$3" "$REGISTRY/$4" > payload
    printf '{}' > empty
    upload "$2" empty
    upload "$2" payload
    signature_manifest "" "$(descriptor empty application/vnd.oci.image.config.v1+json)" \
        "$(with_signature "$(descriptor payload "$simple_signing_type")" \
            "$(sign_file "$1" payload)")" > signed.json
    put_manifest "$2" "${3/:/-}.sig" signed.json "$manifest_type"
}

tagged_digest() { # REPOSITORY
    echo "sha256:$(registry_manifest "$1" 1 | sha256sum | cut -d ' ' -f 1)"
}

list_names() {
    jq -r '.manifests[].annotations."org.opencontainers.image.ref.name"' "$STORE/index.json" | sort
}

skopeo --insecure-policy copy -q --all --src-tls-verify=false --dest-tls-verify=false \
    "docker://$REGISTRY/real/index:1" "docker://$REGISTRY/signed/from:1"
index=$(tagged_digest signed/from)
platform=$(index_entry signed/from 1 amd64)
sign first signed/from "$index" signed/index
sign first signed/from "$platform" signed/index
copy signed/from signed/index
single=$(tagged_digest real/single)
copy real/docker signed/docker
docker=$(tagged_digest signed/docker)
sign first signed/docker "$docker" signed/docker
sign second real/single "$single" real/single
[ "$(registry_manifest signed/index "${index/:/-}.sig" | sha256sum)" != \
    "$(sha256sum < signed.json)" ] ||
    fail "skopeo has not written the signature itself"

tug_run 0 fetch --verify-key first.pub "$REGISTRY/signed/index:1"
assert_same_lines "names" "$(printf '%s\n' "$REGISTRY/signed/index:1" \
    "$REGISTRY/signed/index:${index/:/-}.sig" \
    "$REGISTRY/signed/index:${platform/:/-}.sig" | sort)" "$(list_names)"
tug_run 0 fetch --verify-key first.pub --root platform --name "$REGISTRY/mine/app:1" \
    "$REGISTRY/signed/index:1"
tug_run 0 fetch --verify-key first.pub --convert oci --name "$REGISTRY/mine/docker:1" \
    "$REGISTRY/signed/docker:1"
tug_run 6 verify --verify-key first.pub "$REGISTRY/mine/docker:1"
assert_file_has "$OUT" "but what it was converted from is signed: $docker"
tug_run 0 rm "$REGISTRY/mine/docker:1"
tug_refuse 6 "it is for the repository of '$REGISTRY/signed/index'" \
    fetch --verify-key first.pub "$REGISTRY/signed/from:1"
tug_run 0 fetch --verify-key first.pub --verify-any-name "$REGISTRY/signed/from:1"
tug_refuse 6 "it was not made with the key of 'second.pub' (RSA)" \
    fetch --verify-key second.pub "$REGISTRY/signed/index:1"

# A list with a key a line; what is there is not transferred again.
cat > list << END
$REGISTRY/signed/index:1 verify-key=first.pub
$REGISTRY/real/single:1 verify-key=second.pub
$REGISTRY/real/single@$single verify-key=first.pub
END
mark_requests
tug_run 1 fetch --from-file list
assert_equal "results" 2 "$(wc -l < "$OUT")"
assert_file_has "$ERR" "$REGISTRY/real/single@$single: the one signature found does not count"
assert_equal "blobs of the index fetched again" 0 "$(count_requests GET '/v2/signed/index/blobs/')"

# The store shows it without the registry, also after prune.
tug_run 0 prune
mark_requests
tug_run 6 verify --verify-key first.pub --format json
# shellcheck disable=SC2016 # jq's variables
assert_json "$OUT" "what first.pub did not sign" \
    '[.[].images[]] | sort == ([$from, $single] | sort)' -s \
    --arg from "$REGISTRY/signed/from:1" --arg single "$REGISTRY/real/single:1"
tug_run 0 verify --verify-key first.pub --verify-key second.pub --verify-any-name
assert_file_has "$ERR" "0 bad, 4 images signed, 0 unsigned"
assert_equal "requests" 0 "$(count_requests GET '/')"
