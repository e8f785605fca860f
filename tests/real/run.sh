#!/bin/bash
# Fetch real images from a real registry: run the tests of this folder.
#
#   tests/real/run.sh [NAME…]      NAME: a script of this folder without .sh; default: all
#
# Environment: see lib.sh. The registry is started once and images are made once for all scripts.
# A script can also be run by itself, e.g. TUG=build/tug tests/real/readers.sh; with WORK set to an
# empty folder, what it made stays there. Prints "ok NAME" or what failed and "FAIL NAME" for each,
# lines of theirs that begin with "= ", and at the end "N passed, N failed". Exit status: 0 when
# something ran and nothing failed.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

is_test() { # NAME
    case $1 in
    run | lib* | registry | store | make_images) return 1 ;;
    esac
}

list_tests() {
    local script name
    for script in "$here"/*.sh; do
        name=$(basename "$script" .sh)
        if is_test "$name"; then
            echo "$name"
        fi
    done
}

passed=0
failed=0

# Stores of finished tests are not needed any more; the images are.
forget_test() { # NAME
    chmod -R u+rwX "$WORK/tests/$1" 2> /dev/null || true
    rm -rf "${WORK:?}/tests/$1"
}

run_test() { # NAME
    local log=$WORK/$1.log start=$SECONDS
    if "$here/$1.sh" > "$log" 2>&1 < /dev/null; then
        passed=$((passed + 1))
        echo "ok $1 ($((SECONDS - start)) s)"
        sed -n '/^= /p' "$log"
    else
        failed=$((failed + 1))
        tail -n 40 "$log"
        echo "FAIL $1"
    fi
    forget_test "$1"
}

if [ "$#" -gt 0 ]; then
    names=("$@")
else
    mapfile -t names < <(list_tests)
fi
start_registry
for name in "${names[@]}"; do
    run_test "$name"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
