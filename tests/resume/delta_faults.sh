#!/bin/bash
# Updates that copy what an older layer has, on a disk that is full after some of it, or where one
# call fails: exit status 7 or 0, a message that says why, and with room the next run goes on:
# nothing that was there is requested again.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

export STORE_CALLS_ROOT="$WORK/store"

serve() {
    start_registry --layout layout --repo app:1=1 --repo app:2=2
}

# Fetch version 2 over one connection, so that nothing is on its way when a call fails. Sets status,
# and sent: bytes of blobs.
update() { # [NAME=VALUE…]
    status=0
    serve
    timeout -k 5 100 env LD_PRELOAD="$OBJ/store-calls.so" "$@" \
        "$TUG" --store store fetch -q --plain-http \
        --max-concurrent-downloads 1 --trace trace.json "$registry/app:2" > out 2> err || status=$?
    stop_registry
    sent=$(logged blob_bytes)
}

# Spans of copies that failed.
failed_copies() {
    jq '[.[] | select(.name == "copy" and .args.error)] | length' trace.json
}

expect_whole() {
    [ "$status" -eq 0 ] || fail "$what: exit status $status: $(cat err)"
    check_store store 5
}

prepare() {
    rm -rf store
    cp -a template store
}

"$OBJ/make-toc" layout zstd 1500 20000 8
layer=$(find layout/blobs -type f -size +1M -printf '%s\n' | sort -n | head -n 1)
serve
"$TUG" --store template fetch -q --plain-http "$registry/app:1" > out
stop_registry
prepare
what="with room"
update STORE_CALLS_COUNT="$WORK/count"
expect_whole
calls=$(cat count)
whole=$sent
[ "$whole" -lt $((layer / 4)) ] || fail "$whole of $layer bytes were sent"

refused=0
# The disk is full.
for percent in $(by_form "2 30 90" "$(seq 0 3 96)"); do
    what="room for $percent %"
    prepare
    update STORE_CALLS_ROOM=$((layer * percent / 100))
    [ "$status" -eq 7 ] || fail "$what: exit status $status: $(cat err)"
    [ "$(grep -c . err)" -eq 1 ] || fail "$what: $(cat err)"
    grep -q '^tug: .*No space left on device' err || fail "$what: $(cat err)"
    refused=$((refused + $(failed_copies)))
    [ "$(jq '.manifests | length' store/index.json)" -eq 1 ] || fail "$what: it was named"
    "$TUG" -q --store store verify > out || fail "$what: $(cat out)"
    first=$sent
    update
    expect_whole
    [ $((first + sent)) -le $((whole + 1048576)) ] ||
        fail "$what: $first, then $sent bytes sent, not $whole"
    echo "= $what: $first bytes sent, then $sent; $whole at once"
done
[ "$refused" -gt 0 ] || fail "no copy met a full disk"

# One call fails: errno of ENOSPC, EIO, EDQUOT, EINTR; 0: half of it is written or copied.
errnos=(28 5 122 4 0)
ended=0
tried=0
for number in $(seq 7 "$(by_form $((calls / 7)) $((calls / 100)))" "$calls"); do
    errno=${errnos[tried % 5]}
    what="call $number, errno $errno"
    prepare
    update STORE_CALLS_FAIL="$number:$errno"
    first=$sent
    most=$((whole + 1048576))
    case $status in
    0) most=$((layer + 1048576)) ;; # a donor that cannot be opened is none any more
    7)
        grep -q '^tug: ' err || fail "$what: no message"
        # of a file that could not be synced nothing is believed
        ((errno != 0 && errno != 5)) || most=$((2 * whole + 1048576))
        ;;
    *) fail "$what: exit status $status: $(cat err)" ;;
    esac
    ended=$((ended + (status == 7)))
    tried=$((tried + 1))
    update
    expect_whole
    [ $((first + sent)) -le "$most" ] || fail "$what: $first, then $sent bytes sent, not $whole"
done
echo "= $calls calls, $tried of them failed: $ended updates ended with exit status 7"
