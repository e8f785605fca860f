# shellcheck shell=bash
#
# What the tests of the registry client with real servers need: docker-registry with passwords or
# tokens, nginx, tinyproxy, certificates, helpers, and the search for secrets. Sourced.
#
# Environment: as tests/real/lib.sh says, and TOKEN_SERVER, PRESIGN (default: next to TUG).
# All servers listen on loopback addresses, or on addresses in a network namespace of the script's
# own (enter_namespace). Each secret used is registered (new_secret, add_secret), and then tug may
# show it nowhere: tug_run looks for all of them in what tug prints; assert_clean looks for them
# in the records of servers that must not get them.
# shellcheck disable=SC2034,SC2094,SC2154 # the scripts use much of what is set here
# shellcheck source-path=SCRIPTDIR source=../real/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../real/lib.sh"

TOKEN_SERVER=$(absolute_path "${TOKEN_SERVER:-$(dirname "$TUG")/token-server}")
PRESIGN=$(absolute_path "${PRESIGN:-$(dirname "$TUG")/presign}")
SECRETS=$PWD/secrets
: > "$SECRETS"
export XDG_RUNTIME_DIR="$PWD/runtime" XDG_CONFIG_HOME="$PWD/config"
unset DOCKER_CONFIG DOCKER_AUTH_CONFIG
mkdir -p "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME"

# --- secrets ---

add_secret() { # TEXT
    printf '%s\n' "$1" >> "$SECRETS"
}

# Prints a new one.
new_secret() { # NAME
    local secret
    secret=$1-$(head -c 9 /dev/urandom | od -An -tx1 | tr -d ' \n')
    add_secret "$secret"
    printf '%s' "$secret"
}

# Prints what a header or a file holds for them, and registers that, too.
basic() { # USER PASSWORD
    local text
    text=$(printf '%s' "$1:$2" | base64 -w0)
    add_secret "${text%%=*}"
    printf '%s' "$text"
}

# None of the secrets is in these files.
assert_clean() { # FILE…
    local found file
    for file in "$@"; do
        [ -e "$file" ] || fail "there is no $file to look for secrets in"
    done
    if [ -s "$SECRETS" ] && grep -qaF -f "$SECRETS" "$@"; then
        fail "a secret where it does not belong: $(grep -naF -f "$SECRETS" "$@" | head -n 5)"
    fi
}

# What tug printed, in OUT_TEXT and ERR_TEXT, holds no secret and no control character. This is
# done hundreds of times, so no process is started for it.
check_printed() { # WHAT
    local secret secrets bytes=$'\x01-\x08\x0b-\x1f\x7f'
    ! IFS= read -rd '' OUT_TEXT < "$OUT" || fail "$1: a NUL on stdout"
    ! IFS= read -rd '' ERR_TEXT < "$ERR" || fail "$1: a NUL on stderr"
    printf '%s\n%s\n' "$OUT_TEXT" "$ERR_TEXT" >> printed
    [[ $OUT_TEXT$ERR_TEXT != *[$bytes]* ]] || fail "$1: control characters: $(cat -v "$OUT" "$ERR")"
    mapfile -t secrets < "$SECRETS"
    for secret in ${secrets[@]+"${secrets[@]}"}; do
        [[ $OUT_TEXT$ERR_TEXT != *"$secret"* ]] ||
            fail "$1: the secret $secret where it does not belong: $(cat -v "$OUT" "$ERR")"
    done
}

# Run tug as in tests/real; whatever it prints holds no secret and no control character.
tug_run() { # EXIT-STATUS ARGUMENT…
    local wanted=$1 status=0
    shift
    timeout -k 5 200 "$TUG" --store "$STORE" "$@" > "$OUT" 2> "$ERR" || status=$?
    check_printed "tug $*"
    case " $wanted " in
    *" $status "*) ;;
    *) fail "tug $*: wanted exit status $wanted, got $status: $(tail -n 5 "$ERR" | cat -v)" ;;
    esac
}

# Fetch must fail with one of these statuses, nothing on stdout and one line of error with a text.
tug_refuse() { # "EXIT-STATUS…" TEXT ARGUMENT…
    local status=$1 text=$2
    shift 2
    rm -rf "$STORE"
    tug_run "$status" -q fetch "$@"
    assert_file_is_empty "$OUT"
    [[ $ERR_TEXT == "tug: "*$'\n' && ${ERR_TEXT%$'\n'} != *$'\n'* ]] ||
        fail "not one line of error from tug $*: $ERR_TEXT"
    shopt -s nocasematch
    [[ $ERR_TEXT =~ $text ]] || fail "no '$text' in: $ERR_TEXT"
    shopt -u nocasematch
}

