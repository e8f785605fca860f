#!/bin/bash
# A registry with a public address: T-07 and T-18, nothing it says leads to private addresses; T-16,
# plain http is never tried unless told; T-10, names that only look like another's.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
enter_namespace

password=$(new_secret password)
good=$(basic user "$password")
image=(--generate test/image:1=20K:2)
start_fake home --address 127.0.0.1 "${image[@]}"
start_fake lan --address 10.1.1.1 "${image[@]}"
start_fake metadata --address 169.254.169.254 "${image[@]}"
start_fake other --address 203.0.113.2 "${image[@]}"
port_of() {
    printf '%s' "${FAKE[$1]##*:}"
}

# Redirects.
for target in "http://${FAKE[home]}" "http://${FAKE[lan]}" "http://${FAKE[metadata]}" \
    "http://[::ffff:127.0.0.1]:$(port_of home)" "http://localhost:$(port_of home)" \
    "http://loop.example:$(port_of home)" "http://private.example:$(port_of lan)" \
    "http://0.0.0.0:$(port_of home)" "http://2130706433:$(port_of home)" \
    "http://0x7f.1:$(port_of home)"; do
    start_fake origin --address 203.0.113.1 "${image[@]}" \
        --rule "path=/blobs/ location=$target{path}"
    tug_refuse 5 '' --plain-http --retries 1 "${FAKE[origin]}/test/image:1"
    stop_fake origin
done
start_fake origin --address 203.0.113.1 "${image[@]}" \
    --rule "path=/blobs/ location=http://${FAKE[other]}{path}"
tug_fetch --plain-http "${FAKE[origin]}/test/image:1"
stop_fake origin
done_case "T-18: redirects to private addresses, by number and by name"

# Realms, from a registry with TLS.
make_ca private
names=IP:203.0.113.1,IP:203.0.113.2,IP:127.0.0.1,IP:10.1.1.1,IP:169.254.169.254
names+=,DNS:private.example,DNS:loop.example,DNS:registry.example
make_certificate private server "$names"
front() {
    local tls="ssl_certificate $PWD/server.pem; ssl_certificate_key $PWD/server.key;"
    cat << END
    map \$http_authorization \$asks {
        default "Bearer realm=\"$realm\",service=\"s\"";
        "~Bearer" "";
    }
    server {
        listen 203.0.113.1:$P1 ssl;
        $tls
        location / {
            if (\$http_authorization !~ Bearer) {
                add_header WWW-Authenticate \$asks always;
                return 401;
            }
            proxy_pass http://${FAKE[other]};
        }
    }
    server {
        listen 127.0.0.1:$P2 ssl;
        listen 10.1.1.1:$P2 ssl;
        listen 169.254.169.254:$P2 ssl;
        listen 203.0.113.2:$P2 ssl;
        $tls
        location / {
            default_type application/json;
            return 200 '{"token":"given","expires_in":300}';
        }
    }
END
}
# The realm is put in once the ports are known.
with_realm() { # REALM with PORT for the port of the others
    realm=$1
    rm -rf nginx
    # shellcheck disable=SC2317 # start_nginx calls it
    front_now() {
        front | sed "s/PORT/$P2/"
    }
    start_nginx front_now
}
for place in 127.0.0.1:PORT 10.1.1.1:PORT 169.254.169.254:PORT \
    private.example:PORT loop.example:PORT '[::ffff:10.1.1.1]:PORT'; do
    with_realm "https://$place/token"
    tug_refuse "4 5" 'realm|token' --retries 1 --tlscacert private.pem -u "user:$password" \
        "203.0.113.1:$P1/test/image:1"
    assert_equal "requests at $place" 0 "$(count_nginx "port=$P2 ")"
    end_process "$nginx_pid"
done
with_realm "https://203.0.113.2:PORT/token"
tug_fetch --tlscacert private.pem -u "user:$password" "203.0.113.1:$P1/test/image:1"
assert_at_least "tokens from another public host" 1 "$(count_nginx "port=$P2 .*status=200")"
end_process "$nginx_pid"
done_case "T-07: realms at private addresses, by number and by name"

for realm in "http://${FAKE[other]}/token" file:///etc/passwd "https://user:pw@203.0.113.2/token" \
    "ftp://203.0.113.2/token" "https://203.0.113.2:1/$(printf '\x01')token" \
    "http://203.0.113.1:1/token" "gopher://203.0.113.2/" "https://"; do
    with_realm "$realm"
    tug_refuse "4 5" '' --retries 1 --tlscacert private.pem -u "user:$password" \
        "203.0.113.1:$P1/test/image:1"
    end_process "$nginx_pid"
done
realm="realm=\"http://${FAKE[other]}/token\",service=\"s\""
start_fake origin --address 203.0.113.1 "${image[@]}" \
    --rule "status=401 add-header=WWW-Authenticate:_Bearer_$realm"
tug_refuse "4 5" '' --plain-http --retries 1 -u "user:$password" "${FAKE[origin]}/test/image:1"
stop_fake origin
done_case "T-07: realms without TLS, with names in them, of other protocols"

# Look-alikes: each key but the exact one is another's.
start_fake origin --address 203.0.113.1 "${image[@]}" --rule \
    "status=401 add-header=WWW-Authenticate:_Basic_realm=\"x\""
port=$(port_of origin)
for key in registry.example "registry.example:1$port" "example:$port" "xregistry.example:$port" \
    "registry.example:$port.evil" "registry.example.:$port" \
    "https://registry.example:$port.evil/v1/" "registry.example:$port@other.example" \
    "registry.example:$port/test/other" "*.example:$port" docker.io; do
    write_auth_file auth.json "$key" "$good"
    tug_refuse 4 '' --plain-http --authfile auth.json "registry.example:$port/test/image:1"
done
write_auth_file auth.json "registry.example:$port" "$good"
tug_refuse 4 '' --plain-http --authfile auth.json "sub.registry.example:$port/test/image:1"
stop_fake origin
assert_clean "${RECORD[origin]}"
start_fake origin --address 203.0.113.1 "${image[@]}" --rule \
    "without=Basic_$good status=401 add-header=WWW-Authenticate:_Basic_realm=\"x\""
port=$(port_of origin)
for key in "registry.example:$port" "REGISTRY.example:$port" "https://registry.example:$port/v2/" \
    "registry.example:$port/test" "registry.example:$port/test/image"; do
    write_auth_file auth.json "$key" "$good"
    tug_fetch --plain-http --authfile auth.json "registry.example:$port/test/image:1"
done
stop_fake origin
done_case "T-10: keys are compared as a whole"

# Never to http by itself: not for a public address, not for a name that leads to loopback.
start_fake origin --address 203.0.113.1 "${image[@]}"
tug_refuse 5 '' --retries 1 -u "user:$password" "${FAKE[origin]}/test/image:1"
tug_refuse 5 '' --retries 1 -u "user:$password" "loop.example:$(port_of home)/test/image:1"
tug_refuse 5 '' --retries 1 -u "user:$password" "private.example:$(port_of lan)/test/image:1"
stop_fake origin home lan metadata other
for name in origin home lan metadata; do
    assert_equal "plain requests at '$name'" 0 "$(count_record "$name" .)"
done
assert_clean "${RECORD[other]}"
done_case "T-16: no way down to http"
