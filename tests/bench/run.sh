#!/bin/bash
# Measure tug against the limit of this machine and the peers installed: `make bench`.
#
#   tests/bench/run.sh OBJ
#
# Environment: BENCH_CASES (default all, see cases.sh), BENCH_ROUNDS (undisturbed runs of each
# program, default 5), BENCH_TRIES (how many times as many runs at most, default 3), BENCH_MAX_BLOB
# (largest blob of the memory case, default 8G), BENCH_BEFORE (an earlier build of tug, measured in
# turn with this one), BENCH_PEERS and BENCH_SUITE (peers.sh). Prints the table of goals and
# the medians; leaves runs.tsv, summary.tsv, goals.tsv, report.md, traces (trace-CASE.json, for
# Perfetto) and *.svg in build/bench/. Needs 20 GB of disk. Exit status: 0 when it ran, whatever the
# figures.
# shellcheck disable=SC2154 # variables are shared with the files below
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=content.sh
. "$here/content.sh"
# shellcheck source=servers.sh
. "$here/servers.sh"
# shellcheck source=programs.sh
. "$here/programs.sh"
# shellcheck source=peers.sh
. "$here/peers.sh"
# shellcheck source=cases.sh
. "$here/cases.sh"
# shellcheck source=delta.sh
. "$here/delta.sh"
# shellcheck source=goals.sh
. "$here/goals.sh"
# shellcheck source=plot.sh
. "$here/plot.sh"

describe_machine() {
    printf '%s, %s cores, %s, Linux %s; tug %s; %s%s; docker-registry %s; %s\n' \
        "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
        "$(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)" "$(uname -r)" \
        "$("$tug" version | head -n 1)" "$(describe_peers)" "$(nginx -v 2>&1)" \
        "$(dpkg-query -W -f '${Version}' docker-registry)" "$(date -u +%F)"
}

report() {
    write_summary
    judge
    plot_walls
    plot_lines
    plot_traces
    {
        print_goals
        echo
        print_updates
        describe_machine
        echo
        print_medians
        list_pictures
    } | tee "$results/report.md"
}

enter_own_mounts "$@"
set_up "${1:-$root/build}"
find_peers
# Whoever interrupts it sees what was measured until then.
trap 'report; exit 130' INT
trap 'report; exit 143' TERM
# These have no servers.
if [[ " store100k verify store100k verify " != *" ${BENCH_CASES:-all} "* ]]; then
    make_content
    # shellcheck disable=SC2086 # words
    ! needs_delta_content ${BENCH_CASES:-$all_cases} || make_delta_content
    warm_content
    start_servers
fi
for name in ${BENCH_CASES:-$all_cases}; do
    declare -F "case_$name" > /dev/null || fail "there is no case '$name': $all_cases"
    "case_$name"
done
report
