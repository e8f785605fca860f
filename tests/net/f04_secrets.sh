#!/bin/bash
# A registry, a token server, a storage and a proxy that repeat all they are sent: whatever fails,
# and however much tug is asked to show, no secret in use is shown in any form.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

PARROT=$(dirname "$TUG")/parrot
plain_secrets=()

# Sets SECRET to a new one with characters that are written differently everywhere.
f04_secret() { # NAME
    SECRET="$1+/ $RANDOM$RANDOM&=\"%"
    plain_secrets+=("$SECRET")
}

# Sets SECRET to a new one that may be a token.
f04_token() { # NAME
    SECRET="$1-$RANDOM$RANDOM-$RANDOM.$RANDOM"
    plain_secrets+=("$SECRET")
}

encode_percent() { # TEXT
    local i
    for ((i = 0; i < ${#1}; i++)); do
        case ${1:i:1} in
        [A-Za-z0-9._~-]) printf '%s' "${1:i:1}" ;;
        *) printf '%%%02X' "'${1:i:1}" ;;
        esac
    done
}

# Register each form of each secret; check_printed of lib.sh then looks for all of them. Base64 is
# looked for at each of its three offsets, without the characters that something beside it decides.
register_forms() {
    local secret quoted text pad
    for secret in "${plain_secrets[@]}"; do
        add_secret "$secret"
        quoted=${secret//\"/\\\"}
        add_secret "$quoted"
        add_secret "${quoted//\\/\\\\}"
        text=$(encode_percent "$secret")
        add_secret "$text"
        add_secret "${text,,}"
        for pad in "" x xx; do
            text=$(printf '%s' "$pad$secret" | base64 -w0)
            text=${text%%=*}
            add_secret "${text:4:${#text}-6}"
            add_secret "$(encode_percent "${text:4:${#text}-6}")"
        done
    done
}

# Base64 of a header that is base64 itself.
f04_login() { # USER PASSWORD
    plain_secrets+=("$(printf '%s' "$1:$2" | base64 -w0)")
}

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

"$PARROT" --port-file parrot-port --token "$token" --signature "$signature" --log parrot-log &
own_pids+=("$!")
wait_until 20 "the parrot listens" test -s parrot-port
host=127.0.0.1:$(<parrot-port)
mkdir -p "hosts/$host"
printf 'server = "http://%s"\n[host."http://%s/v2"]\noverride_path = true\n[host."http://%s/v2".header]\n%s' \
    "$host" "$host" "$host" "$headers" > "hosts/$host/hosts.toml"
proxy="http://gate:$(encode_percent "$gate")@$host"
mkdir docker
printf '{"auths":{"%s":{"auth":"%s"}},"HttpHeaders":{%s}}' "$host" \
    "$(printf '%s' "me:$listed" | base64 -w0)" "${docker_headers#,}" > docker/config.json
chmod 600 docker/config.json
export DOCKER_CONFIG=$PWD/docker

f04_shows_none() { # REFERENCES ARGUMENT…
    local references=() progress
    read -ra references <<< "$1"
    references=("${references[@]/#/$host/}")
    shift
    for progress in json plain; do
        rm -rf "$STORE"
        tug_run "1 3 4 5 6 8" fetch --debug --http-dump --http-trace --progress "$progress" \
            --format json --retries 1 --retry-max-wait 1ms --hosts-dir hosts "$@" "${references[@]}"
    done
    status=0
    timeout -k 5 60 "$TUG" resolve --debug --http-dump --retries 0 --hosts-dir hosts "$@" \
        "${references[@]}" > "$OUT" 2> "$ERR" || status=$?
    check_printed "resolve $*"
    [ "$status" -ne 2 ] || fail "resolve: a usage error: $(<"$ERR")"
}

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
f04_shows_none "bearer-give/x:500-base64 bearer-give/x:403-raw" --proxy "$proxy" --refresh "$identity"

# All of them were sent, or it was shown for nothing; and failures still say what they are.
seen() { # TEXT
    grep -qaF -- "$1" parrot-log || fail "never sent: $1"
}
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
