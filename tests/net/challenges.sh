#!/bin/bash
# T-45: what stands in WWW-Authenticate; T-49: what a token service answers. No script of the server
# makes tug crash, hang or send what it should not.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

password=$(new_secret password)
basic user "$password" > /dev/null
newline=$(printf '\r\nx')
newline=${newline%x}
default_token='path=/token body={"token":"t1","expires__in":300}'

# The registry asks for a token with these headers ("_" is a blank), and takes "t1".
start_asking() { # HEADERS [TOKEN-RULE]
    start_fake origin --generate test/image:1=20K:4 --rule "${2:-$default_token}" \
        --rule "without=Authorization:_Bearer_t1 path=^/v2/ status=401 add-header=$1"
}

expect_token() { # NAME HEADERS [TOKEN-RULE]
    start_asking "$2" "${3:-}"
    tug_fetch --plain-http "${FAKE[origin]}/test/image:1"
    stop_fake origin
    assert_equal "token requests ($1)" 1 "$(count_record origin 'GET /token')"
    grep -qaE 'GET /token[^ ]*scope=repository(:|%3A)test(/|%2F)image(:|%3A)pull' \
        "${RECORD[origin]}" ||
        fail "$1: not this scope: $(grep -a /token "${RECORD[origin]}")"
    done_case "T-45: $1"
}

expect_refusal() { # NAME HEADERS [TOKEN-RULE]
    start_asking "$2" "${3:-}"
    tug_refuse "4 5 6" '' --plain-http --retries 1 "${FAKE[origin]}/test/image:1"
    stop_fake origin
    ! grep -qai '^x-evil' "${RECORD[origin]}" || fail "$1: a header of the server's making"
    done_case "T-45: $1"
}

realm='realm="{base}/token"'
challenge="WWW-Authenticate:_Bearer_$realm"
expect_token "no service, no scope" "$challenge"
expect_token "an empty service" "$challenge,service=\"\""
expect_token "commas and '=' in quotes" \
    "$challenge,service=\"a=b,c=\\\"d\\\"\",scope=\"repository:test/image:pull,push\""
expect_token "bearer" "WWW-Authenticate:_bearer_$realm,service=\"s\""
tab=$(printf '\t')
expect_token "BEARER, blanks" \
    "www-authenticate:_BEARER_${tab}REALM=\"{base}/token\"_,_service_=_\"s\""
expect_token "a value without quotes" "$challenge,service=s"
expect_token "Basic and Bearer in one" \
    "WWW-Authenticate:_Basic_realm=\"x\",_Bearer_$realm,service=\"s\""
expect_token "Bearer and Basic in one" "$challenge,service=\"s\",_Basic_realm=\"x\""
expect_token "two headers" "WWW-Authenticate:_Basic_realm=\"x\"$newline$challenge"
beside="WWW-Authenticate:_Digest_realm=\"x\",nonce=\"y\""
expect_token "Negotiate and Digest beside" \
    "WWW-Authenticate:_Negotiate_YWJj==$newline$beside$newline$challenge"
expect_token "a relative realm" 'WWW-Authenticate:_Bearer_realm="/token",service="s"'
expect_token "a realm with a query" 'WWW-Authenticate:_Bearer_realm="{base}/token?x=1",service="s"'

expect_refusal "no realm" 'WWW-Authenticate:_Bearer_service="s"'
expect_refusal "no value" 'WWW-Authenticate:_Bearer'
expect_refusal "nothing" 'WWW-Authenticate:_'
expect_refusal "an open quote" 'WWW-Authenticate:_Bearer_realm="{base}/token'
expect_refusal "only Negotiate" 'WWW-Authenticate:_Negotiate'
expect_refusal "64 kB" "WWW-Authenticate:_Bearer_realm=\"$(head -c 65536 /dev/zero | tr '\0' a)\""
many=""
for _ in $(seq 200); do many+="x_a=b,"; done
expect_refusal "200 challenges" "WWW-Authenticate:_${many}y_a=b"
expect_refusal "control characters" \
    "WWW-Authenticate:_Bearer_realm=\"{base}/$(printf '\001\177\033')token\""
# Asked again and again, whatever comes.
expect_refusal "a token that is never taken" "$challenge" 'path=/token body={"token":"other"}'
assert_at_most "tokens asked for in vain" 3 "$(count_record origin /token)"

for lifetime in 0 -1 1000000000 '"60"' 1e400 null 99999999999999999999; do
    expect_token "T-49: expires_in $lifetime" "$challenge" \
        "path=/token body={\"token\":\"t1\",\"expires__in\":$lifetime}"
done
expect_token "T-49: issued in the future" "$challenge" \
    'path=/token body={"token":"t1","issued__at":"2999-01-01T00:00:00Z","expires__in":60}'
expect_token "T-49: issued at no time" "$challenge" \
    'path=/token body={"token":"t1","issued__at":"soon"}'
expect_token "T-49: access_token" "$challenge" 'path=/token body={"access__token":"t1"}'
expect_token "T-49: both" "$challenge" 'path=/token body={"token":"","access__token":"t1"}'
expect_refusal "T-49: no token" "$challenge" 'path=/token body={}'
expect_refusal "T-49: an empty token" "$challenge" 'path=/token body={"token":""}'
expect_refusal "T-49: no JSON" "$challenge" 'path=/token body=<html>'
expect_refusal "T-49: a token with a line end" "$challenge" \
    'path=/token body={"token":"t1\r\nX-Evil:_1"}'
expect_refusal "T-49: a token with NUL" "$challenge" 'path=/token body={"token":"t1\u0000"}'
expect_refusal "T-49: an endless answer" "$challenge" "path=/token body={ extra=50000000"
expect_refusal "T-49: an error without end" "$challenge" \
    "path=/token status=403 body={ extra=50000000"
expect_refusal "T-49: a redirect" "$challenge" 'path=/token location=http://127.0.0.1:1/x'
assert_clean printed
