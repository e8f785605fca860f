#!/bin/bash
# An import that is killed anywhere leaves a store that is right: no wrong blob, no name, nothing
# that the next one minds.
# shellcheck source-path=SCRIPTDIR source=../resume/lib.sh
. "$(dirname "$0")/../resume/lib.sh"

# Import so many bytes of the archive from a pipe that stays open, and kill it when it has taken
# them: what a pipe holds, 64 KiB, may be left in it.
interrupt() { # SIGNAL BYTES
    local status=0 wanted
    wanted=$((128 + $(kill -l "$1")))
    mkfifo pipe
    "$TUG" -q --store store import - < pipe > out 2> err &
    import=$!
    pids+=("$import")
    exec {held}> pipe
    head -c "$2" archive >&"$held" || fail "it took no more: $(cat err)"
    kill "-$1" "$import"
    wait "$import" 2> /dev/null || status=$?
    exec {held}>&-
    rm pipe
    [ "$status" -eq "$wanted" ] || fail "SIG$1 after $2 bytes: status $status: $(cat err)"
    [ ! -e store/index.json ] || [ "$(jq '.manifests | length' store/index.json)" -eq 0 ] ||
        fail "SIG$1 after $2 bytes: the image has a name"
    check_blobs "SIG$1 after $2 bytes"
}

check_blobs() { # WHEN
    local wrong
    [ -d store/blobs/sha256 ] || return 0
    wrong=$(cd store/blobs/sha256 && find . -type f -printf '%P\0' | xargs -0 -r sha256sum |
        awk '$1 != $2')
    [ -z "$wrong" ] || fail "$1: wrong blobs: $wrong"
}

start_registry --generate app:1=600K:5
"$TUG" -q --store source fetch --plain-http "$registry/app:1" > fetched
stop_registry
"$TUG" --store source export -o archive "$registry/app:1"
size=$(stat -c %s archive)
count=$(by_form 4 40)
for signal in KILL TERM; do
    for i in $(seq "$count"); do
        interrupt "$signal" $((size * i / (count + 1)))
    done
    "$TUG" -q --store store import archive > imported || fail "the import afterwards"
    cmp fetched imported || fail "what it printed: $(cat imported)"
    check_store store 7
    chmod -R u+w store
    rm -rf store
done
