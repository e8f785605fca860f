/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCI image layout directory as content of a fake registry.
 * Knows: json-c, the layout's file names. Does not know: HTTP. Threads: the caller's.
 */
#include "fake_layout.h"

#include <json-c/json.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "fake_internal.h"
#include "tmpdir.h"

#define REF_NAME "org.opencontainers.image.ref.name"
#define DEPTH_MAX 8

struct fake_layout {
    struct fake_registry *registry;
    char *directory;
    struct json_object *index;
};

static const char *get_text(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value) : NULL;
}

/* "DIR/blobs/ALG/HEX" of "ALG:HEX". Owned. */
static char *blob_path(const struct fake_layout *layout, const char *digest)
{
    char *path = NULL;
    if (asprintf(&path, "%s/blobs/%s", layout->directory, digest) < 0) {
        fake_die("no memory for a path");
    }
    char *const colon = strchr(path + strlen(layout->directory), ':');
    if (colon != NULL) {
        *colon = '/';
    }
    return path;
}

static void add_list(struct fake_layout *layout, struct json_object *document, int depth);

/* Serve one descriptor's document, and those below it. */
static void add_document(struct fake_layout *layout, struct json_object *descriptor, int depth)
{
    const char *const digest = get_text(descriptor, "digest");
    const char *const media_type = get_text(descriptor, "mediaType");
    char *const path = digest != NULL ? blob_path(layout, digest) : NULL;
    size_t len = 0;
    char *const text = path != NULL ? tmpdir_read(path, &len) : NULL;
    if (text != NULL) {
        const struct fake_manifest manifest = {
            .digest = digest, .media_type = media_type, .json = text, .len = len};
        fake_manifest_add(layout->registry, &manifest, NULL);
        struct json_object *const document = json_tokener_parse(text);
        add_list(layout, document, depth + 1);
        json_object_put(document);
    }
    free(text);
    free(path);
}

static void add_list(struct fake_layout *layout, struct json_object *document, int depth)
{
    struct json_object *list = NULL;
    if (depth > DEPTH_MAX || !json_object_object_get_ex(document, "manifests", &list)) {
        return;
    }
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        add_document(layout, json_object_array_get_idx(list, i), depth);
    }
}

/* Serve every file of one algorithm's directory. */
static void add_blobs(struct fake_layout *layout, const char *algorithm)
{
    char *path = NULL;
    if (asprintf(&path, "%s/blobs/%s", layout->directory, algorithm) < 0) {
        fake_die("no memory for a path");
    }
    DIR *const directory = opendir(path);
    for (const struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char digest[FAKE_DIGEST_SIZE];
        if (snprintf(digest, sizeof(digest), "%s:%s", algorithm, entry->d_name) <
            (int)sizeof(digest)) {
            char *const file = tmpdir_join(path, entry->d_name);
            fake_blob_add_file(layout->registry, NULL, digest, file, NULL);
            free(file);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    free(path);
}

struct fake_layout *fake_layout_open(struct fake_registry *registry, const char *directory)
{
    struct fake_layout *const layout = fake_alloc(sizeof(*layout));
    layout->registry = registry;
    layout->directory = fake_copy(directory, strlen(directory));
    char *const path = tmpdir_join(directory, "index.json");
    layout->index = json_object_from_file(path);
    if (layout->index == NULL) {
        fake_die("cannot read '%s'", path);
    }
    free(path);
    add_blobs(layout, "sha256");
    add_blobs(layout, "sha384");
    add_blobs(layout, "sha512");
    add_list(layout, layout->index, 0);
    return layout;
}

void fake_layout_tag(struct fake_layout *layout, const char *repo, const char *tag,
                     const char *ref_name)
{
    struct json_object *list = NULL;
    json_object_object_get_ex(layout->index, "manifests", &list);
    const size_t count = list != NULL ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *const entry = json_object_array_get_idx(list, i);
        struct json_object *notes = NULL;
        json_object_object_get_ex(entry, "annotations", &notes);
        const char *const name = notes != NULL ? get_text(notes, REF_NAME) : NULL;
        if (name != NULL && strcmp(name, ref_name) == 0) {
            fake_tag_set(layout->registry, repo, tag, get_text(entry, "digest"));
            return;
        }
    }
    fake_die("no entry named '%s' in '%s/index.json'", ref_name, layout->directory);
}

void fake_layout_close(struct fake_layout *layout)
{
    if (layout != NULL) {
        json_object_put(layout->index);
        free(layout->directory);
        free(layout);
    }
}
