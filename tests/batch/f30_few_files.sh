#!/bin/bash
# Few open files or threads: fewer downloads at once, told of at -v; a soft limit is raised. When
# there are too few to start, the status is 7, not 70.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start_registry --generate a:1=1M:40 --generate b:1=1K:2
fetch() { # LIMITS IMAGE OPTION…
    local limits=$1 image=$2
    shift 2
    rm -rf "$TUG_STORE"
    (
        eval "$limits"
        exec timeout 60 "$TUG" -v fetch --progress plain --durability none --plain-http \
            "$@" "$registry/$image"
    ) > "$WORK/out" 2> "$WORK/err" < /dev/null
    status=$?
}

f30_a_hard_limit() {
    fetch 'ulimit -n 64' a:1 --max-concurrent-downloads 64
    expect_status 0
    expect_match err ".*downloads at once: [1-9][0-9]* instead of 64: the limit of open files is 64"
    expect_no_match err "Too many open files|cannot open"
    (ulimit -n 64 && "$TUG" -v resolve --plain-http --max-concurrent-downloads 64 \
        "$registry/a:1" "$registry/b:1") > "$WORK/out" 2> "$WORK/err" || fail "resolve"
    expect_lines out 2
}

f30_a_soft_limit_is_raised() {
    fetch 'ulimit -S -n 24' a:1 --max-concurrent-downloads 64
    expect_status 0
    expect_no_match err "downloads at once"
}

# However few there are: it works, or it says so with status 7 (5: a connection could not be made).
f30_hardly_any() {
    local limit
    for limit in 4 5 6 7 8 9 10 12 14 16 20 24; do
        fetch "ulimit -n $limit" b:1 --retries 0
        case $status in
        0 | 5 | 7 | 9) ;;
        *) fail "exit status $status with $limit files" ;;
        esac
    done
    fetch 'ulimit -n 9' b:1 --retries 0
    expect_status 7
}

f30_a_hard_limit
f30_a_soft_limit_is_raised
f30_hardly_any
