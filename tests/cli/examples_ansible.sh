#!/bin/bash
# tools/examples/ansible.yml, by Ansible, on this machine alone.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate team/app:1.4=100K --generate team/worker:1.4=10K
mkdir -p "$WORK/bin"
ln -s "$TUG" "$WORK/bin/tug"
export PATH="$WORK/bin:$PATH"
sed "s,/var/lib/tug,$TUG_STORE,g; s,registry.example.org,$registry,g" \
    "$(dirname "$0")/../../tools/examples/ansible.yml" > "$WORK/ansible.yml"

play() { # WORD…
    ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_NOCOLOR=1 LC_ALL=C.UTF-8 \
        ansible-playbook -i localhost, -c local \
        -e ansible_python_interpreter=/usr/bin/python3 "$@" > "$WORK/out" 2> "$WORK/err"
    status=$?
}

# Twice in one process: a play is "changed" when something came, and the second time nothing does.
play "$WORK/ansible.yml" "$WORK/ansible.yml"
expect_status 0
expect_text out 'ok=4    changed=1    unreachable=0    failed=0'
expect_text out "$registry/team/app:1.4 is sha256:"
run images -q
expect_lines out 2

# It fails when something did not come, and says why.
play -e "{\"tug_images\": [\"$registry/none:1\"]}" "$WORK/ansible.yml"
expect_status 2
expect_text out 'failed=1 '
expect_text out "$registry/none:1: the registry answered 404"
