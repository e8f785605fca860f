#!/bin/bash
# Answers that attack the client: T-19, T-29, T-43, T-44, T-46, T-47, T-51.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

image=(--generate test/image:1=60K:3)
newline=$(printf '\r\nx')
newline=${newline%x}
escapes=$(printf '\033[2J\033]52;c;eA==\007\302\233bidi\342\200\256\177')

fetch_odd() { # "EXIT-STATUS…" RULE [TUG-OPTION…]
    local status=$1 rule=$2
    shift 2
    start_fake origin "${image[@]}" --rule "$rule"
    rm -rf "$STORE"
    tug_run "$status" fetch --plain-http --retries 2 "$@" "${FAKE[origin]}/test/image:1"
    [ "$status" != 0 ] || check_store "$STORE"
    stop_fake origin
}

start_fake other "${image[@]}"
elsewhere=http://${FAKE[other]}/v2/test/image/manifests/1
fetch_odd 0 "path=/manifests/ add-header=Link:_<$elsewhere>;_rel=\"next\""
fetch_odd 0 "path=/manifests/ add-header=Link:_</v2/test/image/manifests/1>;_rel=\"next\""
assert_equal "manifest requests with a Link to itself" 1 "$(count_record origin /manifests/)"
stop_fake other
assert_equal "requests by a Link" 0 "$(count_record other .)"
done_case "T-19: Link leads nowhere"

for coding in gzip zstd 'gzip,_gzip' br; do
    fetch_odd "5 6" "path=/blobs/ flip=1 add-header=Content-Encoding:_$coding"
    [ ! -e "$STORE/index.json" ] || [ "$(jq '.manifests | length' "$STORE/index.json")" = 0 ] ||
        fail "an image is named"
done
assert_equal "requests that do not want identity" 0 \
    "$(grep -ai '^accept-encoding' "${RECORD[origin]}" | grep -aivc 'identity' || true)"
assert_at_least "requests that want identity" 2 \
    "$(grep -aic '^accept-encoding: identity' "${RECORD[origin]}")"
fetch_odd 0 'path=/blobs/ add-header=Content-Encoding:_identity'
done_case "T-29: encoded blobs are not decoded, and refused"

warning="add-header=Warning:_299_-_\"be_careful_$escapes\""
fetch_odd 0 "$warning"
assert_equal "lines with the warning" 1 "$(grep -ac 'be careful' "$ERR")"
for text in '299_-_' '299_-' '299' '_' '299_-_"open' '199_-_"hidden"' '110_x_"hidden"' \
    "299_-_\"$(head -c 60000 /dev/zero | tr '\0' a)\""; do
    fetch_odd 0 "add-header=Warning:_$text"
    ! grep -qa hidden "$ERR" || fail "a warning of another code"
    assert_at_most "bytes on stderr" 8000 "$(wc -c < "$ERR")"
done
done_case "T-43: Warning headers"

controls="\\u001b[2J\\u0007$(printf '\302\233\342\200\256')"
message="body={\"errors\":[{\"code\":\"DENIED\",\"message\":\"no_${controls}_way\"}]}"
fetch_odd "3 4" "status=403 $message" -q
grep -qa 'no .* way' "$ERR" || fail "the server's words are lost: $(cat -v "$ERR")"
fetch_odd "3 4" "status=403 body=$escapes" -q
fetch_odd "3 4" "status=403 body={\"errors\":[{\"message\":\"$escapes\",\"code\":\"$escapes\"}]}" -q
fetch_odd "3 4" "status=403 body=$(head -c 100000 /dev/zero | tr '\0' a)" -q
assert_at_most "bytes on stderr" 8000 "$(wc -c < "$ERR")"
fetch_odd "5 6" "path=/blobs/ location=http://127.0.0.1:1/$escapes" -q
fetch_odd "5 6" "path=/manifests/ add-header=Content-Type:_$escapes" -q
done_case "T-43: control characters in what servers say"

for text in "$message" \
    "body={\"errors\":[{\"message\":\"$(printf '\377\376')\\\"}\\n{\"}]}" \
    "body=$(printf 'a\377b\n{"x"')"; do
    fetch_odd "3 4" "status=403 $text" -q --format json
    assert_equal "lines of JSON" 1 "$(wc -l < "$OUT")"
    assert_json "$OUT" "a failed result" \
        '.status == "failed" and (.error.message | type) == "string"'
    iconv -f UTF-8 -t UTF-8 "$OUT" > /dev/null || fail "not UTF-8: $(cat -v "$OUT")"
done
done_case "T-44: JSON stays JSON"

headers=""
for i in $(seq 9000); do headers+="a$i:b$newline"; done
fetch_odd 5 "path=/manifests/ add-header=X-Long:$(head -c 120000 /dev/zero | tr '\0' a)" -q
fetch_odd "0 5" "path=/manifests/ add-header=$headers" -q
interim=""
for i in $(seq 4000); do interim+="HTTP/1.1_103_E$newline$newline"; done
fetch_odd "0 5" "path=/manifests/ before=$interim" -q
trailer="trailers=Docker-Content-Digest:_sha256:0$newline"
fetch_odd 0 \
    "path=/blobs/ chunked=1 chunk-note=;a=b;c=$(head -c 2000 /dev/zero | tr '\0' x) $trailer"
fetch_odd 0 "path=/manifests/ chunked=1 chunk-note=;a=\"b\" $trailer"
done_case "T-46: floods of headers, interim answers, chunk notes, trailers"

# Each would take hours without the limit, and five times as long with the usual one of 30 s. A
# machine that is busy for a second costs a retry more.
patience=(--stall-timeout 1s --retries 9)
start=$SECONDS
fetch_odd 0 'path=/manifests/ times=1 rate=2 rate-head=1' "${patience[@]}"
fetch_odd 0 'path=/blobs/ times=1 rate=2 rate-head=1' "${patience[@]}"
fetch_odd 0 'path=/blobs/ times=1 cut=stall at=30000' "${patience[@]}"
fetch_odd 0 'path=/manifests/ times=1 cut=stall at=10' "${patience[@]}"
fetch_odd 0 'path=/blobs/ times=1 rate=2' "${patience[@]}"
assert_at_most "seconds with slow servers" 100 $((SECONDS - start))
done_case "T-47: a byte at a time"

# The first answer stops after 30000 bytes; the rest is asked for and something else comes.
page='body=<html>please_log_in</html>'
for answer in "status=403 $page" "status=416 $page" "status=429 $page" "status=503 $page" \
    "status=404 $page" "status=200 $page" "status=206 $page" \
    'range=lie shift=10' 'range=shift shift=10' \
    'range=multipart' 'range=ignore' "status=204" "status=302 $page"; do
    start_fake origin --generate test/image:1=60K:1 \
        --rule 'path=/blobs/ without=Range times=2 cut=rst at=30000' \
        --rule "path=/blobs/ header=Range times=1 $answer"
    rm -rf "$STORE"
    tug_run "0 3 4 5 6" fetch --plain-http --max-concurrent-downloads 1 --retry-max-wait 1s \
        "${FAKE[origin]}/test/image:1"
    tug_run 0 fetch --plain-http --max-concurrent-downloads 1 "${FAKE[origin]}/test/image:1"
    check_store "$STORE"
    stop_fake origin
    assert_at_least "requests to resume" 1 "$(count_record origin 'GET .*/blobs/')"
done
done_case "T-51: pages in the place of the rest"
