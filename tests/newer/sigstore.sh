#!/bin/bash
# Signatures that skopeo makes (--sign-by-sigstore-private-key), which Debian 12's cannot: it is of
# a newer Debian, in a chroot in build/newer-debian.
set -eu
# shellcheck source-path=SCRIPTDIR source=../real/lib.sh
. "$(dirname "$0")/../real/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../support/newer_debian.sh
. "$here/../support/newer_debian.sh"

NEWER=$(absolute_path "$here/../../build")/newer-debian
[ -d "$NEWER" ] || make_newer_debian "$NEWER" sid skopeo newer.log ||
    fail "no chroot: $(tail -n 3 newer.log)"
shared=$(mktemp -d "$NEWER/tmp/tug-newer.XXXXXX")
inside=${shared#"$NEWER"}
trap 'rm -rf "$shared"; cleanup' EXIT

newer_skopeo() { # ARGUMENT…
    chroot "$NEWER" skopeo "$@"
}

use_registry
use_image single
use_image index
mkdir "$shared/registries.d"
printf 'docker:\n  %s:\n    use-sigstore-attachments: true\n' "$REGISTRY" \
    > "$shared/registries.d/here.yaml"
echo secret > "$shared/passphrase"
for key in first second; do
    newer_skopeo generate-sigstore-key --output-prefix "$inside/$key" \
        --passphrase-file "$inside/passphrase"
done

sign() { # FROM TO
    newer_skopeo --insecure-policy --registries.d "$inside/registries.d" copy -q --all \
        --src-tls-verify=false --dest-tls-verify=false \
        --sign-by-sigstore-private-key "$inside/first.private" \
        --sign-passphrase-file "$inside/passphrase" \
        "docker://$REGISTRY/$1:1" "docker://$REGISTRY/$2:1"
}

sign real/single signed/single
sign real/index signed/index
for name in single index; do
    tug_run 6 fetch --verify-key "$shared/second.pub" "$REGISTRY/signed/$name:1"
    tug_run 0 fetch --verify-key "$shared/first.pub" "$REGISTRY/signed/$name:1"
done
tug_run 0 verify --verify-key "$shared/first.pub"
tug_run 6 verify --verify-key "$shared/second.pub"

# The same manifest under a name that was not signed.
newer_skopeo --insecure-policy --registries.d "$inside/registries.d" copy -q \
    --src-tls-verify=false --dest-tls-verify=false \
    "docker://$REGISTRY/signed/single:1" "docker://$REGISTRY/other/single:1"
tug_run 6 fetch --verify-key "$shared/first.pub" "$REGISTRY/other/single:1"
tug_run 0 fetch --verify-key "$shared/first.pub" --verify-any-name "$REGISTRY/other/single:1"
