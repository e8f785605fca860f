#!/bin/bash
# Passwords from each of their sources; none stays on the command line, none is shown.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

unset DOCKER_CONFIG DOCKER_AUTH_CONFIG REGISTRY_AUTH_FILE XDG_RUNTIME_DIR XDG_CONFIG_HOME
basic="Basic_$(printf 'me:sesame' | base64)"
start_registry --generate app:1=1M --rule "path=^/v2/ without=Authorization:_$basic status=401 \
add-header=WWW-Authenticate:_Basic_realm=\"r\""

# Nobody said who asks: one line that says what to do.
run resolve "$registry/app:1"
expect_status 4
expect_lines err 1
expect_text err "no credentials for $registry were found"
expect_text err "docker login $registry"
expect_text err "--user"

# USER:PASSWORD works, warns, and is gone from the process title while the program runs, which is
# until the registry answers.
kill -STOP "$registry_pid"
"$TUG" resolve -u me:sesame "$registry/app:1" > "$WORK/out" 2> "$WORK/err" < /dev/null &
pid=$!
wait_title "$pid" "resolve -u me: "
kill -CONT "$registry_pid"
wait "$pid" || fail "exit status $?"
expect_lines out 1
expect_text err "--password-stdin"
grep -q "resolve -u me: " "$WORK/title" || fail "the password stayed in the process title"
grep -q sesame "$WORK/title" && fail "the password is in the process title"

# From stdin, with either line end, and wrong.
for end in '' '\n' '\r\n'; do
    # shellcheck disable=SC2059 # the format is the line end
    printf "sesame$end" | "$TUG" resolve -u me --password-stdin "$registry/app:1" \
        > "$WORK/out" 2> "$WORK/err" || fail "not with the line end '$end'"
    expect_empty err
done
echo wrong-one | "$TUG" resolve --http-dump --http-trace -u me --password-stdin "$registry/app:1" \
    > "$WORK/out" 2> "$WORK/err"
[ $? -eq 4 ] || fail "a wrong password is no exit status 4"
expect_empty out
expect_text err "the credentials for $registry from"
expect_text err "> Authorization: REDACTED"
expect_no_match err "wrong-one|$(printf 'me:wrong-one' | base64)"

# From the terminal, without echo. What is typed before the question is thrown away.
cat > "$WORK/command" << END
"$TUG" resolve -u me "$registry/app:1"
END
(
    await "$BASHPID" "the question" grep -qs "Password for me:" "$WORK/typescript"
    echo sesame
) | script -qefc "bash $WORK/command" "$WORK/typescript" > /dev/null
grep -q "Password for me:" "$WORK/typescript" || fail "no prompt: $(cat "$WORK/typescript")"
grep -q "$registry/app:1 sha256:" "$WORK/typescript" || fail "$(cat "$WORK/typescript")"

# From a file of docker's, and a broken one.
mkdir -p "$HOME/.docker"
printf '{"auths":{"%s":{"auth":"%s"}}}' "$registry" "$(printf 'me:sesame' | base64)" \
    > "$HOME/.docker/config.json"
run fetch -q "$registry/app:1"
expect_status 0
echo '{' > "$HOME/.docker/config.json"
run resolve "$registry/app:1"
expect_status 9
expect_text err ".docker/config.json"
