#!/bin/bash
# A proxy that is spoken to by TLS, and asks for a client certificate: T-11, it is shown none of
# those that are for the registry behind it, which gets the fitting one.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
enter_namespace

start_fake origin --address 203.0.113.1 --generate test/image:1=100K:2
make_ca private
make_ca stranger
make_certificate private server IP:203.0.113.1,IP:127.0.0.1,DNS:registry.example
make_certificate private client DNS:client
make_certificate stranger strange DNS:strange
tls="ssl_certificate $PWD/server.pem; ssl_certificate_key $PWD/server.key;"
start_proxy "" ""
front() {
    cat << END
    server {
        listen 203.0.113.1:$P1 ssl;
        $tls
        ssl_client_certificate $PWD/private.pem;
        ssl_verify_client on;
        location / { proxy_pass http://${FAKE[origin]}; }
    }
END
}
front_stream() {
    cat << END
    server {
        listen 127.0.0.1:$P2 ssl;
        $tls
        ssl_client_certificate $PWD/private.pem;
        ssl_verify_client optional_no_ca;
        proxy_pass $PROXY;
    }
END
}
start_nginx front
image=registry.example:$P1/test/image:1
folder=hosts.d/registry.example:$P1
mkdir -p "$folder"
cp private.pem client.pem client.key strange.pem strange.key "$folder"

for client in '[["client.pem", "client.key"]]' \
    '[["strange.pem", "strange.key"], ["client.pem", "client.key"]]'; do
    printf 'server = "https://registry.example:%s"\nca = "private.pem"\nclient = %s\n' \
        "$P1" "$client" \
        > "$folder/hosts.toml"
    tug_fetch --hosts-dir hosts.d --proxy "https://127.0.0.1:$P2" "$image"
done
assert_at_least "requests with the certificate at the registry" 4 \
    "$(count_nginx "port=$P1 .*client=\"CN=client\"")"
end_process "$nginx_pid" # a stream is told of when it ends
assert_at_least "connections at the proxy" 2 "$(grep -c "port=$P2 " nginx/streams)"
assert_equal "certificates that the proxy was shown" 0 \
    "$(grep -c 'client="[^"-]' nginx/streams || true)"
done_case "T-11: a proxy gets no certificate of the registry's"
