#!/bin/bash
# Where the system's authorities are, in a root directory of the test's own: a bundle without hashed
# names (images made FROM scratch, Alpine), the places of other systems, both variables.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
enter_namespace

start_fake origin --generate test/image:1=1K:2
make_ca private
make_ca stranger
make_certificate private server IP:127.0.0.1
front() {
    cat << END
    server {
        listen 127.0.0.1:$P1 ssl;
        ssl_certificate $PWD/server.pem;
        ssl_certificate_key $PWD/server.key;
        location / { proxy_pass http://${FAKE[origin]}; }
    }
END
}
start_nginx front

# What is in the root besides the authorities: the program alone when it is one file.
mkdir root
cp "$TUG" root/tug
is_static=no
if ! readelf -lW "$TUG" | grep -q INTERP; then
    is_static=yes
else
    mkdir root/usr
    mount --bind /usr root/usr
    for link in bin lib lib64; do
        [ ! -e "/$link" ] || ln -s "usr/$link" "root/$link"
    done
fi

# Sanitizers read their options there.
mkdir root/proc
mount --rbind /proc root/proc

new_root() {
    rm -rf root/etc root/store root/more
    mkdir -p root/etc root/more
    : > root/etc/resolv.conf
}

put() { # AUTHORITY PATH
    mkdir -p "$(dirname "root$2")"
    cp "$1.pem" "root$2"
}

# Put an authority where OpenSSL finds it by the hash of its name.
put_hashed() { # AUTHORITY DIRECTORY
    put "$1" "$2/$(openssl x509 -noout -hash -in "$1.pem").0"
}

fetch_inside() { # WHAT EXIT-STATUS [VARIABLE=VALUE]…; from host $from
    local what=$1 wanted=$2 status=0
    shift 2
    env -i ${ASAN_OPTIONS:+ASAN_OPTIONS="$ASAN_OPTIONS"} "$@" "$(command -v chroot)" root \
        /tug --store /store fetch "$from/test/image:1" > "$OUT" 2> "$ERR" || status=$?
    [ "$status" = "$wanted" ] || fail "$what: wanted exit status $wanted, got $status: $(<"$ERR")"
    rm -rf root/store
}

from=127.0.0.1:$P1

new_root
fetch_inside "no authorities at all" 5
assert_file_has "$ERR" certificate
put stranger /etc/ssl/certs/ca-certificates.crt
fetch_inside "another authority" 5
done_case "who is not named is not trusted"

places=(/etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem
    /etc/ssl/ca-bundle.pem /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem
    /etc/openssl/certs/ca-certificates.crt)
[ "$is_static" = no ] ||
    places+=(/usr/local/share/certs/ca-root-nss.crt /usr/local/etc/ssl/cert.pem)
for place in "${places[@]}"; do
    new_root
    put private "$place"
    fetch_inside "$place" 0
    [[ $place != /usr/* ]] || rm "root$place"
done
done_case "the bundles of Debian, Fedora, Alpine, SUSE and others"

for place in /etc/ssl/certs /etc/pki/tls/certs /etc/openssl/certs; do
    new_root
    put_hashed private "$place"
    fetch_inside "$place, hashed" 0
done
new_root
put_hashed stranger /etc/ssl/certs
put private /etc/ssl/certs/ca-certificates.crt
fetch_inside "a hashed name beside the bundle" 0
new_root
put_hashed stranger /etc/pki/tls/certs
: > root/etc/pki/tls/certs/ca-bundle.crt
put private /etc/ssl/cert.pem
fetch_inside "an empty bundle before another one" 0
done_case "a directory and a bundle"

new_root
put private /more/private.pem
put stranger /etc/ssl/certs/ca-certificates.crt
put_hashed stranger /more/strangers
put_hashed private /more/hashed
fetch_inside "SSL_CERT_FILE" 0 SSL_CERT_FILE=/more/private.pem
fetch_inside "SSL_CERT_FILE, SSL_CERT_DIR" 0 SSL_CERT_FILE=/more/private.pem \
    SSL_CERT_DIR=/more/strangers
fetch_inside "the same without the file" 5 SSL_CERT_DIR=/more/strangers
fetch_inside "two directories" 0 SSL_CERT_DIR=/more/strangers:/more/hashed
fetch_inside "two directories, one missing" 0 SSL_CERT_DIR=/more/missing:/more/hashed
put private /etc/ssl/certs/ca-certificates.crt
fetch_inside "variables that are empty" 0 SSL_CERT_FILE= SSL_CERT_DIR=
fetch_inside "a variable takes the place of the system's" 5 SSL_CERT_DIR=/more/strangers
done_case "SSL_CERT_FILE and SSL_CERT_DIR"


new_root
printf 'not a certificate\n' > root/more/broken.pem
fetch_inside "a bundle without a certificate" 9 SSL_CERT_FILE=/more/broken.pem
assert_file_has "$ERR" "CA file '/more/broken.pem': "
printf -- '-----BEGIN CERTIFICATE-----\nMIIB\n' > root/more/broken.pem
fetch_inside "a certificate that ends early" 9 SSL_CERT_FILE=/more/broken.pem
from=${FAKE[origin]}
mkdir -p "root/etc/tug/certs.d/$from"
printf 'server = "http://%s"\n' "$from" > "root/etc/tug/certs.d/$from/hosts.toml"
fetch_inside "the same without TLS" 0 SSL_CERT_FILE=/more/broken.pem
done_case "a bundle is read for the first TLS connection"
