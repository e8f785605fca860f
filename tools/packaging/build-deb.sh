#!/bin/sh
# Build the Debian packages, without network, and leave them in a folder.
#
#   tools/packaging/build-deb.sh FOLDER [DPKG-BUILDPACKAGE-OPTION…]
#
# DEB_BUILD_OPTIONS=nocheck leaves the tests out.
set -eu

mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's/^#define TUG_VERSION "\(.*\)"/\1/p' "$here/../../include/tug/tug.h")
packaged=$(dpkg-parsechangelog -l "$here/debian/changelog" -S Version)
[ "${packaged%-*}" = "$version" ] ||
    { echo "build-deb: debian/changelog is of $packaged, the source of $version" >&2; exit 1; }

rm -rf "$folder/tug-$version"
"$here/source.sh" "$folder/tug_$version.orig.tar.gz"
tar -C "$folder" -xzf "$folder/tug_$version.orig.tar.gz"
cp -R "$here/debian" "$folder/tug-$version/debian"
chmod -R u=rwX,go=rX "$folder/tug-$version"
cd "$folder/tug-$version"
# A job server, flags and goals of a make that called are not the package's.
unset MAKEFLAGS MFLAGS MAKELEVEL
dpkg-buildpackage --no-sign "$@"
