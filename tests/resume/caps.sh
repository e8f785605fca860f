#!/bin/bash
# A link that gives each connection 20 MB/s: one large blob comes over eight, near and far away. A
# server without ranges, and one without caps. Memory stays small.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

mib=$(by_form 256 1024)
size=$((mib << 20))

# --- an image whose layer takes no space ---
put_blob() { # FILE: into the layout; prints its digest
    local digest
    digest=$(sha256sum < "$1" | cut -d' ' -f1)
    mv "$1" "layout/blobs/sha256/$digest"
    printf 'sha256:%s' "$digest"
}

make_image() {
    local config layer manifest
    mkdir -p layout/blobs/sha256
    printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' > config
    truncate -s "$size" layer
    config=$(wc -c < config) manifest=$(put_blob config) layer=$(put_blob layer)
    printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":%d},"layers":[{"mediaType":"%s","digest":"%s","size":%d}]}' \
        application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json \
        "$manifest" "$config" application/vnd.oci.image.layer.v1.tar "$layer" "$size" > manifest
    local length
    length=$(wc -c < manifest)
    cp manifest layout/manifest
    manifest=$(put_blob manifest)
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"%s","size":%d,"annotations":{"org.opencontainers.image.ref.name":"one"}}]}' \
        application/vnd.oci.image.manifest.v1+json "$manifest" "$length" > layout/index.json
    printf '{"imageLayoutVersion":"1.0.0"}' > layout/oci-layout
    # The same as files for a plain web server.
    mkdir -p www/v2/app/manifests www/v2/app/blobs
    ln "layout/manifest" www/v2/app/manifests/1
    for file in layout/blobs/sha256/*; do
        ln "$file" "www/v2/app/blobs/sha256:${file##*/}"
    done
}

free_port() {
    local port
    for _ in $(seq 50); do
        port=$((20000 + RANDOM % 12000))
        if ! (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
            printf '%s' "$port"
            return
        fi
    done
    fail "no free port"
}

start_nginx() { # LINE of the server block
    nginx_port=$(free_port)
    mkdir -p nginx
    chmod 755 .
    cat > nginx.conf << END
daemon off;
pid $WORK/nginx/pid;
error_log stderr warn;
worker_processes 1;
$([ "$(id -u)" -ne 0 ] || echo "user root;")
events { worker_connections 256; }
http {
    access_log $WORK/nginx/access;
    client_body_temp_path $WORK/nginx/a;
    proxy_temp_path $WORK/nginx/b;
    fastcgi_temp_path $WORK/nginx/c;
    uwsgi_temp_path $WORK/nginx/d;
    scgi_temp_path $WORK/nginx/e;
    sendfile on;
    server {
        listen 127.0.0.1:$nginx_port;
        root $WORK/www;
        $1
        location ~ /manifests/ { default_type application/vnd.oci.image.manifest.v1+json; }
    }
}
END
    nginx -c "$WORK/nginx.conf" 2> nginx/errors &
    nginx_pid=$!
    pids+=("$nginx_pid")
    wait_until 10 "nginx listens" test -s nginx/pid
}

stop_nginx() {
    kill "$nginx_pid"
    wait "$nginx_pid" || true
    rm -f nginx/pid
}

# Fetch; sets $ms (how long it took) and $kib (most memory).
timed_fetch() { # REFERENCE OPTION…
    local start
    rm -rf store
    start=$(date +%s%N)
    command time -f %M -o memory "$TUG" -q --store store fetch --plain-http --platform linux/amd64 \
        --max-concurrent-downloads 8 "$@" > out 2> err || fail "$(cat err)"
    ms=$((($(date +%s%N) - start) / 1000000))
    kib=$(tail -n 1 memory)
}

# The blob has come, at least so fast.
expect_rate() { # WHAT MB/S
    local rate=$((size / 1000 / ms))
    echo "= $1: $mib MiB in $ms ms, $rate MB/s; $kib KiB of memory"
    [ "$rate" -ge "$2" ] || fail "$1: $rate MB/s, not $2"
    [ "$kib" -le 16384 ] || fail "$1: $kib KiB of memory"
}

make_image
# 0.9 x 160 MB/s for a gigabyte; what is less is over before all connections have begun.
wanted=$(by_form 60 144)

start_registry --layout layout --repo app:1=one --rate 20000000
timed_fetch "$registry/app:1"
expect_rate "20 MB/s a connection, no burst" "$wanted"
check_store store 3
[ "$(stat -c %s store/blobs/sha256/* | sort -n | tail -n 1)" -eq "$size" ] || fail "a short blob"
stop_registry
[ "$(logged blob_bytes)" -le $((size + size / 20)) ] || fail "$(logged blob_bytes) bytes were sent"

start_registry --layout layout --repo app:1=one --rate 20000000
"$OBJ/delay-proxy" "${registry##*:}" 25 > proxy.out &
pids+=("$!")
wait_until 10 "the proxy listens" test -s proxy.out
timed_fetch "$(sed 's/listening on //' proxy.out)/app:1"
expect_rate "20 MB/s a connection, no burst, 50 ms away" "$wanted"
stop_registry
end_all

start_nginx "limit_rate 20m;"
timed_fetch "127.0.0.1:$nginx_port/app:1"
expect_rate "nginx, 20 MiB/s a connection" "$wanted"
"$OBJ/delay-proxy" "$nginx_port" 25 > proxy.out &
pids+=("$!")
wait_until 10 "the proxy listens" test -s proxy.out
timed_fetch "$(sed 's/listening on //' proxy.out)/app:1"
expect_rate "nginx, 20 MiB/s a connection, 50 ms away" "$wanted"
stop_nginx

# A server without ranges: the blob comes all the same, and once.
start_registry --layout layout --repo app:1=one --rate "$(by_form 80 160)000000" \
    --rule "path=/blobs/ header=Range: range=ignore"
timed_fetch "$registry/app:1"
check_store store 3
stop_registry
# The first attempt at a range is answered with a body that is not taken.
served=$(logged blob_bytes)
echo "= no ranges: $served bytes served for $size"
[ "$served" -le $((size + 8 * 1024 * 1024)) ] || fail "no ranges: $served bytes were sent"
[ "$(grep -c 'range=bytes' log)" -le 2 ] || fail "ranges were asked for again and again"
