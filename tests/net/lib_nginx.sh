# shellcheck shell=bash
#
# Certificates, nginx before other servers, and tinyproxy. Sourced by lib.sh.
# shellcheck disable=SC2034,SC2154 # the scripts use much of what is set here, lib.sh sets the rest

# --- certificates ---

# An authority NAME.pem with NAME.key.
make_ca() { # NAME
    quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
        -out "$1.pem" -subj "/CN=tests $1" -days 2
}

# NAME.pem and NAME.key, signed by an authority. ALT-NAMES as IP:127.0.0.1,DNS:localhost. DAYS: how
# long it is good; -1: not any more.
make_certificate() { # CA NAME ALT-NAMES [DAYS]
    quiet openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$2.key" \
        -out "$2.csr" -subj "/CN=$2"
    if [ "${4:-2}" -gt 0 ]; then
        quiet openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -days 2 \
            -out "$2.pem" -extfile <(printf 'subjectAltName=%s\n' "$3")
        return
    fi
    : > "$1.db"
    printf '%s\n' '[ca]' "database=$1.db" new_certs_dir=. "serial=$1.serial" policy=any \
        '[any]' commonName=supplied '[ext]' "subjectAltName=$3" > "$2.conf"
    quiet openssl ca -batch -config "$2.conf" -name ca -rand_serial -md sha256 -notext \
        -cert "$1.pem" -keyfile "$1.key" -startdate 20200101000000Z -enddate 20200201000000Z \
        -extensions ext -in "$2.csr" -out "$2.pem"
}

# --- nginx ---

# Sets P1 … P6, no two alike: of two servers on one port nginx takes the first.
find_ports() {
    for _ in {1..50}; do
        P1=$(free_port) P2=$(free_port) P3=$(free_port)
        P4=$(free_port) P5=$(free_port) P6=$(free_port)
        [ -n "$(printf '%s\n' "$P1" "$P2" "$P3" "$P4" "$P5" "$P6" | sort | uniq -d)" ] || return 0
    done
    fail "no six free ports"
}

# Start nginx with the servers that a function prints; it may listen on $P1 … $P6, all searched.
start_nginx() { # FUNCTION
    local try folder=$PWD/nginx
    mkdir -p "$folder"
    for try in 1 2 3 4 5; do
        find_ports
        write_nginx_config "$1" > "$folder/config"
        nginx -p "$folder" -c "$folder/config" -e "$folder/error" > "$folder/out" 2>&1 &
        nginx_pid=$!
        if nginx_started "$folder"; then
            own_pids+=("$nginx_pid")
            return
        fi
        wait "$nginx_pid" || true
    done
    fail "nginx does not start ($try tries): $(cat "$folder/out" "$folder/error")"
}

nginx_started() { # FOLDER
    local end=$((SECONDS + 120))
    until [ -s "$1/pid" ]; do
        kill -0 "$nginx_pid" 2> /dev/null || return 1
        [ "$SECONDS" -lt "$end" ] || return 1
        pause 0.02
    done
    kill -0 "$nginx_pid" 2> /dev/null
}

# TCP servers, when there is a FUNCTION_stream that prints them; $PWD/nginx/streams: who came.
write_nginx_streams() { # FUNCTION
    declare -F "$1_stream" > /dev/null || return 0
    cat << END
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
stream {
    log_format record 'port=\$server_port status=\$status '
        'client="\$ssl_client_s_dn" sent=\$bytes_sent';
    access_log $PWD/nginx/streams record;
$("$1_stream")
}
END
}

# Requests are written to $PWD/nginx/access: what came, and what of secrets could have come.
write_nginx_config() { # FUNCTION
    write_nginx_streams "$1"
    cat << END
daemon off;
master_process off;
pid $PWD/nginx/pid;
error_log $PWD/nginx/error info;
events { worker_connections 512; }
http {
    log_format record '\$msec connection=\$connection port=\$server_port \$request_method '
        '\$request_uri status=\$status range="\$http_range" auth="\$http_authorization" '
        'client="\$ssl_client_s_dn" verify=\$ssl_client_verify sent=\$body_bytes_sent';
    access_log $PWD/nginx/access record;
    client_body_temp_path $PWD/nginx/body;
    proxy_temp_path $PWD/nginx/proxy;
    fastcgi_temp_path $PWD/nginx/fastcgi;
    uwsgi_temp_path $PWD/nginx/uwsgi;
    scgi_temp_path $PWD/nginx/scgi;
    underscores_in_headers on;
    ignore_invalid_headers off;
    proxy_http_version 1.1;
    proxy_buffering off;
    proxy_set_header Host \$http_host;
    proxy_set_header X-Forwarded-Proto \$scheme;
    ssl_session_cache off;
$("$1")
}
END
}

# Requests that nginx has answered.
count_nginx() { # REGEX
    grep -acE "$1" "$PWD/nginx/access" || true
}

# --- a proxy ---

# Sets PROXY (HOST:PORT) and PROXY_LOG.
start_proxy() { # [USER PASSWORD]
    local port try
    PROXY_LOG=$PWD/proxy-log
    for try in 1 2 3 4 5; do
        port=$(free_port)
        cat > proxy.conf << END
Port $port
Listen 127.0.0.1
Timeout 60
LogFile "$PROXY_LOG"
LogLevel Connect
MaxClients 50
${1:+BasicAuth $1 $2}
END
        : > "$PROXY_LOG"
        tinyproxy -d -c proxy.conf > proxy.out 2>&1 &
        proxy_pid=$!
        until is_listening 127.0.0.1 "$port" || ! kill -0 "$proxy_pid" 2> /dev/null; do
            pause 0.02
        done
        if kill -0 "$proxy_pid" 2> /dev/null; then
            own_pids+=("$proxy_pid")
            # shellcheck disable=SC2034 # for the scripts
            PROXY=127.0.0.1:$port
            return
        fi
    done
    fail "tinyproxy does not start ($try tries): $(cat proxy.out)"
}
