#!/bin/bash
# -v tells at the start what is in use, and why: the store, the hosts directory, credentials,
# proxies, CA certificates.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start_registry --generate app:1=10K
unset TUG_STORE SSL_CERT_FILE SSL_CERT_DIR REGISTRY_AUTH_FILE DOCKER_CONFIG DOCKER_AUTH_CONFIG \
    XDG_RUNTIME_DIR XDG_CONFIG_HOME XDG_DATA_HOME
unset "${!http_@}" "${!https_@}" "${!all_@}" "${!no_@}" \
    "${!HTTP_@}" "${!HTTPS_@}" "${!ALL_@}" "${!NO_@}"
export HOME="$WORK/home"
mkdir -p "$HOME"

told() { # ARGUMENT…
    run fetch -v --plain-http "$@" "$registry/app:1"
    expect_status 0
}

# Nothing is set: the usual places.
told
expect_text err "store: $HOME/.local/share/tug (the default)"
usual='none \(none in the usual places\)|/etc/(tug|containerd)/certs.d \(a usual place\)'
expect_match err "^hosts directory: ($usual)\$"
expect_text err "credentials: none (no file in the usual places)"
expect_text err "proxy: none (no variable names one)"
expect_match err '^CA certificates: .* \(the system.s\)$'

# Files in the home directory, and what variables name; credentials in the order they are asked.
mkdir -p "$HOME/.docker" "$WORK/run/containers" "$WORK/hosts"
echo '{}' |
    tee "$HOME/.docker/config.json" "$WORK/run/containers/auth.json" "$WORK/auth.json" > "$WORK/ca"
chmod 600 "$HOME/.docker/config.json" "$WORK/run/containers/auth.json" "$WORK/auth.json"
export TUG_STORE="$WORK/named" XDG_RUNTIME_DIR="$WORK/run" DOCKER_AUTH_CONFIG='{}' \
    REGISTRY_AUTH_FILE="$WORK/auth.json"
HTTPS_PROXY=http://user:secret@proxy.test:3128 no_proxy=localhost SSL_CERT_FILE="$WORK/ca" \
    told --hosts-dir "$WORK/hosts"
expect_text err "store: $WORK/named (\$TUG_STORE)"
expect_text err "hosts directory: $WORK/hosts (as asked)"
expect_text err "credentials: $WORK/auth.json (\$REGISTRY_AUTH_FILE), \$DOCKER_AUTH_CONFIG, \
$WORK/run/containers/auth.json (\$XDG_RUNTIME_DIR), ~/.docker/config.json"
expect_text err \
    "proxy for https: http://proxy.test:3128 (\$HTTPS_PROXY), except for hosts in \$no_proxy"
expect_no_match err 'proxy for http:|secret'
expect_text err "CA certificates: $WORK/ca (\$SSL_CERT_FILE)"

# Options.
told --store "$WORK/third" --authfile "$WORK/auth.json" --proxy ""
expect_text err "store: $WORK/third (--store)"
expect_text err "credentials: $WORK/auth.json (as asked), "
expect_text err "proxy: none (as asked)"

# A command on the store tells which; without -v nothing does.
run images -v
expect_status 0
expect_text err "store: $WORK/named (\$TUG_STORE)"
run fetch --plain-http "$registry/app:1"
expect_no_match err '^(store|credentials|proxy|hosts directory|CA certificates):'
