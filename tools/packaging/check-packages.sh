#!/bin/bash
# The packages as a stranger meets them: built twice without a network, in folders and surroundings
# that differ, they are the same bytes; lintian has nothing to say; in a fresh Debian 12 one command
# installs tug, the lines of the README work word for word against a registry on this machine, as
# they do with tug-static in its place, a program builds against libtug-dev, and purging leaves
# nothing.
#
# As root, with a network for Debian's own packages. Environment: FAKE_REGISTRY, the registry to
# use; TUG_STATIC, the command as one file.
set -euo pipefail

: "${FAKE_REGISTRY:?}" "${TUG_STATIC:?}"
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/tug-packages.XXXXXX")
root=$work/root
registry_pid=""

cleanup() {
    [ -z "$registry_pid" ] || kill "$registry_pid" 2> /dev/null || true
    ! mountpoint -q "$root/proc" || umount "$root/proc"
    rm -rf "$work"
}
trap cleanup EXIT

fail() {
    echo "FAIL check-packages: $*" >&2
    exit 1
}

# Run a step whose output matters only when it fails.
quietly() { # COMMAND…
    "$@" > "$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; fail "$*"; }
}

# Run in the fresh system, with nothing of this one's environment.
inside() { # SHELL-COMMAND
    chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive bash -e -o pipefail -c "$1"
}

