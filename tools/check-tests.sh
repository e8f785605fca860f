#!/bin/bash
# tests/README.md names a test for each fault, each feature of the original and each file of src/,
# and tests are where they belong: unit tests mirror src/, scripts can be run, files are no longer
# than the house allows.
set -u

cd "$(dirname "$0")/.." || exit 2
failed=0
prose=tests/README.md

complain() {
    echo "check-tests: $*"
    failed=1
}

# The names in backquotes that end so.
names_of() { # TEXT ENDING
    # shellcheck disable=SC2016 # backquotes are meant here
    grep -oE "\`[A-Za-z0-9_./-]+\.($2)\`" <<< "$1" | tr -d '`'
}

# Tests that carry a fault's number: F-01 or f01_ in the text, f01_ in the name.
carries() { # NUMBER FILE
    [[ $(basename "$2") =~ (^|_)f$1_ ]] || grep -qE "F-$1|(^|[( _])f$1_" "$2"
}

# --- faults: every number has one row, and what the row names has tests of that number ---

numbers=$(
    {
        grep -rohE '\b(t[0-9]{2}_)?f[0-9]{2}_' tests --include='*.c' --include='*.sh'
        find tests -name '*.sh' -printf '%f\n' | grep -oE '(^|_)f[0-9]{2}_'
        grep -oE '^\| F-[0-9]{2} \|' "$prose"
    } | grep -oE '[fF]-?[0-9]{2}' | tr -d 'fF-' | sort -u
)
for number in $numbers; do
    row=$(grep -E "^\\| F-$number \\|" "$prose")
    if [ "$(grep -c . <<< "$row")" -ne 1 ]; then
        complain "$prose has no row, or several, for F-$number"
        continue
    fi
    names=$(names_of "$row" 'c|sh')
    # shellcheck disable=SC2016 # backquotes are meant here
    [ -n "$names" ] || [[ $row == *'`make lint`'* ]] || complain "F-$number has no test in $prose"
    for name in $names; do
        found=
        while read -r file; do
            ! carries "$number" "$file" || found=1
        done < <(find tests -name "$name")
        [ -n "$found" ] || complain "$prose: no test of F-$number in $name"
    done
done

# --- the rows of the original: each once, and what it names is there ---

for ((number = 1; number <= 25; number++)); do
    row=$(sed -n '/^## Rows of the original$/,/^## Files/p' "$prose" | grep -E "^\\| $number \\|")
    if [ "$(grep -c . <<< "$row")" -ne 1 ]; then
        complain "$prose has no row, or several, for feature $number of the original"
        continue
    fi
    files=$(names_of "$(cut -d'|' -f4 <<< "$row")" c)
    tests=$(names_of "$(cut -d'|' -f5 <<< "$row")" 'c|sh')
    if [ -z "$files" ] || [ -z "$tests" ]; then
        complain "$prose: row $number lacks files or tests"
    fi
    for name in $files; do
        [ -n "$(find src -path "src/*$name")" ] ||
            complain "$prose: row $number names $name, which is not in src/"
    done
    for name in $tests; do
        [ -n "$(find tests -name "$name")" ] ||
            complain "$prose: row $number names $name, which does not exist"
    done
done

# --- files of src/: a unit test of their own, or a row of the last table ---

table=$(sed -n '/^| files | tests |$/,$p' "$prose")
[ "$(wc -l <<< "$table")" -gt 2 ] || complain "$prose has no table of files and tests"
covered=$(names_of "$(cut -d'|' -f2 <<< "$table")" c)

# The row's name of a file: FILE.c, or ROOM/FILE.c where several rooms have one.
row_name() { # SOURCE
    if [ "$(find src -name "$(basename "$1")" | wc -l)" -eq 1 ]; then
        basename "$1"
    else
        echo "${1#src/}"
    fi
}

wanted=
for source in src/*/*.c; do
    name=$(row_name "$source")
    unit=tests/unit/$(basename "$(dirname "$source")")/test_$(basename "$source")
    if [ ! -e "$unit" ]; then
        wanted+="$name"$'\n'
        grep -qxF "$name" <<< "$covered" ||
            complain "$source has neither $unit nor a row ('$name') in $prose"
    fi
done
for name in $covered; do
    grep -qxF "$name" <<< "$wanted" || complain "$prose: $name is no file without a unit test"
done
for name in $(names_of "$(cut -d'|' -f3 <<< "$table")" 'c|sh'); do
    [ -n "$(find tests -name "$name" | head -n 1)" ] ||
        complain "$prose names $name, which does not exist"
done
for unit in tests/unit/*/test_*.c; do
    name=${unit#tests/unit/}
    name=${name/test_/}
    [ -e "src/$name" ] || [ -e "src/${name%.c}.h" ] || [ "${name%%/*}" = api ] ||
        complain "$unit is the test of no file in src/${name%%/*}"
done

# --- the files themselves ---

for script in tests/{cli,net,real,batch,resume}/*.sh; do
    head -n 1 "$script" | grep -q '^#!' && [ ! -x "$script" ] &&
        complain "$script is not executable"
done
while read -r lines file; do
    [ "$lines" -le 500 ] || complain "$file has $lines lines"
done < <(find tests -name '*.[ch]' -exec wc -l {} + -o -name '*.sh' -exec wc -l {} + |
    grep -v ' total$')

exit "$failed"
