# shellcheck shell=bash
# The scripts of this folder use the helpers of those of the command, and a few more. Sourced.
# shellcheck source-path=SCRIPTDIR source=../cli/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"

# Tell whether a process of this script runs. The number of one that has ended may be another's.
is_running() { # PID
    [[ $'\n'$(jobs -pr)$'\n' = *$'\n'"$1"$'\n'* ]]
}

# Milliseconds since some moment.
now_ms() {
    echo $(($(date +%s%N) / 1000000))
}

# Serve so many small images, at most 250, each with a layer of its own; their references go to
# $WORK/list.
serve_images() { # COUNT OPTION…
    local count=$1 generate=()
    shift
    for i in $(seq "$count"); do
        generate+=(--generate "app$i:1=$((10000 + i))")
    done
    start_registry "${generate[@]}" "$@"
    seq -f "$registry/app%.0f:1" "$count" > "$WORK/list"
}

expect_between() { # WHAT LEAST MOST VALUE
    if [ "$4" -lt "$2" ] || [ "$4" -gt "$3" ]; then
        fail "$1: $4, not from $2 to $3"
    fi
}

names_in_index() {
    jq -r '.manifests[].annotations."io.containerd.image.name"' "$TUG_STORE/index.json" | sort
}
