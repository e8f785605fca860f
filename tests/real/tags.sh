#!/bin/bash
# The tags of a real registry, and the mirror of those in a range of versions, exactly.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Made where the registry keeps them: 1050 pushes would take too long.
add_tags() { # TAG...
    local tags=$repositories/real/tags/_manifests/tags tag
    for tag in "$@"; do
        cp -r "$tags/1" "$tags/$tag"
    done
}

use_registry
use_image single
repository=$REGISTRY/real/tags
repositories=$registry_folder/storage/docker/registry/v2/repositories
cp -r "$repositories/real/single" "$repositories/real/tags"
add_tags 1.1.9 1.2 v1.2.5 1.3.0-rc1 1.10.0 2.0.0-rc1 2 2.1 latest

tug_run 0 tags "$repository" --semver '>=1.2, <2'
assert_same_lines "tags in the range" \
    "$(printf "$repository:%s\n" 1.2 v1.2.5 1.10.0)" "$(cat "$OUT")"

"$TUG" tags "$repository" --semver '>=1.2, <2' |
    "$TUG" --store "$STORE" fetch -q --platform linux/amd64 --from-file - > "$OUT"
assert_equal "names in the store" "$(printf "$repository:%s " 1.10.0 1.2 v1.2.5)" \
    "$(jq -r '[.manifests[].annotations["org.opencontainers.image.ref.name"]] | sort
        | join(" ") + " "' "$STORE/index.json")"
check_store "$STORE"
assert_equal "lines of fetch" 3 "$(wc -l < "$OUT")"

# More than a page, where the registry has pages.
add_tags 3.{1..1050}
tug_run 0 tags "$repository" --match '3.*'
assert_same_lines "all of 1050" "$(printf "$repository:3.%s\n" {1..1050})" "$(cat "$OUT")"
mark_requests
tug_run 0 tags "$repository" --newest 2
assert_same_lines "the newest" "$(printf "$repository:3.%s\n" 1049 1050)" "$(cat "$OUT")"
echo "= pages of 1060 tags: $(count_requests GET /v2/real/tags/tags/list)"

tug_run 3 tags "$REGISTRY/real/nothing"
