#!/bin/bash
# A list of 50 000 references takes less than 16 MiB and 1 KiB a line.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

case "${ASAN_OPTIONS:-}" in
*detect_leaks*) # not its memory
    [ "$(nm "$TUG" 2> /dev/null | grep -c __asan_init)" -eq 0 ] || exit 0
    ;;
esac
start_registry --generate a:1=1K
seq -f "$registry/library/not-there:%.0f" 50000 > "$WORK/list"
/usr/bin/time -f %M -o "$WORK/peak" "$TUG" fetch -q --plain-http --retries 0 \
    --max-concurrent-downloads 8 --from-file "$WORK/list" > "$WORK/out" 2> "$WORK/err" < /dev/null
[ "$(wc -l < "$WORK/err")" -eq 50000 ] || fail "$(wc -l < "$WORK/err") errors"
peak=$(tail -n 1 "$WORK/peak")
expect_between "KiB for 50 000 lines" 1 $((16 * 1024 + 50000)) "$peak"
echo "$peak KiB"
