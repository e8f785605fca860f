# shellcheck shell=bash
#
# A server that repeats all it is sent, secrets with characters that are written differently
# everywhere, and the search for each form of each. Sourced, after lib.sh.
# shellcheck disable=SC2034,SC2154 # the scripts use what is set here, lib.sh sets the rest

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

# Sets PARROT_HOST, PARROT_LOG.
start_parrot() { # OPTION…
    PARROT_LOG=$PWD/parrot-log
    "$PARROT" --port-file parrot-port --log "$PARROT_LOG" "$@" &
    own_pids+=("$!")
    wait_until 120 "the parrot listens" test -s parrot-port
    PARROT_HOST=127.0.0.1:$(<parrot-port)
}

# Configure a registry: a header for each of LINES, and the files that docker has.
f04_configure() { # ORIGIN HEADER-LINES
    mkdir -p "hosts/${1#*//}"
    printf 'server = "%s"\n[host."%s/v2"]\noverride_path = true\n[host."%s/v2".header]\n%s' \
        "$1" "$1" "$1" "$2" > "hosts/${1#*//}/hosts.toml"
}

f04_docker_config() { # HOST BASE64 ,HEADERS
    mkdir docker
    printf '{"auths":{"%s":{"auth":"%s"}},"HttpHeaders":{%s}}' "$1" "$2" "${3#,}" \
        > docker/config.json
    chmod 600 docker/config.json
    export DOCKER_CONFIG=$PWD/docker
}

# Fetch and resolve references of $host with everything shown.
f04_shows_none() { # REFERENCES ARGUMENT…
    local references=() progress
    read -ra references <<< "$1"
    references=("${references[@]/#/${host:+$host/}}")
    shift
    for progress in json plain; do
        rm -rf "$STORE"
        tug_run "1 3 4 5 6 8" fetch --debug --http-dump --http-trace --progress "$progress" \
            --format json --retries 1 --retry-max-wait 1ms --hosts-dir hosts "$@" "${references[@]}"
    done
    status=0
    timeout -k 5 200 "$TUG" resolve --debug --http-dump --retries 0 --hosts-dir hosts "$@" \
        "${references[@]}" > "$OUT" 2> "$ERR" || status=$?
    check_printed "resolve $*"
    [ "$status" -ne 2 ] || fail "resolve: a usage error: $(<"$ERR")"
}

# It was sent, or it was not shown for nothing.
seen() { # TEXT
    grep -qaF -- "$1" "$PARROT_LOG" || fail "never sent: $1"
}
