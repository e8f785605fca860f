# shellcheck shell=bash
#
# Programs that read images, each with storage and sockets of this script's own: podman, buildah,
# containerd with ctr, dockerd with docker. Sourced after lib.sh by the scripts that need them.
#
# A daemon that cannot start is named on a line "= left out: …", and the script goes on without it.
# shellcheck disable=SC2034 # the scripts use what is set here

# podman and buildah, and skopeo's containers-storage:, take their places from here.
use_containers_storage() {
    local folder=$PWD/containers
    mkdir -p "$folder/cni"
    cat > "$folder/storage.conf" << END
[storage]
driver = "vfs"
graphroot = "$folder/root"
runroot = "$folder/run"
END
    cat > "$folder/containers.conf" << END
[engine]
events_logger = "none"
tmp_dir = "$folder/tmp"
image_copy_tmp_dir = "$TMPDIR"
[network]
network_config_dir = "$folder/cni"
END
    export CONTAINERS_STORAGE_CONF=$folder/storage.conf CONTAINERS_CONF=$folder/containers.conf
}

# The storage of podman and buildah, emptied.
forget_containers() {
    rm -rf "$PWD/containers/root" "$PWD/containers/run"
}

# Why programs cannot run here with storage of their own; nothing when they can.
why_not() { # PROGRAM…
    local program
    [ "$(id -u)" -eq 0 ] || { echo "it needs root" && return; }
    for program in "$@"; do
        command -v "$program" > /dev/null || { echo "there is no $program" && return; }
    done
}

# The program runs and answers, or has ended.
daemon_is_settled() { # PID COMMAND…
    kill -0 "$1" 2> /dev/null || return 0
    "${@:2}" > daemon.answer 2>&1
}

# Wait for a daemon. Fails, after a line about it, when it ended.
take_daemon() { # NAME PID COMMAND…
    wait_until 120 "$1 answers" daemon_is_settled "${@:2}"
    kill -0 "$2" 2> /dev/null && return
    echo "= left out: $1: it ended: $(grep -iE 'fatal|fail|error|unable' "$PWD/$1.log" | tail -n 1)"
    return 1
}

in_ctr() { # WORD…
    ctr --address "$WORK/ctd.sock" "$@"
}

# Sockets are in WORK: their paths must be short.
start_containerd() {
    local folder=$PWD/containerd why
    why=$(why_not containerd ctr)
    [ -z "$why" ] || { echo "= left out: containerd: $why" && return 1; }
    mkdir -p "$folder"
    cat > "$folder/config.toml" << END
version = 2
root = "$folder/root"
state = "$folder/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt",
    "io.containerd.internal.v1.tracing"]
[grpc]
  address = "$WORK/ctd.sock"
END
    containerd -c "$folder/config.toml" > containerd.log 2>&1 < /dev/null &
    own_pids=("$!" ${own_pids[@]+"${own_pids[@]}"})
    take_daemon containerd "$!" in_ctr version
}

in_docker() { # WORD…
    DOCKER_CONFIG=$PWD/docker-config docker --host "unix://$WORK/dkd.sock" "$@"
}

# dockerd leaves things in /etc and /run: it gets an empty one of each, and no network.
# shellcheck disable=SC2016 # sh expands it
own_places='mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /etc && exec "$@"'

# Needs start_containerd.
start_dockerd() {
    local folder=$PWD/dockerd why
    why=$(why_not dockerd docker)
    [ -z "$why" ] || { echo "= left out: dockerd: $why" && return 1; }
    mkdir -p "$folder"
    unshare -m -n sh -c "$own_places" sh dockerd --host "unix://$WORK/dkd.sock" \
        --containerd "$WORK/ctd.sock" --data-root "$folder/root" --exec-root "$folder/exec" \
        --pidfile "$folder/pid" --storage-driver vfs --bridge none --iptables=false \
        --ip6tables=false --ip-forward=false --ip-masq=false > dockerd.log 2>&1 < /dev/null &
    # It goes before containerd, which it would wait for.
    own_pids=("$!" ${own_pids[@]+"${own_pids[@]}"})
    take_daemon dockerd "$!" in_docker version
}

# The digest of a manifest that was read from stdin.
sum_of() {
    echo "sha256:$(sha256sum | cut -d ' ' -f 1)"
}

# The digests of containerd's content, sorted.
ctr_blobs() { # NAMESPACE
    in_ctr --namespace "$1" content ls -q | sort
}

# The images of a containerd, as "NAME DIGEST" lines, sorted.
ctr_images() { # NAMESPACE
    in_ctr --namespace "$1" images ls 2> /dev/null | awk 'NR > 1 { print $1, $3 }' | sort
}

# The images of podman or buildah, as "DIGEST ID" lines, sorted.
storage_images() { # podman|buildah
    "$1" images --digests --no-trunc --format '{{.Digest}} {{.ID}}' | sort -u
}

# The image's id for Docker and podman: its config's digest.
config_digest() { # REPOSITORY MANIFEST-DIGEST
    registry_manifest "$1" "$2" | jq -r .config.digest
}
