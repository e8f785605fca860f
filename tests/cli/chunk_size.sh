#!/bin/bash
# --chunk-size: how large a blob must be to come over several connections, 0 for never; and which
# values it and --max-size take.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

for option in chunk-size max-size; do
    for size in '' x 5X -1 1.5.2; do
        run fetch "--$option" "$size" x
        expect_status 2
        expect_text err "--$option '$size': not a size such as"
    done
done
run fetch --max-size 0 x
expect_status 2
expect_text err "--max-size '0': must be more than zero"

start_registry --generate app:1=12M --rate 2M
run -q fetch --plain-http --chunk-size 1MiB "$registry/app:1"
expect_status 0
rm -rf "$TUG_STORE"
stop_registry
[ "$(grep -c ' /v2/app/blobs/.*range=bytes=' "$WORK/log")" -ge 2 ] || fail "the blob was not split"

start_registry --generate app:1=8M --rate 2M
run -q fetch --plain-http --chunk-size 0 "$registry/app:1"
expect_status 0
stop_registry
! grep -q ' /v2/app/blobs/.*range=bytes=' "$WORK/log" || fail "the blob was split"
