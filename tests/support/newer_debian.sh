# shellcheck shell=bash
#
# A chroot of a newer Debian, for programs that Debian 12 has not, or only with parts switched off.
# Needs root and mmdebstrap. Sourced.

# Where apt gets this Debian from.
debian_mirror() {
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(CODENAME) $(SITE)' 'Created-By: Packages' |
        awk -v codename="$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" \
            '$1 == codename { print $2; exit }'
}

# Make one, whole or not at all. A mirror that stood still has a Release file past its date.
make_newer_debian() { # FOLDER SUITE PACKAGES-WITH-COMMAS LOG
    rm -rf "$1" "$1.new"
    mkdir -p "$(dirname "$1")"
    mmdebstrap --mode=root --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' \
        --include="$3" "$2" "$1.new" "$(debian_mirror)" > "$4" 2>&1 < /dev/null && mv "$1.new" "$1"
}
