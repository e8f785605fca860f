# shellcheck shell=bash
#
# Signatures of images, made with OpenSSL as the specifications of Cosign's simple signing and of
# sigstore bundles say. Sourced. Keys are NAME.key and NAME.pub in the working folder.

# shellcheck disable=SC2034 # the scripts use it
simple_signing_type=application/vnd.dev.cosign.simplesigning.v1+json
bundle_type=application/vnd.dev.sigstore.bundle.v0.3+json

make_key() { # NAME p256|p384|ed25519|rsa
    local arguments
    case $2 in
    p256) arguments=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256) ;;
    p384) arguments=(-algorithm EC -pkeyopt ec_paramgen_curve:P-384) ;;
    ed25519) arguments=(-algorithm ED25519) ;;
    rsa) arguments=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048) ;;
    esac
    openssl genpkey -quiet "${arguments[@]}" -out "$1.key" 2> /dev/null ||
        openssl genpkey "${arguments[@]}" -out "$1.key" 2> /dev/null
    openssl pkey -in "$1.key" -pubout -out "$1.pub"
    echo "$2" > "$1.kind"
}

# Print the signature of a file, in base64.
sign_file() { # KEY FILE
    case $(cat "$1.kind") in
    ed25519) openssl pkeyutl -sign -rawin -inkey "$1.key" -in "$2" ;;
    p384) openssl dgst -sha384 -sign "$1.key" "$2" ;;
    *) openssl dgst -sha256 -sign "$1.key" "$2" ;;
    esac | base64 -w0
}

# Print what Cosign signs.
simple_payload() { # DIGEST DOCKER-REFERENCE
    printf '{"critical":{"identity":{"docker-reference":"%s"},' "$2"
    printf '"image":{"docker-manifest-digest":"%s"},' "$1"
    printf '"type":"cosign container image signature"},"optional":null}'
}

# Print a bundle: an envelope around a statement that the image is signed.
make_bundle() { # KEY DIGEST NAME
    local statement payload_type=application/vnd.in-toto+json
    statement=$(
        printf '{"_type":"https://in-toto.io/Statement/v1",'
        printf '"subject":[{"name":"%s","digest":{"sha256":"%s"}}],' "$3" "${2#sha256:}"
        printf '"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}'
    )
    printf 'DSSEv1 %d %s %d %s' ${#payload_type} "$payload_type" ${#statement} "$statement" \
        > encoded
    printf '{"mediaType":"%s","verificationMaterial":{"publicKey":{"hint":"x"}},' "$bundle_type"
    printf '"dsseEnvelope":{"payload":"%s","payloadType":"%s",' \
        "$(printf %s "$statement" | base64 -w0)" "$payload_type"
    printf '"signatures":[{"sig":"%s"}]}}' "$(sign_file "$1" encoded)"
}

# Print the manifest of signatures. SUBJECT: a descriptor, or empty.
signature_manifest() { # SUBJECT CONFIG LAYER…
    local subject=$1 config=$2
    shift 2
    printf '%s\n' "$@" | jq -cs --argjson config "$config" --argjson subject "${subject:-null}" '
        {schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
            config: $config, layers: .}
        + if $subject then {subject: ($subject | {mediaType, digest, size})} else {} end'
}

# Add a signature to the descriptor of its payload.
with_signature() { # DESCRIPTOR SIGNATURE
    jq -c --arg signature "$2" \
        '.annotations = {"dev.cosignproject.cosign/signature": $signature}' <<< "$1"
}
