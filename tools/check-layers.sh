#!/bin/bash
# Includes point one way only (src/README.md, "Rooms"), and each foreign library has its one file.
set -u

cd "$(dirname "$0")/.." || exit 2
failed=0

forbid() { # MESSAGE PATTERN FILE…
    local message=$1 pattern=$2
    shift 2
    if grep -nE "$pattern" "$@" /dev/null; then
        echo "check-layers: $message"
        failed=1
    fi
}

only_in() { # PATTERN ALLOWED…: files of src/ that may include it
    local pattern=$1 file
    shift
    while read -r file; do
        case " $* " in
        *" $file "*) ;;
        *)
            echo "check-layers: $file includes $pattern; only $* may"
            failed=1
            ;;
        esac
    done < <(grep -lE "#include <$pattern" -r src include | sort)
}

inc='^#include "'
rooms="base toml oci chunked ref trust convert unpack url http hosts auth registry index store walk"
rooms+=" plan upkeep tags archive pool engine pipeline lookup api cli"
sees() { # ROOM ROOM…: what it may include besides itself
    local room=$1 forbidden
    shift
    forbidden=$(for other in $rooms; do
        case " $room $* " in *" $other "*) ;; *) printf '|%s' "$other" ;; esac
    done)
    forbid "$room sees ${*:-no other room}" "$inc(${forbidden#|})/" "src/$room"/*
}
sees base
sees toml base
sees oci base
sees chunked oci base
sees ref oci base
sees trust ref oci base
sees convert oci base
sees unpack oci base
sees url base
sees http url base
sees hosts url toml base
sees auth url base
sees registry auth hosts http url oci base
sees index oci base
sees store index oci base
sees walk store index oci base
sees plan store trust convert unpack ref oci base
sees upkeep pipeline plan engine registry walk store index trust ref oci base
sees tags pipeline registry ref oci base
sees archive walk store index unpack ref oci base
sees pool registry store chunked unpack oci base
sees engine pool registry store chunked unpack oci base
sees pipeline plan engine registry store index trust convert chunked unpack ref oci url base
sees lookup pipeline plan engine registry ref oci base
sees api upkeep tags lookup pipeline plan archive walk registry store trust ref oci base
# The compiler finds only these folders' own headers for them.
forbid "the command and its displays see public headers" "$inc(\.\.|${rooms// /|})/" \
    src/cli/* src/lists/* src/options/* src/display/*
forbid "public headers include public headers" '^#include "' include/tug/*
only_in 'archive' src/unpack/libarchive.h
only_in 'yaml' src/lists/libyaml.h
only_in 'zlib' src/chunked/part_gzip.c
only_in 'zstd' src/chunked/part_zstd.c
only_in 'curl/' src/http/http_internal.h src/url/resolve.c
only_in 'ck_' src/base/queue.c
only_in 'json' src/base/json.c src/base/json_value.c
only_in 'openssl/' src/base/hash.c src/base/str.c src/http/tls.c src/trust/key.c

exit "$failed"
