#!/bin/sh
# Installs the manual pages of section 3, or removes them: one for each page, and for each function
# that a page names a file that points there, so that `man tug_fetch_run` finds its page.
#     tools/man3.sh install|uninstall DIRECTORY
set -eu

action=$1
case $2 in
/*) target=$2 ;;
*) target=$PWD/$2 ;;
esac
cd "$(dirname "$0")/../man"
if [ "$action" = install ]; then
    install -d "$target"
fi
for page in *.3; do
    sed -n 's/^\.Nm \([a-z0-9_]*\).*/\1/p' "$page" | while read -r name; do
        # What has a page of its own may be spoken of elsewhere.
        [ ! -e "$name.3" ] || continue
        rm -f "$target/$name.3"
        if [ "$action" = install ]; then
            printf '.so man3/%s\n' "$page" > "$target/$name.3"
            chmod 644 "$target/$name.3"
        fi
    done
    rm -f "$target/$page"
    if [ "$action" = install ]; then
        install -m 644 "$page" "$target"
    fi
done
