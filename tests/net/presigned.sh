#!/bin/bash
# Blobs redirected to a second host by signed URLs that run out after two seconds, during downloads
# that take longer: tug asks the registry again, and nothing counts as a failure. The second host
# refuses requests with credentials, as object stores do. T-02, T-13.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
enter_namespace # of its own: ports are named here before anybody listens

signing=$(new_secret signing)
password=$(new_secret password)
basic user "$password" > /dev/null
start_basic_registry user "$password"
push_random test/image:1 3 5000000 "user:$password"
# The second host breaks off each layer once, when its URL has run out.
start_fake store --layout "$pushed_layout" --repo test/image:1=x --rate 1M \
    --rule 'path=/blobs/ without=Range times=4 cut=close at=3700000'
front() {
    cat << END
    server {
        listen 127.0.0.1:$P1;
        location / { proxy_pass http://$REGISTRY; }
        location /v2/test/image/blobs/ { proxy_pass http://127.0.0.1:$presign_port; }
    }
    server {
        listen 127.0.0.1:$P2;
        location /v2/test/image/blobs/ {
            if (\$http_authorization) { return 400; }
            secure_link \$arg_md5,\$arg_expires;
            secure_link_md5 "\$secure_link_expires \$uri $signing";
            if (\$secure_link = "") { return 403; }
            if (\$secure_link = "0") { return 403; }
            proxy_pass http://${FAKE[store]};
        }
    }
END
}
# The signer has to know nginx' port and nginx the signer's: the signer asks for its target last.
presign_port=19000 # none of free_port
start_presign() {
    "$PRESIGN" --target "http://127.0.0.1:$P2" --secret "$signing" --port "$presign_port" \
        --port-file presign-port --log presign-log &
    own_pids+=("$!")
    wait_until 120 "the signer listens" test -s presign-port
}
start_nginx front
start_presign
layer=$(curl -s -u "user:$password" -H "Accept: application/vnd.oci.image.manifest.v1+json" \
    "http://127.0.0.1:$P1/v2/test/image/manifests/1" | jq -r '.layers[0].digest')
assert_equal "what curl gets by the redirect" "206 1000" "$(curl -s -L -o /dev/null -r 0-999 \
    -w '%{http_code} %{size_download}' "http://127.0.0.1:$P1/v2/test/image/blobs/$layer")"
: > presign-log
: > nginx/access

tug_fetch -u "user:$password" --retries 1 --max-concurrent-downloads 4 \
    "127.0.0.1:$P1/test/image:1"
assert_at_least "answers that went on" 3 "$(count_nginx "port=$P2 .*status=206")"
assert_equal "credentials at the second host" 0 "$(count_nginx "port=$P2 .*auth=\"[^\"-]")"
assert_at_most "redirects asked for" 9 "$(grep -ac ^request presign-log)"
done_case "signed URLs that run out are asked for again"

rm -rf "$STORE"
tug_run 0 fetch -u "user:$password" --debug --http-dump --http-trace "127.0.0.1:$P1/test/image:1"
! grep -aE 'md5=[A-Za-z0-9]|expires=[0-9]' "$ERR" || fail "a signature is shown"
grep -qa 'blobs/sha256' "$ERR" || fail "--http-dump shows nothing"
done_case "T-13: --http-dump shows neither signatures nor passwords"

