#!/bin/bash
# T-41: each call that changes the store fails once, in each way it can: the fetch ends with exit
# status 7 or gets over it, the store stays valid, and the next fetch completes it.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start_registry --generate app:1=700K:2 --rate 20M
reference=$registry/app:1
export STORE_CALLS_ROOT="$WORK/store"

# Run a fetch whose calls are counted. FAULT: NUMBER:ERRNO, or nothing.
run_fetch() { # FAULT
    status=0
    timeout -k 5 100 env STORE_CALLS_FAIL="$1" STORE_CALLS_COUNT="$WORK/count" \
        LD_PRELOAD="$OBJ/store-calls.so" \
        "$TUG" -q --store store fetch --plain-http --chunk-size 256K \
        "$reference" > out 2> err || status=$?
}

# Also in the middle of things: a store that exists, and a partial file to go on with.
prepare() { # KIND
    rm -rf store
    mkdir -m 700 store
    if [ "$1" = resumed ]; then
        cp -a template/. store
    fi
}

# One layer was interrupted by a fault that cannot be got over.
prepare new
run_fetch ""
[ "$status" -eq 0 ] || fail "without a fault: $status: $(cat err)"
calls=$(cat count)
[ "$calls" -gt 50 ] || fail "only $calls calls were counted"
prepare new
run_fetch "$((calls / 2)):5"
cp -a store template

# errno of ENOSPC, EIO, EDQUOT, EINTR; 0: half of it is written
seed=${RESUME_SEED:-1}
tried=0
refused=0
for kind in new resumed; do
    for number in $(seq "$calls"); do
        for errno in 28 5 122 4 0; do
            seed=$(((seed * 1103515245 + 12345) % 2147483648))
            [ "$RESUME_FORM" = full ] || [ $((seed / 65536 % 40)) -eq 0 ] || continue
            # Of the second kind not every way: what differs is the place.
            [ "$kind" = new ] || [ "$errno" -eq 28 ] || [ "$errno" -eq 0 ] || continue
            what="$kind, call $number, errno $errno"
            prepare "$kind"
            run_fetch "$number:$errno"
            case $status in
            0) ;;
            7)
                refused=$((refused + 1))
                grep -q '^tug: ' err || fail "$what: no message"
                ;;
            *) fail "$what: exit status $status: $(cat err)" ;;
            esac
            # What is under its name is right, and a named image is whole.
            wrong=$(cd store/blobs/sha256 2> /dev/null && find . -type f -printf '%P\0' |
                xargs -0 -r sha256sum | awk '$1 != $2') || true
            [ -z "$wrong" ] || fail "$what: wrong blobs: $wrong"
            if [ -s store/index.json ] &&
                [ "$(jq '.manifests | length' store/index.json)" -gt 0 ]; then
                [ "$(find store/blobs -type f | wc -l)" -eq 4 ] || fail "$what: named, not whole"
            fi
            "$TUG" -q --store store fetch --plain-http "$reference" > out 2> err ||
                fail "$what: the next fetch: $(cat err)"
            check_store store 4
            tried=$((tried + 1))
        done
    done
done
# What cannot be looked at is not missing: it stays as it is.
rm -rf store
"$TUG" -q --store store fetch --plain-http "$reference" > out 2> err || fail "$(cat err)"
for name in index.json oci-layout; do
    cp "store/$name" before
    for errno in 5 12 116; do # EIO, ENOMEM, ESTALE
        status=0
        STORE_CALLS_FAIL_STAT="$name:$errno" LD_PRELOAD="$OBJ/store-calls.so" \
            "$TUG" -q --store store fetch --plain-http "$reference" > out 2> err || status=$?
        [ "$status" -eq 7 ] || fail "$name, errno $errno: exit status $status: $(cat err)"
        cmp -s before "store/$name" || fail "errno $errno: $name was replaced"
    done
done
[ "$refused" -gt 0 ] || fail "$tried faults, none of them was told of"
echo "= $calls calls, $tried faults: $refused ended with exit status 7, $((tried - refused)) well"
