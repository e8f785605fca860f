#!/bin/bash
# The programs of tools/examples, as a stranger builds and runs them: against an installed library,
# found by pkg-config, with the shared library and with -static; and the one in Python.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

top=$(cd "$(dirname "$0")/../.." && pwd)
unset MAKEFLAGS MFLAGS MAKELEVEL WERROR V
make -C "$top" install PREFIX=/usr LIBDIR=/usr/lib DESTDIR="$WORK/root" CC=false \
    > "$WORK/out" 2> "$WORK/err" ||
    fail "make install ended with $?"
export PKG_CONFIG_PATH="$WORK/root/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$WORK/root"
export LD_LIBRARY_PATH="$WORK/root/usr/lib"
cd "$WORK" || exit 1

expect_status() { # EXPECTED STATUS WHAT
    [ "$2" -eq "$1" ] || fail "$3: ended with $2, not $1"
}

read -ra words < <(pkg-config --cflags --libs tug)
read -ra static_words < <(pkg-config --static --cflags --libs tug)
for source in "$top"/tools/examples/*.c; do
    name=$(basename "$source" .c)
    cc -Wall -Wextra -Werror -pthread -o "$name" "$source" "${words[@]}" 2> err ||
        fail "$name does not build"
    # The linker warns of glibc's look-ups of names.
    cc -pthread -static -o "$name-static" "$source" "${static_words[@]}" 2> err ||
        fail "$name does not link with -static"
    for program in "$name" "$name-static"; do
        ./"$program" > out 2> err
        expect_status 2 $? "$program without operands"
        grep -q "^usage: $name " err || fail "$program does not say how it is used"
    done
done
# The program of libtug(3) is one that compiles.
sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$top/man/libtug.3" | grep -v '^\.\|^Fetch' |
    sed 's/\\e/\\/g' > manual.c
cc -Wall -Wextra -Werror -o manual manual.c "${words[@]}" 2> err ||
    fail "the example of libtug(3) does not build"
[ "$(grep -vcE '^(#include|/\*| \*|$)' "$top/tools/examples/fetch.c")" -le 30 ] ||
    fail "fetch.c has more than 30 lines"

start_registry --generate app:1=300K:3 --generate tool:2=50K --rate 20M

./fetch store "$registry/app:1" "$registry/tool:2" > out 2> err || fail "fetch ended with $?"
./fetch-static store2 "$registry/app:1" > out 2> err || fail "fetch-static ended with $?"
./fetch store "$registry/app:none" > out 2> err && fail "fetch of a missing tag succeeded"
grep -q "^fetch: $registry/app:none: " err || fail "the error does not name the reference"
"$top/tools/examples/fetch.py" store3 "$registry/app:1" > out 2> err ||
    fail "fetch.py ended with $?"
"$top/tools/examples/fetch.py" store3 "$registry/app:none" > out 2> err && fail "fetch.py succeeded"
grep -q "^fetch.py: $registry/app:none: " err || fail "fetch.py does not say what failed"
for store in store store2 store3; do
    "$TUG" --store "$store" verify > out 2> err || fail "$store is damaged"
done

./list store > out 2> err || fail "list ended with $?"
[ "$(grep -cE "^sha256:[0-9a-f]{64} [0-9]+ $registry/(app:1|tool:2)$" out)" -eq 2 ] || fail "list"
digest=$(awk '/app:1/ {print $1}' out)
./list store "$registry/app:1" > out 2> err || fail "list of an image ended with $?"
[ "sha256:$(sha256sum < out | cut -d' ' -f1)" = "$digest" ] || fail "not the manifest"
./list nowhere > out 2> err && fail "list of no store succeeded"

./progress fresh "$registry/app:1" > out 2> err || fail "progress ended with $?"
grep -qE "^$registry/app:1: [0-9]+ of [0-9]+ bytes, [0-9]+ of [0-9]+ blobs$" out ||
    fail "no progress"
tail -n 1 out | grep -qx "$registry/app:1: complete" || fail "progress: not complete"

./event_loop looped "$registry/app:1" > out 2> err < /dev/null || fail "event_loop ended with $?"
tail -n 1 out | grep -qE '^([0-9]+) of \1 bytes$' || fail "event_loop: not at its end"

# A program with a store of its own gets all content, and nothing is requested that it has.
mkdir shelf
./sink work shelf "$registry/app:1" "$registry/tool:2" > out 2> err || fail "sink ended with $?"
digest=$(awk '/app:1/ {print $1}' out)
check_shelf() { # COUNT
    [ "$(find shelf -type f | wc -l)" -eq "$1" ] || fail "sink: $(find shelf -type f)"
    for file in shelf/*; do
        [ "sha256:$(sha256sum < "$file" | cut -d' ' -f1)" = "${file#shelf/}" ] ||
            fail "$file is damaged"
    done
    [ -z "$(find work/blobs work/ingest -type f)" ] || fail "sink: the work directory keeps content"
}
check_shelf 8
./sink work nowhere "$registry/app:1" > out 2> err && fail "sink succeeded without a directory"
grep -q "the program refused to take .*: nowhere/.*: No such file or directory$" err ||
    fail "sink does not say why"
stop_registry
./sink-static work shelf "$registry/app@$digest" > out 2> err || fail "sink-static ended with $?"

# It is killed while a layer comes, and goes on.
start_registry --generate big:1=2M --rule "path=/blobs/ cut=stall at=1500000"
./sink work shelf "$registry/big:1" > out 2> err &
pid=$!
has_partial() {
    [ -n "$(find work/ingest -type f -size +1000k 2> /dev/null)" ]
}
await "$pid" "a partial download" has_partial
kill -KILL "$pid"
wait "$pid" 2> /dev/null
start_registry --generate big:1=2M
./sink work shelf "$registry/big:1" > out 2> err || fail "sink that goes on ended with $?"
check_shelf 11
stop_registry
grep -q 'status=206' log || fail "sink: the layer was requested from its beginning"

# Interrupted while blobs stall: both end at once.
start_registry --generate app:1=300K:3 --rule "path=/blobs/ cut=stall at=100"
rm out
./progress stopped "$registry/app:1" > out 2> err &
pid=$!
await_text "$pid" out ' of 5 blobs'
kill -INT "$pid"
wait "$pid"
expect_status 130 $? "progress that is interrupted"
grep -q "$registry/app:1: interrupted" out || fail "progress: no result"
mkfifo line
./event_loop stopped "$registry/app:1" > out 2> err < line &
pid=$!
echo stop > line
wait "$pid"
expect_status 1 $? "event_loop that is stopped"
grep -q 'interrupted' err || fail "event_loop does not say why it ended"

# A registry with a password: the program's is taken, and a wrong one is refused.
asks="status=401 add-header=WWW-Authenticate:_Basic_realm=x"
start_registry --generate app:1=10K --rule "without=Authorization:_Basic_bWU6c2VzYW1l $asks"
cat > password << END
#!/bin/sh
[ "\$1" = "$registry" ] && echo "\${SECRET:-sesame}"
END
chmod +x password
export PASSWORD_COMMAND="$WORK/password" USER_NAME=me
for program in credentials credentials-static; do
    ./"$program" "$registry/app:1" > out 2> err || fail "$program ended with $?"
    jq -e '.layers | length == 1' out > /dev/null || fail "$program: not the manifest"
done
SECRET=wrong-one ./credentials "$registry/app:1" > out 2> err &&
    fail "a wrong password was accepted"
grep -q 'that the program gave' err || fail "it does not say whose credentials they were"
! grep -q 'wrong-one' err || fail "the password is in the message"
