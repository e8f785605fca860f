#!/bin/bash
# --images-in: the images of compose files, Kubernetes YAML and Helm's output, and what is said of
# those that are none.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
start_registry --generate web:1=10K --generate db:16=10K --generate init:1=10K --generate job:2=10K

expect_names() { # NAME…: in the output, without the registry
    [ "$(cut -d' ' -f1 "$WORK/out" | sed "s,^$registry/,," | tr '\n' ' ')" = "$* " ] ||
        fail "names: $(cat "$WORK/out")"
}

images_in() { # FILE [OPTION…]
    local file=$1
    shift
    run fetch --progress none --plain-http --from-file "$file" --images-in "$@"
}

compose() {
    cat > "$WORK/compose.yml" << END
x-base: &base
  image: $registry/web:\${WEB:-1}
services:
  web: {<<: *base, ports: ["80:80"]}
  again:
    image: "$registry/web:1"
  db:
    image: $registry/db:\${PG-16}   # of last year
  unset:
    image: $registry/db:\${PG}
END
    WEB=2 images_in "$WORK/compose.yml"
    expect_status 0
    expect_names web:1 db:16
    expect_lines err 1
    expect_match err "tug: warning: $WORK/compose.yml:10: image skipped: \
'$registry/db:.\{PG\}' has a variable without a default"
    WEB=2 images_in "$WORK/compose.yml" -q --progress none
    expect_status 0
    expect_lines err 1 # nothing else tells of it
    expect_text err 'image skipped'
}

# Several documents and lists of them, on standard input; resolve takes them, too.
kubernetes() {
    cat > "$WORK/helm" << END
---
# Source: app/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      initContainers:
        - name: init
          image: "$registry/init:1"
      containers:
        - {name: web, image: '$registry/web:1', imagePullPolicy: Always}
      volumes:
        - name: model
          image:
            reference: $registry/db:16
---
apiVersion: v1
kind: List
items:
  - spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: "$registry/job:2"}]}}}}}
  - spec: {containers: [{image: "$registry/web:1"}]}
END
    "$TUG" resolve --plain-http --from-file - --images-in < "$WORK/helm" \
        > "$WORK/out" 2> "$WORK/err"
    status=$?
    expect_status 0
    expect_empty err
    expect_names init:1 web:1 db:16 job:2
    images_in "$WORK/helm" --failed-file "$WORK/failed" "$registry/none:1"
    expect_status 1
    expect_names init:1 web:1 db:16 job:2
    grep -qx "$registry/none:1" "$WORK/failed" || fail "--failed-file: $(cat "$WORK/failed")"
}

# Everything that is left out is told of with its line; nothing stops the others.
left_out() {
    printf 'image: %s\n' '{{ .Values.image }}' "'{{ .a }}:1'" '' 1.2 '[a]' '{repository: a}' \
        'Bad' '*none' 'a:*' | sed 's/^/---\n/' > "$WORK/left"
    echo "b: {image: '$registry/web:1'}" >> "$WORK/left"
    images_in "$WORK/left"
    expect_status 0
    expect_names web:1
    expect_lines err 9
    for line in 2 4 6 8 10 12 14 16 18; do
        expect_text err "tug: warning: $WORK/left:$line: image skipped: "
    done
    expect_text err ":14: image skipped: invalid reference 'Bad'"
    echo 'services: {}' > "$WORK/none"
    images_in "$WORK/none"
    expect_status 0
    expect_match err "tug: warning: $WORK/none: names no image"
}

refused() {
    printf 'a: b\nservices:\n  web: image: x\n' > "$WORK/bad"
    rm -rf "$TUG_STORE"
    images_in "$WORK/bad" "$registry/web:1"
    expect_status 2
    expect_empty out
    expect_lines err 1
    expect_match err "tug: $WORK/bad:3:13: not YAML: mapping values are not allowed in this context"
    images_in "$WORK"
    expect_status 2
    expect_match err "tug: $WORK: read: Is a directory"
    images_in "$WORK/missing"
    expect_status 2
    expect_match err "tug: $WORK/missing: open: No such file or directory"
    run fetch --images-in a:1
    expect_status 2
    expect_text err "--images-in needs --from-file"
    run fetch --from-file a --images-in --repository a/b
    expect_status 2
    expect_text err "--images-in and --repository exclude each other"
    [ ! -e "$TUG_STORE" ] || fail "a store was made"
}

# Such a file without the option: one hint in each, with the first line that looks like it.
forgotten() {
    printf 'services:\n  web:\n    image: %s\n' "$registry/web:1" > "$WORK/compose.yml"
    printf -- '---\nkind: Pod\n' > "$WORK/pod.yml"
    run fetch --from-file "$WORK/compose.yml" --from-file "$WORK/pod.yml"
    expect_status 2
    expect_match err "tug: .*compose.yml:1: invalid reference 'services:'.*; .*--images-in"
    expect_match err "tug: .*pod.yml:1: invalid reference '---'.*; .*--images-in"
    [ "$(grep -c -e --images-in "$WORK/err")" -eq 2 ] || fail "hints: $(cat "$WORK/err")"
    echo '{"kind": "Pod", "spec": {"containers": [{"image": "a"}]}}' > "$WORK/pod.json"
    run fetch --from-file "$WORK/pod.json"
    expect_status 2
    expect_match err "tug: .*pod.json: manifests: missing; .*--images-in"
    printf 'Bad\n{"a": {}}\n' > "$WORK/lines"
    run fetch --from-file "$WORK/lines" "web:"
    expect_status 2
    expect_no_match err images-in
    echo '{"images": {}}' > "$WORK/other.json"
    run fetch --from-file "$WORK/other.json"
    expect_status 2
    expect_no_match err images-in
}

# A run without such a file does not pay for it.
loads_nothing() {
    LD_DEBUG=files run version
    expect_no_match err libyaml
    LD_DEBUG=files run fetch --dry-run --from-file "$WORK/none" --images-in
    grep -q ld-linux "$WORK/err" || return 0 # one file that needs no library
    expect_text err libyaml
}

compose
kubernetes
left_out
refused
forgotten
loads_nothing
