#!/bin/bash
# tug resolve: what references name, in the order given; nothing is fetched or stored.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start_registry --generate app:1=1M --generate app:2=1M
run fetch -q "$registry/app:1"
expect_status 0
digest=$(cut -d' ' -f2 "$WORK/out")
rm -rf "$TUG_STORE"

run resolve "$registry/app:2" "$registry/app:1"
expect_status 0
expect_empty err
expect_lines out 2
sed -n 1p "$WORK/out" | grep -q "^$registry/app:2 sha256:" || fail "not in the order given"
manifest='application/vnd\.oci\.image\.manifest\.v1\+json'
expect_match out "$registry/app:1 $digest $manifest [1-9][0-9]*"
[ ! -e "$TUG_STORE" ] || fail "a store was made"

run resolve --format json "$registry/app:1" "$registry/app:none"
expect_status 1
expect_lines out 2
sed -n 1p "$WORK/out" |
    jq -e ".status == \"ok\" and .digest == \"$digest\" and .size > 0 and
    .mediaType == \"application/vnd.oci.image.manifest.v1+json\"" > /dev/null ||
    fail "the first line"
sed -n 2p "$WORK/out" | jq -e '.status == "failed" and .error.code == "not-found"' > /dev/null ||
    fail "the second line"

run resolve "$registry/app:none"
expect_status 3
expect_lines err 1

# A list, the command's own output among it; all of it is checked before anything is asked.
{
    echo "# comment"
    "$TUG" resolve "$registry/app:1"
    echo "2 label.a=b all-platforms"
} > "$WORK/list"
run resolve --repository "$registry/app" --from-file "$WORK/list" "$registry/app:2"
expect_status 0
expect_lines out 3
sed -n 1p "$WORK/out" | grep -q "^$registry/app:1@$digest $digest " ||
    fail "not the digest of the list"
sed -n 2p "$WORK/out" | grep -q "^$registry/app:2 sha256:" || fail "not the tag of the list"
echo "app:1 rubbish" >> "$WORK/list"
run resolve --from-file "$WORK/list" "$registry/app:2"
expect_status 2
expect_lines out 0
: > "$WORK/list"
run resolve --from-file "$WORK/list"
expect_status 0
expect_lines out 0
expect_empty err

stop_registry
[ "$(grep -c '^request .* GET .*/blobs/' "$WORK/log")" -eq 2 ] || fail "a blob was asked for"
[ "$(grep -c '^request .* GET .*app/manifests/1 ' "$WORK/log")" -eq 1 ] || fail "not with a HEAD"

# A registry that knows no HEAD is asked with a GET.
start_registry --generate app:1=1M --rule "method=HEAD status=405"
run resolve "$registry/app:1"
expect_status 0
expect_lines out 1

# Time that is over is no interruption.
start_registry --generate app:1=1M --rule "path=/manifests/1 delay=60000"
run resolve --timeout 300ms "$registry/app:1"
expect_status 10
expect_match err "tug: $registry/app:1: timed out"

# What a registry calls the type goes to terminals and scripts: only what is one.
start_registry --generate app:1=1M \
    --rule "omit=Content-Type add-header=Content-Type:_application/x$(printf '\302\233')2J"
run resolve --format json "$registry/app:1"
expect_status 0
jq -e '.mediaType == "" or .mediaType == null' "$WORK/out" > /dev/null || fail "the media type"
