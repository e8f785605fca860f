#!/bin/bash
# A program that was built against older headers, whose structs end earlier, runs with the library
# of now; so does one built against newer headers, as long as it asks for nothing unknown.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

: "${OBJ:?}"
top=$(cd "$(dirname "$0")/../.." && pwd)
library=$OBJ/libtug.so.$("$TUG" --version | cut -d' ' -f2)

# Headers of another age, in $WORK/include-AGE.
make_headers() { # AGE
    local header
    mkdir -p "$WORK/include-$1/tug"
    for header in "$top"/include/tug/*.h; do
        gcc -fpreprocessed -dD -E -P -w "$header" | awk -v age="$1" -f "$top/tests/abi/age.awk" \
            > "$WORK/include-$1/tug/${header##*/}"
    done
}

build() { # PROGRAM HEADERS GCC-OPTION…
    "${CC:-gcc}" -std=c99 -Wall -Wextra -pedantic -Werror -I"$2" "${@:3}" -o "$WORK/$1" \
        "$top/tests/abi/program.c" "$library" 2> "$WORK/err" || fail "$1 does not compile"
}

run_program() { # PROGRAM
    status=0
    LD_LIBRARY_PATH=$WORK "$WORK/$1" "$WORK/store-$1" "$registry/app:1" > "$WORK/out" \
        2> "$WORK/err" || status=$?
}

sizes() { # HEADERS FILE: of the structs that a program owns
    {
        echo '#include <stdio.h>'
        echo '#include <tug/tug.h>'
        echo 'int main(void) {'
        grep -ohE 'TUG_SIZED\(struct tug_[a-z_]+\)' "$top"/include/tug/*.h |
            sed 's/.*(\(.*\))/printf("\1 %zu\\n", sizeof(\1));/'
        echo '}'
    } > "$WORK/sizes.c"
    "${CC:-gcc}" -w -I"$1" -o "$WORK/sizes" "$WORK/sizes.c" && "$WORK/sizes" > "$2"
}

# The age of the headers made a difference to each of them.
check_sizes() { # OLDER NEWER
    local small large name count=0
    sizes "$1" "$WORK/smaller"
    sizes "$2" "$WORK/larger"
    while read -r _ name small _ _ large; do
        [ "$small" -lt "$large" ] || fail "$name: $small and $large bytes"
        count=$((count + 1))
    done < <(paste -d' ' "$WORK/smaller" "$WORK/larger")
    [ "$count" -ge 10 ] || fail "$count structs have a size"
}

make_headers older
make_headers newer
check_sizes "$WORK/include-older" "$top/include"
check_sizes "$top/include" "$WORK/include-newer"
ln -s "$library" "$WORK/libtug.so.0"
start_registry --generate app:1=10K

build now "$top/include"
run_program now
expect_status 0
cp "$WORK/out" "$WORK/expected"
expect_text out "listed: 1"
expect_text out "platform: 1 sha256:"
for age in older newer; do
    build "$age" "$WORK/include-$age"
    run_program "$age"
    expect_status 0
    cmp -s "$WORK/out" "$WORK/expected" ||
        fail "a program of $age headers: $(diff "$WORK/expected" "$WORK/out")"
done

build asks "$WORK/include-newer" -DSET_NEW_OPTION
run_program asks
expect_status 1
expect_text out "create: unsupported"
