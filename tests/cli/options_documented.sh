#!/bin/bash
# The parser, `tug help` and the manual page know the same options. Help is printed from the table
# that drives the parser; here each of its lines is tried on the parser and looked up in the manual.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

manual="$(dirname "$0")/../../man/tug.1"
list="$WORK/options"

run help fetch
sed -nE 's/^  (-[A-Za-z], |    )--([a-z-]+)(\[=.*|( .*)?)$/\1|\2|\3/p' "$WORK/out" |
    sed -E 's/^ +\|/|/' > "$list"
[ "$(wc -l < "$list")" -ge 26 ] || fail "only $(wc -l < "$list") options in the help"

while IFS='|' read -r short name rest; do
    # In the manual: ".It Fl -name" or ".It Fl x , Fl -name", and the short name with it.
    grep -qE "^\.It (Fl [A-Za-z] , )?Fl -$name( |\$)" "$manual" ||
        fail "--$name is not in the manual"
    case $short in
    -?,*)
        grep -qE "^\.It Fl ${short:1:1} , Fl -$name( |\$)" "$manual" ||
            fail "${short:0:2} is not with --$name in the manual"
        run fetch "${short:0:2}"
        expect_no_match err "unknown option"
        ;;
    esac
    # The parser knows it, and whether it takes a value, or may.
    if [[ $rest == '[='* ]]; then
        run fetch "--$name"
        expect_text err "no reference given"
        run fetch "--$name=value"
        expect_text err "no reference given"
    elif [[ "$rest" =~ ^\ [A-Za-z] ]] && [[ ! "$rest" =~ ^\ \  ]]; then
        run fetch "--$name"
        expect_status 2
        expect_text err "option '--$name' needs a value"
    else
        run fetch "--$name=value"
        expect_status 2
        expect_text err "option '--$name' takes no value"
    fi
done < "$list"

# And the manual names no option that the help does not have.
sed -nE 's/^\.It (Fl [A-Za-z] , )?Fl -([a-z-]+).*$/\2/p' "$manual" | sort > "$WORK/in-manual"
cut -d'|' -f2 "$list" | sort > "$WORK/in-help"
cmp -s "$WORK/in-manual" "$WORK/in-help" || fail "$(diff "$WORK/in-manual" "$WORK/in-help")"
grep -oE 'Fl -[a-z-]+' "$manual" | sed 's/Fl -//' | sort -u | while read -r name; do
    grep -qx "$name" "$WORK/in-help" || fail "the manual speaks of --$name"
done || exit 1

# A page of its own has what the help of that command has, but for the options that are those of
# fetch, as far as it names fetch's page for them.
for page in "${manual%.1}"-*.1; do
    command=${page##*/tug-}
    command=${command%.1}
    run help "$command"
    sed -n '/^Global options/q;p' "$WORK/out" |
        sed -nE 's/^  (-[A-Za-z], |    )--([a-z-]+)(\[=.*|( .*)?)$/\2/p' | sort > "$WORK/in-help"
    sed -nE 's/^\.It (Fl [A-Za-z] , )?Fl -([a-z-]+).*$/\2/p' "$page" | sort > "$WORK/in-page"
    comm -23 "$WORK/in-page" "$WORK/in-help" | while read -r name; do
        fail "$page: --$name is not in the help"
    done || exit 1
    comm -13 "$WORK/in-page" "$WORK/in-help" | while read -r name; do
        grep -qx "$name" "$WORK/in-manual" || fail "$page: --$name is missing"
        [[ $command == @(verify|tags) ]] || fail "$page: --$name is missing"
    done || exit 1
done

# The limits and defaults that both tell.
for words in "1 to 64" "0 to 1000000"; do
    grep -q "$words" "$manual" || fail "the manual does not say '$words'"
done

mandoc -T lint -W warning "$manual" > "$WORK/out" 2>&1 || fail "mandoc complains"
