# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # variables are shared with the other files
#
# The programs that are measured beside the peers (peers.sh): prepare NAME SERVER sets $command to
# fetch $image (a repository; tag 1) into $store; finish NAME clears up. Sourced.
#
# tug, tug-none (--durability none), tug-plain (--delta off), tug-N, tug-plain-N
# (--max-concurrent-downloads N), tug-store-COMMAND, tug-static and tug-static-N (the command as one
# file), tug-before ($BENCH_BEFORE, an earlier build), limit (limit-N: with N connections), curls-N
# (N curls that know the bytes).
# A list of images ($images) is fetched by one tug, and by peers one after the other.

tls_options() { # PROGRAM SERVER
    case $1:$(scheme_of "$2") in
    tug*:http) echo --plain-http ;;
    tug*:https) echo "--tlscacert $work/tls.pem" ;;
    limit*:https) echo "-t $work/tls.pem" ;;
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
    tug-plain) ;;
    tug-*) command+=(--max-concurrent-downloads "${1##*-}") ;;
    esac
    [[ $1 != tug-plain* ]] || command+=(--delta off)
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

prepare() { # NAME SERVER
    command_input=/dev/null
    case $1 in
    tug-store-*) prepare_store "$1" ;;
    openssl) prepare_hashing ;;
    tug*) prepare_tug "$1" "$2" ;;
    curls-*)
        command=(sh "$here/curls.sh" "${1#curls-}" "$(scheme_of "$2")://${host[$2]}"
            "$content/lists/$image" "$store")
        ;;
    limit*) prepare_limit "$1" "$2" ;;
    *) prepare_peer "$1" "$2" ;;
    esac
}

finish() { # NAME
    if [ "$1" = ctr ]; then
        end_process "$daemon_pid"
    fi
}
