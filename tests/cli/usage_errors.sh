#!/bin/bash
# Wrong usage: exit status 2, one line that says what is wrong, one that says where help is.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

expect_usage() { # MESSAGE WORD…
    local message=$1
    shift
    run "$@"
    expect_status 2
    expect_empty out
    expect_lines err 2
    expect_text err "$message"
    sed -n 2p "$WORK/err" | grep -qE "^try 'tug help( [a-z]+)?'$" || fail "no hint: $*"
    [ ! -e "$TUG_STORE" ] || fail "a store was made: $*"
}

expect_usage "tug: unknown command 'fecth'" fecth
expect_usage "tug: unknown option '--nope'" --nope
expect_usage "tug: option '--platform' must come after the command" --platform linux/amd64 fetch x
expect_usage "tug: fetch: no reference given" fetch
expect_usage "tug: fetch: no reference given" -v fetch --fail-fast
expect_usage "tug: unknown option '--nope'" fetch --nope x
expect_usage "tug: unknown option '-z'" fetch -z x
expect_usage "tug: option '--platform' needs a value" fetch x --platform
expect_usage "tug: option '--fail-fast' takes no value" fetch --fail-fast=yes x
expect_usage "tug: option '--help' takes no value" fetch --help=yes x
# Abbreviations, and options that this version does not have, are unknown; values are never shown.
expect_usage "tug: unknown option '--fail-f'" fetch --fail-f x
expect_usage "tug: unknown option '--plat'" fetch --plat linux/amd64 x
expect_usage "tug: unknown option '--password'" fetch --password secret x # T-14
grep -q secret "$WORK/err" && fail "a value was shown"
expect_usage "--user: not USER or USER:PASSWORD" fetch --user=:secret x
grep -q secret "$WORK/err" && fail "a value was shown"
expect_usage "--tlscert needs --tlskey" fetch --tlscert c.pem x
expect_usage "--tlskey needs --tlscert" resolve --tlskey k.pem x
expect_usage "--user and --refresh exclude each other" fetch --user me --refresh t x
expect_usage "--password-stdin needs --user" fetch --password-stdin x
expect_usage "--password-stdin has no effect: --user has a password" \
    fetch -u me:pw --password-stdin x
expect_usage "--password-stdin and --from-file - both read stdin" \
    fetch -u me --password-stdin --from-file -
expect_usage "--password-stdin: no password on stdin" fetch -u me --password-stdin x
expect_usage "tug: resolve: no reference given" resolve
expect_usage "--retries 'x'" fetch --retries x y
expect_usage "--retries '-1'" fetch --retries -1 y
expect_usage "--max-concurrent-downloads '0'" fetch --max-concurrent-downloads 0 y
expect_usage "--max-concurrent-downloads '65'" fetch --max-concurrent-downloads 65 y
expect_usage "--max-concurrent-downloads '4294967297'" fetch --max-concurrent-downloads 4294967297 y
expect_usage "--platform 'a b/c'" fetch --platform 'a b/c' y
expect_usage "--platform 'linux/amd64,linux/arm64': not one platform: repeat --platform" \
    fetch --platform linux/amd64,linux/arm64 y
expect_usage "--older-than '7d': not a time: write days as hours, such as 168h" \
    prune --partials --older-than 7d
expect_usage "--older-than 'd': not a time such as" prune --partials --older-than d
expect_usage "--trace '-': not a file" fetch --trace - y
expect_usage "--failed-file '-': not a file" fetch --failed-file - y
[ ! -e ./- ] || fail "a file '-' was made"
expect_usage "--label 'key': not KEY=VALUE" fetch --label key y
expect_usage "--label '=v': not KEY=VALUE" fetch --label =v y
expect_usage "--label '\\xff=v': label '\\xff=v' is not UTF-8" fetch --label $'\xff=v' y
expect_usage "is written by tug itself" fetch --label io.containerd.image.name=x y
expect_usage "--durability 'half': not one of: full, none" fetch --durability half y
expect_usage "--progress 'xml': not one of: auto, tty, plain, json, none" fetch --progress xml y
expect_usage "--format 'xml': not one of: text, json" fetch --format xml y
expect_usage "--color 'red': not one of: auto, always, never" --color red fetch y
expect_usage "--store '': must not be empty" fetch --store= y
expect_usage "tug: unknown command 'nope'" help nope
expect_usage "tug: help: one command at a time" help fetch version
expect_usage "tug: version: unexpected argument 'x'" version x

