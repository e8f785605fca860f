#!/bin/bash
# F-11: a file of the store that stat(2) fails on (EIO, EACCES, ESTALE) is neither missing nor
# another process's: the fetch ends at once with exit status 7, and says which file it is.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start_registry --generate app:1=300K:1
reference=$registry/app:1
export STORE_CALLS_ROOT="$WORK/store"

run_fetch() {
    timeout -k 5 100 "$TUG" -q --store store fetch --plain-http "$reference" > out 2> err
}

run_fetch || fail "$(cat err)"
# The largest is the layer.
layer=$(find store/blobs/sha256 -type f -size +200k -printf '%f\n')
for area in ingest blobs; do
    for errno in 5 13 116; do # EIO, EACCES, ESTALE
        what="$area, errno $errno"
        rm -f "store/blobs/sha256/$layer" store/ingest/sha256/*
        status=0
        STORE_CALLS_FAIL_STAT="$area/sha256/$layer:$errno" \
            LD_PRELOAD="$OBJ/store-calls.so" run_fetch || status=$?
        [ "$status" -eq 7 ] || fail "$what: exit status $status: $(cat err)"
        grep -q "cannot stat.*$layer" err || fail "$what: $(cat err)"
        run_fetch || fail "$what: the next fetch: $(cat err)"
        check_store store 3
    done
done
