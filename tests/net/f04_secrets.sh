#!/bin/bash
# A registry, a token server, a storage and a proxy that repeat all they are sent: whatever fails,
# and however much tug is asked to show, no secret in use is shown in any form.
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
f04_token signature && signature=$SECRET
headers="" docker_headers=""
for i in 1 2 3 4 5 6 7; do
    f04_token "header$i" && headers+="X-Key-$i = \"$SECRET\"
"
    f04_token "docker$i" && docker_headers+=",\"X-Docker-$i\":\"$SECRET\""
done
f04_login me "$password"
f04_login me "$listed"
f04_login gate "$gate"
register_forms
assert_at_least "secrets" 20 "${#plain_secrets[@]}"

start_parrot --token "$token" --signature "$signature"
host=$PARROT_HOST
f04_configure "http://$host" "$headers"
proxy="http://gate:$(encode_percent "$gate")@$host"
f04_docker_config "$host" "$(printf '%s' "me:$listed" | base64 -w0)" "$docker_headers"

every=""
for place in 403 404 416 429 500 type document digest encoding warning location nowhere; do
    every+=" basic/x:$place-plain"
done
for form in raw percent base64 escaped; do
    for place in 403 404 type document warning; do
        every+=" basic/x:$place-$form"
    done
done
tokens=$(printf ' bearer-give/x:403-%s bearer-deny/x:403-%s' raw raw percent percent base64 base64 \
    escaped escaped)
f04_shows_none "$every" -u "me:$password"
f04_shows_none "$every $tokens"
f04_shows_none "bearer-give/x:location-plain bearer-deny/x:403-plain$tokens" --refresh "$identity"
f04_shows_none "basic/x:403-plain basic/x:document-raw" --proxy "$proxy"
f04_shows_none "bearer-give/x:500-base64 bearer-give/x:403-raw" --proxy "$proxy" \
    --refresh "$identity"

# All of them were sent, or it was shown for nothing; and failures still say what they are.
seen "$(printf '%s' "me:$password" | base64 -w0)"
seen "$(printf '%s' "me:$listed" | base64 -w0)"
seen "$(printf '%s' "gate:$gate" | base64 -w0)"
seen "$identity"
seen "Bearer $token"
seen "$signature"
for name in header docker; do
    for i in 1 7; do
        seen "$name$i-"
    done
done
tug_refuse 4 '403, access denied \(DENIED: .*REDACTED' -u "me:$password" "$host/basic/x:403-plain" \
    --hosts-dir hosts
done_case "F-04: 20 secrets in use, none shown"
