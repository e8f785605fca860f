#!/bin/bash
# The import of an export gives the same store, and its export the same archive.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# What index.json says, entry by entry, in an order of its own.
roots_of() { # STORE
    jq -S -c '.manifests | sort_by(.annotations."org.opencontainers.image.ref.name")[]' \
        "$1/index.json"
}

use_registry
use_image single index docker
single=$REGISTRY/real/single:1
index=$REGISTRY/real/index:1
docker=$REGISTRY/real/docker:1
arm64=$(index_entry real/index 1 arm64)
tug_run 0 fetch --all-platforms "$single" "$index" "$docker"
tug_run 0 export -o one.tar "$single" "$index" "$docker"

# From a file and from a pipe.
for from in one.tar -; do
    STORE=$PWD/imported tug_run 0 import "$from" < one.tar
    assert_same_lines "what import printed" "$(printf '%s %s\n' \
        "$single" "$(registry_digest real/single 1)" "$index" "$(registry_digest real/index 1)" \
        "$docker" "$(registry_digest real/docker 1)" | sort)" "$(sort "$OUT")"
    check_store imported
    store_blobs "$STORE" | assert_blobs imported
    assert_same_lines "entries of index.json" "$(roots_of "$STORE")" "$(roots_of imported)"
    STORE=$PWD/imported tug_run 0 export -o four.tar "$single" "$index" "$docker"
    cmp one.tar four.tar
    rm -rf imported
done

# Into a store that has other images, where it is taken together with them; twice changes nothing.
STORE=$PWD/imported tug_run 0 fetch --platform linux/arm64 "$index"
STORE=$PWD/imported tug_run 0 import one.tar
STORE=$PWD/imported tug_run 0 import one.tar
check_store imported
store_blobs "$STORE" | assert_blobs imported
STORE=$PWD/imported tug_run 0 export -o five.tar "$single" "$index" "$docker"
cmp one.tar five.tar

# Of one platform of an index: it is complete for what it has, which is known afterwards, too.
tug_run 0 export --platform linux/arm64 -o arm64.tar "$index"
STORE=$PWD/arm64 tug_run 0 import arm64.tar
check_store arm64
STORE=$PWD/arm64 tug_run 0 verify
assert_file_is_empty "$OUT"
rm "arm64/blobs/${arm64/://}"
STORE=$PWD/arm64 tug_run 6 verify
assert_file_has "$OUT" "missing blobs/${arm64/://}"
