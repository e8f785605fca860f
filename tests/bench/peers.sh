# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with the other files
#
# The peers that tug is measured against: skopeo, crane, oras, ctr, aria2 and curl. Debian 12 has
# only some of them, and those old, so as root they are taken from a chroot of a newer Debian,
# which is made once, from the mirror that apt uses, and kept in build/bench-peers. It sees the
# folder of results at the same path, so all programs write to the same disk. Without it, the peers
# that are installed are measured, and the report says so. Sourced.
#
# Environment: BENCH_PEERS (which, default all), BENCH_SUITE (of the newer Debian, default sid;
# empty: no chroot).

# shellcheck source-path=SCRIPTDIR source=../support/newer_debian.sh
. "$here/../support/newer_debian.sh"

peers_root=$root/build/bench-peers
peers_suite=${BENCH_SUITE-sid}
peers_note=""

# The mounts below are seen by this process and its children only, and end with it.
enter_own_mounts() { # ARGUMENT… of the script
    if [ "$(id -u)" -eq 0 ] && [ -z "${BENCH_HAS_OWN_MOUNTS:-}" ]; then
        BENCH_HAS_OWN_MOUNTS=yes exec unshare --mount --propagation private "$here/run.sh" "$@"
    fi
}

make_peers_root() {
    local log=$results/peers.log
    echo "bench: making a chroot of $peers_suite with the peers" >&2
    make_newer_debian "$peers_root" "$peers_suite" skopeo,crane,oras,containerd,aria2 "$log" ||
        { peers_note=$(grep '^E:' "$log" | head -n 1) && return 1; }
}

find_peers_root() {
    if [ -z "$peers_suite" ] || [ "$(id -u)" -ne 0 ]; then
        peers_note="only root can make the chroot"
        [ -n "$peers_suite" ] || peers_note="BENCH_SUITE is empty"
        peers_root=""
    elif [ ! -d "$peers_root" ] && ! make_peers_root; then
        peers_root=""
    fi
    [ -n "$peers_root" ] || return 0
    mkdir -p "$peers_root$results" "$peers_root$short_folder"
    if ! mount -t proc proc "$peers_root/proc" || ! mount --rbind /dev "$peers_root/dev" ||
        ! mount --bind "$results" "$peers_root$results" ||
        ! mount --bind "$short_folder" "$peers_root$short_folder"; then
        fail "cannot mount below $peers_root"
    fi
}

# What goes before the command line of a peer: nothing for one that is installed here. curl is
# always the one that is installed here: it comes with a loop of shell. skopeo-here is the one that
# made the layers of delta.sh.
peer_prefix() { # PROGRAM
    if [ -n "$peers_root" ] && [ "$1" != curl ] && [ "$1" != skopeo-here ]; then
        echo "chroot $peers_root"
    fi
}

is_installed() { # PROGRAM
    local program=$1
    [ "$1" != aria2 ] || program=aria2c
    [ "$1" != ctr ] || [ "$(id -u)" -eq 0 ] || return
    # shellcheck disable=SC2046 # words
    $(peer_prefix "$1") sh -c "command -v $program" > /dev/null
}

find_peers() {
    local name
    find_peers_root
    peers=()
    for name in ${BENCH_PEERS-skopeo crane oras ctr aria2 curl}; do
        if is_installed "$name"; then
            peers+=("$name")
        fi
    done
    [ -z "${BENCH_BEFORE:-}" ] || peers+=(tug-before)
}

# Those of the programs that are measured: aria2 knows no images, and not each case needs all.
peers_among() { # NAME…
    local name
    for name in "$@"; do
        [[ " ${peers[*]} " != *" $name "* ]] || echo "$name"
    done
}

