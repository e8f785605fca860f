#!/bin/bash
# Import: from which archives, under which names, and what it says of those it refuses.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_store.sh
. "$(dirname "$0")/lib_store.sh"
manual="$(dirname "$0")/../../man/tug-import.1"

l=$WORK/layout
layout_begin "$l"
one=$(layout_image "$l" linux/amd64 1)
two=$(layout_image "$l" linux/arm64 2)
index=$(layout_index "$l" "$one" "$two")

# Import into an empty store.
import_fresh() { # WORD…
    rm -rf "$TUG_STORE"
    run import --durability none "$@"
}

names() {
    jq -r '[.manifests[].annotations."io.containerd.image.name"] | sort | join(" ")' \
        "$TUG_STORE/index.json"
}

# An OCI layout as it is, as tar, compressed, from a pipe.
forms_of_a_layout() {
    local form
    layout_name "$l" "$index" r.example/multi:1
    layout_name "$l" "$one" r.example/one:1
    tar -C "$l" -cf "$WORK/a.tar" .
    gzip -k "$WORK/a.tar"
    zstd -q "$WORK/a.tar"
    for form in "$l" "$WORK/a.tar" "$WORK/a.tar.gz" "$WORK/a.tar.zst"; do
        import_fresh "$form"
        expect_status 0
        expect_empty err
        expect_lines out 2
        expect_match out "r.example/multi:1 $(digest_of "$index")"
        expect_match out "r.example/one:1 $(digest_of "$one")"
        diff -r "$l/blobs" "$TUG_STORE/blobs" || fail "$form: other content"
        [ ! -e "$TUG_STORE/ingest/sha256" ] || rmdir "$TUG_STORE/ingest/sha256" ||
            fail "something is left"
        [ -d "$form" ] ||
            { rm -rf "$TUG_STORE" && "$TUG" import - < <(cat "$form") > "$WORK/out"; } ||
            fail "$form: from a pipe"
        diff -r "$l/blobs" "$TUG_STORE/blobs" || fail "$form: other content from a pipe"
    done
    cp "$TUG_STORE/index.json" "$WORK/index.json"
    run import --format json "$WORK/a.tar"
    expect_status 0
    jq -es --arg digest "$(digest_of "$one")" 'length == 2 and .[1].digest == $digest' \
        "$WORK/out" > /dev/null || fail "JSON"
    cmp "$WORK/index.json" "$TUG_STORE/index.json" || fail "twice is not once"
}

# What is exported and imported is the same, with labels, sources and what tug notes.
there_and_back() {
    jq -c '.manifests[0].annotations += {"io.containerd.image.name": "r.example/multi:1",
        "containerd.io/distribution.source.r.example": "a,multi", "team": "blue",
        "containerd.io/distribution.source.mirror.example": "x/y",
        "tug.source": "mirror.example:5000/x/y",
        "tug.index": $digest, "tug.converted-from": $digest}' \
        --arg digest "sha256:$(printf 'a%.0s' {1..64})" "$l/index.json" > "$WORK/new"
    mv "$WORK/new" "$l/index.json"
    import_fresh "$l"
    expect_status 0
    run export -o "$WORK/b.tar" r.example/multi:1 r.example/one:1
    expect_status 0
    tar xOf "$WORK/b.tar" index.json | jq -S '.manifests[0].annotations' > "$WORK/found"
    jq -S '.manifests[0].annotations + {"tug.platforms": "all"}' "$l/index.json" |
        cmp - "$WORK/found" || fail "$(cat "$WORK/found")"
    import_fresh - < "$WORK/b.tar"
    "$TUG" import - < "$WORK/b.tar" > "$WORK/out"
    "$TUG" export r.example/multi:1 r.example/one:1 | cmp - "$WORK/b.tar" || fail "another archive"
    # Of an index some of whose platforms are there, index.json says which, whatever the archive
    # says.
    "$TUG" export --platform linux/arm64 r.example/multi:1 > "$WORK/b.tar"
    import_fresh "$WORK/b.tar"
    expect_status 0
    jq -e '.manifests[0].annotations["tug.platforms"] == "linux/arm64"' "$TUG_STORE/index.json" \
        > /dev/null || fail "$(cat "$TUG_STORE/index.json")"
    mkdir "$WORK/claims"
    tar xf "$WORK/b.tar" -C "$WORK/claims"
    sed -i 's,linux/arm64",all",' "$WORK/claims/index.json"
    cp "$TUG_STORE/index.json" "$WORK/index.json"
    import_fresh "$WORK/claims"
    expect_status 0
    cmp "$WORK/index.json" "$TUG_STORE/index.json" || fail "$(cat "$TUG_STORE/index.json")"
}

