#!/bin/bash
# T-01: a layer's urls are asked only with --foreign-layers, only by https, and get nothing secret.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
enter_namespace # of its own: ports are named here before anybody listens

password=$(new_secret password)
header=$(new_secret header)
good=$(basic user "$password")
last_layer_type=application/vnd.oci.image.layer.nondistributable.v1.tar
# The urls name nginx by a port that must be known before the image is made.
foreign=19000 # none of free_port
plain=19001
make_ca private
make_certificate private server IP:127.0.0.1
# shellcheck disable=SC2034 # make_layout uses it
last_layer_extra=",\"urls\":[\"https://127.0.0.1:$foreign/layer\"]"
make_layout 3 50000
secure_layout=$pushed_layout
# shellcheck disable=SC2034 # make_layout uses it
last_layer_extra=",\"urls\":[\"http://127.0.0.1:$plain/layer\",\
\"file:///etc/passwd\",\"ftp://127.0.0.1/x\"]"
make_layout 3 50000
plain_layout=$pushed_layout
layer_of() { # LAYOUT
    local manifest
    manifest=$(jq -r '.manifests[0].digest' "$1/index.json")
    jq -r '.layers[2].digest' "$1/blobs/${manifest/://}"
}
secure_layer=$(layer_of "$secure_layout")

start_fake plain --port "$plain"
start_fake elsewhere --rule "path=layer status=401 add-header=WWW-Authenticate:_Basic_realm=\"x\""
# shellcheck disable=SC2317 # start_nginx calls it
front() {
    cat << END
    server {
        listen 127.0.0.1:$foreign ssl;
        ssl_certificate $PWD/server.pem;
        ssl_certificate_key $PWD/server.key;
        location / { proxy_pass http://$backend; }
        location = /layer { alias $secure_layout/blobs/${secure_layer/://}; $foreign_extra }
    }
END
}
backend=${FAKE[elsewhere]}
foreign_extra=""
start_nginx front
wants_password="without=Basic_$good path=^/v2/ status=401"
wants_password+=" add-header=WWW-Authenticate:_Basic_realm=\"x\""
origin() { # LAYOUT
    start_fake origin --layout "$1" --repo test/image:1=x --rule "$wants_password"
    mkdir -p "hosts.d/${FAKE[origin]}"
    printf 'server = "http://%s"\n[header]\n  X-Secret = "%s"\n' "${FAKE[origin]}" "$header" \
        > "hosts.d/${FAKE[origin]}/hosts.toml"
    options=(--hosts-dir hosts.d -u "user:$password" --tlscacert private.pem)
}

origin "$secure_layout"
tug_fetch "${options[@]}" "${FAKE[origin]}/test/image:1"
assert_equal "requests at the layer's url without --foreign-layers" 0 "$(count_nginx .)"
stop_fake origin
done_case "T-01: urls are left alone"

# The registry does not have the layer; its urls do.
start_fake origin --layout "$secure_layout" --repo test/image:1=x \
    --rule "path=$secure_layer status=404" --rule "$wants_password"
mkdir -p "hosts.d/${FAKE[origin]}"
printf 'server = "http://%s"\n[header]\n  X-Secret = "%s"\n' "${FAKE[origin]}" "$header" \
    > "hosts.d/${FAKE[origin]}/hosts.toml"
tug_fetch "${options[@]}" --foreign-layers "${FAKE[origin]}/test/image:1"
assert_at_least "requests at the layer's url" 1 "$(count_nginx 'GET /layer .*status=20')"
assert_equal "passwords at the layer's url" 0 "$(count_nginx 'auth="[^"-]')"
end_process "$nginx_pid"

# Now it answers 401, as the attack did. Everything that comes is written down.
foreign_extra="return 404;"
front() {
    cat << END
    server {
        listen 127.0.0.1:$foreign ssl;
        ssl_certificate $PWD/server.pem;
        ssl_certificate_key $PWD/server.key;
        location / { proxy_pass http://$backend; }
    }
END
}
start_nginx front
tug_refuse "3 4 5" '' "${options[@]}" --foreign-layers --retries 1 "${FAKE[origin]}/test/image:1"
stop_fake origin elsewhere
assert_clean "${RECORD[elsewhere]}"
assert_at_least "requests that were told 401" 1 "$(count_record elsewhere 'GET /layer')"
! grep -qaiE '^(authorization|cookie|x-secret)' "${RECORD[elsewhere]}" || fail "a secret header"
done_case "T-01: a url that asks for a password gets none"

start_fake origin --layout "$plain_layout" --repo test/image:1=x \
    --rule "path=$(layer_of "$plain_layout") status=404" \
    --rule "$wants_password"
tug_refuse "3 4 5 6" '' --plain-http -u "user:$password" --foreign-layers --retries 1 \
    "${FAKE[origin]}/test/image:1"
stop_fake origin plain
assert_equal "requests of urls without TLS" 0 "$(count_record plain .)"
done_case "T-01: urls without TLS are refused"
