#!/bin/bash
# nginx with TLS before docker-registry: a private authority, a wrong host name, an expired
# certificate; what trusts it and for whom. T-16, T-17.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start_registry
push_random test/image:1 2 100000
make_ca private
make_ca stranger
make_certificate private good IP:127.0.0.1,DNS:localhost
make_certificate private wrong DNS:elsewhere.example
make_certificate private old IP:127.0.0.1,DNS:localhost -1
front() {
    local port=$P1 name
    for name in good wrong old; do
        cat << END
    server {
        listen 127.0.0.1:$port ssl;
        ssl_certificate $PWD/$name.pem;
        ssl_certificate_key $PWD/$name.key;
        location / { proxy_pass http://$REGISTRY; }
    }
END
        if [ "$port" = "$P1" ]; then port=$P2; else port=$P3; fi
    done
    cat << END
    server {
        listen 127.0.0.1:$P4 ssl;
        ssl_certificate $PWD/good.pem;
        ssl_certificate_key $PWD/good.key;
        location / { proxy_pass http://$REGISTRY; }
        location ~ ^/v2/test/image/blobs/(.*)\$ {
            return 307 https://127.0.0.1:$P2/v2/test/image/blobs/\$1;
        }
    }
END
}
start_nginx front
assert_equal "what curl gets with the authority" 200 "$(curl -s -o /dev/null -w '%{http_code}' \
    --cacert private.pem "https://127.0.0.1:$P1/v2/")"
for port in "$P2" "$P3"; do
    assert_equal "what curl says of a bad certificate" 60 \
        "$(curl -s -o /dev/null --cacert private.pem "https://127.0.0.1:$port/v2/" || echo $?)"
done

tug_fetch --tlscacert private.pem "127.0.0.1:$P1/test/image:1"
tug_fetch --tlscacert private.pem "localhost:$P1/test/image:1"
tug_refuse 5 'certificate' "127.0.0.1:$P1/test/image:1"
tug_refuse 5 'certificate' --tlscacert stranger.pem "127.0.0.1:$P1/test/image:1"
done_case "a private authority"

tug_refuse 5 'certificate|host name|subject' --tlscacert private.pem "127.0.0.1:$P2/test/image:1"
tug_refuse 5 'certificate|expired' --tlscacert private.pem "127.0.0.1:$P3/test/image:1"
done_case "T-17: a wrong host name and an expired certificate"

tug_fetch --skip-verify "127.0.0.1:$P2/test/image:1"
tug_fetch -k "127.0.0.1:$P3/test/image:1"
done_case "--skip-verify"

: > nginx/access
tug_refuse 5 'certificate|host name|subject' --tlscacert private.pem "127.0.0.1:$P4/test/image:1"
tug_refuse 5 'certificate|host name|subject' -k "127.0.0.1:$P4/test/image:1"
assert_equal "requests that the redirect's target got" 0 "$(count_nginx "port=$P2 ")"
done_case "T-17: a bad certificate behind a redirect, which --skip-verify does not cover"

# The certs.d layout, and hosts.toml beside it.
mkdir -p "hosts/127.0.0.1:$P1" "hosts/localhost:$P1"
cp private.pem "hosts/127.0.0.1:$P1/ca.crt"
tug_fetch --hosts-dir hosts "127.0.0.1:$P1/test/image:1"
cp private.pem "hosts/localhost:$P1/ca.pem"
cat > "hosts/localhost:$P1/hosts.toml" << END
server = "https://localhost:$P1"
[host."https://127.0.0.1:$P1"]
  ca = "ca.pem"
END
tug_fetch --hosts-dir hosts "localhost:$P1/test/image:1"
printf 'server = "https://localhost:%s"\nca = "ca.pem"\n' "$P1" > "hosts/localhost:$P1/hosts.toml"
tug_fetch --hosts-dir hosts "localhost:$P1/test/image:1"
printf 'server = "https://localhost:%s"\nskip_verify = true\n' "$P1" \
    > "hosts/localhost:$P1/hosts.toml"
tug_fetch --hosts-dir hosts "localhost:$P1/test/image:1"
done_case "authorities in a hosts folder"

printf 'server = "https://localhost:%s"\nca = 7\n' "$P1" > "hosts/localhost:$P1/hosts.toml"
tug_refuse 9 'hosts.toml:2' --hosts-dir hosts "localhost:$P1/test/image:1"
printf 'server = "https://localhost:%s"\nca = "missing.pem"\n' "$P1" \
    > "hosts/localhost:$P1/hosts.toml"
tug_refuse 9 'missing.pem' --hosts-dir hosts "localhost:$P1/test/image:1"
echo nonsense > nonsense.pem
tug_refuse 9 'nonsense.pem' --tlscacert nonsense.pem "127.0.0.1:$P1/test/image:1"
done_case "mistakes in the configuration"

# nginx answers a plain request to its TLS port, and docker-registry a TLS hello, with an error.
tug_refuse "4 5" '' --plain-http "127.0.0.1:$P1/test/image:1"
