#!/bin/bash
# T-08: a token service with a bad certificate is refused, whatever the registry's certificate may
# be. T-15: two registries at one address, each with its own password, in one run.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

password=$(new_secret password)
basic user "$password" > /dev/null
start_fake origin --generate test/image:1=20K:2
make_ca private
make_certificate private good IP:127.0.0.1,DNS:localhost
make_certificate private bad DNS:elsewhere.example
tls() {
    echo "ssl_certificate $PWD/$1.pem; ssl_certificate_key $PWD/$1.key;"
}
ask() { # PORT-OF-REALM HOST
    cat << END
        if (\$http_authorization !~ Bearer) {
            add_header WWW-Authenticate 'Bearer realm="https://$2:$1/token",service="s"' always;
            return 401;
        }
        proxy_pass http://${FAKE[origin]};
END
}
front() {
    cat << END
    server { listen 127.0.0.1:$P1 ssl; $(tls good) location / {
$(ask "$P3" 127.0.0.1)
    } }
    server { listen 127.0.0.1:$P2 ssl; $(tls good) location / {
$(ask "$P4" localhost)
    } }
    server { listen 127.0.0.1:$P3 ssl; $(tls bad) location / { return 200 '{"token":"t"}'; } }
    server { listen 127.0.0.1:$P4 ssl; $(tls good) location / { return 200 '{"token":"t"}'; } }
END
}
start_nginx front
tug_fetch --tlscacert private.pem -u "user:$password" "127.0.0.1:$P2/test/image:1"
assert_at_least "tokens from another host with TLS" 1 "$(count_nginx "port=$P4 .*POST /token")"
done_case "T-07: a token service elsewhere with TLS"

tug_refuse "4 5" 'certificate|host name|subject' --retries 1 --tlscacert private.pem \
    -u "user:$password" "127.0.0.1:$P1/test/image:1"
tug_refuse "4 5" 'certificate|host name|subject' --retries 1 --skip-verify -u "user:$password" \
    "127.0.0.1:$P1/test/image:1"
assert_equal "requests at the bad token service" 0 "$(count_nginx "port=$P3 ")"
stop_fake origin
assert_clean "${RECORD[origin]}"
done_case "T-08: a token service with a bad certificate"

declare -A own
entries=()
for name in one two; do
    secret=$(new_secret "$name")
    own[$name]=$(basic user "$secret")
    start_fake "$name" --generate "test/$name:1=20K:3" --rule \
        "without=Basic_${own[$name]} status=401 add-header=WWW-Authenticate:_Basic_realm=\"x\""
    entries+=("${FAKE[$name]}" "${own[$name]}")
done
write_auth_file auth.json "${entries[@]}"
tug_fetch --plain-http --authfile auth.json "${FAKE[one]}/test/one:1" "${FAKE[two]}/test/two:1"
stop_fake one two
! grep -qaF "${own[two]}" "${RECORD[one]}" || fail "the second's password reached the first"
! grep -qaF "${own[one]}" "${RECORD[two]}" || fail "the first's password reached the second"
done_case "T-15: two registries at one address"
