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
    sed -n 2p "$WORK/err" | grep -qE "^try 'tug help( fetch| resolve| version| help)?'$" || fail "no hint: $*"
    [ ! -e "$TUG_STORE" ] || fail "a store was made: $*"
}

expect_usage "tug: unknown command 'fecth'" fecth
expect_usage "tug: unknown option '--nope'" --nope
expect_usage "tug: unknown option '--platform'" --platform linux/amd64 fetch x
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
expect_usage "--tlscert and --tlskey belong together" fetch --tlscert c.pem x
expect_usage "--tlscert and --tlskey belong together" resolve --tlskey k.pem x
expect_usage "--user and --refresh: only one of them" fetch --user me --refresh t x
expect_usage "--password-stdin needs --user" fetch --password-stdin x
expect_usage "--password-stdin, but --user has a password" fetch -u me:pw --password-stdin x
expect_usage "stdin can be only one" fetch -u me --password-stdin --from-file -
expect_usage "--password-stdin: there is no password on stdin" fetch -u me --password-stdin x
expect_usage "tug: resolve: no reference given" resolve
expect_usage "--retries 'x'" fetch --retries x y
expect_usage "--retries '-1'" fetch --retries -1 y
expect_usage "--max-concurrent-downloads '0'" fetch --max-concurrent-downloads 0 y
expect_usage "--max-concurrent-downloads '65'" fetch --max-concurrent-downloads 65 y
expect_usage "--max-concurrent-downloads '4294967297'" fetch --max-concurrent-downloads 4294967297 y
expect_usage "--platform 'a b/c'" fetch --platform 'a b/c' y
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
