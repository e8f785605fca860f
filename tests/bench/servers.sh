# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with the other files
#
# The servers that are measured against, on loopback: nginx with static files (plain, with TLS, and
# with 20 MB/s for each connection), docker-registry, a long way (delay-proxy) before nginx.
# Sourced.
#
# Servers have names: nginx, tls, capped, far (50 ms), capped-far, registry, fake, wan-NAME.
# host[NAME] is what to connect to, near_end[NAME] the namespace from which it is reached, if
# another.

declare -A host=() near_end=()
free_port() {
    local port
    for ((;;)); do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null || break
    done
    echo "$port"
}

is_listening() { # PORT
    (: < "/dev/tcp/127.0.0.1/$1") 2> /dev/null
}

make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=bench \
        -addext subjectAltName=IP:127.0.0.1,IP:10.77.0.2 \
        -keyout "$work/tls.key" -out "$work/tls.pem" 2> "$work/err" ||
        fail "no certificate: $(tail -n 2 "$work/err")"
    mkdir -p "$work/certs"
    cp "$work/tls.pem" "$work/certs/ca.crt"
}

nginx_server() { # ADDRESS EXTRA
    cat << END
    server {
        listen $1;
        $2
        location = /v2/ { return 200 "{}"; }
        location ~ ^/v2/.+/blobs/sha256:(?<hex>[0-9a-f]+)\$ {
            alias $blobs/\$hex;
        }
        location ~ ^/v2/.+/manifests/sha256:(?<hex>[0-9a-f]+)\$ {
            types { } default_type $manifest_type;
            add_header Docker-Content-Digest sha256:\$hex;
            alias $blobs/\$hex;
        }
        location ~ ^/v2/(?<repository>.+)/manifests/(?<tag>[a-z0-9]+)\$ {
            types { } default_type $manifest_type;
            add_header Docker-Content-Digest \$tag_digest;
            alias $content/tags/\$repository/\$tag;
        }
    }
END
}

# One worker for each core, as usual; else the defaults, but for a log that can be counted.
write_nginx_config() { # FOLDER SERVERS
    cat << END
daemon off;
$([ "$(id -u)" -ne 0 ] || echo 'user root;')
worker_processes auto;
pid $1/pid;
error_log $1/error;
events { worker_connections 1024; }
http {
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000;
    log_format counted '\$server_port \$status \$body_bytes_sent \$connection '
        '\$msec \$request_time \$request_method \$uri';
    access_log $1/access counted;
    client_body_temp_path $1/body;
    proxy_temp_path $1/proxy;
    fastcgi_temp_path $1/fastcgi;
    uwsgi_temp_path $1/uwsgi;
    scgi_temp_path $1/scgi;
    default_type application/octet-stream;
    map_hash_max_size 65536;
    map_hash_bucket_size 256;
    map \$uri \$tag_digest { include $content/digests.map; }
$2
}
END
}

tls_lines() {
    echo "ssl_certificate $work/tls.pem; ssl_certificate_key $work/tls.key; ssl_protocols TLSv1.3;"
}

start_nginx() {
    mkdir -p "$work/nginx"
    nginx_port=$(free_port) capped_port=$(free_port) tls_port=$(free_port)
    write_nginx_config "$work/nginx" "$(nginx_server "127.0.0.1:$nginx_port" "")
$(nginx_server "127.0.0.1:$capped_port" "limit_rate 20000000;")
$(nginx_server "127.0.0.1:$tls_port ssl" "$(tls_lines)")" > "$work/nginx/config"
    nginx -p "$work/nginx" -c "$work/nginx/config" -e "$work/nginx/error" &
    nginx_pid=$!
    own_pids+=("$nginx_pid")
    wait_until 20 "nginx listens" is_listening "$tls_port"
    host[nginx]=127.0.0.1:$nginx_port host[capped]=127.0.0.1:$capped_port
    host[tls]=127.0.0.1:$tls_port
}

start_registry() {
    local port
    port=$(free_port)
    mkdir -p "$work/registry"
    cat > "$work/registry/config.yml" << END
version: 0.1
log: {level: error, accesslog: {disabled: false}}
storage:
  filesystem: {rootdirectory: $content/storage}
  maintenance: {uploadpurging: {enabled: false}}
http: {addr: '127.0.0.1:$port', secret: bench}
END
    docker-registry serve "$work/registry/config.yml" \
        > "$work/registry/access" 2> "$work/registry/error" &
    registry_pid=$!
    own_pids+=("$registry_pid")
    wait_until 20 "docker-registry listens" is_listening "$port"
    host[registry]=127.0.0.1:$port
}

