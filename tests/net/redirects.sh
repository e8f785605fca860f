#!/bin/bash
# Redirects of blobs: T-02, T-03, T-04, T-05, T-12, T-13, T-20. The target writes down all it gets.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

password=$(new_secret password)
cookie=$(new_secret cookie)
header=$(new_secret header)
netrc=$(new_secret netrc)
signature=$(new_secret signature)
good=$(basic user "$password")
basic netrc "$netrc" > /dev/null
image=(--generate test/image:1=50K:3)
want_password="without=Basic_$good path=^/v2/ status=401"
want_password+=" add-header=WWW-Authenticate:_Basic_realm=\"x\""
want_password+=$'\r\n'"Set-Cookie:_session=$cookie"
head_start='path=moved=1 delay=1'

# Fetch from an origin that sends blobs elsewhere; $first: a rule before that one.
fetch_moved() { # "EXIT-STATUS…" BLOB-RULE [TUG-OPTION…]
    local status=$1 rule=$2
    shift 2
    start_fake origin "${image[@]}" --rule "$want_password" --rule "${first:-$head_start}" \
        --rule "path=/blobs/ $rule"
    write_hosts
    printf 'machine 127.0.0.1 login netrc password %s\ndefault login netrc password %s\n' "$netrc" \
        "$netrc" > "$HOME/.netrc"
    chmod 600 "$HOME/.netrc"
    rm -rf "$STORE"
    tug_run "$status" fetch --hosts-dir hosts --retries 1 -u "user:$password" "$@" \
        "${FAKE[origin]}/test/image:1"
    if [ "$status" = 0 ]; then
        check_store "$STORE"
    fi
    stop_fake origin
    grep -qaF "$header" "${RECORD[origin]}" || fail "the origin did not get its own header"
    grep -qaF "$good" "${RECORD[origin]}" || fail "the origin did not get its own password"
    ! grep -qaF "$netrc" "${RECORD[origin]}" || fail "a password from .netrc"
}

write_hosts() {
    mkdir -p "hosts/${FAKE[origin]}"
    cat > "hosts/${FAKE[origin]}/hosts.toml" << END
server = "http://${FAKE[origin]}"
[header]
  X-JFrog-Art-Api = "$header"
END
}

end_target() {
    stop_fake target
    assert_clean "${RECORD[target]}"
    ! grep -qaiE '^(authorization|cookie|proxy-authorization|x-jfrog)' "${RECORD[target]}" ||
        fail "the target got: $(cat "${RECORD[target]}")"
}

for address in 127.0.0.1 127.0.0.2; do
    for status in 301 302 303 307 308; do
        start_fake target --address "$address" "${image[@]}"
        fetch_moved 0 "status=$status location=http://${FAKE[target]}{path}"
        end_target
        assert_equal "GETs of the target" 4 "$(count_record target 'GET .*/blobs/')"
    done
done
done_case "T-02, T-05, T-12: nothing of the origin's reaches another host or port"

start_fake target "${image[@]}" --rule \
    'path=/v2/ status=401 add-header=WWW-Authenticate:_Bearer_realm="{base}/token",service="x"' \
    --rule 'path=/token body={"token":"target"}'
fetch_moved "4 5" "location=http://${FAKE[target]}{path}"
end_target
assert_equal "tokens asked of a redirect's target" 0 "$(count_record target /token)"
start_fake target "${image[@]}" --rule 'status=401 add-header=WWW-Authenticate:_Basic_realm="x"'
fetch_moved "4 5" "location=http://${FAKE[target]}{path}"
end_target
done_case "T-03: no authentication to a redirect's target"

start_fake target "${image[@]}"
make_ca private
make_certificate private server IP:127.0.0.1
start_fake origin "${image[@]}" --rule "path=/blobs/ location=http://${FAKE[target]}{path}"
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
tug_refuse 5 'http' --tlscacert private.pem "127.0.0.1:$P1/test/image:1"
stop_fake origin
end_target
assert_equal "requests after https became http" 0 "$(count_record target .)"
done_case "T-04: never from https to http"

message="http://x/y?X-Amz-Signature=$signature"
start_fake target \
    --rule "status=403 body={\"errors\":[{\"code\":\"DENIED\",\"message\":\"$message\"}]}"
for option in -q --debug --http-dump --format=json; do
    fetch_moved "4 5" "location=http://${FAKE[target]}{path}?X-Amz-Signature=$signature" "$option"
done
stop_fake target
done_case "T-13: signatures are shown nowhere"

fetch_moved 0 'location=../../../..{path}?moved=1'
fetch_moved 0 'location={path}?moved=1'
fetch_moved 0 'location=?moved=1'
start_fake target "${image[@]}"
fetch_moved 0 "location=//${FAKE[target]}{path}"
end_target
assert_equal "blobs by //HOST" 4 "$(count_record target 'GET .*/blobs/')"
long=$(head -c 5000 /dev/zero | tr '\0' a)
fetch_moved 0 "location={path}?moved=1&x=$long"
done_case "T-20: relative, without scheme, five kilobytes long"

fetch_moved "5 6" 'location={path}' --max-concurrent-downloads 1
assert_at_most "requests in a loop" 60 "$(count_record origin 'GET .*/blobs/')"
fetch_moved "5 6" 'location={path}x' --max-concurrent-downloads 1
assert_at_most "requests in a chain" 100 "$(count_record origin 'GET .*/blobs/')"
fetch_moved "5 6" 'status=307 omit=Location'
for target in file:///etc/passwd ftp://127.0.0.1/x gopher://127.0.0.1:70/x \
    'http://user:pw@127.0.0.1/x' 'http://[::1' 'http://' 'unix:///run/x' 'https:///x'; do
    fetch_moved "5 6" "location=$target"
done
done_case "T-18, T-20: loops, chains, no target, other protocols"
