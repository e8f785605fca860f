#!/bin/bash
# Holds every "Does not know: A, B." line at the head of a file of src/ against what the file
# includes, directly or not (gcc -M): each such line names at least one word of the table below, and
# none of the headers that know that word is included. Other phrases are for the reader. Of the
# command, its displays and the api the phrases are only checked: what they may include is few to
# begin with.
set -u

cd "$(dirname "$0")/.." || exit 2
failed=0

# Word, and the headers (a pattern for grep -E) that a file may then not include.
declare -A known=(
    [HTTP]='/http/http' [requests]='/http/http|/registry/' [curl]='/curl/' [libcurl]='/curl/'
    [OpenSSL]='/openssl/' [json-c]='/json-c/' [concurrencykit]='/ck_'
    [TLS]='/http/tls\.h|/openssl/ssl\.h' [proxies]='/http/proxy'
    [TOML]='/toml/' [JSON]='/base/json' [hosts.toml]='/hosts/' [hosts]='/hosts/'
    [URLs]='/url/' [origins]='/url/origin' [addresses]='/url/address'
    [tokens]='/auth/token' [credentials]='/auth/' [challenges]='/auth/challenge'
    [sessions]='/registry/session\.h' [endpoints]='/registry/session\.h|/hosts/'
    [registries]='/registry/|/hosts/' ['the network']='/http/|/registry/|sys/socket\.h'
    [sockets]='sys/socket\.h|/curl/' ['retries']='/retry\.h'
    ['the store']='/store/' ['partial files']='/store/' [index.json]='/store/'
    [blobs]='/store/|/registry/'
    [files]='/base/fs\.h|/fcntl\.h' [disks]='/base/fs\.h|/fcntl\.h|/store/'
    [documents]='/oci/document' [manifests]='/oci/document' [descriptors]='/oci/descriptor'
    [platforms]='/oci/platform' [OCI]='/oci/' [references]='/tug/ref\.h' [digests]='/tug/oci\.h'
    [images]='/pipeline/' [pipeline]='/pipeline/' ['the engine']='/engine/'
    ['the graph']='/graph\.h' [jobs]='/task\.h' [queues]='/queue\.h'
    [workers]='/pool/(pool|internal)\.h' [lanes]='/pool/(pool|internal)\.h'
    [threads]='/pthread\.h' [clocks]='/base/clock\.h' [locks]='/pthread\.h|sys/file\.h'
    [events]='/tug/fetch\.h' [options]='/options\.h|/tug/fetch\.h' ['the command']='/cli/'
    ['the terminal']='/terminal\.h' [displays]='/ui\.h|/ui_backend\.h' [lists]='/list\.h'
    [results]='/result\.h' ['the library']='/tug/fetch\.h'
)
flags=(-std=c17 -D_GNU_SOURCE -Iinclude -Isrc -Isrc/cli -Isrc/lists -Isrc/options -Isrc/display)

# The phrases of a file's head, one a line.
phrases() { # FILE
    sed -n '1,/\*\//p' "$1" | sed 's/^ \*//; s/\*\/$//' | tr '\n' ' ' |
        grep -oE 'Does not know:[^.]*(\.(json|toml|[ch])\b[^.]*)*\.' |
        sed 's/^Does not know://; s/\.$//' |
        tr ',' '\n' | sed 's/^ *//; s/ *$//; s/^\(or\|and\|nor\) //' | tr -s ' ' | grep .
}

while read -r file; do
    words=0
    includes=$(gcc "${flags[@]}" -M "$file" | tr -s ' ' '\n' | sort -u)
    while read -r phrase; do
        [ -n "${known[$phrase]:-}" ] || continue
        words=$((words + 1))
        found=$(grep -vxF -e "$file" -e "${file%.c}.h" <<< "$includes" | sed 's|^|/|' |
            grep -E "${known[$phrase]}" | head -n 1)
        [ -z "$found" ] || { echo "check-knows: $file knows '$phrase' by ${found#/}"; failed=1; }
    done < <(phrases "$file")
    if [ "$words" -eq 0 ] && [[ ! $file =~ ^src/(cli|lists|options|display|api)/ ]]; then
        echo "check-knows: $file: none of its words can be checked"
        failed=1
    fi
done < <(grep -lE 'Does not know:' -r src --include='*.[ch]' | sort)
exit "$failed"
