#!/bin/bash
# What the prose names exists: files in src/README.md and README.md, options of the help in the manual.
set -u

cd "$(dirname "$0")/.." || exit 2
failed=0

complain() {
    echo "check-docs: $*"
    failed=1
}

# Files named in backquotes, as ROOM/FILE or FILE.c, below src/, include/ or the top.
# shellcheck disable=SC2016 # backquotes are meant here
for prose in README.md src/README.md SECURITY.md; do
    for name in $(grep -oE '`[A-Za-z0-9_./-]+\.(c|h|sh|md|[1-9])`' "$prose" | tr -d '`' | sort -u); do
        if [ ! -e "$name" ] && [ ! -e "src/$name" ] && [ ! -e "include/$name" ] &&
            [ -z "$(find src tests tools man -name "$(basename "$name")" -path "*$name" | head -n 1)" ]; then
            complain "$prose names $name, which does not exist"
        fi
    done
    for name in $(grep -oE '`(tug_[a-z_]+|tug__[a-z_]+)`' "$prose" | tr -d '`' | sort -u); do
        grep -qrE "\b$name\b" src include --include='*.[ch]' ||
            complain "$prose names $name, which does not exist"
    done
done

exit "$failed"
