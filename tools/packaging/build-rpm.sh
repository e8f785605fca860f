#!/bin/sh
# Build the RPM packages, without network, and leave them in a folder.
#
#   tools/packaging/build-rpm.sh FOLDER [RPMBUILD-OPTION…]
set -eu

mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's/^#define TUG_VERSION "\(.*\)"/\1/p' "$here/../../include/tug/tug.h")
grep -qE "^Version: +$version\$" "$here/tug.spec" ||
    { echo "build-rpm: tug.spec is not of version $version" >&2; exit 1; }

mkdir -p "$folder/top/SOURCES"
"$here/source.sh" "$folder/top/SOURCES/tug-$version.tar.gz"
unset MAKEFLAGS MFLAGS MAKELEVEL
# Where packages are Debian's, rpm knows of none that is installed.
nodeps=
! [ -e /etc/debian_version ] || nodeps=--nodeps
rpmbuild -ba $nodeps --define "_topdir $folder/top" "$@" "$here/tug.spec"
find "$folder/top/RPMS" "$folder/top/SRPMS" -name '*.rpm' -exec mv {} "$folder" \;
rm -rf "$folder/top"
