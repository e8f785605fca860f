#!/bin/bash
# docker-registry with tokens: anonymous, by password, by identity token; what is refused, and how.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

password=$(new_secret password)
wrong=$(new_secret wrong)
identity=$(new_secret identity)
basic user "$password" > good
basic user "$wrong" > bad
start_token_registry --user "user:$password:*" --user "limited:$password:test/other" \
    --anonymous test/public --refresh "$identity:test/private" --field access_token
push_random test/public:1 2 50000 "user:$password"
push_random test/private:1 6 50000 "user:$password"
add_issued() {
    cat "$TOKENS" >> "$SECRETS"
}
add_issued
: > "$TOKEN_LOG"

tug_fetch --tlscacert "$FRONT_CA" "$REGISTRY/test/public:1"
assert_equal "token requests" 1 "$(count_tokens 'GET /auth/token')"
assert_equal "credentials for a public image" 0 "$(grep -aci '^authorization' "$TOKEN_LOG" || true)"
done_case "anonymous, one token for all workers"

: > "$TOKEN_LOG"
tug_fetch --tlscacert "$FRONT_CA" -u "user:$password" "$REGISTRY/test/private:1"
assert_equal "token requests" 1 "$(count_tokens 'status=200')"
grep -qaE 'scope=repository(:|%3A)test(/|%2F)private(:|%3A)pull( |&|$)' "$TOKEN_LOG" ||
    fail "no scope of the repository: $(grep -a ^request "$TOKEN_LOG")"
done_case "by password"

tug_refuse 4 'docker login|--user' --tlscacert "$FRONT_CA" "$REGISTRY/test/private:1"
tug_refuse 4 'docker login|--user|bad.json' --tlscacert "$FRONT_CA" -u "user:$wrong" \
    "$REGISTRY/test/private:1"
tug_refuse 4 'docker login|--user' --tlscacert "$FRONT_CA" -u "nobody:$password" \
    "$REGISTRY/test/private:1"
: > "$TOKEN_LOG"
tug_refuse 4 'test/private' --tlscacert "$FRONT_CA" -u "limited:$password" \
    "$REGISTRY/test/private:1"
assert_at_most "token requests for what is not granted" 2 "$(count_tokens /token)"
write_auth_file bad.json "$REGISTRY" "$(cat bad)"
tug_refuse 4 'bad.json' --tlscacert "$FRONT_CA" --authfile bad.json "$REGISTRY/test/private:1"
done_case "no password, a wrong one, an unknown user, a scope that is not granted"

: > "$TOKEN_LOG"
tug_fetch --tlscacert "$FRONT_CA" --refresh "$identity" "$REGISTRY/test/private:1"
assert_equal "POSTs" 1 "$(count_tokens 'POST /auth/token.* status=200')"
printf '{"auths":{"%s":{"identitytoken":"%s"}}}' "$REGISTRY" "$identity" > identity.json
tug_fetch --tlscacert "$FRONT_CA" --authfile identity.json "$REGISTRY/test/private:1"
make_helper identity << END
#!/bin/sh
read -r server
printf '{"ServerURL":"%s","Username":"<token>","Secret":"%s"}' "\$server" '$identity'
END
printf '{"credHelpers":{"%s":"identity"}}' "$REGISTRY" > helper.json
tug_fetch --tlscacert "$FRONT_CA" --authfile helper.json "$REGISTRY/test/private:1"
done_case "identity tokens by option, file and helper"
add_issued
assert_clean printed