# One line: which programs of which versions. Of crane, only its package tells.
describe_peers() {
    local name version prefix
    for name in "${peers[@]}"; do
        prefix=$(peer_prefix "$name")
        case $name in
        tug-before) version="before: $("$BENCH_BEFORE" version | head -n 1)" ;;
        crane) version="crane $($prefix dpkg-query -W crane 2> /dev/null | cut -f 2)" ;;
        oras) version="oras $($prefix oras version 2> /dev/null | awk 'NR == 1 { print $NF }')" ;;
        aria2) version=$($prefix aria2c --version | head -n 1) ;;
        ctr) version="containerd $($prefix containerd --version | awk '{ print $3 }')" ;;
        *) version=$($prefix "$name" --version 2> /dev/null | head -n 1 | cut -d ' ' -f 1-3) ;;
        esac
        printf '%s; ' "${version:-$name}"
    done
    # shellcheck disable=SC2086 # words
    ! needs_delta_content ${BENCH_CASES:-$all_cases} ||
        printf 'skopeo-here: %s; ' "$(skopeo --version)"
    if [ -n "$peers_note" ]; then
        printf 'peers of this Debian only (no chroot of a newer one: %s); ' "$peers_note"
    fi
}

# containerd with nothing in it. Sets daemon_pid.
start_containerd() {
    local folder=$work/containerd prefix
    prefix=$(peer_prefix ctr)
    empty_folder "$folder"
    cat > "$folder/config.toml" << END
version = 2
root = "$folder/root"
state = "$short_folder/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images",
    "io.containerd.cri.v1.runtime", "io.containerd.internal.v1.tracing",
    "io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "$short_folder/sock"
END
    $prefix containerd -c "$folder/config.toml" > "$folder/log" 2>&1 &
    daemon_pid=$!
    # shellcheck disable=SC2086 # words
    wait_until 30 "containerd answers" \
        $prefix ctr -a "$short_folder/sock" namespaces ls -q > /dev/null 2>&1
}

# What aria2 reads: each blob with its digest, which it checks.
write_aria2_list() { # SERVER IMAGE
    awk -v base="$(scheme_of "$1")://${host[$1]}" -v folder="$store" \
        '{ printf "%s%s\n dir=%s\n out=%s\n checksum=sha-256=%s\n", base, $1, folder, $2, $2 }' \
        "$content/lists/$2" > "$work/aria2-list"
}

peer_tls_options() { # PROGRAM SERVER
    case $1:$(scheme_of "$2") in
    skopeo*:http) echo --src-tls-verify=false ;;
    skopeo*:https) echo "--src-cert-dir $work/certs" ;;
    crane:http) echo --insecure ;;
    oras:http) echo --from-plain-http ;;
    oras:https) echo "--from-ca-file $work/tls.pem" ;;
    curl:https) echo "--cacert $work/tls.pem" ;;
    aria2:https) echo "--ca-certificate=$work/tls.pem" ;;
    ctr:http) echo --plain-http ;;
    ctr:https) echo "--hosts-dir $work/hosts" ;;
    esac
}

# The command of a peer for one image, as a line of shell. Each runs as its documentation says, with
# its defaults; aria2 is given what it cannot find out: the blobs, and eight connections.
peer_line() { # PROGRAM SERVER IMAGE
    local reference=${host[$2]}/$3:1 name=${3//\//-} prefix tls
    prefix=$(peer_prefix "$1") tls=$(peer_tls_options "$1" "$2")
    case $1 in
    skopeo*)
        echo "$prefix skopeo --insecure-policy copy -q $tls docker://$reference oci:$store:$name"
        ;;
    crane)
        echo "$prefix env SSL_CERT_FILE=$work/tls.pem" \
            "crane pull $tls --format=oci $reference $store"
        ;;
    oras) echo "$prefix oras copy --no-tty $tls --to-oci-layout $reference $store:$name" ;;
    ctr) echo "$prefix ctr -a $short_folder/sock content fetch $tls $reference" ;;
    aria2) echo "$prefix aria2c -q --no-conf -x8 -s8 -k1M -j8 $tls -i $work/aria2-list" ;;
    curl) echo "sh $here/curl_loop.sh $(scheme_of "$2")://${host[$2]} $3 $store $tls" ;;
    esac
}

# A single command is run as it is, without a shell that would be measured too.
prepare_peer() { # NAME SERVER
    local one
    case $1 in
    ctr) start_containerd ;;
    aria2) write_aria2_list "$2" "$image" ;;
    esac
    if [ -n "${images:-}" ]; then
        for one in "${images[@]}"; do
            peer_line "$1" "$2" "$one"
        done > "$work/lines"
        command=(sh -e "$work/lines")
    else
        # shellcheck disable=SC2207 # words
        command=($(peer_line "$1" "$2" "$image"))
    fi
}
