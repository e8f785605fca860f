#!/bin/bash
# Completions in the shells themselves: commands, every option, values, and what the store has.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate team/app:1.4=10K --generate team/app:2=10K
run fetch -q --plain-http "$registry/team/app:1.4" "$registry/team/app:2"
expect_status 0
digest=$(sed -n '1s/.* //p' "$WORK/out")
mkdir -p "$WORK/bin" "$WORK/zsh" "$HOME/.config/fish/completions" "$WORK/other"
ln -s "$TUG" "$WORK/bin/tug"
export PATH="$WORK/bin:$PATH"
tug completion bash > "$WORK/tug.bash" || fail "no script for bash"
tug completion zsh > "$WORK/zsh/_tug" || fail "no script for zsh"
tug completion fish > "$HOME/.config/fish/completions/tug.fish" || fail "no script for fish"

# What bash answers: its words are as it splits them, at ':', '=' and '@', too.
in_bash() { # LINE WORD…
    bash --norc --noprofile -c '. "$1"; COMP_LINE=$2 COMP_WORDS=("${@:3}") COMP_CWORD=$(($# - 3))
        COMP_WORDBREAKS=$'\'' \t\n"'\'\''><=;|&(:@'\''; _tug && printf "%s\n" "${COMPREPLY[@]}"' \
        bash "$WORK/tug.bash" "$@" 2> /dev/null | sed "/^\$/d" | sort > "$WORK/out"
}

in_fish() { # LINE
    fish --private -c "complete -C '$1'" 2> "$WORK/err" | cut -f 1 | sort > "$WORK/out"
    expect_empty err
}

expect_out() { # TEXT
    [ "$(tr '\n' ' ' < "$WORK/out")" = "$1 " ] || fail "expected '$1'"
}

# All options of every command, by the words of its help.
every_option() {
    local command
    tug help | sed -n '/^Commands:$/,/^$/s/^  \([a-z]*\).*/\1/p' > "$WORK/commands"
    [ "$(wc -l < "$WORK/commands")" -ge 16 ] ||
        fail "help lists $(wc -l < "$WORK/commands") commands"
    in_bash "tug " tug ""
    sort "$WORK/commands" | diff - "$WORK/out" > "$WORK/err" || fail "bash: commands"
    in_fish "tug "
    sort "$WORK/commands" | diff - "$WORK/out" > "$WORK/err" || fail "fish: commands"
    while read -r command; do
        tug help "$command" | sed -n 's/^  \(-[a-zA-Z], \|    \)\(--[a-z-]*\).*/\2/p' |
            sort > "$WORK/options"
        in_bash "tug $command --" tug "$command" --
        diff "$WORK/options" "$WORK/out" > "$WORK/err" || fail "bash: options of $command"
        in_fish "tug $command --"
        sed -i 's/=$//' "$WORK/out"
        diff "$WORK/options" "$WORK/out" > "$WORK/err" || fail "fish: options of $command"
        sed -n "/^_tug_$command() {/,/^}/s/^ *'\((.*)\|[*]\|\)\(--[a-z-]*\).*/\2/p" \
            "$WORK/zsh/_tug" | sort > "$WORK/out"
        diff "$WORK/options" "$WORK/out" > "$WORK/err" || fail "zsh: options of $command"
    done < "$WORK/commands"
}

