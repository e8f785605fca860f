#!/bin/bash
# The same images give the same archive: again, in another order, from another store, to stdout. Its
# members have names that tug made (T-35), and nothing of this machine.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

check_members() { # FILE
    local strange
    strange=$(tar -tf "$1" | grep -vxE -e 'oci-layout|index\.json|manifest\.json' \
        -e 'blobs/|blobs/sha256/|blobs/sha256/[0-9a-f]{64}' || true)
    assert_equal "members with names of their own" "" "$strange"
    assert_equal "members that are there twice" "" "$(tar -tf "$1" | sort | uniq -d)"
    strange=$(tar --numeric-owner --full-time -tvf "$1" |
        grep -vE '^(-r--r--r--|-rw-r--r--|drwxr-xr-x) 0/0 +[0-9]+ 1970-01-01 00:00:00 ' || true)
    assert_equal "members with a time, an owner or another mode" "" "$strange"
}

# Another store got the same images one by one, in another order, at another time.
fetch_otherwise() {
    local name
    for name in "$docker" "$index" "$single"; do
        STORE=$other tug_run 0 fetch --all-platforms --max-concurrent-downloads 1 "$name"
    done
    find "$other/blobs" -type f -exec touch -d 2001-02-03 {} +
}

use_registry
use_image single index docker
single=$REGISTRY/real/single:1
index=$REGISTRY/real/index:1
docker=$REGISTRY/real/docker:1
other=$PWD/other
tug_run 0 fetch --all-platforms "$single" "$index" "$docker"
tug_run 0 export -o one.tar "$single" "$index" "$docker"
assert_file_is_empty "$OUT"
check_members one.tar

(umask 077 && tug_run 0 export -o two.tar "$single" "$index" "$docker")
cmp one.tar two.tar
tug_run 0 export "$single" "$index" "$docker"
cmp one.tar "$OUT"
fetch_otherwise
STORE=$other tug_run 0 export -o three.tar "$docker" "$single" "$index" "$single"
cmp one.tar three.tar