# Tags alone are no names, and one name is for one image.
names_and_none() {
    rm -rf "$WORK/tagged"
    cp -r "$l" "$WORK/tagged"
    echo '{"schemaVersion":2,"manifests":[]}' > "$WORK/tagged/index.json"
    layout_name "$WORK/tagged" "$one" latest
    import_fresh "$WORK/tagged"
    expect_status 6
    expect_empty out
    expect_lines err 1
    unnamed="image $(digest_of "$one") has no full name in the archive, only 'latest'"
    expect_match err "tug: $WORK/tagged: $unnamed; give it one with --name"
    run import --name team/app "$WORK/tagged"
    expect_status 0
    expect_match out "docker.io/team/app:latest $(digest_of "$one")"
    run import --name "team/app@$(digest_of "$index")" "$WORK/tagged"
    expect_status 2
    expect_match err "tug: the name 'docker.io/team/app@$(digest_of "$index")' \
has another digest than the image, which is $(digest_of "$one")"
    import_fresh --name "team/app@$(digest_of "$one")" "$WORK/tagged"
    expect_status 0
    layout_name "$WORK/tagged" "$index" r.example/other:1
    import_fresh --name team/app "$WORK/tagged"
    expect_status 2
    expect_match err "tug: the archive has several images, so one name is not enough"
    run import "$WORK/tagged"
    expect_status 0
    expect_match err "tug: warning: $unnamed; left out"
    [ "$(names)" = r.example/other:1 ] || fail "names: $(names)"
    run import --name 'not A NAME' "$WORK/tagged"
    expect_status 2
}

