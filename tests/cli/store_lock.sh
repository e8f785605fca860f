#!/bin/bash
# Another process has the store's lock and stands still: a fetch waits for it to name its image, and
# its time and signals count all the same.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate app:1=10K --generate other:1=10K
run -q fetch --plain-http "$registry/other:1"
expect_status 0
exec 9<> "$TUG_STORE/lock"
flock 9

timeout 60 "$TUG" fetch --plain-http --progress none --timeout 1s "$registry/app:1" \
    > "$WORK/out" 2> "$WORK/err" < /dev/null
status=$?
expect_status 10
expect_empty out
expect_match err "tug: $registry/app:1: timed out; partial downloads are kept"

begin_run fetch --plain-http --progress none "$registry/app:1"
await_text "$pid" err "waiting for"
kill -TERM "$pid"
wait "$pid" # nobody lets go of the lock
status=$?
expect_status 143
expect_match err "tug: interrupted by SIGTERM; partial downloads are kept"
! grep -q app:1 "$TUG_STORE/index.json" || fail "named without the lock"

# It goes on as soon as the other one does.
begin_run fetch --plain-http --progress none "$registry/app:1"
await_text "$pid" err "waiting for"
flock -u 9
wait "$pid"
status=$?
expect_status 0
expect_match out "$registry/app:1 sha256:[0-9a-f]{64}"
grep -q app:1 "$TUG_STORE/index.json" || fail "no name"

# After a second one line says which file it waits for, and which process has that.
f32_the_holder_is_named() {
    local holder
    flock --no-fork -n "$TUG_STORE/lock" sleep 300 &
    holder=$!
    await "$holder" "it has the lock" grep -qx sleep "/proc/$holder/comm"
    begin_run fetch --plain-http --progress none --label a=b "$registry/app:1"
    await_text "$pid" err "waiting for"
    expect_match err \
        "tug: warning: waiting for process $holder \(sleep\), which holds '$TUG_STORE/lock'"
    kill "$holder"
    wait "$pid" || fail "it did not go on"
    expect_lines err 1
    expect_match out "$registry/app:1 sha256:[0-9a-f]{64}"
}
f32_the_holder_is_named

# A store that has to be made: opening it waits, and the time of the run counts meanwhile, too.
f32_timeout_counts_while_the_store_is_opened() {
    rm -rf "$TUG_STORE"
    mkdir "$TUG_STORE"
    exec 9<> "$TUG_STORE/lock"
    flock 9
    run fetch --plain-http --progress none --timeout 300ms "$registry/app:1"
    expect_status 10
    expect_empty out
    expect_match err "tug: the store '$TUG_STORE': timed out: \
(another process|process [0-9]+.*) holds '$TUG_STORE/lock'"
    expect_lines err 1
    flock -u 9
}
f32_timeout_counts_while_the_store_is_opened
