# shellcheck shell=bash
# Helpers of the scripts in this folder, which source it. Each shows that a fetch gets over one kind
# of trouble. Environment: TUG, FAKE_REGISTRY, OBJ (where the programs are), WORK (an empty folder),
# RESUME_FORM (short, the default, or full). Lines that begin with "= " are figures to be shown.
# shellcheck disable=SC2034 # the scripts use what is set here
set -eu -o pipefail

: "${TUG:?}" "${FAKE_REGISTRY:?}" "${OBJ:?}" "${WORK:?}"
RESUME_FORM=${RESUME_FORM:-short}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export HOME="$WORK/home" TMPDIR="$WORK/tmp" LC_ALL=C
mkdir -p "$HOME" "$TMPDIR"
cd "$WORK"
pids=()

fail() {
    echo "FAIL: $*" >&2
    exit 1
}

# Tell whether a process of this script runs. The number of one that has ended may be another's.
is_running() { # PID
    [[ $'\n'$(jobs -pr)$'\n' = *$'\n'"$1"$'\n'* ]]
}

end_all() {
    local pid
    for pid in ${pids[@]+"${pids[@]}"}; do
        is_running "$pid" || continue
        kill -CONT "$pid" 2> /dev/null || true
        kill "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done
}
trap end_all EXIT

# The value for the short and for the full form.
by_form() { # SHORT FULL
    if [ "$RESUME_FORM" = full ]; then printf '%s' "$2"; else printf '%s' "$1"; fi
}

wait_until() { # SECONDS WHAT COMMAND…
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || fail "waited in vain until $what"
        sleep 0.02
    done
}

# Start the scripted server; sets $registry and $registry_pid.
start_registry() { # OPTION…
    rm -f port
    "$FAKE_REGISTRY" --port-file port --log log "$@" > registry.out &
    registry_pid=$!
    pids+=("$registry_pid")
    wait_until 120 "the server listens" test -s port
    registry=127.0.0.1:$(cat port)
}

end_process() { # PID
    kill "$1"
    wait "$1" || true
}

# End the server, so that its log is there.
stop_registry() {
    end_process "$registry_pid"
}

# A sum of the server's log.
logged() { # NAME
    sed -n "s/^$1 //p" log
}

# Check that every blob is what its name says, and that none is missing.
check_store() { # STORE COUNT
    local wrong
    wrong=$(cd "$1/blobs/sha256" && find . -type f -printf '%P\0' | xargs -0 -r sha256sum |
        awk '$1 != $2')
    [ -z "$wrong" ] || fail "wrong blobs: $wrong"
    [ "$(find "$1/blobs/sha256" -type f | wc -l)" -eq "$2" ] ||
        fail "$(find "$1/blobs/sha256" -type f | wc -l) blobs, not $2"
    [ -z "$(find "$1/ingest" -type f)" ] || fail "partial files: $(find "$1/ingest" -type f)"
}
