# shellcheck shell=bash
# What the scripts about damage share, which source it: a store to be damaged, and what must be true
# of verify. Environment: as in ../resume/lib.sh.
# shellcheck disable=SC2034 # the scripts use what is set here
# shellcheck source-path=SCRIPTDIR source=../resume/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../resume/lib.sh"

# What is in a store: names, kinds, modes and content of all that verify looks after.
look_at() { # STORE
    (cd "$1" && find blobs index.json oci-layout ! -type d -printf '%y %m %p %l\n' | sort
        find blobs index.json oci-layout -type f -print0 | sort -z | xargs -0 sha256sum)
}

# The registry comes back under its name again and again: on an address that no other test uses.
address=127.$((RANDOM % 250 + 2)).$(($$ >> 8 & 255)).$(($$ & 255))
serve() { # OPTION…
    start_registry --address "$address" --generate app:1=100K:3 --generate other:1=80K "$@"
    registry=$address:$(cat port)
}

# A store as it was fetched, to be damaged.
take_store() {
    chmod -R u+w store 2> /dev/null || true
    rm -rf store
    cp -a whole store
}

run_verify() { # STATUS WORD…
    local wanted=$1 status=0
    shift
    timeout -k 5 60 "$TUG" --store store verify "$@" > out 2> err < /dev/null || status=$?
    [ "$status" -eq "$wanted" ] ||
        fail "$case: verify $*: status $status, not $wanted: $(cat out err)"
}

# What verify found, as "DAMAGE WHAT" lines, sorted, are these and no others.
expect_findings() { # LINE…
    jq -r 'select(.damage != null) | "\(.damage) \(.digest // .path)"' out | sort > found
    printf '%s\n' "$@" | sort > wanted
    diff wanted found > differ || fail "$case: wanted (<) and found (>): $(cat differ)"
}

# The registry was asked for the content of these digests, each once, and of no others.
expect_fetched() { # DIGEST…
    sed -n 's/^request .* GET [^ ]*\/\(sha256:[0-9a-f]*\) .*/\1/p' log | sort > fetched_again
    printf '%s\n' "$@" | sed '/^$/d' | sort > wanted
    diff wanted fetched_again > differ || fail "$case: wanted (<) and fetched (>): $(cat differ)"
}

# Verify finds these lines and no others, which are on stdin, and then repairs them. The registry is
# asked for nothing but the content of these digests.
mend() { # CASE DIGEST…
    local findings
    case=$1
    shift
    mapfile -t findings
    run_verify 6 --format json
    expect_findings "${findings[@]}"
    serve --port "${registry##*:}"
    run_verify 0 --repair --plain-http
    stop_registry
    expect_fetched "$@"
    run_verify 0
}

# All is as it was.
expect_whole() {
    look_at store > repaired
    diff whole.look repaired > differ || fail "$case: not as before: $(cat differ)"
}

digest_of() { # JQ-PATH
    jq -r "$1" "whole/blobs/${manifest/://}"
}

# Damage; each gets a path.
remove() { rm "$1"; }
put_link() { ln -sf "$PWD/whole/${1#store/}" "$1"; }
put_fifo() { rm "$1" && mkfifo "$1"; }
put_folder() { rm "$1" && mkdir "$1"; }

serve
"$TUG" -q --store whole fetch --plain-http "$registry/app:1" "$registry/other:1" > fetched
stop_registry
look_at whole > whole.look
manifest=$(cut -d ' ' -f 2 fetched | head -n 1)
roots=$(cut -d ' ' -f 2 fetched | sort)
mapfile -t all < <(cd whole/blobs && find . -type f -printf '%P\n' | tr / :)
layer=$(digest_of '.layers[1].digest')
config=$(digest_of .config.digest)
