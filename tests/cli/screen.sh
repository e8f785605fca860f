#!/bin/bash
# What a user sees: the command in terminals of several widths, and the screens of these, with a
# slow registry, one that refuses connections, one that falls silent, and one that answers 429.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
sizes=(100 80 40 20)

in_tmux() {
    tmux -S "$WORK/tmux" -f /dev/null "$@"
}

end() {
    in_tmux kill-server 2> /dev/null
    stop_registry
}
trap end EXIT

# Begin `tug fetch WORD…` in a terminal of its own, with a store of its own or the one of another.
begin() { # NAME[=STORE] COLUMNS WORD…
    local name=${1%=*} store=${1#*=} columns=$2
    shift 2
    in_tmux new-session -d -s "$name" -x "$columns" -y 24 \
        "exec '$TUG' --store '$WORK/store-$store' fetch --plain-http $*" \; \
        set-option remain-on-exit on || fail "tmux"
}

# The screen as it is, and what scrolled off it; rows that the terminal wrapped are one line.
join=-J
look() { # NAME
    in_tmux capture-pane -p ${join:+"$join"} -S - -t "$1" | sed 's/ *$//' > "$WORK/out"
}

# Wait until the screen shows a line that a pattern is part of.
see() { # NAME REGEX
    local end=$((SECONDS + 120))
    while [ "$SECONDS" -lt "$end" ]; do
        look "$1"
        ! grep -qE -- "$2" "$WORK/out" || return 0
        sleep 0.1
    done
    fail "$1 never showed '$2'"
}

# The rows drawn in place never touch the last column, and there is one of each.
check_block() { # NAME COLUMNS
    local widest
    widest=$(grep -vE 'sha256:|  done  |^tug: |fetched' "$WORK/out" | wc -L)
    [ "$widest" -lt "$2" ] || fail "$1: a row of $widest columns"
    [ "$(grep -cE '^([0-9]+/[0-9]+ images?|[0-9]+%)' "$WORK/out")" -eq 1 ] || fail "$1: not one sum"
}

start_registry --rate 20K --generate slow:1=1000K:6 --generate quick:1=50K:2 \
    --generate silent:1=50K:2 --generate limited:1=1K:1 \
    --rule 'path=/v2/silent/blobs/ cut=stall at=20000' \
    --rule 'path=/v2/limited/ status=429 add-header=Retry-After:_3600'
for columns in "${sizes[@]}"; do
    begin "slow-$columns" "$columns" --max-concurrent-downloads 8 "$registry/slow:1"
    begin "quick-$columns" "$columns" "$registry/quick:1"
    begin "refused-$columns" "$columns" --retries 9 localhost:1/app:1
    begin "silent-$columns" "$columns" --stall-timeout 1h "$registry/silent:1"
    begin "limited-$columns" "$columns" --retry-max-wait 2h "$registry/limited:1"
done
begin resized 100 --stall-timeout 1h "$registry/silent:1"

# The image at work by name, with its blobs and a percentage; blobs that are done stay to be seen.
f34_shows_what_is_at_work() { # COLUMNS
    local name=$registry/slow:1
    [ "$1" -gt 20 ] || name='[.]{3}/slow:1'
    if [ "$1" -ge 80 ]; then
        see "slow-$1" "^$name +resolved +[0-9]+% +[1-7]/8 blobs +[0-9.]+ [KM]iB/5[.]9 MiB$"
        see "slow-$1" \
            '^  [0-9a-f]{12} \[#+\.+\] +[0-9]+% +[0-9.]+ KiB/1000 KiB +[0-9.]+ KiB/s downloading$'
        see "slow-$1" '^  [0-9a-f]{12} \[#+\] 100% .* done$'
        see "slow-$1" '^0/1 image  [1-7]/8 blobs  [0-9]+%  .*/s  eta [0-9]+( s|m)'
    else
        see "slow-$1" "^$name +[0-9]+% [1-7]/8$"
        see "slow-$1" '^ *[0-9a-f]{4,12} +[0-9]+% [0-9.]+ KiB/s$'
        see "slow-$1" '^ *[0-9a-f]{4,12} +100% done$'
        see "slow-$1" '^(0/1 image  )?[0-9]+%  (.*/s  )?eta [0-9]+( s|m)'
    fi
    check_block "slow-$1" "$1"
}

# Blobs that another process downloads into the same store.
f34_shows_what_another_process_does() {
    begin other=slow-80 80 "$registry/slow:1"
    see other '^  [0-9a-f]{12} \[\.+\] +0% +0 B/1000 KiB +other process$'
    see other "^$registry/slow:1 +resolved"
    check_block other 80
}

# Why nothing comes: the attempt, the wait, the reason.
f33_shows_why_it_waits() { # COLUMNS
    see "refused-$1" '^retry [2-9]/9 in [0-9]+ s: *'
    see "refused-$1" 'Failed'
    see "refused-$1" ' retry(ing| [0-9]+ s)$|resolving'
    check_block "refused-$1" "$1"
    see "limited-$1" '^retry 1/5 in( |$)'
    see "limited-$1" '(^| )[0-9]+m[0-9]{2}s:'
    see "limited-$1" '(^| )429,'
    check_block "limited-$1" "$1"
    see "silent-$1" ' stalled ([0-9]+ s|[0-9]+m[0-9]{2}s)$'
    check_block "silent-$1" "$1"
}

# The rows have the width of the window as it is now. (What a terminal makes of the old rows when it
# becomes narrower is its own affair: it tells its new size some time later.)
f34_follows_the_size() {
    local join=
    see resized "^  [0-9a-f]{12} \\[[#.]{33}\\] .* stalled"
    in_tmux resize-window -t resized -x 76
    see resized "^  [0-9a-f]{12} \\[[#.]{9}\\] .* stalled"
    in_tmux resize-window -t resized -x 40
    see resized "^  [0-9a-f]{12} +[0-9]+% stalled"
    in_tmux resize-window -t resized -x 110
    see resized "^  [0-9a-f]{12} \\[[#.]{40}\\] .* stalled"
}

# What is finished scrolls up, and the summary says what happened.
f35_says_what_happened() { # COLUMNS
    see "quick-$1" '^fetched 1 image: 4 blobs, 10[0-9] KiB in [0-9.]+ s \([0-9.]+ KiB/s\)$'
    grep -qE "^$registry/quick:1  done  4 blobs  10[0-9] KiB  [0-9.]+ s$" "$WORK/out" ||
        fail "no line for the finished image"
    kill -INT "$(in_tmux display-message -p -t "silent-$1" '#{pane_pid}')"
    local kept='[0-9.]+ KiB received, kept for the next run'
    see "silent-$1" "^interrupted after [0-9.]+ s: 0 of 1 image fetched; $kept\$"
    ! grep -q 'failed' "$WORK/out" || fail "interrupted is not failed"
}

for columns in "${sizes[@]}"; do
    f34_shows_what_is_at_work "$columns"
done
f34_shows_what_another_process_does
for columns in "${sizes[@]}"; do
    f33_shows_why_it_waits "$columns"
done
f34_follows_the_size
for columns in "${sizes[@]}"; do
    f35_says_what_happened "$columns"
done