# What has no effect on a command is refused, wherever it stands. Global options may be part of an
# alias for all commands: every command takes them.
f15_options_without_effect() {
    local name value
    expect_usage "tug: option '--label' has no effect on 'resolve' (only on fetch)" \
        resolve --label a=b x
    expect_usage "tug: option '--label' has no effect on 'version' (only on fetch)" \
        version --label a=b
    expect_usage \
        "option '--authfile' has no effect on 'help' (only on fetch, resolve, tags and verify)" \
        help --authfile f
    expect_usage "--all-platforms and --platform exclude each other" \
        fetch --all-platforms --platform linux x
    expect_usage "--failed-file has no effect with --dry-run" fetch --dry-run --failed-file f x
    expect_usage "--progress has no effect with --quiet" -q fetch --progress json x
    expect_usage "--quiet and --verbose exclude each other" -q fetch -v x
    # What an option means on a command, and no other.
    run help resolve
    expect_text out "once only"
    run help fetch
    expect_text out "platform to fetch; repeatable"
    ! grep -q "resolve" "$WORK/out" || fail "help of fetch speaks of resolve"
    # Help of a command has what the command takes, and nothing else.
    run help fetch
    cp "$WORK/out" "$WORK/fetch"
    run help resolve
    cp "$WORK/out" "$WORK/resolve"
    sed -nE 's/^  (-[A-Za-z], |    )--([a-z-]+)( [A-Z0-9a-z].*)?$/\2 \3/p' "$WORK/fetch" \
        > "$WORK/options"
    while read -r name value; do
        value=${value:+=x}
        if ! grep -qE -- "--$name( |\$)" "$WORK/resolve"; then
            run resolve "--$name$value"
            expect_status 2
            expect_match err \
                "tug: (option '--$name' has no effect on 'resolve' .*|--$name '?x'?: .*)"
        fi
    done < "$WORK/options"
    [ ! -e "$TUG_STORE" ] || fail "a store was made"
}

# What users of other tools type, and slips: the right form is in the message; a value never is.
f41_suggestions() {
    expect_usage "tug: unknown command 'pull': did you mean 'fetch'?" pull alpine
    expect_usage "tug: unknown command 'list': did you mean 'ls'" list
    expect_usage "tug: unknown command 'fecth': did you mean 'fetch'?" fecth
    expect_usage "tug: unknown command 'resolv': did you mean 'resolve'?" help resolv
    expect_usage "unknown option '--insecure': did you mean '--plain-http'" fetch --insecure x
    expect_usage "unknown option '--tls-verify': did you mean '--plain-http'" \
        fetch --tls-verify=false x
    expect_usage "unknown option '--jobs': did you mean '--max-concurrent-downloads'?" \
        fetch --jobs 4 x
    expect_usage "unknown option '--platfrom': did you mean '--platform'?" fetch --platfrom=secret x
    grep -q secret "$WORK/err" && fail "a value was shown"
    expect_usage "unknown option '-a': leave it out: all are listed" images -a
    expect_usage "unknown option '--all': leave it out: all is deleted that" prune --all
    expect_usage "unknown option '-f': leave it out: tug asks no questions" rm -f x
    expect_usage "unknown option '-i': leave it out: the archive is an operand" import -i x
    expect_usage "unknown command 'tag': no such command: 'fetch --name'" tag x y
    expect_usage "unknown command 'validate': did you mean 'verify'?" validate
    expect_usage "unknown option '-j': did you mean '--max-concurrent-downloads'?" fetch -j4 x
    run fetch docker://alpine
    expect_status 2
    expect_text err "leave out 'docker://'"
    run fetch http://localhost:5000/app
    expect_status 2
    expect_text err "leave out 'http://' and give --plain-http"
}

f15_options_without_effect
f41_suggestions

# What came from the command line reaches the terminal escaped.
expect_usage 'unknown command '"'"'a\x1b[2Jb'"'" $'a\e[2Jb'

run
expect_status 2
expect_empty out
expect_match err 'usage: tug .*'

# Global options may stand before or after the command.
run -q --store "$WORK/s" fetch
expect_text err "no reference given"
run fetch -q --store "$WORK/s"
expect_text err "no reference given"
