#!/bin/bash
# What the build needs and does not find is named at once, with the packages; installing what was
# never built says so, and makes nothing.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

top=$(cd "$(dirname "$0")/../.." && pwd)
unset MAKEFLAGS MFLAGS MAKELEVEL WERROR V
mkdir "$WORK/tree"
tar -C "$top" --exclude=./build --exclude=./.git --exclude=./tests/fuzz -cf - . | tar -C "$WORK/tree" -xf -

build() { # MAKE-ARGUMENT…
    status=0
    make -C "$WORK/tree" "$@" > "$WORK/out" 2> "$WORK/err" || status=$?
}

build PKG_CONFIG=false CC=no-compiler
expect_status 2
for line in 'no-compiler (Debian: gcc)' 'libcurl (Debian: libcurl4-openssl-dev)' \
    'libcrypto (Debian: libssl-dev)' 'json-c (Debian: libjson-c-dev)' \
    'libarchive (Debian: libarchive-dev)' 'libyaml (Debian: libyaml-dev)' 'ck (Debian: libck-dev)'; do
    expect_text err "  $line"
done
expect_text err 'apt-get install --no-install-recommends gcc libcurl4-openssl-dev libssl-dev libjson-c-dev'
# What it names is in the list of packages.
while read -r package; do
    grep -qE "^$package +\\| build\\b" "$top/third_party/packages" || fail "$package is not in the list"
done < <(sed -n 's/.*(Debian: \(.*\))/\1/p' "$WORK/err")

build PKG_CONFIG=no-pkg-config
expect_status 2
expect_text err '  no-pkg-config (Debian: pkg-config)'

build install DESTDIR="$WORK/root"
expect_status 2
expect_text err "make install: build/tug is missing; run 'make' first"
[ ! -e "$WORK/root" ] || fail "something was installed"
[ -z "$(find "$WORK/tree/build" -name '*.o' 2> /dev/null)" ] || fail "something was compiled"
