#!/bin/bash
# Many references in one run: results in their order, content that they share fetched once.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

use_registry
use_image single index layers64
push amd64 real/copy:1
cat > list << END
# Two of these are the same image.
$REGISTRY/real/layers64:1

$REGISTRY/real/copy:1
END
mark_requests
tug_run 0 fetch --platform linux/amd64 "$REGISTRY/real/single:1" --from-file list \
    "$REGISTRY/real/index:1"
assert_same_lines "what is printed" \
    "$(for name in single layers64 copy index; do
        echo "$REGISTRY/real/$name:1 $(registry_digest "real/$name" 1)"
    done)" "$(cat "$OUT")"
check_store "$STORE"
for name in single layers64 copy; do
    manifest_content "real/$name" "$(registry_digest "real/$name" 1)"
done > wanted
registry_digest real/index 1 >> wanted
assert_blobs "$STORE" < wanted
assert_equal "blobs asked for more than once" "" "$(requests_since_mark |
    grep -oE 'http\.request\.uri="?/v2/[^" ]*/blobs/[^" ]*' | sed 's,.*/blobs/,,' | sort | uniq -d)"

# One that fails does not keep the others from being fetched; it was a batch that failed in part.
rm -rf "$STORE"
tug_run 1 fetch --platform linux/amd64 "$REGISTRY/real/none:1" "$REGISTRY/real/single:1"
assert_equal "what is printed" "$REGISTRY/real/single:1 $(registry_digest real/single 1)" \
    "$(cat "$OUT")"
assert_file_has "$ERR" "tug: $REGISTRY/real/none:1: "
check_store "$STORE"
