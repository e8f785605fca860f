#!/bin/sh
# Tell what the build needs and this machine does not have: all of it, with the Debian packages.
#
#   third_party/find.sh PKG_CONFIG COMPILER…
set -eu

pkg_config=$1
shift
missing=
packages=

# NAME PACKAGE
add() {
    missing="$missing  $1 (Debian: $2)
"
    packages="$packages $2"
}

# Tell whether a library is there; without pkg-config, which is missing then, by its header.
has_library() { # MODULE HEADER
    if command -v "$pkg_config" > /dev/null; then
        "$pkg_config" --exists "$1"
    else
        [ -e "/usr/include/$2" ] || find /usr/include -path "*/$2" 2> /dev/null | grep -q .
    fi
}

command -v "$1" > /dev/null || add "$1" gcc
command -v "$pkg_config" > /dev/null || add "$pkg_config" pkg-config
has_library libcurl curl/curl.h || add libcurl libcurl4-openssl-dev
has_library libcrypto openssl/evp.h || add libcrypto libssl-dev
has_library json-c json-c/json.h || add json-c libjson-c-dev
has_library libarchive archive.h || add libarchive libarchive-dev
has_library yaml-0.1 yaml.h || add libyaml libyaml-dev
has_library libzstd zstd.h || add libzstd libzstd-dev
has_library zlib zlib.h || add zlib zlib1g-dev
has_library ck ck_ring.h || add ck libck-dev

[ -n "$missing" ] || exit 0
{
    printf 'tug: this machine lacks what the build needs:\n%s' "$missing"
    printf 'As root, run: apt-get install --no-install-recommends%s\n' "$packages"
} >&2
exit 1
