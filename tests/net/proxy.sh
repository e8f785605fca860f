#!/bin/bash
# tinyproxy, with and without a password, before plain and TLS registries. T-06: what is the proxy's
# does not reach the origin, and what is the origin's does not reach a proxy by CONNECT.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
enter_namespace

password=$(new_secret password)
proxy_password=$(new_secret proxy)
good=$(basic user "$password")
proxy_good=$(basic gate "$proxy_password")
start_fake origin --address 203.0.113.1 --generate test/image:1=100K:3 --rule \
    "without=Basic_$good path=^/v2/ status=401 add-header=WWW-Authenticate:_Basic_realm=\"x\"" \
    --rule "header=Via path=nothing delay=1"
make_ca private
make_certificate private server IP:203.0.113.1,DNS:registry.example
front() {
    cat << END
    server {
        listen 203.0.113.1:$P1 ssl;
        ssl_certificate $PWD/server.pem;
        ssl_certificate_key $PWD/server.key;
        location / { proxy_pass http://${FAKE[origin]}; }
    }
END
}
start_nginx front
plain=${FAKE[origin]}/test/image:1
secure=203.0.113.1:$P1/test/image:1
tls=(-u "user:$password" --tlscacert private.pem)

start_proxy
assert_equal "what curl gets by the proxy" 401 "$(curl -s -o /dev/null -w '%{http_code}' \
    -x "http://$PROXY" --cacert private.pem "https://203.0.113.1:$P1/v2/")"
: > "$PROXY_LOG"
tug_fetch --proxy "http://$PROXY" "${tls[@]}" "$secure"
assert_at_least "CONNECTs" 1 "$(grep -c "CONNECT 203.0.113.1:$P1" "$PROXY_LOG")"
tug_fetch --proxy "http://$PROXY" --plain-http -u "user:$password" "$plain"
assert_at_least "plain requests by the proxy" 5 "$(grep -c "Request.*GET http://" "$PROXY_LOG")"
done_case "--proxy"

for name in https_proxy HTTPS_PROXY all_proxy ALL_PROXY; do
    : > "$PROXY_LOG"
    export "$name=http://$PROXY"
    tug_fetch "${tls[@]}" "$secure"
    assert_at_least "CONNECTs by $name" 1 "$(grep -c CONNECT "$PROXY_LOG")"
    : > "$PROXY_LOG"
    no_proxy=203.0.113.1 tug_fetch "${tls[@]}" "$secure"
    NO_PROXY=203.0.113.0/24 tug_fetch "${tls[@]}" "$secure"
    no_proxy='*' tug_fetch "${tls[@]}" "$secure"
    assert_equal "requests by a proxy that is not for this host" 0 "$(grep -c Request "$PROXY_LOG")"
    unset "$name"
done
: > "$PROXY_LOG"
http_proxy=http://$PROXY tug_fetch --plain-http -u "user:$password" "$plain"
assert_at_least "plain requests by http_proxy" 5 "$(grep -c Request "$PROXY_LOG")"
done_case "proxies from the environment, and hosts that need none"
end_process "$proxy_pid"

start_proxy gate "$proxy_password"
tug_fetch --proxy "http://gate:$proxy_password@$PROXY" "${tls[@]}" "$secure"
tug_fetch --proxy "http://gate:$proxy_password@$PROXY" --plain-http -u "user:$password" "$plain"
https_proxy="http://gate:$proxy_password@$PROXY" tug_fetch "${tls[@]}" "$secure"
rm -rf "$STORE"
tug_run 0 fetch --debug --http-dump --http-trace --proxy "http://gate:$proxy_password@$PROXY" \
    "${tls[@]}" "$secure"
tug_refuse "4 5" '40[17]|proxy' --retries 1 --proxy "http://$PROXY" "${tls[@]}" "$secure"
wrong=$(new_secret wrong)
tug_refuse "4 5" '40[17]|proxy' --retries 1 --proxy "http://gate:$wrong@$PROXY" \
    "${tls[@]}" "$secure"
tug_refuse "4 5" '40[17]|proxy' --retries 1 --proxy "http://$PROXY" --plain-http \
    -u "user:$password" "$plain"
done_case "a proxy with a password"
end_process "$proxy_pid"

# A proxy that redirects and asks for a password; the origin's redirect leads elsewhere.
start_fake elsewhere --address 203.0.113.2 --generate test/image:1=100K:3
start_fake moving --address 203.0.113.1 --generate test/image:1=100K:3 \
    --rule "path=/blobs/ location=http://${FAKE[elsewhere]}{path}"
start_proxy gate "$proxy_password"
tug_fetch --proxy "http://gate:$proxy_password@$PROXY" --plain-http -u "user:$password" \
    "${FAKE[moving]}/test/image:1"
stop_fake origin moving elsewhere
assert_clean "${RECORD[elsewhere]}" "$PROXY_LOG"
for name in origin moving; do
    ! grep -qaF -e "$proxy_good" -e "$proxy_password" "${RECORD[$name]}" ||
        fail "the proxy's password reached $name"
    ! grep -qai '^proxy-authorization' "${RECORD[$name]}" || fail "a proxy's header reached $name"
done
done_case "T-06: the proxy's password stays with the proxy"

# A recording proxy sees CONNECT and what is its own, and nothing of the origin.
start_fake gate --rule 'method=CONNECT status=407 add-header=Proxy-Authenticate:_Basic_realm="g"'
tug_refuse "4 5" '40[17]|proxy' --retries 1 --proxy "http://${FAKE[gate]}" "${tls[@]}" "$secure"
tug_refuse "5" '' --retries 1 --proxy "http://127.0.0.1:$(free_port)" "${tls[@]}" "$secure"
stop_fake gate
assert_clean "${RECORD[gate]}"
assert_at_least "CONNECTs" 1 "$(count_record gate CONNECT)"
done_case "T-06: a CONNECT holds nothing of the origin's"
