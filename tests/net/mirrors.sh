#!/bin/bash
# Mirrors from hosts.toml: one that answers 404, 500, too short, not at all; T-09: the credentials
# of the registry are not offered to them.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

password=$(new_secret password)
basic user "$password" > /dev/null
start_basic_registry user "$password"
push_random test/image:1 4 200000 "user:$password"
image=$REGISTRY/test/image:1
folder=hosts/$REGISTRY
mkdir -p "$folder"

write_hosts() { # MIRROR-URL…
    local url
    printf 'server = "http://%s"\n' "$REGISTRY" > "$folder/hosts.toml"
    for url in "$@"; do
        printf '[host."%s"]\n' "$url"
    done >> "$folder/hosts.toml"
}

content=(--layout "$pushed_layout" --repo "test/image:1=x")

fetch_by_mirror() { # RULE…
    local options=()
    for rule in "$@"; do
        options+=(--rule "$rule")
    done
    start_fake mirror "${content[@]}" "${options[@]}"
    write_hosts "http://${FAKE[mirror]}"
    tug_fetch --hosts-dir hosts -u "user:$password" "$image"
    assert_equal "what is printed" "$image $pushed_digest" "$(<"$OUT")"
    stop_fake mirror
    assert_clean "${RECORD[mirror]}"
    assert_equal "mirror requests without ns=" 0 \
        "$(grep -a "^request" "${RECORD[mirror]}" | grep -aE "/(blobs|manifests)/" |
            grep -avcE "ns=127.0.0.1(:|%3A)${REGISTRY##*:}" || true)"
    assert_at_least "requests at the mirror" 1 "$(count_record mirror .)"
}

fetch_by_mirror
assert_equal "blobs from a mirror that has all" 5 "$(count_record mirror '/blobs/.* status=20')"
done_case "a mirror that works gets ns= and no password"

fetch_by_mirror 'status=404'
fetch_by_mirror 'path=/blobs/ status=404'
fetch_by_mirror 'status=500'
fetch_by_mirror 'path=/blobs/ status=500'
fetch_by_mirror 'path=/blobs/ status=403'
done_case "404, 403, 500"

fetch_by_mirror 'path=/blobs/ cut=end at=1000'
fetch_by_mirror 'path=/blobs/ length-delta=5000'
fetch_by_mirror 'path=/manifests/ cut=end at=100'
fetch_by_mirror 'path=/blobs/ body=<html>please_log_in</html> status=200'
fetch_by_mirror 'path=/blobs/ flip=1 flip-at=500'
fetch_by_mirror 'path=/blobs/ flip=1 flip-at=500 cut=rst at=100000'
done_case "a short 200, a page, wrong bytes"

fetch_by_mirror 'status=401 add-header=WWW-Authenticate:_Basic_realm="x"'
bearer='WWW-Authenticate:_Bearer_realm="{base}/token",service="s"'
fetch_by_mirror 'path=/token body={"token":"mine"}' \
    "without=Bearer path=^/v2/ status=401 add-header=$bearer"
done_case "T-09: a mirror that asks for credentials gets none of the registry's"

# A mirror that is down costs one try for the run, not one for each blob.
write_hosts "http://127.0.0.1:1"
tug_fetch --hosts-dir hosts -u "user:$password" "$image"
start_fake slow "${content[@]}" --rule 'refuse=accept'
write_hosts "http://${FAKE[slow]}"
tug_fetch --hosts-dir hosts -u "user:$password" --max-concurrent-downloads 1 "$image"
stop_fake slow
assert_at_most "connections to a mirror that closes all" 3 \
    "$(sed -n 's/^connections_accepted //p' "${FAKE_LOG[slow]}")"
done_case "a mirror that is down is remembered"

# Order in the file is the order of asking; capabilities are honoured for blobs, too.
start_fake first "${content[@]}"
start_fake second "${content[@]}"
write_hosts "http://${FAKE[first]}" "http://${FAKE[second]}"
sed -i "2a capabilities = [\"resolve\"]" "$folder/hosts.toml"
tug_fetch --hosts-dir hosts -u "user:$password" "$image"
stop_fake first second
assert_equal "blobs from a mirror that may only resolve" 0 "$(count_record first /blobs/)"
assert_equal "blobs from the second" 5 "$(count_record second /blobs/)"
done_case "capabilities and order"

# The mirror's own credentials, by its own key.
mirror_password=$(new_secret mirror)
mirror_basic=$(basic mirror "$mirror_password")
start_fake mirror "${content[@]}" --rule \
    "without=Basic_$mirror_basic status=401 add-header=WWW-Authenticate:_Basic_realm=\"x\""
write_hosts "http://${FAKE[mirror]}"
write_auth_file auth.json "${FAKE[mirror]}" "$mirror_basic" "$REGISTRY" "$(basic user "$password")"
tug_fetch --hosts-dir hosts --authfile auth.json "$image"
stop_fake mirror
assert_equal "blobs from a mirror with a password" 5 "$(count_record mirror '/blobs/.* status=20')"
! grep -qaF -e "$(basic user "$password")" "${RECORD[mirror]}" ||
    fail "the mirror got the registry's password"
done_case "T-09: a mirror's own credentials"
