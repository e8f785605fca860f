#!/bin/sh
# Write the sources as a tar archive, the same bytes for the same files, whatever their times and
# owners.
#
#   tools/packaging/source.sh FILE.tar.gz
#
# In a clone: what git has or would have; in a source archive: all but build/.
set -eu

file=$1
top=$(cd "$(dirname "$0")/../.." && pwd)
version=$(sed -n 's/^#define TUG_VERSION "\(.*\)"/\1/p' "$top/include/tug/tug.h")
released=$(sed -n 's/^ -- .*>  //p' "$top/tools/packaging/debian/changelog" | head -n 1)
epoch=${SOURCE_DATE_EPOCH:-$(date -u -d "$released" +%s)}
list=$(mktemp "${TMPDIR:-/tmp}/tug-source.XXXXXX")
trap 'rm -f "$list"' EXIT

cd "$top"
if git rev-parse --is-inside-work-tree > /dev/null 2>&1; then
    # Without those that were deleted and not committed yet.
    git ls-files -co --exclude-standard | while read -r name; do
        [ ! -e "$name" ] || printf '%s\n' "$name"
    done
else
    find . -type f ! -path './build/*' ! -path './debian/*' ! -path './.pc/*' | sed 's|^\./||'
fi | LC_ALL=C sort > "$list"
tar --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' --format=ustar \
    --transform="s|^|tug-$version/|" -cf - -T "$list" | gzip -9n > "$file"
