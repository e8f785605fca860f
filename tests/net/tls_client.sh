#!/bin/bash
# A registry that wants a client certificate, and T-11: nobody else is shown it.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start_registry
push_random test/image:1 2 100000
make_ca private
make_certificate private server IP:127.0.0.1,DNS:localhost
make_certificate private client DNS:client
make_certificate private other DNS:other
cat client.pem client.key > both.pem
front() {
    local tls="ssl_certificate $PWD/server.pem; ssl_certificate_key $PWD/server.key;"
    cat << END
    server {
        listen 127.0.0.1:$P1 ssl;
        $tls
        ssl_client_certificate $PWD/private.pem;
        ssl_verify_client on;
        location / { proxy_pass http://$REGISTRY; }
        location ~ ^/v2/test/moved/manifests/(.*)\$ {
            proxy_pass http://$REGISTRY/v2/test/image/manifests/\$1;
        }
        location ~ ^/v2/test/moved/blobs/(.*)\$ {
            return 307 https://127.0.0.1:$P2/v2/test/image/blobs/\$1;
        }
    }
    server {
        listen 127.0.0.1:$P2 ssl;
        $tls
        ssl_client_certificate $PWD/private.pem;
        ssl_verify_client optional_no_ca;
        location / { proxy_pass http://$REGISTRY; }
    }
END
}
start_nginx front
image=127.0.0.1:$P1/test/image:1
assert_equal "what curl gets with the certificate" 200 "$(curl -s -o /dev/null -w '%{http_code}' \
    --cacert private.pem --cert client.pem --key client.key "https://127.0.0.1:$P1/v2/")"
assert_equal "what curl gets without" 400 "$(curl -s -o /dev/null -w '%{http_code}' \
    --cacert private.pem "https://127.0.0.1:$P1/v2/")"

tug_fetch --tlscacert private.pem --tlscert client.pem --tlskey client.key "$image"
tug_refuse "4 5" '400|certificate' --tlscacert private.pem "$image"
tug_refuse 9 'missing.pem' --tlscacert private.pem --tlscert missing.pem --tlskey client.key \
    "$image"
tug_refuse 9 'client.pem|other.key' --tlscacert private.pem --tlscert client.pem \
    --tlskey other.key "$image"
rm -rf "$STORE"
tug_run 2 fetch --tlscacert private.pem --tlscert client.pem "$image"
done_case "a client certificate by option"

folder=hosts/127.0.0.1:$P1
mkdir -p "$folder"
cp private.pem client.pem client.key both.pem "$folder"
for client in '[["client.pem", "client.key"]]' '"both.pem"' '["both.pem"]' '[["both.pem", ""]]'; do
    printf 'server = "https://127.0.0.1:%s"\nca = "private.pem"\nclient = %s\n' "$P1" "$client" \
        > "$folder/hosts.toml"
    tug_fetch --hosts-dir hosts "$image"
done
# Of several, the one that the server's authority signed.
make_ca stranger
make_certificate stranger strange DNS:strange
cp strange.pem strange.key "$folder"
for client in '[["strange.pem", "strange.key"], ["client.pem", "client.key"]]' \
    '[["client.pem", "client.key"], ["strange.pem", "strange.key"]]' \
    '[["strange.pem", "strange.key"], "both.pem"]'; do
    printf 'server = "https://127.0.0.1:%s"\nca = "private.pem"\nclient = %s\n' "$P1" "$client" \
        > "$folder/hosts.toml"
    tug_fetch --hosts-dir hosts "$image"
done
done_case "the fitting one of several client certificates"
rm "$folder/hosts.toml" "$folder"/strange.*
mv "$folder/private.pem" "$folder/ca.crt"
mv "$folder/client.pem" "$folder/client.cert"
tug_fetch --hosts-dir hosts "$image"
done_case "client certificates in a hosts folder"

tug_fetch --tlscacert private.pem --tlscert client.pem --tlskey client.key \
    "127.0.0.1:$P1/test/moved:1"
assert_at_least "blobs that came by the redirect" 3 "$(count_nginx "port=$P2 .*status=20")"
assert_equal "requests with the certificate at the redirect's target" 0 \
    "$(count_nginx "port=$P2 .*client=\"[^\"-]")"
assert_at_least "requests with the certificate at the registry" 3 \
    "$(count_nginx "port=$P1 .*client=\"CN=client\"")"
done_case "T-11: the certificate stays at its origin"
