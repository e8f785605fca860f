#!/bin/bash
# A mirror dies in the middle of a blob and stays away: the registry gives the rest, and only that.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start_registry
push_random test/image:1 1 8000000
front() {
    cat << END
    server { listen 127.0.0.1:$P1; location / { proxy_pass http://$REGISTRY; } }
END
}
start_nginx front
start_fake mirror --layout "$pushed_layout" --repo test/image:1=x \
    --rule 'path=/blobs/ cut=stall at=3000000'
mkdir -p "hosts/127.0.0.1:$P1"
cat > "hosts/127.0.0.1:$P1/hosts.toml" << END
server = "http://127.0.0.1:$P1"
[host."http://${FAKE[mirror]}"]
END
"$TUG" --store "$STORE" fetch --hosts-dir hosts "127.0.0.1:$P1/test/image:1" \
    > "$OUT" 2> "$ERR" &
tug_pid=$!
own_pids+=("$tug_pid")
has_part() {
    [ -n "$(find "$STORE/ingest" -type f -size +2000k 2> /dev/null)" ]
}
wait_until 20 "the mirror has sent its part" has_part
# The rest of the part lies in buffers that are written at once when they come.
stop_fake mirror
wait "$tug_pid" || fail "tug: $(<"$ERR")"
check_store "$STORE"
assert_equal "what is printed" "127.0.0.1:$P1/test/image:1 $pushed_digest" "$(<"$OUT")"
sent=$(sed -n 's|.* /v2/.*/blobs/.* sent=\([0-9]*\)$|\1|p' nginx/access |
    awk '{ sum += $1 } END { print sum + 0 }')
assert_at_most "bytes of blobs from the registry" 5100000 "$sent"
assert_at_least "bytes of blobs from the registry" 4900000 "$sent"
