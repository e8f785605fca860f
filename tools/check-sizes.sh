#!/bin/bash
# Measures of src/ that the house keeps: functions of at most 60 lines, nesting of at most 3, files
# of at most 500 lines but tables, rooms of at most 5500 lines, structs of at most 20 members but
# the public options and results, which only grow; in these rooms, functions of at most five
# parameters.
set -u

cd "$(dirname "$0")/.." || exit 2
failed=0
tables=" src/options/option_table.c "
few_parameters=" base toml oci url http hosts auth registry "

report() { # MESSAGE…
    echo "check-sizes: $*"
    failed=1
}

for room in src/*/; do
    lines=$(cat "$room"*.[ch] | wc -l)
    [ "$lines" -le 5500 ] || report "$room has $lines lines"
done

for file in src/*/*.[ch] include/tug/*.h; do
    lines=$(wc -l < "$file")
    case $tables in
    *" $file "*) ;;
    *) [ "$lines" -le 500 ] || report "$file has $lines lines" ;;
    esac
    room=${file#src/} room=${room%%/*} most=5
    [[ $few_parameters == *" $room "* ]] || most=99
    while read -r message; do
        report "$file: $message"
    done < <(awk -v most="$most" '
        # a head ends with the line before its brace; typedefs, tables, comments do not
        /^[a-z].*\(/ { head = ""; line_of_head = NR }
        { head = head $0 }
        /^{/ && head ~ /\)[ \t]*{$/ {
            sub(/^[^(]*\(/, "", head)
            while (gsub(/\([^()]*\)/, "", head)) { }
            parameters = gsub(/,/, "", head) + 1
            if (parameters > most)
                print "line " line_of_head ": a function of " parameters " parameters"
        }
        /^{/ { start = NR }
        /^}/ {
            size = NR - start + 1
            if (start && size > 60)
                print "line " start ": a function of " size " lines"
            start = 0
        }
        start && /^                 *(if|for|while|switch|do) / {
            print "line " NR ": nested more than 3 deep"
        }
        /^(typedef )?(struct|union) [a-z_]* ?{$/ { name = $2; members = 0; depth = 1; next }
        depth {
            line = $0
            gsub(/\/\*.*\*\/|\/\*.*$|^ \*.*$/, "", line)
            if (depth == 1 && line ~ /;/) {
                members += gsub(/[,;]/, "&", line)
                if (line ~ /\(/) members -= gsub(/,/, "&", line)
            }
            depth += gsub(/{/, "{", line) - gsub(/}/, "}", line)
            if (!depth && members > 20 && name !~ /^tug_[a-z_]*(options|result)$/)
                print "line " NR ": struct " name " has " members " members"
        }' "$file")
done
exit "$failed"
