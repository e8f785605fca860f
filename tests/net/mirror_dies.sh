#!/bin/bash
# A mirror dies in the middle of a blob and stays away: the registry gives the rest, and only that.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

size=8000000
part=3000000
start_registry
push_random test/image:1 1 "$size"
front() {
    cat << END
    server { listen 127.0.0.1:$P1; location / { proxy_pass http://$REGISTRY; } }
END
}
start_nginx front
start_fake mirror --layout "$pushed_layout" --repo test/image:1=x \
    --rule "path=/blobs/ cut=stall at=$part"
mkdir -p "hosts/127.0.0.1:$P1"
cat > "hosts/127.0.0.1:$P1/hosts.toml" << END
server = "http://127.0.0.1:$P1"
[host."http://${FAKE[mirror]}"]
END
"$TUG" --store "$STORE" fetch --progress json --hosts-dir hosts "127.0.0.1:$P1/test/image:1" \
    > "$OUT" 2> "$ERR" &
tug_pid=$!
own_pids+=("$tug_pid")
has_part() {
    grep -q "\"done\":$part\b" "$ERR"
}
wait_until 120 "the mirror's part has arrived" has_part
stop_fake mirror
wait "$tug_pid" || fail "tug: $(<"$ERR")"
check_store "$STORE"
assert_equal "what is printed" "127.0.0.1:$P1/test/image:1 $pushed_digest" "$(<"$OUT")"
sent=$(sed -n 's|.* /v2/.*/blobs/.* sent=\([0-9]*\)$|\1|p' nginx/access |
    awk '{ sum += $1 } END { print sum + 0 }')
# The config may be among them.
assert_at_most "bytes of blobs from the registry" $((size - part + 1000)) "$sent"
assert_at_least "bytes of blobs from the registry" $((size - part)) "$sent"
