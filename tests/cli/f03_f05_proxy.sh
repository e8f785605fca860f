#!/bin/bash
# A proxy that cannot be read is refused at the start and never shown; the password of --proxy does
# not stay on the command line; an entry of no_proxy that matches nothing is warned of once.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
start_registry --generate app:1=1K

f03_is_refused() { # STATUS ARGUMENT…
    local status=$1 progress
    shift
    for progress in plain json; do
        run "$@" --progress "$progress" --store "$WORK/store" "10.99.99.99:1/app:1"
        expect_status "$status"
        expect_lines err "${lines:-1}"
        expect_no_match err 'S3cr'
    done
}

for url in 'http://joe:S3cr@t@host:1' 'http://joe:S3cr/t@host:1' 'http://joe:S3cr?t@host:1' \
    'http://joe:S3cr#t@host:1' 'http://joe:S3cr@host:99999' 'http://joe:S3cr@host:x'; do
    for name in http_proxy HTTPS_PROXY all_proxy; do
        export "$name=$url"
        f03_is_refused 9 fetch
        expect_text err "$name"
        unset "$name"
    done
    lines=2 f03_is_refused 2 fetch --proxy "$url" # the other line is the warning
done

f05_is_overwritten() {
    start_registry --generate app:1=1M
    kill -STOP "$registry_pid" # it runs until the registry answers
    "$TUG" resolve --proxy "http://joe:S3cr@$registry" --plain-http "$registry/app:1" \
        > "$WORK/out" 2> "$WORK/err" < /dev/null &
    pid=$!
    wait_title "$pid" "resolve --proxy  "
    kill -CONT "$registry_pid"
    wait "$pid" || fail "exit status $?: $(cat "$WORK/err")"
    expect_no_match title 'S3cr'
    grep -q "resolve --proxy  " "$WORK/title" || fail "the password stayed in the process title"
    expect_lines err 1
    expect_text err "--proxy"
    run resolve --proxy "http://$registry" --plain-http "$registry/app:1"
    expect_status 0
    expect_empty err
}
f05_is_overwritten

f06_warns_once() {
    export no_proxy='http://reg.corp,good.example'
    run fetch --store "$WORK/warned" --progress plain "$registry/app:1" "$registry/app:1"
    expect_status 0
    [ "$(grep -c "no_proxy.*'http://reg.corp'" "$WORK/err")" -eq 1 ] || fail "$(cat "$WORK/err")"
    expect_no_match err 'good.example'
}
f06_warns_once
