#!/bin/bash
# Failures that an option mends name it: the wrong one of http and TLS, a client certificate that is
# wanted, certificates that are not to be trusted.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
enter_namespace

start_fake origin --address 203.0.113.1 --generate test/image:1=1K:2
make_ca private
make_certificate private server IP:203.0.113.1,DNS:registry.example
make_certificate private old IP:203.0.113.1 -1
make_certificate private client DNS:client
make_ca stranger
make_certificate stranger strange DNS:strange
server() { # PORT CERTIFICATE MORE
    cat << END
    server {
        listen 203.0.113.1:$1 ssl;
        ssl_certificate $PWD/$2.pem;
        ssl_certificate_key $PWD/$2.key;
        $3
        location / { proxy_pass http://${FAKE[origin]}; }
    }
END
}
front() {
    server "$P1" server ""
    server "$P2" server "ssl_client_certificate $PWD/private.pem; ssl_verify_client on;"
    server "$P3" old ""
}
start_nginx front
host=203.0.113.1
tls=(--retries 0 --tlscacert private.pem)

tug_fetch "${tls[@]}" "$host:$P1/test/image:1"
tug_refuse 5 '; .*leave out --plain-http' "${tls[@]}" --plain-http "$host:$P1/test/image:1"
tug_refuse 5 '; .*use --plain-http' "${tls[@]}" "${FAKE[origin]}/test/image:1"
tug_fetch "${tls[@]}" --plain-http "${FAKE[origin]}/test/image:1"
done_case "http and TLS"

tug_refuse 5 '; .*--tlscert and --tlskey' "${tls[@]}" "$host:$P2/test/image:1"
tug_refuse 5 '; .*refuses the client certificate' "${tls[@]}" \
    --tlscert strange.pem --tlskey strange.key "$host:$P2/test/image:1"
tug_fetch "${tls[@]}" --tlscert client.pem --tlskey client.key "$host:$P2/test/image:1"
done_case "a client certificate"

tug_refuse 5 '; .*--tlscacert.* -k' --retries 0 "$host:$P1/test/image:1"
tug_refuse 5 '; .*clock' "${tls[@]}" "$host:$P3/test/image:1"
sed "s/registry.example/registry.example wrong.example/" /etc/hosts > hosts.more
cat hosts.more > /etc/hosts
tug_refuse 5 '; use a name' "${tls[@]}" "wrong.example:$P1/test/image:1"
done_case "certificates"

# In hosts.toml it is said otherwise, and a mirror gets none of the options.
folder=hosts.d/$host:$P1
mkdir -p "$folder"
write_hosts() { # SERVER MIRROR
    printf 'server = "%s"\n[host."%s"]\n' "$1" "$2" > "$folder/hosts.toml"
}
hosts=(--retries 0 --hosts-dir hosts.d)
missing=$host:$P1/test/missing:1
write_hosts "https://$host:$P1" "https://${FAKE[origin]}"
tug_refuse 5 '; .*http:// in hosts.toml' "${hosts[@]}" --tlscacert private.pem "$missing"
write_hosts "https://$host:$P1" "http://$host:$P2"
tug_refuse 5 '; .*https:// in hosts.toml' "${hosts[@]}" --tlscacert private.pem "$missing"
write_hosts "https://$host:$P1" "https://$host:$P2"
tug_refuse 5 '; .*"client" in hosts.toml' "${hosts[@]}" --tlscacert private.pem "$missing"
write_hosts "http://${FAKE[origin]}" "https://$host:$P1"
tug_refuse 5 '; .*"ca" in hosts.toml' "${hosts[@]}" "$missing"
[[ $ERR_TEXT != *" -k"* ]] || fail "-k is not for a mirror: $ERR_TEXT"
done_case "in hosts.toml"

# Where a redirect leads, -k does not hold.
start_fake moved --address 203.0.113.2 --generate test/image:1=1K:2 \
    --rule "path=/blobs/ location=https://$host:$P1{path}"
tug_refuse 5 '; .*--tlscacert' --retries 0 --plain-http "${FAKE[moved]}/test/image:1"
[[ $ERR_TEXT != *" -k"* ]] || fail "-k is not for a redirect's target: $ERR_TEXT"
done_case "behind a redirect"
