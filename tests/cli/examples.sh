#!/bin/bash
# tools/examples: each is read by the program that it is for, and its lines are run, with other
# paths. (Slurm's is run by tests/batch/slurm_array.sh, Ansible's by examples_ansible.sh.)
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
examples=$(cd "$(dirname "$0")/../../tools/examples" && pwd)
start_registry --generate team/app:1.4=100K --generate team/worker:1.4=10K \
    --generate library/base:3=10K
mkdir -p "$WORK/etc" "$WORK/bin" "$WORK/job/deploy"
ln -s "$TUG" "$WORK/bin/tug"
export PATH="$WORK/bin:$PATH"
printf '%s\n' "$registry/team/app:1.4" "$registry/team/worker:1.4" > "$WORK/etc/images.txt"

# An example with the paths and hosts of this test.
localize() { # FILE
    sed -e "s,/usr/bin/tug,$TUG,g" -e "s,/var/lib/tug,$TUG_STORE,g" \
        -e "s,/etc/tug/,$WORK/etc/,g" -e "s,registry.example.org,$registry,g" "$examples/$1"
}

expect_images() { # NAME…: what the store has, and nothing is missing
    run images -q
    sed -i "s,^$registry/,," "$WORK/out"
    [ "$(sort "$WORK/out" | tr '\n' ' ')" = "$* " ] || fail "images: $(cat "$WORK/out")"
    run verify
    expect_status 0
}

# All system calls of a set, those of the sets in it included.
system_calls() { # SET
    local word
    systemd-analyze syscall-filter "$1" | sed '1d; s/#.*//' | while read -r word; do
        case $word in
        '') ;;
        @*) system_calls "$word" ;;
        *) echo "$word" ;;
        esac
    done | sort -u
}

# systemd has nothing to say against the units; and the command does nothing that they forbid.
systemd() {
    local unit=$WORK/tug-fetch.service
    localize systemd/tug-fetch.service > "$unit"
    localize systemd/tug-fetch.timer > "$WORK/tug-fetch.timer"
    systemd-analyze verify --man=no "$unit" "$WORK/tug-fetch.timer" > "$WORK/out" 2>&1 ||
        fail "the units are wrong"
    expect_empty out
    systemd-analyze security --offline=yes --threshold=15 --no-pager "$unit" > "$WORK/out" 2>&1 ||
        fail "the service is not hardened"
    systemd-sysusers --dry-run "$examples/systemd/tug.sysusers" > "$WORK/out" 2>&1 ||
        fail "the user is wrong"

    sed -n '/^ExecStart=/,/[^\\]$/p' "$unit" | sed 's/^ExecStart=//; s/\\$//' |
        tr -d '\n' > "$WORK/line"
    if ! strace -o "$WORK/trace" true; then
        echo "NOT TESTED: what the service does, for strace cannot trace"
        return
    fi
    strace -f -qq -o "$WORK/trace" sh -c "exec $(cat "$WORK/line")" > "$WORK/out" 2> "$WORK/err"
    status=$?
    expect_status 0
    expect_lines out 2
    expect_images team/app:1.4 team/worker:1.4
    { system_calls @privileged; system_calls @resources; } | sort -u > "$WORK/forbidden"
    system_calls @system-service | comm -23 - "$WORK/forbidden" > "$WORK/allowed"
    sed -n 's/^[0-9]* \([a-z0-9_]*\)(.*/\1/p' "$WORK/trace" | sort -u |
        comm -23 - "$WORK/allowed" > "$WORK/out"
    expect_empty out
    # Files are written in the store only, sockets are of the families named, no memory is both
    # written and executed.
    grep -E 'open(at)?\(.*O_(WRONLY|RDWR|CREAT)' "$WORK/trace" | grep -vE "AT_FDCWD|ENOENT" |
        grep -E 'openat\([0-9]+, "(/|\.\.)' > "$WORK/out"
    grep -E 'open(at)?\(.*AT_FDCWD.*O_(WRONLY|RDWR|CREAT)' "$WORK/trace" |
        grep -vF "\"$TUG_STORE" >> "$WORK/out"
    expect_empty out
    grep -oE 'socket\(AF_[A-Z0-9]*' "$WORK/trace" |
        grep -vE 'AF_(INET6?|UNIX|NETLINK)$' > "$WORK/out"
    expect_empty out
    grep -E 'PROT_WRITE\|PROT_EXEC' "$WORK/trace" > "$WORK/out"
    expect_empty out
}

