#!/bin/bash
# Installing compiles nothing, whatever the flags; tug.pc speaks of the prefix of the installation,
# and programs link by it: with the shared library, and with -static.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

top=$(cd "$(dirname "$0")/../.." && pwd)
# make check runs this script: its flags and job server are not ours.
unset MAKEFLAGS MFLAGS MAKELEVEL WERROR V

# What is installed is what was built, so root need not compile.
before=$(find "$top/build" -newer "$0" -name '*.o' | sort | cksum)
make -C "$top" install PREFIX=/usr LIBDIR=/usr/lib/tug DESTDIR="$WORK/root" CFLAGS=-O0 CC=false \
    > "$WORK/out" 2> "$WORK/err" || fail "make install ended with $?"
[ "$before" = "$(find "$top/build" -newer "$0" -name '*.o' | sort | cksum)" ] || fail "it compiled"
for file in bin/tug lib/tug/libtug.a lib/tug/libtug.so.0 include/tug/tug.h share/man/man1/tug.1 \
    share/man/man3/tug_fetch.3 share/man/man3/tug_fetch_run.3 \
    share/bash-completion/completions/tug share/zsh/site-functions/_tug \
    share/fish/vendor_completions.d/tug.fish; do
    [ -s "$WORK/root/usr/$file" ] || fail "$file is not installed"
done

# Each page of section 3 can be read, by its own name and by those of its functions.
for page in "$WORK"/root/usr/share/man/man3/*; do
    source=$(sed -n 's/^\.so //p' "$page")
    text=${source:+$WORK/root/usr/share/man/}${source:-$page}
    grep -q '^\.Sh RETURN\|^\.Sh DESCRIPTION' "$text" ||
        fail "$page leads nowhere"
done

export PKG_CONFIG_PATH="$WORK/root/usr/lib/tug/pkgconfig"
[ "$(pkg-config --variable=prefix tug)" = /usr ] || fail "the prefix is not the installation's"
[ "$(pkg-config --variable=libdir tug)" = /usr/lib/tug ] || fail "libdir is not the installation's"
export PKG_CONFIG_SYSROOT_DIR="$WORK/root"

cat > "$WORK/main.c" << 'EOF'
#include <stdio.h>
#include <tug/tug.h>

int main(void)
{
    const struct tug_store_options options = TUG_STORE_OPTIONS_INIT;
    struct tug_fetch *fetch = NULL;
    struct tug_error err = {0};
    struct tug_store *store = NULL;

    if (tug_store_open("store", &options, &store, &err) != TUG_OK ||
        tug_fetch_create(store, NULL, &fetch, &err) != TUG_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    tug_fetch_destroy(fetch);
    tug_store_close(store);
    return 0;
}
EOF
cd "$WORK" || exit 1
flags() { # PKG-CONFIG-OPTION…
    read -ra words < <(pkg-config "$@" --cflags --libs tug)
}
flags
cc -o dynamic main.c "${words[@]}" 2> err || fail "a program does not link"
LD_LIBRARY_PATH="$WORK/root/usr/lib/tug" ./dynamic 2> err || fail "it does not run"
flags --static
# The linker warns of glibc's look-ups of names.
cc -static -o static main.c "${words[@]}" 2> err || fail "a static program does not link"
env -i ./static 2> err || fail "the static program does not run"

make -C "$top" uninstall PREFIX=/usr LIBDIR=/usr/lib/tug DESTDIR="$WORK/root" > out 2> err ||
    fail "make uninstall ended with $?"
[ -z "$(find "$WORK/root" -type f -o -type l)" ] || fail "left: $(find "$WORK/root" -type f)"