# What docker save wrote before version 25: config, layers, links to layers, no manifest.
docker_save() {
    local d=$WORK/saved layer config digest form
    mkdir -p "$d/first" "$d/second"
    tar -C "$l" -cf "$d/first/layer.tar" oci-layout
    ln -s ../first/layer.tar "$d/second/layer.tar"
    layer=$(sha256sum < "$d/first/layer.tar" | cut -d' ' -f1)
    printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":%s}}' \
        "[\"sha256:$layer\",\"sha256:$layer\"]" > "$d/config"
    config=$(sha256sum < "$d/config" | cut -d' ' -f1)
    mv "$d/config" "$d/$config.json"
    echo 1.0 > "$d/first/VERSION"
    echo '{}' > "$d/repositories"
    printf '[{"Config":"%s.json","RepoTags":["saved:1","r.example/saved:2"],"Layers":%s}]' \
        "$config" '["first/layer.tar","second/layer.tar"]' > "$d/manifest.json"
    # The links, and what they lead to, in any order.
    tar -C "$d" -cf "$WORK/c.tar" manifest.json second first "$config.json" repositories
    tar -C "$d" --sort=name -cf "$WORK/d.tar" .
    for form in c d; do
        import_fresh "$WORK/$form.tar"
        expect_status 0
        expect_lines out 2
        [ "$(names)" = "docker.io/library/saved:1 r.example/saved:2" ] || fail "names: $(names)"
        digest=$(jq -r '.manifests[0].digest' "$TUG_STORE/index.json")
        manifest=$(blob_path "$TUG_STORE" "$digest")
        [ "$(jq -c . "$manifest")" = "$(cat "$manifest")" ] ||
            fail "the manifest has space in it"
        jq -e --arg config "sha256:$config" --arg layer "sha256:$layer" \
            '.mediaType == "application/vnd.oci.image.manifest.v1+json" and
            .config.digest == $config and [.layers[].digest] == [$layer, $layer] and
            .layers[0].mediaType == "application/vnd.oci.image.layer.v1.tar"' \
            "$(blob_path "$TUG_STORE" "$digest")" > /dev/null || fail "manifest"
        [ "$(find "$TUG_STORE/blobs" -type f | wc -l)" -eq 3 ] || fail "more than is needed"
        [ -z "$(find "$TUG_STORE/ingest" -type f)" ] || fail "something is left in ingest"
        echo "$digest" >> "$WORK/digests"
    done
    [ "$(sort -u "$WORK/digests" | wc -l)" -eq 1 ] || fail "the same content, another manifest"

    # Compressed layers have the digest of what is in them.
    gzip -n "$d/first/layer.tar"
    sed -i 's/layer.tar"/layer.tar.gz"/g; s/second/first/' "$d/manifest.json"
    tar -C "$d" -cf "$WORK/e.tar" first "$config.json" manifest.json
    import_fresh "$WORK/e.tar"
    expect_status 0
    digest=$(jq -r '.manifests[0].digest' "$TUG_STORE/index.json")
    jq -e '.layers[1].mediaType == "application/vnd.oci.image.layer.v1.tar+gzip"' \
        "$(blob_path "$TUG_STORE" "$digest")" > /dev/null || fail "media type"
    echo x | gzip > "$d/first/layer.tar.gz"
    tar -C "$d" -cf "$WORK/e.tar" first "$config.json" manifest.json
    import_fresh "$WORK/e.tar"
    expect_status 6
    expect_match err \
        "tug: $WORK/e.tar: manifest.json: image 1: layer 1: its content is not what the config says"
}

# Nothing gets a name unless all is right, and what came stays without one.
refused() {
    local name
    rm -rf "$WORK/bad"
    cp -r "$l" "$WORK/bad"
    rm "$(blob_path "$WORK/bad" "$(layer_of "$WORK/bad" "$one")")"
    for name in "$WORK/bad" "$WORK/bad.tar"; do
        [ -d "$name" ] || tar -C "$WORK/bad" -cf "$name" .
        import_fresh "$name"
        expect_status 6
        expect_empty out
        expect_match err \
            "tug: $name: image 'r.example/one:1': the archive lacks $(layer_of "$l" "$one")"
        [ "$(names)" = "" ] || fail "named: $(names)"
    done
    echo x > "$(blob_path "$WORK/bad" "$(layer_of "$WORK/bad" "$one")")"
    import_fresh "$WORK/bad"
    expect_status 6
    expect_match err "tug: $WORK/bad: .*$(layer_of "$l" "$one"): its content has another digest"
    [ -z "$(find "$TUG_STORE/ingest" -type f)" ] || fail "something is left in ingest"
    # The other platform of the index is enough.
    rm "$(blob_path "$WORK/bad" "$(layer_of "$WORK/bad" "$one")")"
    jq -c 'del(.manifests[1])' "$WORK/bad/index.json" > "$WORK/new"
    cp "$WORK/new" "$WORK/bad/index.json"
    import_fresh "$WORK/bad"
    expect_status 0
    import_fresh --max-size 100 "$WORK/a.tar"
    expect_status 6
    expect_lines err 1
    run import "$WORK/no-such-file"
    expect_status 2
    run import
    expect_status 2
    run import a b
    expect_status 2
    run import /dev/null
    expect_status 6
    rm "$WORK/bad/index.json"
    run import "$WORK/bad"
    expect_status 6
    expect_match err "tug: $WORK/bad: no OCI layout: it has no index.json"
}

options_are_documented() {
    "$TUG" help import | sed -nE 's/^  (-[A-Za-z], |    )--([a-z-]+)( .*)?$/\2/p' |
        grep -vxE 'store|quiet|verbose|debug|color|help|version' | sort > "$WORK/in-help"
    sed -nE 's/^\.It (Fl [A-Za-z] , )?Fl -([a-z-]+).*$/\2/p' "$manual" | sort > "$WORK/in-manual"
    cmp -s "$WORK/in-manual" "$WORK/in-help" || fail "$(diff "$WORK/in-manual" "$WORK/in-help")"
}

forms_of_a_layout
there_and_back
names_and_none
docker_save
refused
options_are_documented