# As in tests/real, in few words, since it is done hundreds of times here.
check_store() { # STORE
    local store=$1 wrong sum path
    wrong=$(find "$store/blobs" "$store/ingest" \
        ! -type d \( -path "$store/ingest/*" -o ! -perm 0444 \) \
        -printf '%M %p ' 2> "$PWD/find-errors" || true)
    assert_equal "leftovers in ingest/, and blobs of another mode" "" "$wrong"
    set -- "$store"/blobs/sha256/*
    while read -r sum path; do
        [ "$sum" = "${path##*/}" ] || fail "a blob of other content: $sum $path"
        wrong+=x
    done < <(sha256sum "$@")
    assert_equal "blobs that could be read" "$#" "${#wrong}"
    assert_json "$store/index.json" "index.json" '.manifests | length >= 1'
}

# Fetch into an empty store, and look at what is there then.
tug_fetch() { # ARGUMENT…
    rm -rf "$STORE"
    tug_run 0 fetch "$@"
    check_store "$STORE"
}

done_case() { # NAME
    echo "ok $1"
}

# --- waiting, ports ---

is_listening() { # ADDRESS PORT
    (: < "/dev/tcp/$1/$2") 2> /dev/null
}

# A port that is free now, below those the kernel gives to clients.
free_port() {
    local port
    for _ in {1..50}; do
        port=$((20000 + RANDOM % 12000))
        if ! is_listening 127.0.0.1 "$port"; then
            printf '%s' "$port"
            return
        fi
    done
    fail "no free port"
}

end_process() { # PID
    kill "$1" 2> /dev/null || true
    wait "$1" 2> /dev/null || true
}

# Run this script again in a network and mount namespace of its own, with public-looking addresses
# (of TEST-NET-3) on its loopback device, and with names for them.
enter_namespace() {
    if [ -z "${IN_NAMESPACE:-}" ]; then
        local options=(-n -m)
        [ "$(id -u)" -eq 0 ] || options+=(-r)
        trap - EXIT
        IN_NAMESPACE=1 exec unshare "${options[@]}" "$here/../net/$test_name.sh"
    fi
    ip link set lo up
    ip address add 203.0.113.1/32 dev lo
    ip address add 203.0.113.2/32 dev lo
    ip address add 10.1.1.1/32 dev lo
    ip address add 169.254.169.254/32 dev lo
    cat > hosts << 'END'
127.0.0.1 localhost loop.example
10.1.1.1 private.example
203.0.113.1 registry.example sub.registry.example
203.0.113.2 other.example
END
    mount --bind hosts /etc/hosts
}

# --- the scripted server, several by name ---

declare -A FAKE FAKE_PID RECORD FAKE_LOG
fake_count=0

# Sets FAKE[NAME] (HOST:PORT), RECORD[NAME] (appears when it is stopped).
start_fake() { # NAME OPTION…
    local name=$1 address=127.0.0.1
    shift
    if [ "$1" = --address ]; then
        address=$2
    fi
    fake_count=$((fake_count + 1))
    RECORD[$name]=$PWD/record-$name-$fake_count
    FAKE_LOG[$name]=$PWD/log-$name-$fake_count
    : > "$PWD/port-$name"
    "$FAKE_REGISTRY" --port-file "$PWD/port-$name" --record "${RECORD[$name]}" \
        --log "${FAKE_LOG[$name]}" "$@" > /dev/null &
    FAKE_PID[$name]=$!
    own_pids+=("$!")
    wait_until 120 "the server '$name' listens" test -s "$PWD/port-$name"
    FAKE[$name]=$address:$(<"$PWD/port-$name")
}

stop_fake() { # NAME…
    local name
    for name in "$@"; do
        kill -TERM "${FAKE_PID[$name]}"
        wait "${FAKE_PID[$name]}" || fail "the server '$name' ended with status $?"
    done
}

# How many requests of a stopped server look so.
count_record() { # NAME REGEX
    grep -acE "^request .*$2" "${RECORD[$1]}" || true
}

# --- docker-registry ---

# real/registry.sh writes the configuration; this adds what $registry_extra says.
eval "$(declare -f write_registry_config | sed '1s/.*/write_plain_config ()/')"
write_registry_config() {
    write_plain_config
    printf '%s\n' "${registry_extra:-}" >> "$registry_folder/config.yml"
}

# With passwords it answers 401, which is an answer.
registry_answers() {
    curl -s -o /dev/null "http://$REGISTRY/v2/"
}

registry_folder=$PWD/registry
REGISTRY_LOG=$registry_folder/log
unset REGISTRY

start_basic_registry() { # USER PASSWORD…
    while [ $# -gt 0 ]; do
        htpasswd -nbB -C 5 "$1" "$2" | head -n 1
        shift 2
    done > htpasswd
    registry_extra="auth: {htpasswd: {realm: tests, path: $PWD/htpasswd}}"
    start_registry
}

# A token server that signs with a key of its own, the registry that trusts it, and nginx before
# both, with TLS, since that registry names its own origin as the token service with https only.
# REGISTRY is then nginx, FRONT_CA the authority to trust.
# Sets TOKEN_LOG, TOKENS (what was issued; each is a secret). $front_extra goes into nginx' server.
start_token_registry() { # TOKEN-SERVER-OPTION…
    start_token_server "$@"
    registry_extra="auth: {token: {realm: 'http://unused.example', service: tests, issuer: tests,
  autoredirect: true, rootcertbundle: $PWD/token.pem}}"
    start_registry
    FRONT_CA=$PWD/front.pem
    if [ ! -e "$FRONT_CA" ]; then
        make_ca front
        make_certificate front front-server IP:127.0.0.1
    fi
    start_nginx token_front
    REGISTRY=127.0.0.1:$P1
}