# A server 50 ms away (25 ms each way).
start_far() { # NAME PORT
    : > "$work/$1"
    "$obj/delay-proxy" "$2" 25 > "$work/$1" &
    own_pids+=("$!")
    wait_until 20 "the proxy listens" grep -q 'listening on' "$work/$1"
    host[$1]=$(sed -n 's/^listening on //p' "$work/$1")
}

# A long link (tests/support/long_link_main.c) with an nginx at its far end: servers NAME and
# NAME-tls. Programs reach them from the near end.
start_wan() { # NAME DELAY-MS MBIT/S LOSS-PERCENT
    local folder=$work/$1 near far
    mkdir -p "$folder"
    : > "$folder/link"
    "$obj/long-link" -d "$2" -r "$3" -l "$4" > "$folder/link" &
    wan_pid=$!
    own_pids+=("$wan_pid")
    wait_until 20 "the link is up" grep -q near "$folder/link"
    read -r _ near _ far < "$folder/link"
    write_nginx_config "$folder" "$(nginx_server 10.77.0.2:80 "")
$(nginx_server "10.77.0.2:443 ssl" "$(tls_lines)")" > "$folder/config"
    nsenter --net="$far" nginx -p "$folder" -c "$folder/config" -e "$folder/error" &
    wan_nginx_pid=$!
    own_pids+=("$wan_nginx_pid")
    wait_until 20 "nginx listens" \
        nsenter --net="$near" bash -c ': < /dev/tcp/10.77.0.2/443' 2> /dev/null
    host[$1]=10.77.0.2:80 host[$1-tls]=10.77.0.2:443
    near_end[$1]=$near near_end[$1-tls]=$near
}

stop_wan() {
    end_process "$wan_nginx_pid"
    end_process "$wan_pid"
}

# The scripted server, for blobs that no disk needs to hold.
start_fake() { # OPTION…
    rm -f "$work/fake-port"
    "$obj/fake-registry" --port-file "$work/fake-port" "$@" > /dev/null &
    fake_pid=$!
    own_pids+=("$fake_pid")
    wait_until 120 "the fake registry listens" test -s "$work/fake-port"
    host[fake]=127.0.0.1:$(cat "$work/fake-port")
}

# What ctr needs to know that a loopback host speaks TLS.
write_ctr_hosts() {
    mkdir -p "$work/hosts/${host[tls]}"
    printf 'server = "https://%s"\n[host."https://%s"]\nca = "%s"\n%s\n' \
        "${host[tls]}" "${host[tls]}" "$work/tls.pem" 'capabilities = ["pull", "resolve"]' \
        > "$work/hosts/${host[tls]}/hosts.toml"
}

start_servers() {
    make_certificate
    start_nginx
    write_ctr_hosts
    start_registry
    start_far far "$nginx_port"
    start_far capped-far "$capped_port"
}

scheme_of() { # SERVER
    if [[ $1 = *tls ]]; then echo https; else echo http; fi
}

server_pids() { # SERVER
    case $1 in
    registry) echo "$registry_pid" ;;
    fake) echo "$fake_pid" ;;
    none) ;;
    wan*) cat "/proc/$wan_nginx_pid/task/$wan_nginx_pid/children" && echo "$wan_pid" ;;
    *) cat "/proc/$nginx_pid/task/$nginx_pid/children" ;;
    esac
}

access_log() { # SERVER, an nginx
    case $1 in
    wan*) echo "$work/${1%-tls}/access" ;;
    *) echo "$work/nginx/access" ;;
    esac
}

# Logs are counted from here on.
mark_server() { # SERVER
    case $1 in
    registry) : > "$work/registry/access" ;;
    fake | none) ;;
    *) : > "$(access_log "$1")" ;;
    esac
}

# Bytes of bodies and requests since the mark, divided by a tab.
server_counts() { # SERVER
    case $1 in
    registry)
        awk 'NF > 8 { bytes += $10; n++ } END { printf "%.0f\t%d", bytes, n }' \
            "$work/registry/access"
        ;;
    fake | none) printf '0\t0' ;;
    *) awk '{ bytes += $3; n++ } END { printf "%.0f\t%d", bytes, n }' "$(access_log "$1")" ;;
    esac
}