cron() {
    local minute hour day month weekday user command lines=0
    rm -rf "$TUG_STORE"
    while read -r minute hour day month weekday user command; do
        [[ "$minute$hour$day$month$weekday" =~ ^[0-9*/,-]+$ && $user = tug ]] ||
            fail "fields of cron"
        [[ $command != *%* ]] || fail "cron takes % for a new line"
        env -i PATH="$PATH" HOME="$HOME" /bin/sh -c "$command" > "$WORK/out" 2> "$WORK/err" ||
            fail "$command"
        expect_empty out
        expect_empty err
        lines=$((lines + 1))
    done < <(localize tug.cron | grep -vE '^(#|[A-Z]*=)')
    [ "$lines" -eq 2 ] || fail "$lines lines for cron"
    expect_images team/app:1.4 team/worker:1.4
}

gitlab() {
    rm -rf "$TUG_STORE"
    localize gitlab-ci.yml > "$WORK/gitlab.yml"
    run resolve --from-file "$WORK/gitlab.yml" --images-in
    expect_text err "$registry/tools/tug:0.2.0: " # it is YAML
    printf 'services: {base: {image: "%s"}}\n' "$registry/library/base:3" \
        > "$WORK/job/deploy/compose.yml"
    # A command goes on in lines that are further in.
    sed -n '/^  script:/,/^  [a-z]/s/^    //p' "$WORK/gitlab.yml" |
        sed ':more; $!N; s/\n  */ /; t more; s/^- //; P; D' > "$WORK/script"
    expect_lines script 4
    (cd "$WORK/job" &&
        CI_REGISTRY_USER=me CI_REGISTRY_PASSWORD=secret CI_REGISTRY_IMAGE=$registry/team/app \
            CI_COMMIT_REF_SLUG=1.4 bash -e "$WORK/script") > "$WORK/out" 2> "$WORK/err" ||
        fail "the script"
    expect_images library/base:3 team/app:1.4
    tar -tf "$WORK/job/images.tar" > "$WORK/out" || fail "no archive"
    expect_text out "index.json"
}

# Each pod does its part, and together they have all.
kubernetes() {
    local index command
    rm -rf "$TUG_STORE"
    sed "s,/store\\b,$TUG_STORE,g; s,/list/,$WORK/etc/,g" \
        "$examples/kubernetes-indexed-job.yaml" > "$WORK/job.yaml"
    run resolve --retries 0 --proxy http://localhost:1 --from-file "$WORK/job.yaml" --images-in
    expect_text err "registry.example/tools/tug"
    command=$(sed -n '/command: \[/,/\]/p' "$WORK/job.yaml" | sed 's/.*command: //' | tr -d '[],\n')
    for index in 0 1 2 3 4 5 6 7; do
        # shellcheck disable=SC2086,SC2016 # words; Kubernetes expands it
        ${command//'$(JOB_COMPLETION_INDEX)'/$index} > "$WORK/out" 2> "$WORK/err" ||
            fail "part $index"
    done
    expect_images team/app:1.4 team/worker:1.4
}

# The file as it is, as far as without a network; then with the test's registry as its mirror.
hosts() {
    cp -r "$examples/certs.d" "$WORK/certs.d"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=mirror -days 1 \
        -keyout "$WORK/key.pem" -out "$WORK/certs.d/docker.io/mirror-ca.pem" 2> "$WORK/err" ||
        fail "openssl"
    run fetch --hosts-dir "$WORK/certs.d" --retries 0 --proxy http://localhost:1 -v \
        "base@sha256:$(printf %064d 0)"
    expect_status 5
    for host in mirror.example.org cache.example.org registry-1.docker.io; do
        expect_text err "$host"
    done
    sed -i "s,https://mirror.example.org,http://$registry,; s,^  ca = .*,," \
        "$WORK/certs.d/docker.io/hosts.toml"
    rm -rf "$TUG_STORE"
    run fetch --hosts-dir "$WORK/certs.d" base:3
    expect_status 0
    expect_images docker.io/library/base:3
}

systemd
cron
gitlab
kubernetes
hosts
