# shellcheck shell=bash
#
# What must be true of every store that a fetch leaves. Sourced by lib.sh.
# shellcheck disable=SC2016 # $names in single quotes are jq's

check_top_level() { # STORE
    local name
    for name in "$1"/* "$1"/.[!.]*; do
        [ -e "$name" ] || continue
        case ${name##*/} in
        oci-layout | index.json | index.json.damaged | blobs | ingest | lock* | verified) ;;
        *) fail "the store holds a stranger, '$name'" ;;
        esac
    done
}

# Every file under blobs/ has the digest it is named after, and nobody may write to it.
check_blobs() { # STORE
    local algorithm wrong sums sum path count=0
    wrong=$(find "$1/blobs" -mindepth 2 \( ! -type f -o ! -perm 0444 \) -printf '%M %P\n')
    assert_equal "blobs that are not files of mode 0444" "" "$wrong"
    for algorithm in "$1"/blobs/*; do
        case ${algorithm##*/} in
        sha256 | sha384 | sha512) ;;
        *) fail "blobs/ holds a stranger, '$algorithm'" ;;
        esac
        set -- "$1" "$algorithm"/*
        [ -e "$2" ] || continue
        sums=$("${algorithm##*/}sum" "${@:2}") || fail "blobs that cannot be read"
        while read -r sum path; do
            [ "$sum" = "${path##*/}" ] || fail "a blob of other content: $sum $path"
            count=$((count + 1))
        done <<< "$sums"
    done
    assert_at_least "blobs in the store" 1 "$count"
}

# What is named in index.json is there, with its size, and is what it says it is.
check_root_index() { # STORE
    local roots digest size type inside
    [ "$(<"$1/oci-layout")" = '{"imageLayoutVersion":"1.0.0"}' ] ||
        assert_json "$1/oci-layout" "oci-layout" '. == {"imageLayoutVersion": "1.0.0"}'
    assert_json "$1/index.json" \
        "index.json: its type, one entry or more, names that are given once" \
        '.schemaVersion == 2 and (.manifests | length) >= 1
        and (.mediaType // "application/vnd.oci.image.index.v1+json")
            == "application/vnd.oci.image.index.v1+json"
        and ([.manifests[].annotations | ."org.opencontainers.image.ref.name"]
            | length == (unique | length) and all(. != null))
        and all(.manifests[]; .annotations
            | ."org.opencontainers.image.ref.name" == ."io.containerd.image.name")'
    roots=$(jq -r '.manifests[] | "\(.digest) \(.size) \(.mediaType)"' "$1/index.json")
    while read -r digest size type; do
        assert_equal "size of $digest" "$size" "$(stat -c %s "$1/blobs/${digest/://}")"
        inside=$(jq -r '.mediaType // empty' "$1/blobs/${digest/://}")
        assert_equal "type of $digest" "${inside:-$type}" "$type"
    done <<< "$roots"
}

check_store() { # STORE
    check_top_level "$1"
    check_blobs "$1"
    check_root_index "$1"
    [ ! -e "$1/ingest" ] ||
        assert_equal "leftovers in ingest/" "" "$(find "$1/ingest" ! -type d -printf '%P\n')"
}

# The digests in a store, sorted.
store_blobs() { # STORE
    find "$1/blobs" -type f -printf '%P\n' | tr / : | sort
}

# The store holds exactly these. Digests are given on stdin; one may be given more than once.
assert_blobs() { # STORE
    assert_same_lines "blobs in the store" "$(sort -u)" "$(store_blobs "$1")"
}

# index.json has an entry for this name, and it says this.
assert_root() { # STORE FULL-REFERENCE DIGEST MEDIA-TYPE
    assert_json "$1/index.json" "entry of $2" '[.manifests[]
        | select(.annotations."org.opencontainers.image.ref.name" == $name)
        | [.digest, .mediaType]] == [[$digest, $type]]' \
        --arg name "$2" --arg digest "$3" --arg type "$4"
}
