#!/bin/bash
# Run test suites against the programs in one object directory.
#
#   tests/run.sh OBJ SUITE…      SUITE: support unit stress flow fuzz oom cli net static batch real
#                                resume store newer; prune: that script of store
#
# TEST_JOBS: unit and flow tests at a time (default 8: they wait more than they work). Tests of the
# suite "measured" hold the time they take against a bound: each runs alone.
# Each suite prints what fails; the last line is the sum of all, "N passed, N failed". Exit status:
# 0 when something ran and nothing failed. Criterion and the sanitizers have ways to fail and still
# end well, so counts are compared with the sources and sanitizer reports are looked for in files.
set -u

here=$(cd "$(dirname "$0")/.." && pwd)
obj=$1
shift
obj=$(cd "$obj" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/tug-tests.XXXXXX")
passed=0
failed=0

cleanup() {
    # A folder without write permission is part of some tests.
    chmod -R u+rwX "$work" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT

export TUG="$obj/tug" FAKE_REGISTRY="$obj/fake-registry" LC_ALL=C
# A user's settings must not reach the tests.
unset TUG_STORE XDG_DATA_HOME NO_COLOR http_proxy https_proxy no_proxy all_proxy \
    HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY SSL_CERT_FILE SSL_CERT_DIR

# Reports go to files: a process that dies of one in a forked test would hide it otherwise.
export ASAN_OPTIONS="log_path=$work/sanitizer:detect_leaks=1:abort_on_error=0"
export UBSAN_OPTIONS="log_path=$work/sanitizer:print_stacktrace=1"
export TSAN_OPTIONS="log_path=$work/sanitizer:suppressions=$here/tests/support/tsan.supp"
export LSAN_OPTIONS="suppressions=$here/tests/support/lsan.supp:print_suppressions=0"

count() { # PASSED FAILED
    passed=$((passed + $1))
    failed=$((failed + $2))
}

# Sanitizer reports since the last look are one failure of the suite.
check_reports() { # SUITE
    local report
    for report in "$work"/sanitizer.*; do
        [ -e "$report" ] || return 0
        echo "FAIL $1: sanitizer report:"
        head -n 60 "$report"
        count 0 1
        rm -f "$report"
    done
}

# The sum of one figure over all runs in a criterion log.
sum_of() { # FIGURE LOG
    sed -n "s/.*Synthesis:.*$1: \([0-9]*\).*/\1/p" "$2" | awk '{ sum += $1 } END { print sum + 0 }'
}

run_criterion() { # SUITE
    local suite=$1 log="$work/$1.log" expected tested passing
    expected=$(grep -rhE '^(Test|ParameterizedTest|Theory)\(' "$here/tests/$suite" | wc -l)
    "$obj/$suite-tests" --jobs "${TEST_JOBS:-8}" --filter '!(measured/*)' > "$log" 2>&1
    local status=$?
    if grep -rqE '^Test\(measured,' "$here/tests/$suite"; then
        "$obj/$suite-tests" --jobs 1 --filter 'measured/*' >> "$log" 2>&1 || status=$?
    fi
    tested=$(sum_of 'Tested' "$log")
    passing=$(sum_of 'Passing' "$log")
    if [ "$status" -ne 0 ] || [ "$tested" -ne "$passing" ] || [ "$tested" -lt "$expected" ] ||
        [ "$expected" -eq 0 ]; then
        grep -vE '^\[(====|RUN|PASS|SKIP)\]' "$log" | head -n 200
        echo "FAIL $suite: $passing of $tested passed, $expected expected, exit status $status"
        count "$passing" $((tested - passing > 0 ? tested - passing : 1))
    else
        count "$passing" 0
        echo "ok   $suite: $passing tests"
        sed -n 's/^= /       /p' "$log"
    fi
    check_reports "$suite"
}

# Seconds after which a script hangs; the long forms take minutes on a machine that is idle.
script_seconds=900
[ "${RESUME_FORM:-short}" = short ] || script_seconds=1500

# One script; what it printed and how it ended go to files.
run_script() { # FOLDER NAME
    local start=$SECONDS status=0
    mkdir "$work/$2"
    WORK="$work/$2" OBJ="$obj" timeout -k 5 "$script_seconds" "$here/tests/$1/$2.sh" \
        > "$work/$2.log" 2>&1 < /dev/null || status=$?
    echo "$status $((SECONDS - start))" > "$work/$2.status"
    chmod -R u+rwX "$work/$2"
    rm -rf "${work:?}/$2"
}

# Several at a time, since these wait more than they work; those that take longest begin first.
# Lines of theirs that begin with "= " are figures to be shown.
run_scripts() { # SUITE JOBS [NAME…]
    local suite=$1 jobs=$2 first=("${@:3}") script names=() name
    for script in "$here/tests/$suite"/*.sh; do
        name=$(basename "$script" .sh)
        [[ $name = lib* || " ${first[*]} " = *" $name "* ]] || names+=("$name")
    done
    run_named "$suite" "$suite" "$jobs" "${first[@]}" "${names[@]}"
}

# The same with these scripts of a folder, and no others.
run_named() { # SUITE FOLDER JOBS NAME…
    local suite=$1 folder=$2 jobs=$3 names=("${@:4}") name status seconds running=0
    for name in "${names[@]}"; do
        if [ "$running" -eq "$jobs" ]; then
            wait -n
            running=$((running - 1))
        fi
        run_script "$folder" "$name" &
        running=$((running + 1))
    done
    wait
    for name in "${names[@]}"; do
        read -r status seconds < "$work/$name.status"
        if [ "$status" -eq 0 ]; then
            count 1 0
            echo "ok   $suite: $name ($seconds s)"
            sed -n 's/^= /       /p' "$work/$name.log"
        else
            count 0 1
            echo "FAIL $suite: $name: exit status $status after $seconds s"
            tail -n 40 "$work/$name.log"
        fi
    done
    check_reports "$suite"
}

run_support() {
    if "$obj/support-test" > "$work/support.log" 2>&1; then
        count 1 0
        echo "ok   support: the tests' own server"
    else
        count 0 1
        tail -n 40 "$work/support.log"
        echo "FAIL support"
    fi
    check_reports support
}

run_fuzz() { # replay all seeds and found inputs
    local parser
    for parser in "$here"/tests/fuzz/seeds/*/; do
        parser=$(basename "$parser")
        if find "$here/tests/fuzz/seeds/$parser" "$here/tests/fuzz/found/$parser" -type f \
            -print0 2>/dev/null | xargs -0 "$obj/replay-$parser" > "$work/fuzz.log" 2>&1; then
            count 1 0
            echo "ok   fuzz: $parser"
        else
            count 0 1
            echo "FAIL fuzz: $parser"
            tail -n 40 "$work/fuzz.log"
        fi
        check_reports "fuzz/$parser"
    done
}

run_stress() { # each program with several seeds; another set: STRESS_SEEDS="4 5 6"
    local program name seed
    for program in "$here"/tests/stress/stress_*.c; do
        name=$(basename "$program" .c)
        name=${name#stress_}
        for seed in ${STRESS_SEEDS:-1 2 3}; do
            if timeout 400 "$obj/stress-$name" "$seed" > "$work/stress.log" 2>&1; then
                count 1 0
                echo "ok   stress: $name, seed $seed"
            else
                count 0 1
                echo "FAIL stress: $name, seed $seed"
                tail -n 40 "$work/stress.log"
            fi
            check_reports "stress/$name"
        done
    done
}

# What a test asks the registry for is counted in the registry's log, so those that run at the same
# time have a registry each, and images of their own in it. Two halves that take about as long; the
# first is of those that use the large images.
real_half() { # HALF NAME…
    local half=$1 status=0
    shift
    mkdir "$work/real-$half"
    WORK="$work/real-$half" timeout -k 5 900 "$here/tests/real/run.sh" "$@" \
        > "$work/real-$half.log" 2>&1 < /dev/null || status=$?
    echo "$status" > "$work/real-$half.status"
}

take_real_half() { # HALF
    local log=$work/real-$1.log status sums
    status=$(cat "$work/real-$1.status")
    sums=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log" | tail -n 1)
    sed -n 's/^\(ok\|FAIL\) */\1   real: /p; s/^= /       /p' "$log"
    # shellcheck disable=SC2086 # two numbers
    count ${sums:-0 0}
    if [ "$status" -ne 0 ] || [ -z "$sums" ]; then
        tail -n 60 "$log"
        echo "FAIL real: exit status $status"
        case $sums in
        '' | *' 0') count 0 1 ;; # it did not count its failure
        esac
    fi
}

run_real() {
    local first=(by_digest export_readers fetch_docker_list fetch_index fetch_large
        not_found plain_http platforms readers) second=()
    local script name
    for script in "$here"/tests/real/*.sh; do
        name=$(basename "$script" .sh)
        case " ${first[*]} make_images registry run store " in
        *" $name "*) ;;
        *) [[ $name = lib* ]] || second+=("$name") ;;
        esac
    done
    real_half 1 "${first[@]}" &
    real_half 2 "${second[@]}" &
    wait
    take_real_half 1
    take_real_half 2
    check_reports real
}

# RESUME_FORM=full: hundreds of interruptions and every fault instead of a few, one after the other.
run_resume() {
    export RESUME_FORM=${RESUME_FORM:-short}
    if [ "$RESUME_FORM" = full ]; then
        run_scripts resume 1
    else
        run_scripts resume 3 caps kill terminate
    fi
}

# The command as one file does what the other does: names, TLS, proxies, several endpoints, helpers.
run_static() {
    local -x TUG="$obj/tug-static"
    if readelf -ldW "$TUG" | grep -E 'INTERP|NEEDED'; then
        count 0 1
        echo "FAIL static: it asks for shared libraries"
    fi
    run_named static net 4 proxy tls_server mirrors helpers f19_ca_places
    run_named static cli 1 images_in
}

for suite in "$@"; do
    case $suite in
    unit | flow | oom) run_criterion "$suite" ;;
    cli)
        run_scripts cli 4 examples_ansible completion plain_progress tty_progress chunk_size \
            login signals
        ;;
    static) run_static ;;
    net) run_scripts net 6 odd_servers public_origin helpers mirrors challenges proxy ;;
    batch) run_scripts batch 3 limit_rate slurm_array ;;
    support) run_support ;;
    stress) run_stress ;;
    fuzz) run_fuzz ;;
    real) run_real ;;
    resume) run_resume ;;
    store) run_scripts store 2 prune ;;
    newer) run_scripts newer 1 ;;
    prune) run_named prune store 1 prune ;;
    *)
        echo "tests/run.sh: no suite '$suite'" >&2
        exit 2
        ;;
    esac
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
