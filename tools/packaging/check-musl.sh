#!/bin/bash
# Build with musl instead of glibc, and run the suites support, unit and cli; then what Alpine's
# APKBUILD does (check-apkbuild.sh).
#
#   tools/packaging/check-musl.sh FOLDER
#
# Debian has a compiler for musl and no libraries, so this compiles those that tug needs from
# Debian's sources, once, into FOLDER. What comes out is for tests only: Debian's patches are not in
# the libraries.
set -euo pipefail

mkdir -p "$1"
folder=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/../.." && pwd)
root=$folder/root
multiarch=$(gcc -print-multiarch)
export CC=musl-gcc PKG_CONFIG_LIBDIR=$root/lib/pkgconfig
unset MAKEFLAGS MFLAGS MAKELEVEL

# The kernel's headers, and those of ck, which are the same for every C library.
link_headers() {
    local header
    mkdir -p "$root/include" "$root/kernel" "$root/lib/pkgconfig"
    ln -sfn /usr/include/linux "$root/kernel/linux"
    ln -sfn /usr/include/asm-generic "$root/kernel/asm-generic"
    ln -sfn "/usr/include/$multiarch/asm" "$root/kernel/asm"
    for header in /usr/include/ck_*.h /usr/include/gcc; do
        ln -sfn "$header" "$root/include/${header##*/}"
    done
    printf 'Name: ck\nDescription: headers only\nVersion: 0\nCflags: -I%s\n' "$root/include" \
        > "$root/lib/pkgconfig/ck.pc"
}

# Debian's sources, from where this machine's packages come.
fetch_sources() {
    local apt=(-o "Dir::Etc::SourceList=$folder/apt/list"
        -o "Dir::Etc::SourceParts=$folder/apt/parts"
        -o "Dir::State::Lists=$folder/apt/lists" -o APT::Sandbox::User=root)
    mkdir -p "$folder/apt/parts" "$folder/apt/lists" "$folder/sources"
    sed 's/^Types: deb$/Types: deb-src/' /etc/apt/sources.list.d/debian.sources \
        > "$folder/apt/parts/debian.sources" 2> /dev/null || true
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > "$folder/apt/list" 2> /dev/null || true
    apt-get "${apt[@]}" update -q
    (cd "$folder/sources" &&
        apt-get "${apt[@]}" source -q --download-only --tar-only \
            openssl curl json-c libarchive libyaml zlib libzstd)
}

# Unpack a source, and go there.
enter() { # NAME
    rm -rf "$folder/compile/$1"
    mkdir -p "$folder/compile/$1"
    tar -C "$folder/compile/$1" --strip-components=1 \
        -xf "$(ls "$folder/sources/$1"_*.orig.tar.*[z2])"
    cd "$folder/compile/$1"
}

compile_openssl() {
    enter openssl
    ./Configure "linux-$(uname -m)" --prefix="$root" --libdir=lib no-shared no-tests no-async \
        no-engine no-dso no-legacy CFLAGS="$CFLAGS"
    make -j"$(nproc)" build_generated
    make -j"$(nproc)" libcrypto.a libssl.a
    make install_dev
}

compile_zlib() {
    enter zlib
    ./configure --static --prefix="$root"
    make -j"$(nproc)" libz.a
    make install
}

compile_libzstd() {
    enter libzstd
    make -C lib -j"$(nproc)" libzstd.a
    make -C lib PREFIX="$root" install-static install-includes install-pc
}

compile_libyaml() {
    enter libyaml
    [ -x configure ] || ./bootstrap
    ./configure --host="$(uname -m)-linux-musl" --prefix="$root"
    make -C src install
    make -C include install
    make install-pkgconfigDATA
}

compile_json-c() {
    enter json-c
    cmake -B out -DCMAKE_INSTALL_PREFIX="$root" -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF \
        -DBUILD_TESTING=OFF -DDISABLE_EXTRA_LIBS=ON -DBUILD_APPS=OFF .
    make -C out install
}

compile_libarchive() {
    enter libarchive
    [ -x configure ] || autoreconf -fi
    ./configure --host="$(uname -m)-linux-musl" --prefix="$root" --without-xml2 \
        --without-expat --without-bz2lib --without-lzma --without-lz4 --without-openssl \
        --without-iconv --disable-acl --disable-xattr \
        --disable-bsdtar --disable-bsdcat --disable-bsdcpio
    make -j"$(nproc)" libarchive.la
    make install-libLTLIBRARIES install-includeHEADERS install-pkgconfigDATA
}

compile_curl() {
    enter curl
    [ -x configure ] || autoreconf -fi
    ./configure --host="$(uname -m)-linux-musl" --disable-shared --prefix="$root" \
        --with-openssl="$root" \
        --with-zlib="$root" --without-brotli --without-zstd --without-libpsl --without-nghttp2 \
        --without-libidn2 --without-libssh2 --disable-ldap --disable-rtsp --disable-ftp \
        --disable-file \
        --disable-dict --disable-telnet --disable-tftp --disable-pop3 --disable-imap --disable-smb \
        --disable-smtp --disable-gopher --disable-mqtt --disable-manual --disable-ntlm \
        --with-ca-bundle=/etc/ssl/certs/ca-certificates.crt
    make -C lib -j"$(nproc)"
    make -C lib install
    make -C include install
    make install-pkgconfigDATA
}

compile_libraries() {
    local name
    export CFLAGS="-O1 -fPIC -isystem $root/kernel -I$root/include" LDFLAGS="-L$root/lib"
    for name in openssl zlib libzstd libyaml json-c libarchive curl; do
        [ ! -e "$folder/done-$name" ] || continue
        echo "  MUSL   $name"
        (set -e; "compile_$name") > "$folder/$name.log" 2>&1 ||
            {
                tail -n 30 "$folder/$name.log"
                echo "check-musl: $name does not compile" >&2
                exit 1
            }
        touch "$folder/done-$name"
    done
    unset CFLAGS LDFLAGS
}

build_and_test() {
    local arguments=("CONFIG=musl" "CC=$CC" "PLAIN=1" "WERROR=1" "CFLAGS=-O2 -g"
        "CPPFLAGS=-isystem $root/kernel -I$root/include" "LDFLAGS=-L$root/lib -Wl,-rpath,$root/lib"
        "OBJ=$folder/objects" "SUITES=support unit cli")
    local programs
    # shellcheck disable=SC2016 # variables of make
    read -ra programs < <(make -C "$top" -s "${arguments[@]}" \
        --eval='programs: ; @echo $(TOOLS) $(CASES:%/flow-tests=) \
            $(addprefix $(OBJ)/,tug $(SHARED))' programs)
    make -C "$top" --no-print-directory -j"$(nproc)" "${arguments[@]}" "${programs[@]}"
    "$top/tests/run.sh" "$folder/objects" support unit cli
}

link_headers
[ -d "$folder/sources" ] || fetch_sources
compile_libraries
build_and_test
"$top/tools/packaging/check-apkbuild.sh" "$folder"
