#!/bin/bash
# The command and the library have what protects them: no fixed addresses, nothing writable that is
# executable, names bound before the program begins, guarded stacks and copies, marked targets of
# jumps. Checked in the binaries, for what the compiler takes (compile.flags).
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

: "${OBJ:?}"
library=$OBJ/libtug.so.$("$TUG" --version | cut -d' ' -f2)
read -r flags < "$OBJ/compile.flags"

has_flag() {
    [[ " $flags " = *" $1 "* ]]
}

check_segments() { # FILE
    readelf -hldW "$1" > "$WORK/out"
    expect_match out ' +Type: +DYN .*'
    expect_match out ' +GNU_STACK .* RW +0x[0-9a-f]+'
    expect_match out ' +GNU_RELRO .*'
    expect_match out ' 0x[0-9a-f]+ \(FLAGS_1\) .*\<NOW\>.*'
    expect_no_match out 'TEXTREL|LOAD .* RWE'
}

check_segments "$OBJ/tug"
check_segments "$library"
[ ! -e "$OBJ/tug-static" ] || check_segments "$OBJ/tug-static"
readelf -W --dyn-syms "$library" > "$WORK/out"
! has_flag -fstack-protector-strong || expect_text out '__stack_chk_fail'
# Of the C libraries, glibc has functions that check sizes.
! grep -q 'GLIBC' "$WORK/out" || expect_match out '.* UND __[a-z]+_chk(@.*)?'

if has_flag -fcf-protection; then
    # The C library's start files are not marked, so the linker leaves the mark out of the whole.
    objects=$(ar t "$OBJ/libtug.a" | wc -l)
    marked=$(readelf -nW "$OBJ/libtug.a" 2> /dev/null | grep -c 'IBT, SHSTK')
    [ "$marked" -eq "$objects" ] || fail "$marked of $objects objects are marked"
fi
if has_flag -fstack-clash-protection && [ "$(uname -m)" = x86_64 ]; then
    # A large frame is touched page by page.
    # shellcheck disable=SC2016 # a constant of the assembler
    objdump -d --no-show-raw-insn "$library" | grep -q 'orq  *\$0x0,.*(%rsp)' ||
        fail "no page of a large frame is touched"
fi
