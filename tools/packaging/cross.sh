#!/bin/bash
# Build for arm64 on another machine, in a Debian 12 of its own with Debian's cross compiler and
# arm64 libraries, and run the unit tests under qemu-user. This machine's packages are left alone.
#
#   tools/packaging/cross.sh FOLDER
#
# As root. FOLDER keeps the system from run to run (root/) and gets tug, libtug.so.* and libtug.a.
# On a machine that has compiler and libraries, make alone does the same:
#   make CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar RUN=qemu-aarch64 \
#       PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig
set -euo pipefail

mkdir -p "$1"
folder=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/../.." && pwd)
root=$folder/root
triplet=aarch64-linux-gnu

cleanup() {
    local place
    for place in proc dev/pts; do
        ! mountpoint -q "$root/$place" || umount "$root/$place"
    done
}
trap cleanup EXIT

make_root() {
    local libraries
    libraries=$(sed -n 's/^\([a-z0-9-]*-dev\) *| build\b.*/\1:arm64/p' "$top/third_party/packages" |
        tr '\n' ',')
    rm -rf "$root"
    mmdebstrap --variant=minbase --architectures=amd64,arm64 \
        --include="crossbuild-essential-arm64,make,pkg-config,qemu-user,${libraries%,}" \
        bookworm "$root"
    touch "$folder/made"
}

# Run make in that system. criterion starts itself anew, which qemu-user does not do: the tests'
# plain runner stands in.
cross_make() { # GOAL…
    chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        PKG_CONFIG_LIBDIR="/usr/lib/$triplet/pkgconfig:/usr/share/pkgconfig" \
        make -C /source --no-print-directory -j"$(nproc)" WERROR=1 PLAIN=1 CC="$triplet-gcc" \
        AR="$triplet-ar" RUN=qemu-aarch64 OBJ=build/cross SUITES=unit "$@"
}

[ -e "$folder/made" ] || make_root
mkdir -p "$root/source"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
# Terminals, which tests make.
mountpoint -q "$root/dev/pts" || mount -t devpts -o ptmxmode=0666 devpts "$root/dev/pts"
# The sources as they are now, and objects from before.
find "$root/source" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
"$top/tools/packaging/source.sh" "$folder/source.tar.gz"
tar -C "$root/source" --strip-components=1 -xzf "$folder/source.tar.gz"
cross_make all build/cross/unit-tests
cp -P "$root"/source/build/{tug,libtug.so.*,libtug.a} "$folder"
if ! readelf -h "$folder/tug" | grep -q AArch64; then
    echo "cross: build/tug is not for arm64" >&2
    exit 1
fi
# Not those that limit the number of threads: qemu has threads of its own. Nor that which tells a
# program that does not exist from one that fails: vfork is fork to qemu, so posix_spawn cannot
# tell, either.
chroot "$root" env -i PATH=/usr/bin:/bin HOME=/root LC_ALL=C sh -c \
    'cd /source && TUG=/source/build/tug FAKE_REGISTRY= qemu-aarch64 build/cross/unit-tests \
        --filter "!(*/f30_*|auth_helper/t50_refuses_names_that_are_paths)"'
