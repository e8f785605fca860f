#!/bin/bash
# Where the store is: --store, TUG_STORE, XDG_DATA_HOME, HOME, in this order.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate app:1=10K

expect_store() { # DIR
    expect_status 0
    [ -e "$1/oci-layout" ] || fail "no store in $1"
    rm -rf "${WORK:?}"/s1 "$WORK"/s2 "$WORK"/data "$HOME"/.local
}

fetch="fetch -q --plain-http $registry/app:1"
export TUG_STORE="$WORK/s2" XDG_DATA_HOME="$WORK/data"
# shellcheck disable=SC2086 # words
{
    run --store "$WORK/s1" $fetch
    expect_store "$WORK/s1"
    run $fetch --store "$WORK/s1"
    expect_store "$WORK/s1"
    run $fetch
    expect_store "$WORK/s2"
    TUG_STORE="" run $fetch
    expect_store "$WORK/data/tug"
    unset TUG_STORE
    run $fetch
    expect_store "$WORK/data/tug"
    XDG_DATA_HOME=relative run $fetch
    expect_store "$HOME/.local/share/tug"
    unset XDG_DATA_HOME
    run $fetch
    expect_store "$HOME/.local/share/tug"
    unset HOME
    run $fetch
}
expect_status 2
expect_text err "no store: give --store, or set TUG_STORE or HOME"
