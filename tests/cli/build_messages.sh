#!/bin/bash
# What the build needs and does not find is named at once, with the packages; installing what was
# never built says so, and makes nothing.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

top=$(cd "$(dirname "$0")/../.." && pwd)
unset MAKEFLAGS MFLAGS MAKELEVEL WERROR V
mkdir "$WORK/tree"
tar -C "$top" --exclude=./build --exclude=./.git --exclude=./tests/fuzz -cf - . |
    tar -C "$WORK/tree" -xf -

build() { # MAKE-ARGUMENT…
    status=0
    make -C "$WORK/tree" "$@" > "$WORK/out" 2> "$WORK/err" || status=$?
}

build PKG_CONFIG=false CC=no-compiler
expect_status 2
# All libraries that the list of packages has for the build; the package for Debian asks for them,
# too.
expect_text err '  no-compiler (Debian: gcc)'
while read -r package; do
    expect_text err "(Debian: $package)"
    grep -qE "^ +$package(,|$)" "$top/tools/packaging/debian/control" ||
        fail "debian/control does not ask for $package"
done < <(sed -n 's/^\([a-z0-9-]*-dev\) *| build\b.*/\1/p' "$top/third_party/packages")
expect_text err '  libcurl (Debian: libcurl4-openssl-dev)'
expect_text err \
    'apt-get install --no-install-recommends gcc libcurl4-openssl-dev libssl-dev libjson-c-dev'
# What it names is in the list of packages.
while read -r package; do
    grep -qE "^$package +\\| build\\b" "$top/third_party/packages" ||
        fail "$package is not in the list"
done < <(sed -n 's/.*(Debian: \(.*\))/\1/p' "$WORK/err")

build PKG_CONFIG=no-pkg-config
expect_status 2
expect_text err '  no-pkg-config (Debian: pkg-config)'

build install DESTDIR="$WORK/root"
expect_status 2
expect_text err "make install: build/tug is missing; run 'make' first"
[ ! -e "$WORK/root" ] || fail "something was installed"
[ -z "$(find "$WORK/tree/build" -name '*.o' 2> /dev/null)" ] || fail "something was compiled"