bash_values() {
    local host=${registry%:*} port=${registry#*:}
    in_bash "tug fetch --root " tug fetch --root ""
    expect_out "index platform"
    in_bash "tug fetch --root=p" tug fetch --root = p
    expect_out "platform"
    in_bash "tug fetch --from-file x --tlsc" tug fetch --from-file x --tlsc
    expect_out "--tlscacert --tlscert"
    in_bash "tug -q --color never fe" tug -q --color never fe
    expect_out "fetch"
    in_bash "tug help com" tug help com
    expect_out "completion"
    in_bash "tug completion " tug completion ""
    expect_out "bash fish zsh"
    in_bash "tug export " tug export ""
    expect_out "$registry/team/app:1.4 $registry/team/app:2"
    in_bash "tug export $host:" tug export "$host" :
    expect_out "$port/team/app:1.4 $port/team/app:2"
    in_bash "tug export $registry/team/app:1" tug export "$host" : "$port/team/app" : 1
    expect_out "1.4"
    in_bash "tug get ${digest:0:12}" tug get sha256 : "${digest:7:5}"
    expect_out "${digest#sha256:}"
    in_bash "tug --store $WORK/other images " tug --store "$WORK/other" images ""
    expect_empty out
    in_bash "tug tags " tug tags ""
    expect_empty out
}

fish_values() {
    in_fish "tug fetch --root "
    expect_out "index platform"
    in_fish "tug fetch --root=p"
    expect_out "--root=platform"
    in_fish "tug -q --color never fe"
    expect_out "fetch"
    in_fish "tug export $registry/team/app:1"
    expect_out "$registry/team/app:1.4"
    in_fish "tug get ${digest:0:12}"
    expect_out "$digest"
    in_fish "tug --store $WORK/other images "
    expect_empty out
    (cd "$WORK" && in_fish "tug import zs")
    expect_out "zsh/"
    in_fish "tug completion "
    expect_out "bash fish zsh"
}

# --- at a terminal ---

in_tmux() {
    tmux -S "$WORK/tmux" -f /dev/null "$@"
}

end() {
    in_tmux kill-server 2> /dev/null
    stop_registry
}
trap end EXIT

# Wait until the last line that the terminal of a shell shows is a pattern's.
see() { # SHELL REGEX
    local end=$((SECONDS + 120))
    while [ "$SECONDS" -lt "$end" ]; do
        in_tmux capture-pane -p -J -t "$1" | sed 's/ *$//' | grep . | tail -n 1 > "$WORK/out"
        ! grep -qxE -- "$2" "$WORK/out" || return 0
        sleep 0.05
    done
    fail "$1 never showed '$2'"
}

# Type into a shell what completion makes longer, and take it back.
complete_line() { # SHELL LINE COMPLETED
    in_tmux send-keys -t "$1" -l "$2"
    see "$1" "> $2"
    in_tmux send-keys -t "$1" Tab
    see "$1" "> $3"
    in_tmux send-keys -t "$1" C-u
    see "$1" ">"
}

begin_shell() { # NAME COMMAND FIRST-LINE
    in_tmux new-session -d -s "$1" -x 200 -y 20 "cd '$WORK' && exec $2" || fail "tmux"
    see "$1" '[$]'
    in_tmux send-keys -t "$1" -l "$3; PS1='> '" \; send-keys -t "$1" Enter
    see "$1" '>'
}

at_terminals() {
    begin_shell bash "env PS1='$ ' bash --norc --noprofile -i" ". ./tug.bash"
    # shellcheck disable=SC2016 # zsh expands them
    begin_shell zsh "env PS1='$ ' zsh -f -i" \
        'fpath=($PWD/zsh $fpath); autoload -U compinit; compinit -u -d dump'
    for shell in bash zsh; do
        complete_line $shell "tug fetch --ima" "tug fetch --images-in"
        complete_line $shell "tug fetch --root=pl" "tug fetch --root=platform"
        complete_line $shell "tug export $registry/team/app:1" "tug export $registry/team/app:1.4"
        complete_line $shell "tug get ${digest:0:12}" "tug get $digest"
        complete_line $shell "tug import zs" "tug import zsh/"
        complete_line $shell "tug fetch --failed-file zs" "tug fetch --failed-file zsh/"
        complete_line $shell "tug --store $WORK/other fetch --ima" \
            "tug --store $WORK/other fetch --images-in"
    done
}

wrong() {
    run completion
    expect_status 2
    expect_text err "name one shell: bash, zsh or fish"
    run completion tcsh
    expect_status 2
    expect_text err "'tcsh' is not bash, zsh or fish"
}

every_option
bash_values
fish_values
at_terminals
wrong
