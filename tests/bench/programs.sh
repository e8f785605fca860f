# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with the other files
#
# The programs that are measured: prepare NAME SERVER sets $command to fetch $image (a repository;
# tag 1) into $store; finish NAME clears up. Sourced.
#
# tug, tug-none (--durability none), tug-N (--max-concurrent-downloads N), tug-store-COMMAND, tug-static and tug-static-N
# (the command as one file), tug-before ($BENCH_BEFORE, an earlier build), limit (limit-N: with N connections), and the peers that are installed.
# Each peer runs as its documentation says, with its defaults. A list of images ($images) is fetched by
# one tug, and by peers one after the other.

is_installed() { # PROGRAM
    case $1 in
    ctr) [ "$(id -u)" -eq 0 ] && command -v ctr containerd > /dev/null ;;
    *) command -v "$1" > /dev/null ;;
    esac
}

find_peers() {
    local name
    peers=()
    for name in ${BENCH_PEERS-skopeo crane oras ctr curl}; do
        if is_installed "$name"; then
            peers+=("$name")
        fi
    done
    [ -z "${BENCH_BEFORE:-}" ] || peers+=(tug-before)
}

# One line: which programs of which versions.
describe_peers() {
    local name version
    for name in "${peers[@]}"; do
        case $name in
        tug-before) version="before: $("$BENCH_BEFORE" version | head -n 1)" ;;
        crane | oras) version=$("$name" version 2> /dev/null | head -n 1) ;;
        *) version=$("$name" --version 2> /dev/null | head -n 1 | cut -d ' ' -f 1-4) ;;
        esac
        printf '%s; ' "${version:-$name}"
    done
}

# containerd with nothing in it.
start_containerd() {
    local folder=$work/containerd
    empty_folder "$folder"
    cat > "$folder/config.toml" << END
version = 2
root = "$folder/root"
state = "$short_folder/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "$short_folder/sock"
END
    containerd -c "$folder/config.toml" > "$folder/log" 2>&1 &
    daemon_pid=$!
    wait_until 30 "containerd answers" ctr -a "$short_folder/sock" namespaces ls -q > /dev/null 2>&1
}

tls_options() { # PROGRAM SERVER
    case $1:$(scheme_of "$2") in
    tug*:http) echo --plain-http ;;
    tug*:https) echo "--tlscacert $work/tls.pem" ;;
    limit*:https) echo "-t $work/tls.pem" ;;
    skopeo:http) echo --src-tls-verify=false ;;
    skopeo:https) echo "--src-cert-dir $work/certs" ;;
    crane:http) echo --insecure ;;
    oras:http) echo --from-plain-http ;;
    oras:https) echo "--from-ca-file $work/tls.pem" ;;
    curl:https) echo "--cacert $work/tls.pem" ;;
    ctr:http) echo --plain-http ;;
    ctr:https) echo "--hosts-dir $work/hosts" ;;
    esac
}

# What is told of a store that is there.
prepare_store() { # tug-store-COMMAND
    command=("$tug" --store "$big_store" "${1#tug-store-}")
    [ "$1" != tug-store-prune ] || command+=(--dry-run)
}

# What all cores hash: openssl over the same files, one process a core.
prepare_hashing() {
    # shellcheck disable=SC2016 # $0 and $1 are the inner shell's
    command=(bash -c 'find "$0/blobs" -type f -print0 | xargs -0 -P "$1" -n 4 openssl dgst -sha256'
        "$big_store" "$(nproc)")
}

prepare_tug() { # NAME SERVER
    command=("$tug" --store "$store" fetch --progress none)
    [[ $1 != tug-static* ]] || command[0]=$tug-static
    [ "$1" != tug-before ] || command[0]=$BENCH_BEFORE
    case $1 in
    tug | tug-static | tug-before) ;;
    tug-none) command+=(--durability none) ;;
    tug-*) command+=(--max-concurrent-downloads "${1##*-}") ;;
    esac
    # shellcheck disable=SC2206,SC2207 # words
    command+=($(tls_options "$1" "$2") ${tug_options:-})
    if [ -n "${images:-}" ]; then
        printf "${host[$2]}/%s:1\n" "${images[@]}" > "$work/references"
        command+=(--from-file "$work/references")
    else
        command+=("${host[$2]}/$image:1")
    fi
}

prepare_limit() { # NAME SERVER
    command=("$obj/bench-limit" -c "${1#limit-}")
    [ "$1" != limit ] || command=("$obj/bench-limit" -c 1)
    # shellcheck disable=SC2207 # words
    command+=($(tls_options limit "$2"))
    command+=("${host[$2]}" "$store")
    command_input=$content/lists/$image
}

# The command of a peer for one image, as a line of shell.
peer_line() { # PROGRAM SERVER IMAGE
    local reference=${host[$2]}/$3:1 name=${3//\//-}
    case $1 in
    skopeo) echo "skopeo --insecure-policy copy -q $(tls_options skopeo "$2") docker://$reference oci:$store:$name" ;;
    crane) echo "SSL_CERT_FILE=$work/tls.pem crane pull $(tls_options crane "$2") --format=oci $reference $store" ;;
    oras) echo "oras copy --no-tty $(tls_options oras "$2") --to-oci-layout $reference $store:$name" ;;
    ctr) echo "ctr -a $short_folder/sock content fetch $(tls_options ctr "$2") $reference" ;;
    curl) echo "sh $here/curl_loop.sh $(scheme_of "$2")://${host[$2]} $3 $store $(tls_options curl "$2")" ;;
    esac
}

# A single command is run as it is, without a shell that would be measured too.
prepare_peer() { # NAME SERVER
    local one
    if [ "$1" = ctr ]; then
        start_containerd
    fi
    if [ -n "${images:-}" ]; then
        for one in "${images[@]}"; do
            peer_line "$1" "$2" "$one"
        done > "$work/lines"
        command=(sh -e "$work/lines")
    else
        # shellcheck disable=SC2207 # words
        command=($(peer_line "$1" "$2" "$image"))
        [ "$1" != crane ] || command=(env "${command[@]}")
    fi
}

prepare() { # NAME SERVER
    command_input=/dev/null
    case $1 in
    tug-store-*) prepare_store "$1" ;;
    openssl) prepare_hashing ;;
    tug*) prepare_tug "$1" "$2" ;;
    limit*) prepare_limit "$1" "$2" ;;
    *) prepare_peer "$1" "$2" ;;
    esac
}

finish() { # NAME
    if [ "$1" = ctr ]; then
        end_process "$daemon_pid"
    fi
}
