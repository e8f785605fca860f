#!/bin/bash
# A token service that takes no POST (404, 405, 400, 401): tug asks by GET with what it has.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

identity=$(new_secret identity)
basic "" "$identity" > /dev/null
for status in 404 405 400 401; do
    start_token_registry --user "push:push:*" --user ":$identity:*" --refresh "$identity:*" \
        --post "$status"
    push_random test/image:1 1 1000 push:push
    : > "$TOKEN_LOG"
    tug_fetch --tlscacert "$FRONT_CA" --refresh "$identity" "$REGISTRY/test/image:1"
    assert_equal "POSTs answered with $status" 1 \
        "$(count_tokens "POST /auth/token.*status=$status")"
    assert_equal "GETs" 1 "$(count_tokens 'GET /auth/token.*status=200')"
    rm -rf nginx
    # shellcheck disable=SC2154 # start_registry sets it
    end_process "$registry_pid"
    end_process "$token_pid"
    end_process "$nginx_pid"
done
