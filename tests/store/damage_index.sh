#!/bin/bash
# An index.json that cannot be read: verify reports it, and with --repair all images are there
# still, with the names that could be read; a fetch gives the others back without content.
# shellcheck source-path=SCRIPTDIR source=lib_damage.sh
. "$(dirname "$0")/lib_damage.sh"

# Damage to index.json. COMMAND gets its path; names that are lost come back with a fetch, for which
# no content is sent.
damage_index() { # KEPT-NAMES COMMAND…
    local names
    take_store
    "${@:2}" store/index.json
    [ ! -f store/index.json ] || cp -L store/index.json damaged
    mend "index.json by $2" <<< "bad-index index.json"
    names=$(jq '[.manifests[].annotations["org.opencontainers.image.ref.name"] // empty] | length' \
        store/index.json)
    [ "$names" -eq "$1" ] || fail "$case: $names names, not $1: $(cat store/index.json)"
    [ "$(jq -r '.manifests[].digest' store/index.json | sort)" = "$roots" ] ||
        fail "$case: not all images: $(cat store/index.json)"
    [ ! -e damaged ] || cmp -s damaged store/index.json.damaged ||
        fail "$case: index.json.damaged is another file"
    rm -rf damaged store/index.json.damaged
    serve --port "${registry##*:}"
    "$TUG" -q --store store fetch --plain-http "$registry/app:1" "$registry/other:1" > again
    stop_registry
    cmp fetched again || fail "$case: the fetch"
    [ "$(logged blob_bytes)" -eq 0 ] || fail "$case: $(logged blob_bytes) bytes of content"
    [ "$(named)" = "$(cut -d ' ' -f 1 fetched | sort)" ] || fail "$case: names: $(named)"
    check_store store 8
}

# The names in the store.
named() {
    jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"] // empty' \
        store/index.json | sort
}

write_garbage() { echo garbage > "$1"; }
cut_in_the_last() { truncate -s -100 "$1"; }
cut_in_the_first() { truncate -s 100 "$1"; }
empty() { : > "$1"; }
write_twice() { cat "$1" >> "$1.twice" && cat "$1" >> "$1.twice" && mv "$1.twice" "$1"; }
put_json() { echo '{"schemaVersion":2}' > "$1"; }

for command in write_garbage cut_in_the_first empty remove put_json put_link put_fifo \
    put_folder; do
    damage_index 0 "$command"
done
damage_index 1 cut_in_the_last
damage_index 2 write_twice
