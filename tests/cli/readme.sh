#!/bin/bash
# The lines of README.md, "A day with tug", one after the other as they are. registry.example.org is
# a server of this test by way of a hosts.toml; /srv/images is in its folder.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_store.sh
. "$(dirname "$0")/lib_store.sh"
# shellcheck source-path=SCRIPTDIR source=../support/signatures.sh
. "$(dirname "$0")/../support/signatures.sh"
readme=$(cd "$(dirname "$0")/../.." && pwd)/README.md
cd "$WORK" || exit 1

# team/app: 1.4 is signed; 1.3 and 2.0 are others.
make_images() {
    local payload config manifest tag number=0
    make_key cosign p256
    layout_begin served
    for tag in 1.3 1.4 2.0; do
        number=$((number + 1))
        layout_name served "$(layout_image served linux/amd64 "$number")" "$tag"
    done
    digest=$(jq -r '.manifests[]
        | select(.annotations."org.opencontainers.image.ref.name" == "1.4").digest' \
        served/index.json)
    simple_payload "$digest" registry.example.org/team/app > payload
    payload=$(layout_blob served "$simple_signing_type" < payload)
    config=$(printf '{}' | layout_blob served application/vnd.oci.empty.v1+json)
    payload=$(with_signature "$payload" "$(sign_file cosign payload)")
    manifest=$(signature_manifest "" "$config" "$payload" |
        layout_blob served application/vnd.oci.image.manifest.v1+json)
    layout_name served "$manifest" signature
    local tags='{"tags":["1.3","1.4","2.0"]}'
    start_registry --layout "$WORK/served" \
        --repo team/app:1.3=1.3 --repo team/app:1.4=1.4 --repo team/app:2.0=2.0 \
        --repo team/old:1=1.3 \
        --repo "team/app:${digest/:/-}.sig=signature" \
        --rule "path=/tags/list body=$tags add-header=Content-Type:_application/json"
}

# What the lines are about.
make_files() {
    mkdir -p hosts/registry.example.org
    printf 'server = "http://%s"\n' "$registry" > hosts/registry.example.org/hosts.toml
    printf 'registry.example.org/team/app:%s\n' 1.3 1.4 > images.txt
    printf 'services: {app: {image: "registry.example.org/team/app:1.4"}}\n' > compose.yml
}

# The commands of the lines: tug asks the test's server; a chart is a file.
cat > commands << 'EOT'
tug() {
    local words=" $* "
    case $1 in
    fetch | resolve | tags) "$TUG" "$1" --hosts-dir hosts "${@:2}" ;;
    verify) [[ $words != *" --repair "* ]] || set -- "$@" --hosts-dir hosts && "$TUG" "$@" ;;
    *) "$TUG" "$@" ;;
    esac
}
helm() { cat compose.yml; }
set -eEu -o pipefail
trap 'echo "FAILED: $BASH_COMMAND" >&2' ERR
EOT

make_images
make_files
sed -n '/^## A day with tug$/,/^## /s/^    //p' "$readme" | sed "s,/srv/images,$WORK/images," > day
[ "$(grep -c '^tug ' day)" -ge 20 ] || fail "README has $(grep -c '^tug ' day) lines for a day"
cat commands day > script
uname -m | grep -q x86_64 || sed -i 's/tug fetch/& --platform linux\/amd64/' script
unset TUG_STORE
bash script > out 2> err
status=$?
expect_status 0
expect_match out "registry.example.org/team/app:1.4 $digest"
expect_match out "$digest"
expect_no_match err "FAILED|not fetched"
