# shellcheck shell=bash
#
# What the measurements share: folders, cleaning up, running one program once, medians. Sourced.
#
# Results: runs.tsv has a line for each run, summary.tsv medians, goals.tsv the verdicts, all in
# $results. A run is dropped (and counted) when more than 4 % of the machine's time was stolen or
# others used more than 15 % of a core meanwhile.

set -u -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
results=$root/build/bench
content=$results/content
work=$results/work
runs=$results/runs.tsv
rounds=${BENCH_ROUNDS:-5}
tries=${BENCH_TRIES:-3} # times as many runs at most, should they be disturbed
# shellcheck disable=SC2034 # for the other files
max_blob=${BENCH_MAX_BLOB:-8G}
own_pids=()
short_folder="" # for sockets, whose paths must be short

fail() { # WORDS…
    echo "bench: $*" >&2
    exit 1
}

# End a process of ours and wait for its end.
end_process() { # PID
    kill "$1" 2> /dev/null
    wait "$1" 2> /dev/null
}

# shellcheck disable=SC2317 # called by the trap
cleanup() {
    local status=$? pid
    trap - EXIT
    for pid in ${own_pids[@]+"${own_pids[@]}"}; do
        # The number of one that has ended may be another's.
        [[ $'\n'$(jobs -pr)$'\n' != *$'\n'"$pid"$'\n'* ]] || end_process "$pid"
    done
    empty_folder "$work"
    [ -z "$short_folder" ] || rm -rf "$short_folder"
    exit "$status"
}

# Make a folder empty, also of files without permissions.
empty_folder() { # FOLDER
    [ ! -e "$1" ] || { chmod -R u+rwX "$1" && rm -rf "$1"; }
    mkdir -p "$1"
}

# Begin with an empty store. The last one is put away until the end, its files without their
# content. They are not deleted, because ext4 without a journal uses no inode again for minutes, and
# looks at each of those whenever a file is made: the next runs would pay for that.
new_store() {
    if [ -e "$store" ]; then
        chmod -R u+rwX "$store"
        find "$store" -type f -links 1 -size +0 -exec truncate -s 0 {} +
        mkdir -p "$work/away"
        mv "$store" "$(mktemp -d "$work/away/XXXXXX")"
    fi
    mkdir -p "$store"
}

set_up() { # OBJ
    obj=$(cd "$1" && pwd)
    # shellcheck disable=SC2034 # for the other files
    tug=$obj/tug
    mkdir -p "$results" "$content"
    empty_folder "$work"
    short_folder=$(mktemp -d /tmp/tug-bench.XXXXXX)
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    export LC_ALL=C HOME=$work/home TMPDIR=$work/tmp
    unset TUG_STORE XDG_DATA_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR REGISTRY_AUTH_FILE \
        SSL_CERT_FILE SSL_CERT_DIR \
        http_proxy https_proxy no_proxy all_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY
    mkdir -p "$HOME" "$TMPDIR"
    : > "$results/goals.tsv"
    echo case server program wall_s cpu_s peak_kib server_cpu_s stolen_pct foreign_pct status \
        server_bytes server_requests verdict | tr ' ' '\t' > "$runs"
}

wait_until() { # SECONDS WHAT COMMAND…
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || fail "waited in vain until $what"
        sleep 0.02
    done
}

# Is the last run of these seven fields good? Prints kept, dropped or failed.
judge_run() { # LINE
    awk -F '\t' '{ print ($7 != 0 ? "failed" : ($5 > 4 || $6 > 15) ? "dropped" : "kept") }' <<< "$1"
}

# Run what prepare_PROGRAM put into $command, once, with a new store; note it in runs.tsv.
# Sets verdict.
run_once() { # CASE SERVER PROGRAM
    local pid arguments=() line
    store=$work/store
    daemon_pid=""
    [ -n "${keep_store:-}" ] || new_store
    [ -z "${has_old_image:-}" ] || begin_with_old_image "$3"
    prepare "$3" "$2"
    sync -f "$work"
    for pid in $(server_pids "$2"); do
        arguments+=(-s "$pid")
    done
    [ -z "$daemon_pid" ] || arguments+=(-d "$daemon_pid")
    mark_server "$2"
    rm -f "$work/measured"
    # shellcheck disable=SC2154 # prepare set it
    [ -z "${near_end[$2]:-}" ] || command=(nsenter "--net=${near_end[$2]}" "${command[@]}")
    (cd "$work" && "$obj/bench-measure" -o "$work/measured" "${arguments[@]}" "${command[@]}" \
        > "$work/out" 2> "$work/err" < "${command_input:-/dev/null}") ||
        fail "$1, $3: not measured: $(tail -n 3 "$work/err")"
    line=$(cat "$work/measured")
    verdict=$(judge_run "$line")
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' \
        "$1" "$2" "$3" "$line" "$(server_counts "$2")" "$verdict" >> "$runs"
    finish "$3"
    if [ "$verdict" = failed ]; then
        echo "bench: $1, $3: failed: $(tail -n 2 "$work/err")" >&2
    fi
}

# Run the programs in turn, A B C A B C…, until each has $rounds undisturbed runs, or has had
# $tries times as many. A program that fails is left out from then on.
measure_case() { # CASE SERVER PROGRAM…
    local name=$1 server=$2 round program
    local -A kept=() out=()
    shift 2
    echo "bench: $name from $server: $*" >&2
    for ((round = 1; round <= rounds * tries; round++)); do
        for program in "$@"; do
            [ -z "${out[$program]:-}" ] || continue
            [ "${kept[$program]:-0}" -lt "$rounds" ] || continue
            run_once "$name" "$server" "$program"
            case $verdict in
            kept) kept[$program]=$((${kept[$program]:-0} + 1)) ;;
            failed) out[$program]=yes ;;
            esac
        done
    done
}

# Medians of the kept runs of each case, server and program; of all runs when none was kept.
write_summary() {
    awk -f "$here/summary.awk" "$runs" > "$results/summary.tsv"
}

# One figure out of the summary; nothing when there is none.
figure() { # CASE SERVER PROGRAM COLUMN
    awk -F '\t' -v c="$1" -v s="$2" -v p="$3" -v column="$4" '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $1 == c && $2 == s && $3 == p { print $at[column] }' "$results/summary.tsv"
}

# The peer with the least wall time: its seconds and its name.
best_peer() { # CASE SERVER
    awk -F '\t' -v c="$1" -v s="$2" '
        $1 == c && $2 == s && $3 ~ /^(skopeo|crane|oras|ctr|aria2|curl)$/ { print $6, $3 }' \
        "$results/summary.tsv" | sort -n | head -n 1
}

# Note a verdict: is LEFT OPERATOR RIGHT true? An empty figure means that it was not measured.
goal() { # WORK GOAL LEFT OPERATOR RIGHT FIGURE-TEXT
    local met="not met"
    if [ -z "$3" ] || [ -z "$5" ]; then
        return
    fi
    if awk -v a="$3" -v b="$5" -v operator="$4" \
        'BEGIN { exit !(operator == "<=" ? a <= b : a >= b) }'; then
        met=met
    fi
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$6" "$met" >> "$results/goals.tsv"
}

divide() { # A B
    [ -n "$1" ] && [ -n "$2" ] &&
        awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.3f", a / b }'
}