token_front() {
    cat << END
    server {
        listen 127.0.0.1:$P1 ssl;
        ssl_certificate $PWD/front-server.pem;
        ssl_certificate_key $PWD/front-server.key;
        client_max_body_size 100m;
        ${front_extra:-}
        location /auth/token { proxy_pass http://$TOKEN_HOST; }
        location / { proxy_pass http://$REGISTRY; }
    }
END
}

start_token_server() { # OPTION…
    TOKEN_LOG=$PWD/token-log
    TOKENS=$PWD/tokens
    rm -f token-port
    : > "$TOKEN_LOG"
    : > "$TOKENS"
    [ -e token.pem ] ||
        quiet openssl req -x509 -newkey rsa:2048 -nodes -keyout token.key -out token.pem \
            -subj /CN=tokens -days 2
    "$TOKEN_SERVER" --key token.key --cert token.pem --port-file token-port --log "$TOKEN_LOG" \
        --tokens "$TOKENS" "$@" &
    token_pid=$!
    own_pids+=("$token_pid")
    wait_until 120 "the token server listens" test -s token-port
    TOKEN_HOST=127.0.0.1:$(cat token-port)
}

count_tokens() { # REGEX
    grep -acE "^request .*$1" "$TOKEN_LOG" || true
}

quiet() { # COMMAND…
    "$@" > "$PWD/quiet" 2>&1 || fail "$*: $(tail -n 5 "$PWD/quiet")"
}

# Make a layout with one image "x" of COUNT random layers of BYTES each; sets pushed_layout and
# pushed_digest. $last_layer_type and $last_layer_extra replace and extend the last descriptor.
make_layout() { # COUNT BYTES
    local i layout=$PWD/layout-$RANDOM descriptor layer_type extra layers="" ids="" digest config
    local type=application/vnd.oci.image
    mkdir -p "$layout/blobs/sha256"
    add() { # FILE
        digest=sha256:$(sha256sum < "$1" | cut -d ' ' -f 1)
        descriptor="\"digest\":\"$digest\",\"size\":$(stat -c %s "$1")"
        mv "$1" "$layout/blobs/${digest/://}"
    }
    for ((i = 0; i < $1; i++)); do
        head -c "$2" /dev/urandom > "$layout/new"
        add "$layout/new"
        layer_type=$type.layer.v1.tar extra=""
        if [ "$i" -eq $(($1 - 1)) ]; then
            layer_type=${last_layer_type:-$layer_type} extra=${last_layer_extra:-}
        fi
        layers+=",{\"mediaType\":\"$layer_type\",$descriptor$extra}"
        ids+=",\"$digest\""
    done
    printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[%s]}}' \
        "${ids#,}" > "$layout/new"
    add "$layout/new"
    config="{\"mediaType\":\"$type.config.v1+json\",$descriptor}"
    printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
        "$type.manifest.v1+json" "$config" "${layers#,}" > "$layout/new"
    add "$layout/new"
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s",%s,"annotations":{"%s":"x"}}]}' \
        "$type.manifest.v1+json" "$descriptor" org.opencontainers.image.ref.name \
        > "$layout/index.json"
    printf '{"imageLayoutVersion":"1.0.0"}' > "$layout/oci-layout"
    pushed_digest=$digest
    pushed_layout=$layout
}

# Make such an image and push it.
push_random() { # REPOSITORY:TAG COUNT BYTES [USER:PASSWORD]
    make_layout "$2" "$3"
    quiet skopeo --insecure-policy copy --preserve-digests --dest-tls-verify=false \
        ${4:+--dest-creds "$4"} "oci:$pushed_layout:x" "docker://$REGISTRY/$1"
}

# --- credentials in files ---

# Write a file as docker and podman do. KEY BASE64 pairs.
write_auth_file() { # FILE [KEY BASE64]…
    local file=$1 entries=""
    shift
    while [ $# -gt 0 ]; do
        entries+=",\"$1\":{\"auth\":\"$2\"}"
        shift 2
    done
    printf '{"auths":{%s}}' "${entries#,}" > "$file"
    chmod 600 "$file"
}

# A helper "docker-credential-NAME" on the PATH, from stdin.
make_helper() { # NAME
    mkdir -p "$PWD/bin"
    case $PATH in
    "$PWD/bin:"*) ;;
    *) export PATH="$PWD/bin:$PATH" ;;
    esac
    cat > "$PWD/bin/docker-credential-$1"
    chmod 755 "$PWD/bin/docker-credential-$1"
}

# shellcheck source-path=SCRIPTDIR source=lib_nginx.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_nginx.sh"
