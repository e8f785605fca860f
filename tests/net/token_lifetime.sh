#!/bin/bash
# Tokens that live five seconds, a fetch that takes longer: nothing fails, and no token is asked for
# more often than one runs out. The registry gives 60 s more to all; the token server takes them
# off.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

password=$(new_secret password)
basic user "$password" > /dev/null
front_extra="limit_rate 50k; proxy_buffering on; proxy_max_temp_file_size 0; proxy_buffers 64 4k;"
start_token_registry --user "user:$password:*" --lifetime 5 --leeway 60
push_random test/image:1 26 150000 "user:$password"
token=$(curl -s -k -u "user:$password" \
    "https://$REGISTRY/auth/token?service=tests&scope=repository:test/image:pull" | jq -r .token)
: > "$TOKEN_LOG"
start=$SECONDS
tug_fetch --tlscacert "$FRONT_CA" -u "user:$password" --max-concurrent-downloads 8 \
    "$REGISTRY/test/image:1"
took=$((SECONDS - start))
assert_equal "what is printed" "$REGISTRY/test/image:1 $pushed_digest" "$(<"$OUT")"
assert_at_least "seconds it took" 8 "$took"
assert_at_least "tokens asked for" 2 "$(count_tokens /token)"
assert_at_most "tokens asked for in $took s" $((took / 4 + 1)) "$(count_tokens /token)"
manifest=https://$REGISTRY/v2/test/image/manifests/1
assert_equal "that the registry did take the first token no more" 401 \
    "$(curl -s -k -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" "$manifest")"
cat "$TOKENS" >> "$SECRETS"
assert_clean printed
