#!/bin/bash
# docker-registry with a password file: every way to give the password, and what tug says without.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

password=$(new_secret password)
wrong=$(new_secret wrong)
good=$(basic user "$password")
bad=$(basic user "$wrong")
start_basic_registry user "$password"
push_random test/image:1 3 100000 "user:$password"
image=$REGISTRY/test/image:1
assert_equal "without a password curl gets" 401 \
    "$(curl -s -o /dev/null -w '%{http_code}' "http://$REGISTRY/v2/test/image/manifests/1")"

tug_fetch -u "user:$password" --plain-http "$image"
assert_equal "what is printed" "$image $pushed_digest" "$(<"$OUT")"
done_case "--user USER:PASSWORD"

printf '%s\n' "$password" > password
rm -rf "$STORE"
timeout 60 "$TUG" --store "$STORE" fetch -u user --password-stdin "$image" \
    < password > "$OUT" 2> "$ERR" ||
    fail "--password-stdin: $(<"$ERR")"
assert_clean "$OUT" "$ERR"
check_store "$STORE"
done_case "--password-stdin"

rm -rf "$STORE"
timeout 60 "$TUG" --store "$STORE" fetch -u "other:$wrong" -u user --password-stdin "$image" \
    < password > "$OUT" 2> "$ERR" || fail "the second --user: $(<"$ERR")"
assert_clean "$OUT" "$ERR"
done_case "a second --user has not the first one's password"

# `server` says where a registry is: what is given for the one is for the other. A mirror gets
# nothing (T-09).
mkdir -p hosts/registry.example
printf 'server = "http://%s"\n' "$REGISTRY" > hosts/registry.example/hosts.toml
tug_fetch --hosts-dir hosts -u "user:$password" registry.example/test/image:1
tug_refuse 4 "no credentials for $REGISTRY were found" --hosts-dir hosts \
    registry.example/test/image:1
nobody=127.0.0.1:1
mkdir "hosts/$nobody"
printf '[host."http://%s"]\n' "$REGISTRY" > "hosts/$nobody/hosts.toml"
tug_refuse 5 "$nobody" --hosts-dir hosts --retries 0 -u "user:$password" "$nobody/test/image:1"
done_case "--user and a registry that is elsewhere"

write_auth_file good.json "$REGISTRY" "$good"
write_auth_file bad.json "$REGISTRY" "$bad"
write_auth_file empty.json
tug_fetch --authfile good.json "$image"
REGISTRY_AUTH_FILE=$PWD/good.json tug_fetch "$image"
DOCKER_AUTH_CONFIG=$(cat good.json) tug_fetch "$image"
mkdir -p docker "$HOME/.docker" "$XDG_RUNTIME_DIR/containers"
cp good.json docker/config.json
DOCKER_CONFIG=$PWD/docker tug_fetch "$image"
cp good.json "$XDG_RUNTIME_DIR/containers/auth.json"
tug_fetch "$image"
rm "$XDG_RUNTIME_DIR/containers/auth.json"
cp good.json "$HOME/.docker/config.json"
tug_fetch "$image"
done_case "every file that may hold the password"

cp bad.json "$HOME/.docker/config.json"
tug_fetch --authfile good.json "$image"
REGISTRY_AUTH_FILE=$PWD/good.json tug_fetch "$image"
tug_fetch -u "user:$password" --authfile bad.json "$image"
done_case "the order of the places"

tug_refuse 4 '[.]docker/config.json' "$image"
grep -qE 'docker login|--user' "$ERR" || fail "no advice: $(<"$ERR")"
tug_refuse 4 'bad.json' --authfile bad.json "$image"
tug_refuse 4 'user' -u "user:$wrong" "$image"
tug_refuse 4 'user' -u "nobody:$password" "$image"
rm "$HOME/.docker/config.json"
tug_refuse 4 'docker login|--user' "$image"
done_case "a wrong password, an unknown user, none: what to do"

printf '%s' '{"auths":{"' > broken.json
tug_refuse 9 'broken.json' --authfile broken.json "$image"
tug_refuse 9 'missing.json' --authfile missing.json "$image"
done_case "a broken auth file"
