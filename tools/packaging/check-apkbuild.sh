#!/bin/bash
# Run the functions of the APKBUILD in the order and the surroundings in which abuild does, and look
# at what they install.
#
#   tools/packaging/check-apkbuild.sh FOLDER
#
# FOLDER is that of check-musl.sh, which has musl's libraries there. Debian has neither abuild nor
# apk: the shell is busybox's, programs are busybox's and those of Alpine's build-base, flags are
# abuild's defaults. README.md tells what that proves and what not.
set -euo pipefail
# Programs themselves, not ccache in their names.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

folder=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
root=$folder/root
work=$folder/apk
pkgdir=$work/pkg/tug
triplet=$(gcc -print-multiarch)

fail() {
    echo "FAIL check-apkbuild: $*" >&2
    exit 1
}

# One folder is the whole search path. Alpine's busybox has cksum, comm and install, Debian's has
# not. Debian's also prefers itself to what is found in the path, so binutils' ar has its long name.
make_programs() {
    local name
    mkdir -p "$work/build" "$work/check"
    for name in $(busybox --list); do
        ln -s "$(command -v busybox)" "$work/build/$name"
    done
    for name in cksum comm install make pkg-config musl-gcc "$triplet-gcc" "$triplet-ar" as ld \
        nm; do
        ln -sf "$(command -v "$name")" "$work/build/$name"
    done
    ln -s "$(command -v bash)" "$work/check/bash"
}

# What `abuild checksum` and `abuild unpack` do.
unpack() {
    local version
    version=$(sed -n 's/^pkgver=//p' "$here/APKBUILD")
    grep -q "^#define TUG_VERSION \"$version\"" "$here/../../include/tug/tug.h" ||
        fail "the APKBUILD is of $version, the source is not"
    mkdir -p "$work/src"
    cp "$here/APKBUILD" "$work"
    "$here/source.sh" "$work/tug-$version.tar.gz"
    tar -C "$work/src" -xzf "$work/tug-$version.tar.gz"
    builddir=$work/src/tug-$version
    [ -d "$builddir" ] || fail "no folder ${builddir##*/} in the source"
}

# A function of the APKBUILD as abuild calls it: in a process of its own, in the unpacked source.
# For root, sh is busybox's, and bash is not there unless it is asked for.
run_part() { # FUNCTION [bash]
    local busybox path=$work/build private=() hide=:
    busybox=$(command -v busybox)
    if [ "$(id -u)" -eq 0 ]; then
        private=(unshare --mount)
        hide="mount -o bind $busybox $(readlink -f /bin/sh)"
        [ -n "${2:-}" ] || hide="$hide; mount -o bind $busybox $(readlink -f /bin/bash)"
    fi
    [ -z "${2:-}" ] || path=$path:$work/check
    env -i PATH="$path" HOME="$work" LC_ALL=C CC=musl-gcc AR="$triplet-ar" \
        PKG_CONFIG_LIBDIR="$root/lib/pkgconfig" \
        CFLAGS="-Os -fstack-clash-protection -Wformat -Werror=format-security" \
        CPPFLAGS="-isystem $root/kernel -I$root/include" \
        LDFLAGS="-Wl,--as-needed,-O1,--sort-common -L$root/lib -Wl,-rpath,$root/lib" \
        MAKEFLAGS="-j$(nproc)" pkgdir="$pkgdir" builddir="$builddir" \
        "${private[@]}" "$work/build/ash" -ec "
            $hide
            . $work/APKBUILD
            cd \"\$builddir\"
            $1" > "$work/$1.log" 2>&1 ||
        { tail -n 40 "$work/$1.log" >&2; fail "$1()"; }
}

# The files that abuild's split functions take, package by package; each must have some.
split() {
    local files=$work/files package pattern
    (cd "$pkgdir" && find . ! -type d | sed 's|^\./||' | sort) > "$files"
    while read -r package pattern; do
        grep -qw -- "\$pkgname-$package" "$here/APKBUILD" || fail "no package tug-$package"
        grep -qE "$pattern" "$files" || fail "tug-$package is empty"
        grep -vE "$pattern" "$files" > "$files.left"
        mv "$files.left" "$files"
    done << 'END'
dev ^usr/(include/|lib/pkgconfig/|lib/[^/]*\.a$|lib/[^/]*\.so$)
doc ^usr/share/(man|doc)/
libs ^usr/lib/lib[^/]*\.so\.[0-9]
bash-completion ^usr/share/bash-completion/completions/
fish-completion ^usr/share/fish/vendor_completions\.d/
zsh-completion ^usr/share/zsh/site-functions/
END
    [ "$(cat "$files")" = usr/bin/tug ] || fail "left for the package tug: $(cat "$files")"
}

rm -rf "$work"
mkdir -p "$work"
make_programs
unpack
run_part build
run_part check bash
sed -n '$s/^/       /p' "$work/check.log"
run_part package
split
readelf -lW "$pkgdir/usr/bin/tug" | grep -q 'interpreter: /lib/ld-musl' ||
    fail "tug is not for musl"
[ "$("$pkgdir/usr/bin/tug" --version)" = "tug $(sed -n 's/^pkgver=//p' "$here/APKBUILD")" ] ||
    fail "the packaged command does not run"
echo "ok   APKBUILD: build, check, package, and what each package gets"
