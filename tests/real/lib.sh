# shellcheck shell=bash
#
# What every test here needs: its environment, assertions, waiting, cleaning up. Sourced.
#
# Environment: TUG (the command; default build/tug), FAKE_REGISTRY (the scripted server; default the
# one next to TUG), WORK (an empty folder; default a temporary one that is deleted at the end).
# A script sets nothing else: it calls use_registry, use_image NAME… and then tug_run. Messages of
# failed assertions go to stderr, and the script ends with status 1.

set -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
test_name=$(basename "$0" .sh)

# $1: a path that may be relative. Prints it from the root on.
absolute_path() {
    case $1 in
    /*) printf '%s' "$1" ;;
    *) printf '%s/%s' "$PWD" "$1" ;;
    esac
}

fail() { # WORDS…
    echo "$test_name: $*" >&2
    exit 1
}

# Processes of this script, ended by cleanup.
own_pids=()
own_work=""

# Tell whether a process of this script runs. The number of one that has ended may be another's.
is_running() { # PID
    [[ $'\n'$(jobs -pr)$'\n' = *$'\n'"$1"$'\n'* ]]
}

cleanup() {
    local status=$? pid
    trap - EXIT
    for pid in ${own_pids[@]+"${own_pids[@]}"}; do
        is_running "$pid" || continue
        kill "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done
    if [ -n "$own_work" ]; then
        chmod -R u+rwX "$own_work" 2> /dev/null || true
        rm -rf "$own_work"
    fi
    exit "$status"
}

set_environment() {
    TUG=$(absolute_path "${TUG:-$here/../../build/tug}")
    FAKE_REGISTRY=$(absolute_path "${FAKE_REGISTRY:-$(dirname "$TUG")/fake-registry}")
    [ -x "$TUG" ] || fail "TUG: there is no program '$TUG'"
    if [ -z "${WORK:-}" ]; then
        own_work=$(mktemp -d "${TMPDIR:-/tmp}/tug-real.XXXXXX")
        WORK=$own_work
    fi
    WORK=$(absolute_path "$WORK")
    # A user's settings must not reach the tools, nor the tools' files the user.
    export TUG FAKE_REGISTRY WORK LC_ALL=C HOME="$WORK/home" TMPDIR="$WORK/tmp"
    unset TUG_STORE XDG_DATA_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR NO_COLOR REGISTRY_AUTH_FILE \
        http_proxy https_proxy no_proxy all_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY
    mkdir -p "$HOME" "$TMPDIR" "$WORK/tests/$test_name"
    cd "$WORK/tests/$test_name" || exit 1
}

trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
set_environment

# The standing store of this script, and where tug_run leaves what it printed.
STORE=$PWD/store
OUT=$PWD/stdout
ERR=$PWD/stderr

# A pipe that never says anything: waiting for it needs no process.
exec {silent_pipe}<> <(:)

pause() { # SECONDS
    read -rt "$1" -u "$silent_pipe" || true
}

# Ask until a command succeeds. A condition that does not come is a failure.
wait_until() { # SECONDS WHAT COMMAND…
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || fail "waited in vain until $what"
        pause 0.02
    done
}

assert_equal() { # WHAT WANTED GOT
    [ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"
}

assert_at_most() { # WHAT LIMIT GOT
    [ "$3" -le "$2" ] || fail "$1: wanted at most $2, got $3"
}

assert_at_least() { # WHAT LIMIT GOT
    [ "$3" -ge "$2" ] || fail "$1: wanted at least $2, got $3"
}

assert_same_lines() { # WHAT WANTED GOT
    [ "$2" = "$3" ] || fail "$1: wanted (-) and got (+) differ:
$(diff -U0 <(printf '%s\n' "$2") <(printf '%s\n' "$3") | tail -n +3 || true)"
}

assert_file_has() { # FILE TEXT
    grep -qF -- "$2" "$1" || fail "$(basename "$1"): no '$2' in: $(cat "$1")"
}

assert_file_is_empty() { # FILE
    [ ! -s "$1" ] || fail "$(basename "$1"): wanted nothing, got: $(cat "$1")"
}

assert_json() { # FILE WHAT JQ-CONDITION [JQ-ARGUMENT…]
    local file=$1 what=$2 condition=$3
    shift 3
    jq -e "$@" "$condition" "$file" > /dev/null ||
        fail "$what: not true that $condition: $(cat "$file")"
}

# Run tug with the standing store, as in tug_run 0 fetch REF.
tug_run() { # EXIT-STATUS ARGUMENT…
    local wanted=$1 status=0
    shift
    timeout -k 5 200 "$TUG" --store "$STORE" "$@" > "$OUT" 2> "$ERR" || status=$?
    [ "$status" -eq "$wanted" ] ||
        fail "tug $*: wanted exit status $wanted, got $status: $(tail -n 5 "$ERR")"
}

# Run tug with arguments that must fail: status, nothing on stdout, and one line of error.
tug_refuse() { # EXIT-STATUS BEGINNING ARGUMENT…
    local status=$1 beginning=$2
    shift 2
    tug_run "$status" -q "$@"
    assert_file_is_empty "$OUT"
    assert_equal "lines of error of tug $*" 1 "$(grep -c '^tug: ' "$ERR")"
    assert_file_has "$ERR" "$beginning"
    # A usage error may be followed by where to find help.
    [ "$status" -eq 2 ] || assert_equal "lines on stderr of tug $*" 1 "$(wc -l < "$ERR")"
}

# shellcheck source-path=SCRIPTDIR source=registry.sh
. "$here/registry.sh"
# shellcheck source-path=SCRIPTDIR source=store.sh
. "$here/store.sh"
# shellcheck source-path=SCRIPTDIR source=make_images.sh
. "$here/make_images.sh"
