#!/bin/bash
# A link that gives each connection so much and no more: one large blob comes over several, near and
# far away. The full form measures how fast, with 20 MB/s a connection; the short one counts the
# connections, with 2 MB/s, so that a busy machine is not the limit. A server without ranges, and
# one without caps. Memory stays small.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

mib=$(by_form 40 1024)
size=$((mib << 20))

# --- an image whose layer takes no space ---
put_blob() { # FILE: into the layout; prints its digest
    local digest
    digest=$(sha256sum < "$1" | cut -d' ' -f1)
    mv "$1" "layout/blobs/sha256/$digest"
    printf 'sha256:%s' "$digest"
}

make_image() {
    local config layer manifest oci=application/vnd.oci.image
    mkdir -p layout/blobs/sha256
    printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' > config
    truncate -s "$size" layer
    config=$(wc -c < config) manifest=$(put_blob config) layer=$(put_blob layer)
    printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json",
        "config":{"mediaType":"%s.config.v1+json","digest":"%s","size":%d},
        "layers":[{"mediaType":"%s.layer.v1.tar","digest":"%s","size":%d}]}' \
        "$oci" "$oci" "$manifest" "$config" "$oci" "$layer" "$size" > manifest
    local length
    length=$(wc -c < manifest)
    cp manifest layout/manifest
    manifest=$(put_blob manifest)
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json","digest":"%s",
        "size":%d,"annotations":{"org.opencontainers.image.ref.name":"one"}}]}' \
        "$oci" "$manifest" "$length" > layout/index.json
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
    for _ in {1..50}; do
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
    wait_until 120 "nginx listens" test -s nginx/pid
}

# Start the delaying proxy; sets $far and $proxy_pid.
start_proxy() { # PORT
    rm -f proxy.out
    "$OBJ/delay-proxy" "$1" 25 > proxy.out &
    proxy_pid=$!
    pids+=("$proxy_pid")
    wait_until 120 "the proxy listens" test -s proxy.out
    far=$(sed 's/listening on //' proxy.out)
}

# What this machine gives now: eight connections with a part each, into files. Sets $limit_ms.
time_limit() { # HOST
    local start part=$((size / 8)) i curls=() layer
    layer=$(jq -r '.layers[0].digest' layout/manifest)
    start=$(date +%s%N)
    for i in 0 1 2 3 4 5 6 7; do
        curl -sf -r "$((i * part))-$(((i + 1) * part - 1))" -o "part$i" \
            "http://$1/v2/app/blobs/$layer" &
        curls+=("$!")
    done
    for i in "${curls[@]}"; do wait "$i"; done
    limit_ms=$((($(date +%s%N) - start) / 1000000))
    rm -f part?
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

# Fetch from there, at least so fast; if the machine is too busy even for eight plain downloads,
# which need not hash, at three quarters of what those get.
expect_rate() { # WHAT HOST MB/S
    local rate limit
    time_limit "$2"
    timed_fetch "$2/app:1"
    rate=$((size / 1000 / ms)) limit=$((size / 1000 / limit_ms))
    echo "= $1: $mib MiB in $ms ms, $rate MB/s, eight curls $limit MB/s; $kib KiB of memory"
    [ "$rate" -ge "$3" ] || { [ "$limit" -lt 155 ] && [ "$rate" -ge $((limit * 3 / 4)) ]; } ||
        fail "$1: $rate MB/s, not $3"
    [ "$kib" -le 16384 ] || fail "$1: $kib KiB of memory"
}

# Fetch from there over several connections, each of which brings a good part. Ends the server.
expect_connections() { # WHAT HOST
    local used
    timed_fetch "$2/app:1"
    stop_registry
    used=$(sed -n 's|^request connection=\([0-9]*\) .*/blobs/.* body_bytes=|\1 |p' log |
        awk -v part=$((size / 32)) '{ sum[$1] += $2 }
            END { for (i in sum) n += sum[i] >= part; print n + 0 }')
    echo "= $1: $mib MiB over $used connections in $ms ms; $kib KiB of memory"
    [ "$used" -ge 6 ] || fail "$1: $used connections: $(cat log)"
    [ "$kib" -le 16384 ] || fail "$1: $kib KiB of memory"
    [ "$(logged blob_bytes)" -le $((size + size / 8)) ] ||
        fail "$(logged blob_bytes) bytes were sent"
}

make_image

if [ "$RESUME_FORM" = short ]; then
    start_registry --layout layout --repo app:1=one --rate 2000000
    expect_connections "2 MB/s a connection" "$registry"
    check_store store 3
    [ "$(stat -c %s store/blobs/sha256/* | sort -n | tail -n 1)" -eq "$size" ] ||
        fail "a short blob"
    start_registry --layout layout --repo app:1=one --rate 2000000
    start_proxy "${registry##*:}"
    expect_connections "2 MB/s a connection, 50 ms away" "$far"
    end_process "$proxy_pid"
else
    # 0.9 x 160 MB/s; what is less is over before all connections have begun.
    wanted=144
    start_registry --layout layout --repo app:1=one --rate 20000000
    expect_rate "20 MB/s a connection, no burst" "$registry" "$wanted"
    check_store store 3
    start_proxy "${registry##*:}"
    expect_rate "20 MB/s a connection, no burst, 50 ms away" "$far" "$wanted"
    end_process "$proxy_pid"
    stop_registry
    [ "$(logged blob_bytes)" -le $((4 * size + size / 4)) ] ||
        fail "$(logged blob_bytes) bytes were sent"
    start_nginx "limit_rate 20m;"
    expect_rate "nginx, 20 MiB/s a connection" "127.0.0.1:$nginx_port" "$wanted"
    start_proxy "$nginx_port"
    expect_rate "nginx, 20 MiB/s a connection, 50 ms away" "$far" "$wanted"
    end_process "$proxy_pid"
    end_process "$nginx_pid"
fi

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

# Without caps, splitting costs nothing worth speaking of: in turn, medians of five.
if [ "$RESUME_FORM" = full ]; then
    start_registry --layout layout --repo app:1=one
    for _ in 1 2 3 4 5; do
        timed_fetch "$registry/app:1"
        echo "$ms" >> split.ms
        timed_fetch "$registry/app:1" --chunk-size 0
        echo "$ms" >> whole.ms
    done
    stop_registry
    split=$(sort -n split.ms | sed -n 3p) whole=$(sort -n whole.ms | sed -n 3p)
    echo "= no caps: split $split ms, one stream $whole ms, ratio $((split * 100 / whole)) %"
    # The goal is 105 %; a busy machine blurs it.
    [ $((split * 100)) -le $((whole * 115)) ] || fail "splitting costs too much"
fi
