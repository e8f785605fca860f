#!/bin/bash
# The same where a tunnel is between: a proxy that repeats the head of a CONNECT in its refusal, and
# a registry with TLS that repeats what came through the tunnel.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_f04.sh
. "$here/../net/lib_f04.sh"

f04_secret password && password=$SECRET
f04_secret listed && listed=$SECRET
f04_token identity && identity=$SECRET
f04_secret gate && gate=$SECRET
f04_token token && token=$SECRET
f04_token header && header=$SECRET
f04_token docker && docker=$SECRET
f04_token tunnel && tunnel=$SECRET # what tinyproxy takes
f04_login me "$password"
f04_login me "$listed"
f04_login gate "$gate"
f04_login gate "$tunnel"
register_forms

start_parrot --token "$token"
make_ca private
make_certificate private server IP:127.0.0.1
front() {
    cat << END
    server {
        listen 127.0.0.1:$P1 ssl;
        ssl_certificate $PWD/server.pem;
        ssl_certificate_key $PWD/server.key;
        location / { proxy_pass http://$PARROT_HOST; }
    }
END
}
start_nginx front
start_proxy gate "$tunnel"
host=127.0.0.1:$P1
f04_configure "https://$host" "X-Key = \"$header\""
f04_docker_config "$host" "$(printf '%s' "me:$listed" | base64 -w0)" ",\"X-Docker\":\"$docker\""

# Without a tunnel, and through one.
every=""
for form in plain raw percent base64 escaped; do
    every+=" basic/x:403-$form basic/x:404-$form basic/x:500-$form bearer-give/x:403-$form"
    every+=" bearer-deny/x:403-$form"
done
tls=(--tlscacert private.pem)
f04_shows_none "$every" "${tls[@]}" -u "me:$password"
f04_shows_none "$every basic/x:document-plain basic/x:nowhere-plain" "${tls[@]}"
f04_shows_none "$every" "${tls[@]}" --refresh "$identity" --proxy "http://gate:$tunnel@$PROXY"
for text in "$(printf '%s' "me:$password" | base64 -w0)" \
    "$(printf '%s' "me:$listed" | base64 -w0)" \
    "$identity" "Bearer $token" "$header" "$docker"; do
    seen "$text"
done
! grep -qai proxy-authorization "$PARROT_LOG" || fail "the registry got what is the proxy's"
tug_refuse 4 '403, access denied \(DENIED: .*REDACTED' -u "me:$password" "$host/basic/x:403-plain" \
    --hosts-dir hosts "${tls[@]}"
done_case "F-04: a registry with TLS repeats what it is sent"

# The proxy refuses and repeats. It is told the place and the form by the name of the registry.
: > "$PARROT_LOG"
proxy="http://gate:$(encode_percent "$gate")@$PARROT_HOST"
host=""
every=""
for form in plain raw percent base64 escaped; do
    for place in 403 404 407 429 500 location nowhere; do
        every+=" $place-$form.example/x:1"
    done
done
mapfile -t names < <(tr ' ' '\n' <<< "${every# }")
for name in "${names[@]}"; do
    f04_configure "https://${name%%/*}" "X-Key = \"$header\""
done
f04_shows_none "$every" --proxy "$proxy"
f04_shows_none "403-raw.example/x:1" --proxy "$proxy" -u "me:$password"
seen "CONNECT 407-escaped.example:443"
seen "$(printf '%s' "gate:$gate" | base64 -w0)"
assert_equal "secrets of the registry at the proxy" 0 \
    "$(grep -cF -e "$header" -e "$docker" -e "$(printf '%s' "me:$password" | base64 -w0)" \
        "$PARROT_LOG" || true)"
tug_refuse "4 5" 'proxy|tunnel|CONNECT' --retries 0 --proxy "$proxy" 403-plain.example/x:1
done_case "F-04: a proxy repeats the head of a CONNECT"
