#!/bin/bash
# Images that are complete and wait for their name are given it once they are many: a list whose
# images are all present takes the same memory for each 1000 lines, and little of it.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

case "${ASAN_OPTIONS:-}" in
*detect_leaks*) # not its memory
    [ "$(nm "$TUG" 2> /dev/null | grep -c __asan_init)" -eq 0 ] || exit 0
    ;;
esac
start_registry --generate a:1=1K
run fetch -q --plain-http "$registry/a:1"
expect_status 0
digest=$(cut -d ' ' -f 2 "$WORK/out")
# A server whose every tag is that manifest.
start_registry --generate a:1=1K --rule "path=/manifests/t location=/v2/a/manifests/$digest"

peak_kib() { # LINES
    seq -f "$registry/a:t%.0f" "$1" > "$WORK/list"
    /usr/bin/time -f %M -o "$WORK/peak" \
        "$TUG" fetch -q --plain-http --durability none --from-file "$WORK/list" \
        > "$WORK/out" 2> "$WORK/err" < /dev/null || fail "a list of $1"
    [ "$(wc -l < "$WORK/out")" -eq "$1" ] || fail "$(wc -l < "$WORK/out") results"
    tail -n 1 "$WORK/peak"
}

peak_kib 4000 > /dev/null
few=$(peak_kib 1000)
many=$(peak_kib 4000)
# How many wait at once is a matter of luck; all of them would be 7800 KiB.
expect_between "KiB more for 3000 lines more" -1000 $((3000 * 2)) $((many - few))
echo "= $few KiB for 1000 references that are present, $many KiB for 4000"
