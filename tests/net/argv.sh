#!/bin/bash
# T-14: a password on tug's command line is taken off the process title, with a warning, and a
# password file that others may read is warned of. No helper process inherits it.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

password=$(new_secret password)
basic user "$password" > /dev/null
start_fake origin --generate test/image:1=100K:1 --rule 'path=/manifests/ cut=stall at=100'
"$TUG" --store "$STORE" fetch --plain-http -u "user:$password" "${FAKE[origin]}/test/image:1" \
    > "$OUT" 2> "$ERR" &
tug_pid=$!
own_pids+=("$tug_pid")
has_warned() {
    grep -qi 'command line\|process\|--password-stdin' "$ERR"
}
wait_until 120 "tug warns of a password on the command line" has_warned
kill -0 "$tug_pid" || fail "the process is gone: $(<"$ERR")"
tr '\0' '\n' < "/proc/$tug_pid/cmdline" > cmdline
assert_file_has cmdline user
assert_clean cmdline "$ERR"
! tr '\0' '\n' < "/proc/$tug_pid/environ" | grep -qF "$password" || fail "in the environment"
end_process "$tug_pid"
stop_fake origin
done_case "T-14: the process title"

start_basic_registry user "$password"
push_random test/image:1 1 1000 "user:$password"
write_auth_file auth.json "$REGISTRY" "$(basic user "$password")"
tug_fetch --authfile auth.json "$REGISTRY/test/image:1"
! grep -qi 'warning' "$ERR" || fail "a warning: $(<"$ERR")"
chmod 644 auth.json
tug_fetch --authfile auth.json "$REGISTRY/test/image:1"
grep -qi 'auth.json' "$ERR" || fail "no warning of a file that others may read: $(<"$ERR")"
rm -rf "$STORE"
tug_run 2 fetch --password "$password" "$REGISTRY/test/image:1" < /dev/null ||
    fail "there is an option --password"
done_case "T-14: files that others may read; no --password"
