#!/bin/sh
# Install the Debian packages of the groups given (see packages; none: all) that are missing.
# As root it calls apt-get, which removes nothing; anybody else is shown the command to run. Does
# nothing when all are there.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
groups=${*:-build test demo static lint fuzz bench deb rpm packages musl}

wanted=""
for group in $groups; do
    wanted="$wanted $(awk -F'|' -v group="$group" '
        /^#/ || NF < 4 { next }
        { gsub(/[ \t]/, "", $1); if (" " $2 " " ~ "[ \t]" group "[ \t]") print $1 }' \
        "$here/packages")"
done

# Tell whether a package is installed, or another that does the same: NAME/OTHER.
is_there() {
    for name in $(echo "$1" | tr / ' '); do
        status=$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true)
        [ "$status" != installed ] || return 0
    done
    return 1
}

missing=""
for package in $wanted; do
    is_there "$package" || missing="$missing ${package%%/*}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "tug: packages are missing; as root, run:" >&2
    echo "  apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

echo "installing:$missing"
# Servers among them must not start here: tests run their own, on ports of their own.
policy=/usr/sbin/policy-rc.d
made_policy=""
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    made_policy=yes
fi
status=0
# shellcheck disable=SC2086 # a list of names
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends --no-remove $missing ||
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends --no-remove $missing; } ||
    status=$?
[ -z "$made_policy" ] || rm -f "$policy"
exit "$status"
