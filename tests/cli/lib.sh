# shellcheck shell=bash
# Helpers of the scripts in this folder, which source it. Each script shows one behaviour that users
# see. Environment: TUG (the command), FAKE_REGISTRY (the server), WORK (an empty folder).
set -u

: "${TUG:?}" "${FAKE_REGISTRY:?}" "${WORK:?}"
export HOME="$WORK/home" TUG_STORE="$WORK/store" TERM=xterm LC_ALL=C
# ThreadSanitizer sleeps a second at exit, and some scripts measure time.
export TSAN_OPTIONS="${TSAN_OPTIONS:+$TSAN_OPTIONS:}atexit_sleep_ms=0"
unset NO_COLOR XDG_DATA_HOME COLUMNS LINES POSIXLY_CORRECT
mkdir -p "$HOME"
registry_pid=""
export registry="" # HOST:PORT of the server
status=0    # of the last run

fail() {
    echo "FAIL: $*" >&2
    for file in out err; do
        if [ -s "$WORK/$file" ]; then
            echo "--- $file:" >&2
            head -c 2000 "$WORK/$file" | cat -v >&2
        fi
    done
    exit 1
}

# Wait until a command succeeds, which a process is to bring about: one that has ended will not.
await() { # PID WHAT COMMAND…
    local pid=$1 what=$2 end=$((SECONDS + 120))
    shift 2
    until "$@"; do
        kill -0 "$pid" 2> /dev/null || "$@" || fail "not before process $pid ended: $what"
        [ "$SECONDS" -lt "$end" ] || fail "waited in vain: $what"
        sleep 0.02
    done
}

# Run tug in the background, as $pid; its output is empty at first.
begin_run() { # WORD…
    rm -f "$WORK/out" "$WORK/err"
    "$TUG" "$@" > "$WORK/out" 2> "$WORK/err" < /dev/null &
    pid=$!
}

# Wait until a file has a line that the text is part of.
await_text() { # PID FILE TEXT
    await "$1" "'$3' in $2" grep -qsF -- "$3" "$WORK/$2"
}

stop_registry() {
    if [ -n "$registry_pid" ]; then
        kill "$registry_pid" 2> /dev/null
        kill -CONT "$registry_pid" 2> /dev/null # a script may have stopped it
        wait "$registry_pid" 2> /dev/null
        registry_pid=""
    fi
}
trap stop_registry EXIT

# Start the server with the options given and set $registry.
start_registry() {
    stop_registry
    rm -f "$WORK/port"
    "$FAKE_REGISTRY" --port-file "$WORK/port" --log "$WORK/log" "$@" > /dev/null &
    registry_pid=$!
    await "$registry_pid" "the fake registry listens" test -s "$WORK/port"
    registry="localhost:$(cat "$WORK/port")"
}

# Run tug; its output goes to $WORK/out and $WORK/err, its exit status to $status.
run() {
    "$TUG" "$@" > "$WORK/out" 2> "$WORK/err" < /dev/null
    status=$?
}

# Read the command line of a process into $WORK/title until TEXT is in it, or the process has ended.
# It is empty while the program begins, too.
wait_title() { # PID TEXT
    local end=$((SECONDS + 60))
    while [ "$SECONDS" -lt "$end" ] && tr '\0' ' ' < "/proc/$1/cmdline" > "$WORK/title"; do
        ! grep -qF -- "$2" "$WORK/title" || break
        [ -s "$WORK/title" ] || ! grep -q '^State:.Z' "/proc/$1/status" || break
    done
}

expect_status() {
    [ "$status" -eq "$1" ] || fail "exit status $status, expected $1"
}

expect_empty() { # out|err
    [ ! -s "$WORK/$1" ] || fail "$1 is not empty"
}

expect_text() { # out|err TEXT: it is part of a line
    grep -qF -- "$2" "$WORK/$1" || fail "no '$2' in $1"
}

expect_match() { # out|err REGEX: a whole line
    grep -qxE -- "$2" "$WORK/$1" || fail "no line '$2' in $1"
}

expect_no_match() { # out|err REGEX: no part of any line
    ! grep -qE -- "$2" "$WORK/$1" || fail "'$2' in $1"
}

expect_lines() { # out|err COUNT
    [ "$(wc -l < "$WORK/$1")" -eq "$2" ] || fail "$(wc -l < "$WORK/$1") lines in $1, expected $2"
}

# Show what a terminal shows after the bytes of a file: handles CR, LF, cursor up, erase to the end
# of line and screen, and drops colours. Says on stderr how wide the widest line drawn was.
screen() { # FILE
    awk '
        BEGIN { RS = "\033"; row = 0; column = 0; last = 0; widest = 0 }
        function put(character) {
            while (length(line[row]) < column) line[row] = line[row] " "
            line[row] = substr(line[row], 1, column) character substr(line[row], column + 2)
            column++
            if (column > widest) widest = column
            if (row > last) last = row
        }
        function erase_screen(i) {
            line[row] = substr(line[row], 1, column)
            for (i = row + 1; i <= last; i++) line[i] = ""
            last = row
        }
        {
            text = $0
            if (NR > 1 && match(text, /^\[[0-9;]*[A-Za-z]/)) {
                code = substr(text, RLENGTH, 1)
                number = substr(text, 2, RLENGTH - 2)
                text = substr(text, RLENGTH + 1)
                if (code == "A") row -= number
                else if (code == "K") line[row] = substr(line[row], 1, column)
                else if (code == "J") erase_screen()
                else if (code != "m") print "ESCAPE NOT KNOWN " code
                if (row < 0) { print "CURSOR ABOVE THE TOP"; row = 0 }
            } else if (NR > 1) {
                print "ESCAPE NOT KNOWN"
            }
            for (i = 1; i <= length(text); i++) {
                character = substr(text, i, 1)
                if (character == "\r") column = 0
                else if (character == "\n") { row++; column = 0 }
                else put(character)
            }
        }
        END {
            for (i = 0; i <= last; i++) print line[i]
            print widest > "/dev/stderr"
        }' "$1"
}
