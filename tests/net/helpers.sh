#!/bin/bash
# T-50: credential helpers that are programs: good, noisy, hanging, endless, failing, killed.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

password=$(new_secret password)
basic user "$password" > /dev/null
start_basic_registry user "$password"
push_random test/image:1 6 20000 "user:$password"
image=$REGISTRY/test/image:1

use_helper() { # NAME [KEY]
    printf '{"credHelpers":{"%s":"%s"}}' "${2:-$REGISTRY}" "$1" > auth.json
}

# Its arguments, its input and what could be secret in its environment and descriptors.
make_helper good << END
#!/bin/sh
read -r server
echo "run \$# \$1 \$server" >> '$PWD/runs'
ls -l /proc/\$\$/fd | grep -c 'socket:' >> '$PWD/sockets'
printf '{"ServerURL":"%s","Username":"user","Secret":"%s"}' "\$server" '$password'
END
use_helper good
tug_fetch --authfile auth.json --max-concurrent-downloads 8 "$image"
assert_equal "runs of the helper" "run 1 get $REGISTRY" "$(cat runs)"
assert_equal "sockets that the helper has" 0 "$(sort -u sockets)"
printf '{"credsStore":"good"}' > auth.json
tug_fetch --authfile auth.json "$image"
printf '{"auths":{"%s":{}},"credsStore":"good"}' "$REGISTRY" > auth.json
tug_fetch --authfile auth.json "$image"
done_case "a good helper is run once"

make_helper noisy << END
#!/bin/sh
cat > /dev/null
i=0
escape=\$(printf '\033[2J\007')
while [ \$i -lt 2000 ]; do echo "noise with $password and \$escape" >&2; i=\$((i + 1)); done
printf '{"ServerURL":"x","Username":"user","Secret":"%s"}\n\n' '$password'
END
use_helper noisy
tug_fetch --authfile auth.json "$image"
done_case "one that is noisy on stderr"

# Its children hold its stdout open; tug waits for neither and leaves neither behind.
make_helper hanging << END
#!/bin/sh
echo \$\$ > '$PWD/hanging-pid'
sleep 1000 &
echo \$! >> '$PWD/hanging-pid'
wait
END
use_helper hanging
# One that has ended may wait for its new parent to notice.
has_ended() { # PID
    case $(sed -n 's/^State:[[:space:]]*//p' "/proc/$1/status" 2> /dev/null || true) in
    "" | Z* | X*) ;;
    *) return 1 ;;
    esac
}
tug_refuse 10 "" --authfile auth.json --timeout 5s "$image"
assert_equal "processes of the helper" 2 "$(wc -l < hanging-pid)"
while read -r pid; do
    wait_until 120 "process $pid of the helper has ended" has_ended "$pid"
done < hanging-pid
done_case "one that hangs"

make_helper endless << 'END'
#!/bin/sh
head -c 100000000 /dev/zero | tr '\0' x
END
use_helper endless
start=$SECONDS
/usr/bin/time -f '%M' -o memory "$TUG" --store "$STORE" -q fetch --authfile auth.json "$image" \
    > "$OUT" 2> "$ERR" && fail "a helper that prints 100 MB gave a password"
grep -q endless "$ERR" || fail "not told which helper: $(<"$ERR")"
[ "${ASAN_OPTIONS:-}${TSAN_OPTIONS:-}" != "" ] ||
    assert_at_most "KiB of memory with a helper that prints 100 MB" 60000 "$(tail -n 1 memory)"
assert_at_most "seconds" 50 $((SECONDS - start)) # not until its time is over
done_case "one that prints 100 MB"

make_helper failing << 'END'
#!/bin/sh
cat > /dev/null
printf 'the keychain \033[2J is locked\r\n'
exit 1
END
use_helper failing
tug_refuse "4 9" 'keychain' --authfile auth.json "$image"
make_helper killed << 'END'
#!/bin/sh
kill -9 $$
END
use_helper killed
tug_refuse "4 9" 'killed' --authfile auth.json "$image"
use_helper absent
tug_refuse "4 9" 'absent' --authfile auth.json "$image"
make_helper nonsense << 'END'
#!/bin/sh
printf '{"Username":"user","Secret":'
END
use_helper nonsense
tug_refuse "4 9" 'nonsense' --authfile auth.json "$image"
make_helper empty << 'END'
#!/bin/sh
exit 0
END
use_helper empty
tug_refuse "4 9" 'empty' --authfile auth.json "$image"
done_case "ones that fail, are killed, are absent, talk nonsense"

make_helper unknown << 'END'
#!/bin/sh
cat > /dev/null
echo 'credentials not found in native keychain'
exit 1
END
use_helper unknown
tug_refuse 4 'docker login|--user' --authfile auth.json "$image"
done_case "one that knows no password"

cat > "$PWD/evil" << END
#!/bin/sh
touch '$PWD/evil-ran'
END
chmod 755 evil
mkdir -p "bin/docker-credential-x"
cp evil "bin/docker-credential-x/evil"
# shellcheck disable=SC2016 # not for this shell
for name in 'x/evil' '../evil' "x/../../evil" '; touch evil-ran' '$(touch evil-ran)' '' ' ' '-x'; do
    use_helper "$name"
    tug_refuse "4 9" '' --authfile auth.json "$image"
done
[ ! -e evil-ran ] || fail "a program that is no helper was run"
done_case "names that are none"

