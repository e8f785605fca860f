#!/bin/bash
# F-53: a host name that does not exist fails at once; a lookup that fails for now is tried again.
# In a network namespace, so that nobody outside is asked.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
enter_namespace

f53_lookup() { # SOURCES RETRIES-EXPECTED
    echo "hosts: $1" > nsswitch
    mount --bind nsswitch /etc/nsswitch.conf
    tug_run 5 fetch --progress plain --retries 2 --retry-max-wait 5ms registry.invalid/a:1
    umount /etc/nsswitch.conf
    assert_equal "attempts after the first" "$2" "$(grep -c 'retry in' "$ERR" || true)"
}

f53_lookup files 0
grep -q 'no such name' "$ERR" || fail "the reason is not told: $(<"$ERR")"
done_case "f53: a name that does not exist"

echo 'nameserver 127.0.0.1' > resolv
mount --bind resolv /etc/resolv.conf
f53_lookup dns 2
done_case "f53: a name server that does not answer"
