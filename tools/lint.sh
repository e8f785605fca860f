#!/bin/bash
# All checks that need no run: formatting, static analysis, the rules of the house.
set -u

cd "$(dirname "$0")/.." || exit 2
failed=0
mapfile -t sources < <(git ls-files -co --exclude-standard '*.c' '*.h')
mapfile -t scripts < <(git ls-files -co --exclude-standard '*.sh' .ci/run)
includes=(-Iinclude -Isrc -Isrc/cli -Isrc/lists -Isrc/options -Isrc/display)

check() { # NAME COMMAND…
    local name=$1
    shift
    if "$@"; then
        echo "ok   $name"
    else
        echo "FAIL $name"
        failed=1
    fi
}

# shellcheck disable=SC2317 # called by check
headers_alone() { # every header compiles by itself
    local header status=0
    for header in include/tug/*.h src/*/*.h; do
        gcc -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror "${includes[@]}" -fsyntax-only \
            -x c -include "$header" /dev/null || status=1
    done
    return "$status"
}

# shellcheck disable=SC2317 # called by check
bashisms() { # scripts for sh are for any sh
    grep -lE '^#!/bin/sh' "${scripts[@]}" | xargs checkbashisms
}

# The public headers, a program that uses them, and their initial values, are C99 and C++17.
# shellcheck disable=SC2317 # called by check
headers_portable() {
    local file name inits=build/lint-inits.h status=0
    mkdir -p build
    sed -n 's/^#define \(TUG_[A-Z_]*\)_INIT.*/\1/p' include/tug/*.h | while read -r name; do
        printf 'static inline size_t size_of_%s(void) { struct %s x = %s; return x.size; }\n' \
            "${name,,}" "${name,,}" "${name}_INIT"
    done | { echo '#include <tug/tug.h>' && cat; } > "$inits"
    for file in include/tug/*.h tests/abi/program.c "$inits"; do
        for compiler in 'gcc -std=c99 -x c' 'clang -std=c99 -x c' 'g++ -std=c++17 -x c++' \
            'clang++ -std=c++17 -x c++'; do
            # shellcheck disable=SC2086 # words
            $compiler -Wall -Wextra -pedantic -Werror -Iinclude -fsyntax-only -include "$file" \
                /dev/null || status=1
        done
    done
    return "$status"
}

# shellcheck disable=SC2317 # called by check
man_pages() { # nothing to say but that pages they name are not installed
    ! mandoc -T lint man/*.[1-9] 2> /dev/null | grep -v 'referenced manual not found'
}

# shellcheck disable=SC2317 # called by check
symbols() { # what the library exports is what the headers declare
    make --no-print-directory -s lib > /dev/null && tools/check-symbols.sh build/libtug.so.[0-9]
}

# shellcheck disable=SC2317 # called by check
builds_clean() { # MAKE-VARIABLE…: everything compiles without a warning
    mkdir -p build
    make --no-print-directory -j"$(nproc)" WERROR=1 "$@" test-programs \
        > build/lint-build.log 2>&1 ||
        { grep -E 'error|warning' build/lint-build.log; return 1; }
}

check "format" clang-format --dry-run -Werror "${sources[@]}"
check "shell" shellcheck -x "${scripts[@]}"
check "bashisms" bashisms
check "layers" tools/check-layers.sh
check "globals" tools/check-globals.sh
check "docs" tools/check-docs.sh
check "knows" tools/check-knows.sh
check "tests" tools/check-tests.sh
check "sizes" tools/check-sizes.sh
check "headers" headers_alone
check "C99 and C++" headers_portable
check "symbols" symbols
check "abi" tools/check-abi.sh
check "man pages" man_pages
check "cppcheck" cppcheck --quiet --std=c11 --language=c --error-exitcode=1 --inline-suppr \
    --enable=warning,performance,portability --suppress=missingIncludeSystem \
    --suppress=unusedStructMember -D_GNU_SOURCE "${includes[@]}" src
check "clang" builds_clean CC=clang CONFIG=clang
check "circles" tools/check-cycles.sh

exit "$failed"
