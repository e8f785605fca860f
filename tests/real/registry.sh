# shellcheck shell=bash
#
# Servers for the tests: Debian's docker-registry, and the scripted fake one. Sourced by lib.sh.
#
# The registry writes a line "authorizing request" before it answers (at log level debug, even
# without authorisation), so requests whose answer has come are in its log: counting needs no wait.

registry_folder=$WORK/registry
REGISTRY_LOG=$registry_folder/log

write_registry_config() {
    cat > "$registry_folder/config.yml" << END
version: 0.1
log:
  accesslog: {disabled: true}
  level: debug
  formatter: text
storage:
  filesystem: {rootdirectory: $registry_folder/storage}
  delete: {enabled: true}
  maintenance:
    uploadpurging: {enabled: false}
compatibility:
  schema1: {enabled: true}
http:
  addr: 127.0.0.1:0
  secret: tests
  http2: {disabled: true}
END
}

read_registry_port() {
    kill -0 "$registry_pid" 2> /dev/null || fail "the registry ended: $(tail -n 3 "$REGISTRY_LOG")"
    registry_port=$(sed -n 's/.*msg="listening on 127\.0\.0\.1:\([0-9]*\)".*/\1/p' "$REGISTRY_LOG")
    [ -n "$registry_port" ]
}

registry_answers() {
    curl -s -f -o /dev/null "http://$REGISTRY/v2/"
}

# Start the registry on a free loopback port. Sets REGISTRY (HOST:PORT) for this script and its
# children.
start_registry() {
    mkdir -p "$registry_folder/storage"
    write_registry_config
    : > "$REGISTRY_LOG"
    env -i PATH="$PATH" HOME="$HOME" \
        docker-registry serve "$registry_folder/config.yml" \
        > "$registry_folder/stdout" 2> "$REGISTRY_LOG" &
    registry_pid=$!
    own_pids+=("$registry_pid")
    wait_until 120 "the registry listens" read_registry_port
    export REGISTRY=127.0.0.1:$registry_port
    wait_until 120 "the registry answers" registry_answers
}

# Use the registry that run.sh started, or start one.
use_registry() {
    [ -n "${REGISTRY:-}" ] || start_registry
}

# Remember a place in the log; requests are counted from there on.
mark_requests() {
    request_mark=$(wc -l < "$REGISTRY_LOG")
}

requests_since_mark() {
    tail -n "+$((request_mark + 1))" "$REGISTRY_LOG" | grep -F 'msg="authorizing request"' || true
}

# How many requests of tug came since the mark.
count_requests() { # METHOD PATH-PATTERN
    requests_since_mark | grep -F 'http.request.useragent=tug/' |
        grep -cE "http\.request\.method=$1 .*http\.request\.uri=\"?$2" || true
}

# How many connections those requests came over.
count_connections() {
    requests_since_mark | grep -F 'http.request.useragent=tug/' |
        sed 's/.*http\.request\.remoteaddr="\([^"]*\)".*/\1/' | sort -u | wc -l
}

manifest_types="application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
manifest_types+=", application/vnd.docker.distribution.manifest.list.v2+json"
manifest_types+=", application/vnd.docker.distribution.manifest.v2+json"

ask_manifest() { # REPOSITORY TAG-OR-DIGEST CURL-OPTION…
    local url=http://$REGISTRY/v2/$1/manifests/$2
    shift 2
    curl -s -S -f -H "Accept: $manifest_types" "$@" "$url" ||
        fail "the registry has no $url"
}

registry_manifest() { # REPOSITORY TAG-OR-DIGEST
    ask_manifest "$1" "$2"
}

# The digest that the registry itself gives for a name.
registry_digest() { # REPOSITORY TAG
    ask_manifest "$1" "$2" -I | tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'
}

registry_media_type() { # REPOSITORY TAG-OR-DIGEST
    ask_manifest "$1" "$2" -I | tr -d '\r' | sed -n 's/^[Cc]ontent-[Tt]ype: //p'
}

# The digest of an index's entry.
index_entry() { # REPOSITORY TAG ARCHITECTURE
    registry_manifest "$1" "$2" |
        jq -r --arg arch "$3" '.manifests[] | select(.platform.architecture == $arch) | .digest'
}

# The digests that make up one image: its manifest, its config and (unless "metadata") its layers.
manifest_content() { # REPOSITORY DIGEST [metadata]
    echo "$2"
    registry_manifest "$1" "$2" |
        jq -r --arg part "${3:-all}" \
            '.config.digest, if $part == "all" then .layers[].digest else empty end'
}

# The scripted server. Sets fake_host and fake_pid; its log appears when it is stopped.
start_fake_registry() { # OPTION…
    local port_file=$PWD/fake-port
    fake_log=$PWD/fake-log
    rm -f "$port_file" "$fake_log"
    [ -x "$FAKE_REGISTRY" ] || fail "FAKE_REGISTRY: there is no program '$FAKE_REGISTRY'"
    "$FAKE_REGISTRY" --port-file "$port_file" --log "$fake_log" "$@" > /dev/null &
    fake_pid=$!
    own_pids+=("$fake_pid")
    wait_until 120 "the fake registry listens" test -s "$port_file"
    # shellcheck disable=SC2034 # for the scripts
    fake_host=127.0.0.1:$(cat "$port_file")
}

stop_fake_registry() {
    kill -TERM "$fake_pid"
    wait "$fake_pid" || fail "the fake registry ended with status $?"
}

fake_sum() { # NAME
    sed -n "s/^$1 //p" "$fake_log"
}

# Bring a file into the registry as a blob.
upload() { # REPOSITORY FILE
    local place
    place=$(curl -s -S -f -X POST -D - -o /dev/null "http://$REGISTRY/v2/$1/blobs/uploads/" |
        tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
    curl -s -S -f -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" \
        "$place&digest=sha256:$(sha256sum "$2" | cut -d ' ' -f 1)"
}

# Bring a document into the registry.
put_manifest() { # REPOSITORY TAG-OR-DIGEST FILE TYPE
    curl -s -S -f -X PUT -H "Content-Type: $4" --data-binary "@$3" \
        "http://$REGISTRY/v2/$1/manifests/$2"
}

# The descriptor of a file.
descriptor() { # FILE TYPE
    jq -n -c --arg type "$2" --arg digest "sha256:$(sha256sum "$1" | cut -d ' ' -f 1)" \
        --argjson size "$(stat -c %s "$1")" '{mediaType: $type, digest: $digest, size: $size}'
}
