#!/bin/bash
# Peak memory: at most 16 MiB, whatever the size of a blob.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

limit_kib=$((16 * 1024))
# What the larger blob may take more. Threads run in another order each time.
growth_kib=2048

measure() { # REFERENCE
    rm -rf "$STORE"
    /usr/bin/time -o peak -f %M "$TUG" --store "$STORE" fetch --max-concurrent-downloads 8 \
        --platform linux/amd64 "$1" > "$OUT" 2> "$ERR" || fail "tug fetch $1: $(tail -n 5 "$ERR")"
    peak_kib=$(tail -n 1 peak)
    echo "$1: peak memory $peak_kib KiB"
}

# Eight layers keep all eight workers busy, as the parts of the large one do.
start_fake_registry --generate memory/large:1=1G --generate memory/small:1=64M:8
measure "$fake_host/memory/small:1"
small_kib=$peak_kib
assert_at_most "KiB for 64 MiB" "$limit_kib" "$small_kib"
measure "$fake_host/memory/large:1"
assert_at_most "KiB for 1 GiB" "$limit_kib" "$peak_kib"
assert_at_most "KiB for 1 GiB more than for 64 MiB" "$growth_kib" "$((peak_kib - small_kib))"
check_store "$STORE"
assert_equal "bytes of the largest blob" "$((1 << 30))" \
    "$(find "$STORE/blobs" -type f -printf '%s\n' | sort -n | tail -n 1)"