build_twice() {
    local package
    (umask 022 &&
        quietly env DEB_BUILD_OPTIONS=nocheck unshare --net "$here/build-deb.sh" "$work/one")
    (umask 077 &&
        quietly env DEB_BUILD_OPTIONS='nocheck parallel=1' TZ=Asia/Kolkata LC_ALL=C.UTF-8 \
            USER=another unshare --net "$here/build-deb.sh" "$work/a-longer-name/two")
    for package in "$work"/one/*.deb "$work"/one/*.tar.* "$work"/one/*.dsc; do
        cmp "$package" "$work/a-longer-name/two/${package##*/}" || fail "two builds differ"
    done
    echo "ok   two builds without a network are the same"
    quietly lintian --info --display-info --fail-on error,warning,info "$work"/one/*.changes
    echo "ok   lintian"
}

# The RPMs have what the Debian packages have, and the program in them runs.
check_rpms() {
    quietly unshare --net "$here/build-rpm.sh" "$work/rpm" --without check
    for name in tug tug-libs tug-devel; do
        rpm -qlp "$work/rpm/$name"-[0-9]*.x86_64.rpm
    done > "$work/contents"
    for path in /usr/bin/tug libtug.so.0 include/tug/tug.h pkgconfig/tug.pc man1/tug.1 LICENSE; do
        grep -q "$path" "$work/contents" || fail "no RPM has $path"
    done
    (cd "$work/rpm" && rpm2archive -n - < tug-[0-9]*.x86_64.rpm | tar -xf -)
    quietly "$work/rpm/usr/bin/tug" --version
    echo "ok   RPMs"
}

# The image of the Dockerfile has the command and a place for certificates, and runs.
check_image() {
    local tool=(buildah --storage-driver vfs --root "$work/containers" --runroot "$work/running")
    local container mounted
    mkdir -p "$work/context/build" "$work/context/tools/packaging"
    cp "$TUG_STATIC" "$work/context/build/tug-static"
    cp "$here/no-certificates.pem" "$work/context/tools/packaging"
    quietly "${tool[@]}" bud -f "$here/Dockerfile" -t tug "$work/context"
    container=$("${tool[@]}" from localhost/tug)
    mounted=$("${tool[@]}" mount "$container")
    [ "$(cd "$mounted" && find . -type f | sort | tr '\n' ' ')" = \
        './etc/ssl/certs/ca-certificates.crt ./tug ' ] || fail "more is in the image"
    quietly chroot "$mounted" /tug --version
    quietly "${tool[@]}" rm "$container"
    echo "ok   an image from scratch"
}

# What has our name in the fresh system, but for logs.
names() {
    (cd "$root" && find . -xdev \( -name '*tug*' -o -path '*/tug/*' \) ! -path './var/log/*') | sort
}

make_root() {
    quietly mmdebstrap --variant=minbase bookworm "$root"
    mount -t proc proc "$root/proc"
    mkdir "$root/packages"
    cp "$work"/one/*.deb "$root/packages"
}

# Serve what the README's lines ask for, under the names that they use.
start_registry() {
    local host tags='{"tags":["1.4","1.2.0","1.3.1","1.4-alpine"]}'
    "$FAKE_REGISTRY" --port-file "$work/port" --generate library/alpine:3.20=100K \
        --generate team/app:1.4=300K:3 --generate team/app:1.2.0=10K --generate team/app:1.3.1=10K \
        --generate team/app:1.4-alpine=10K --generate team/old:1=10K \
        --rule "path=^/v2/team/app/tags/list body=$tags add-header=Content-Type:_application/json" \
        > "$work/registry.log" 2>&1 &
    registry_pid=$!
    until [ -s "$work/port" ]; do
        kill -0 "$registry_pid" || fail "the registry does not start"
        sleep 0.05
    done
    for host in docker.io registry.example.org; do
        mkdir -p "$root/etc/tug/certs.d/$host"
        echo "server = \"http://127.0.0.1:$(cat "$work/port")\"" \
            > "$root/etc/tug/certs.d/$host/hosts.toml"
    done
    printf '%s\n' registry.example.org/team/app:1.4 docker.io/library/alpine:3.20 \
        > "$root/root/images.txt"
    printf 'services:\n  app:\n    image: registry.example.org/team/app:1.4\n' \
        > "$root/root/compose.yml"
}

# The commands of the README that need nothing but tug and this registry.
readme_lines() {
    sed -n 's/^    \(tug .*\)/\1/p' "$top/README.md" |
        grep -vE '<[^>]*>|\$|\\$|docker |podman |ctr |helm |skopeo|jq |\.tar|\.sock|systemctl'
}

run_readme_lines() {
    local line count=0
    while read -r line; do
        quietly inside "cd; $line"
        count=$((count + 1))
    done < <(readme_lines)
    [ "$count" -ge 5 ] || fail "$count lines in the README"
    quietly inside 'tug fetch docker.io/library/alpine:3.20 && tug verify &&
        tug images | grep -q alpine'
    quietly inside 'cd && tug export -o a.tar docker.io/library/alpine:3.20 &&
        tug --store new import a.tar'
    quietly inside 'test -s /usr/share/man/man1/tug.1.gz'
    echo "ok   $1, and $count commands of the README"
}

use_command() {
    quietly inside 'apt-get update && cd /packages && apt install -y ./tug_*.deb'
    run_readme_lines 'apt install ./tug_*.deb'
}

# The command as one file takes the other's place and brings no other package with it.
use_static() {
    local before
    before=$(inside 'dpkg-query -W | wc -l')
    quietly inside 'cd /packages && apt install -y --no-install-recommends ./tug-static_*.deb'
    [ "$(inside 'dpkg-query -W | wc -l')" -eq $((before + 1)) ] ||
        fail "tug-static brings other packages"
    readelf -ldW "$root/usr/bin/tug" > "$work/segments"
    ! grep -qE 'INTERP|NEEDED' "$work/segments" || fail "tug-static asks for shared libraries"
    run_readme_lines 'apt install ./tug-static_*.deb'
}

use_library() {
    quietly inside 'cd /packages && apt install -y --no-install-recommends \
        ./libtug0_*.deb ./libtug-dev_*.deb gcc libc6-dev pkg-config'
    cp "$top/tests/abi/program.c" "$root/root"
    # shellcheck disable=SC2016 # the other system's shell reads this
    quietly inside 'cd; gcc -o program program.c $(pkg-config --cflags --libs tug)'
    quietly inside 'cd; ./program made registry.example.org/team/app:1.4'
    echo "ok   a program of libtug-dev"
}

# What was there before is there still, and no more.
purge() { # PACKAGE…
    local left
    inside "dpkg -L $*" | sort -u > "$work/files"
    quietly inside "apt purge -y $*"
    rm -rf "$root/root/.local" "$root/root/new" "$root/srv/images" "$root/shared"
    # shellcheck disable=SC2016 # dpkg-query reads this
    left=$(inside 'dpkg-query -W -f "\${Package} \${db:Status-Status}\n" "*tug*" 2> /dev/null' ||
        true)
    [ -z "$left" ] || fail "purged, and there is $left"
    left=$(comm -13 "$work/names" <(names))
    [ -z "$left" ] || fail "purged, and left are: $left"
    while read -r path; do
        [ -d "$root$path" ] || [ ! -e "$root$path" ] || fail "purged, and $path is there"
    done < "$work/files"
    echo "ok   apt purge $* leaves nothing"
}

build_twice
check_rpms
check_image
make_root
start_registry
names > "$work/names"
use_command
use_library
purge tug libtug0 libtug-dev
use_static
purge tug-static
