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
forbid "base knows no other room" "$inc(toml|oci|ref|registry|store|pipeline|api|cli)/" src/base/*
forbid "toml knows base only" "$inc(oci|ref|registry|store|pipeline|api|cli)/" src/toml/*
forbid "oci knows base only" "$inc(toml|ref|registry|store|pipeline|api|cli)/" src/oci/*
forbid "ref knows oci and base only" "$inc(toml|registry|store|pipeline|api|cli)/" src/ref/*
forbid "registry does not see the store or what is above" "$inc(store|pipeline|api|cli)/" src/registry/*
forbid "store does not see the registry or what is above" "$inc(toml|registry|pipeline|api|cli)/" src/store/*
forbid "pipeline does not see what is above" "$inc(api|cli)/" src/pipeline/*
forbid "api does not see the command" "$inc(cli)/" src/api/*
forbid "the command sees public headers and its own room" "$inc(\.\.|base|toml|oci|ref|registry|store|pipeline|api)/" src/cli/*
forbid "public headers include public headers" '^#include "' include/tug/*
only_in 'curl/' src/http/http_internal.h
only_in 'ck_' src/pipeline/queue.c
only_in 'json' src/base/json.c src/base/json_value.c
only_in 'openssl/' src/base/hash.c src/base/str.c src/http/tls.c

exit "$failed"
