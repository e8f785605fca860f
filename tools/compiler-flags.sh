#!/bin/sh
# Write those of the options that the compiler takes to a file: for gcc @FILE and clang @FILE.
#
#   tools/compiler-flags.sh FILE COMPILER… -- OPTION…
#
# Options that begin with -Wl, or are -pie and the like count if a program links with them.
set -eu

file=$1
shift
compiler=
while [ "$1" != -- ]; do
    compiler="$compiler $1"
    shift
done
shift
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tug-flags.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
echo 'int main(void) { return 0; }' > "$scratch/main.c"

# Tell whether options are taken, without a word about them.
is_taken() {
    # shellcheck disable=SC2086 # a command and its options
    $compiler -Werror -fPIC "$@" -o "$scratch/main" "$scratch/main.c" > "$scratch/log" 2>&1 &&
        [ ! -s "$scratch/log" ]
}

if ! is_taken "$@"; then
    count=$#
    while [ "$count" -gt 0 ]; do
        option=$1
        shift
        ! is_taken "$option" || set -- "$@" "$option"
        count=$((count - 1))
    done
fi
echo "$*" > "$file"
