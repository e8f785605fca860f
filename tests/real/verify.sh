#!/bin/bash
# Every kind of damage is told exactly, and --repair mends it with only what is bad transferred.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

use_registry
use_image index
ref=$REGISTRY/real/index:1
tug_run 0 fetch --platform linux/amd64 "$ref"

index_path=$(jq -r '.manifests[0].digest | "blobs/" + sub(":"; "/")' "$STORE/index.json")
manifest_path=blobs/sha256/$(index_entry real/index 1 amd64 | cut -d: -f2)
manifest=$STORE/$manifest_path
config_path=$(jq -r '.config.digest | "blobs/" + sub(":"; "/")' "$manifest")
mapfile -t layer_paths < <(jq -r '.layers[].digest | "blobs/" + sub(":"; "/")' "$manifest")
[ "${#layer_paths[@]}" -ge 2 ] || fail "the image has fewer than two layers"
list_digests() {
    (cd "$STORE" && find blobs -type f | sort | while read -r file; do
        echo "$(sha256sum < "$file" | cut -d' ' -f1) $(basename "$file")"
    done)
}
list_digests > before
cp "$STORE/index.json" index-before

flip_byte() { # PATH: the byte in the middle
    local file=$STORE/$1 at
    at=$(($(stat -c %s "$file") / 2))
    chmod u+w "$file"
    dd if="$file" bs=1 skip="$at" count=1 status=none | tr '\000-\377' '\001-\377\000' |
        dd of="$file" bs=1 seek="$at" conv=notrunc status=none
}

assert_findings() { # WHAT LINES
    assert_same_lines "$1" "$(sort <<< "$2")" "$(jq -r '"\(.damage) \(.path)"' "$OUT" | sort)"
}

# What is damaged is told, mended with these blobs alone, and right afterwards.
check_damage() { # WHAT LINES BLOBS-TRANSFERRED
    tug_run 6 verify --format json
    assert_findings "$1: findings" "$2"
    assert_json "$OUT" "$1: not repaired" 'all(.[]; .repaired == false)' -s
    mark_requests
    tug_run 0 verify --repair --format json
    assert_findings "$1: repairs" "$2"
    assert_json "$OUT" "$1: repaired" 'all(.[]; .repaired)' -s
    assert_equal "$1: content transferred" "$3" \
        "$(count_requests GET '/v2/.*/(blobs|manifests)/.*')"
    tug_run 0 verify
    assert_file_is_empty "$OUT"
    assert_same_lines "$1: content" "$(cat before)" "$(list_digests)"
}

tug_run 0 verify
assert_file_is_empty "$OUT"
assert_file_has "$ERR" ": 0 bad"

flip_byte "${layer_paths[0]}"
check_damage "a flipped byte" "wrong-content ${layer_paths[0]}" 1

chmod u+w "$STORE/${layer_paths[0]}" "$STORE/$config_path"
truncate -s -1 "$STORE/${layer_paths[0]}"
: > "$STORE/$config_path"
check_damage "truncated" "wrong-size ${layer_paths[0]}
wrong-size $config_path" 2

rm -f "$STORE/${layer_paths[1]}" "$STORE/$config_path"
check_damage "missing" "missing ${layer_paths[1]}
missing $config_path" 2

flip_byte "$manifest_path"
check_damage "a damaged manifest" "wrong-content $manifest_path" 1
rm -f "$STORE/$manifest_path" "$STORE/${layer_paths[1]}"
tug_run 6 verify --format json
tug_run 0 verify --repair --format json
assert_findings "a missing manifest" "missing $manifest_path
missing ${layer_paths[1]}"
assert_same_lines "a missing manifest: content" "$(cat before)" "$(list_digests)"
flip_byte "$index_path"
check_damage "a damaged index" "wrong-content $index_path" 1

rm "$STORE/${layer_paths[0]}" "$STORE/${layer_paths[1]}" "$STORE/$config_path"
ln -s /etc/passwd "$STORE/${layer_paths[0]}"
mkfifo "$STORE/${layer_paths[1]}"
mkdir "$STORE/$config_path"
check_damage "no files" "not-a-file ${layer_paths[0]}
not-a-file ${layer_paths[1]}
not-a-file $config_path" 3

# Foreign files are told of, and left alone.
touch "$STORE/notes" "$STORE/blobs/sha256/readme"
tug_run 0 verify --format json
assert_findings "foreign files" "foreign-file notes
foreign-file blobs/sha256/readme"
tug_run 0 verify --repair
[ -e "$STORE/notes" ] || fail "--repair removed a foreign file"
rm "$STORE/notes" "$STORE/blobs/sha256/readme"

# What nothing needs is removed when it is bad.
printf orphan > "$STORE/blobs/sha256/$(printf '%064d' 1)"
tug_run 6 verify --format json
assert_findings "a bad orphan" "wrong-content blobs/sha256/$(printf '%064d' 1)"
tug_run 0 verify --repair
[ ! -e "$STORE/blobs/sha256/$(printf '%064d' 1)" ] || fail "a bad orphan is left"

# index.json: what is left of it counts; else all images stay, without their names.
cat index-before index-before > "$STORE/index.json"
check_damage "index.json twice" "bad-index index.json" 0
assert_same_lines "index.json" "$(cat index-before)" "$(cat "$STORE/index.json")"
for broken in garbage missing; do
    if [ "$broken" = missing ]; then
        rm "$STORE/index.json"
    else
        echo '{"schemaVersion":' > "$STORE/index.json"
    fi
    check_damage "index.json $broken" "bad-index index.json" 0
    assert_equal "index.json $broken: roots" "$(jq -r '.manifests[0].digest' index-before)" \
        "$(jq -r '.manifests[].digest' "$STORE/index.json")"
    cp index-before "$STORE/index.json"
done
check_store "$STORE"

# A registry that is not there: what is bad stays, and says so.
flip_byte "${layer_paths[0]}"
sed -i "s/$REGISTRY/127.0.0.1:1/g" "$STORE/index.json"
tug_run 6 verify --repair --retries 0 --format json
assert_json "$OUT" "no registry" '.repaired == false and (.text | contains("cannot be fetched"))'
sed -i "s/127.0.0.1:1/$REGISTRY/g" "$STORE/index.json"
tug_run 0 verify --repair

# --quick hashes what has changed only.
tug_run 0 verify
pause 0.05
tug_run 0 verify
tug_run 0 verify --quick
assert_file_has "$ERR" "hashed 0 of $(wc -l < before) blobs, 0 B"
flip_byte "${layer_paths[0]}"
tug_run 6 verify --quick
assert_file_has "$OUT" "wrong-content ${layer_paths[0]}"
tug_run 0 verify --quick --repair

# One image, one blob.
tug_run 0 verify "$ref"
flip_byte "${layer_paths[0]}"
tug_run 6 verify "$ref"
tug_run 6 verify "sha256:$(basename "${layer_paths[0]}")"
tug_run 0 verify "sha256:$(basename "${layer_paths[1]}")"
tug_refuse 3 "is not in the store" verify "sha256:$(printf '%064d' 7)"
