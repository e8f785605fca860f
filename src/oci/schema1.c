/* SPDX-License-Identifier: Apache-2.0
 *
 * Read schema 1 manifests.
 *
 * Knows: Docker's "image manifest version 2, schema 1", and what Docker checks of it. Does not
 * know: the network, the store, what a manifest becomes.
 * Threads: any.
 */
#include "oci/schema1.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "oci/digest.h"
#include "oci/document.h"
#include "oci/limits.h"

/* Longest id of a layer, Docker's: 64 hex digits. */
#define ID_LENGTH 64

static const struct tug__json_limits limits = {
    .max_bytes = TUG__MANIFEST_BYTES_MAX,
    .max_depth = TUG__JSON_DEPTH_MAX,
    .max_values = TUG__JSON_VALUES_MAX,
};

static const char *const manifest_names[] = {
    "schemaVersion", "architecture", "fsLayers", "history",   "signatures",
    "manifests",     "layers",       "config",   "mediaType", NULL,
};

/* The members of a history that mean something to a converter, or to a reader of the config that
 * the topmost one becomes. */
static const char *const history_names[] = {
    "id",      "parent",       "parent_id", "layer_id",   "throwaway",        "Size",
    "created", "author",       "comment",   "config",     "rootfs",           "history",
    "os",      "architecture", "variant",   "os.version", "container_config", NULL,
};

/* A layer as the document has it, with its place in the chain. */
struct link {
    struct tug__schema1_layer layer;
    char id[ID_LENGTH + 1];     /* "": not told */
    char parent[ID_LENGTH + 1]; /* "": none, or not told */
};

bool tug__schema1_is(const struct tug__json_value *root)
{
    uint64_t version = 0;

    return tug__json_has(root, "fsLayers") ||
           (tug__json_get_size(root, "schemaVersion", &version, NULL) == TUG_OK && version == 1);
}

/* Read an id of a history; absent and empty are the same. It may have any form: it is compared, and
 * nothing else, and containerd never looked at it. */
static enum tug_status read_id(const struct tug__json_value *history, const char *key,
                               char out_id[ID_LENGTH + 1], struct tug_error *err)
{
    const char *text = NULL;
    const enum tug_status status = tug__json_get_string(history, key, &text, err);

    if (status != TUG_OK) {
        return status;
    }
    text = text != NULL ? text : "";
    if (strlen(text) > ID_LENGTH) {
        return tug__fail(err, TUG_ERR_CONTENT, "%s: longer than %d characters", key, ID_LENGTH);
    }
    (void)snprintf(out_id, ID_LENGTH + 1, "%s", text);
    return TUG_OK;
}

/* Read the text of a history. */
static enum tug_status read_history(struct link *link, const char *text, struct tug_error *err)
{
    struct tug__json *json = NULL;
    const struct tug__json_value *history;
    enum tug_status status = tug__json_parse(text, strlen(text), &limits, &json, err);

    if (status != TUG_OK) {
        return status;
    }
    history = tug__json_root(json);
    status = tug__json_check_names(history, history_names, err);
    if (status == TUG_OK) {
        status = read_id(history, "id", link->id, err);
    }
    if (status == TUG_OK) {
        status = read_id(history, "parent", link->parent, err);
    }
    if (status == TUG_OK) {
        link->layer.is_throwaway = tug__json_is_true(tug__json_get(history, "throwaway"));
        link->layer.history = strdup(text);
        status = link->layer.history != NULL ? TUG_OK : tug__fail_memory(err);
    }
    tug__json_destroy(json);
    return status;
}

static enum tug_status read_link(const struct tug__json_value *root, size_t position,
                                 struct link *link, struct tug_error *err)
{
    const struct tug__json_value *const layer =
        tug__json_at(tug__json_get(root, "fsLayers"), position);
    const struct tug__json_value *const history =
        tug__json_at(tug__json_get(root, "history"), position);
    const char *blob = tug__json_text(tug__json_get(layer, "blobSum"));
    const char *text = tug__json_text(tug__json_get(history, "v1Compatibility"));
    enum tug_status status = TUG_OK;

    if (blob == NULL || text == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "%s: missing",
                         blob == NULL ? "fsLayers.blobSum" : "history.v1Compatibility");
    }
    status = tug__digest_read(blob, &link->layer.blob, err);
    if (status != TUG_OK) {
        return tug__wrap(err, status, "fsLayers.blobSum");
    }
    status = read_history(link, text, err);
    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "history.v1Compatibility");
}

static bool is_same_layer(const struct link *a, const struct link *b)
{
    return a->id[0] != '\0' && strcmp(a->id, b->id) == 0;
}

/* Check that each layer is the parent of the one above it, as far as ids are told. A layer may be
 * named several times in a row. links: the topmost first, as in the document. */
static enum tug_status check_chain(const struct link *links, size_t count, struct tug_error *err)
{
    if (links[count - 1].parent[0] != '\0') {
        return tug__fail(err, TUG_ERR_CONTENT, "the lowest layer has a parent, '%.12s'",
                         links[count - 1].parent);
    }
    for (size_t i = 0; i + 1 < count; i++) {
        const struct link *const below = &links[i + 1];

        if (is_same_layer(&links[i], below)) {
            continue;
        }
        if (links[i].parent[0] != '\0' && below->id[0] != '\0' &&
            strcmp(links[i].parent, below->id) != 0) {
            return tug__fail(err, TUG_ERR_CONTENT,
                             "the parent of layer '%.12s' is '%.12s', but below it is '%.12s'",
                             links[i].id, links[i].parent, below->id);
        }
        for (size_t k = i + 2; k < count; k++) {
            if (is_same_layer(&links[i], &links[k])) {
                return tug__fail(err, TUG_ERR_CONTENT, "layer '%.12s' is its own ancestor",
                                 links[i].id);
            }
        }
    }
    return TUG_OK;
}

/* Read what the topmost history says of the platform; what it lacks comes from the manifest. */
static enum tug_status read_platform(const struct tug__json_value *root, const char *history,
                                     struct tug__schema1 *schema1, struct tug_error *err)
{
    const char *architecture = NULL;
    const char *own[2] = {NULL, NULL};
    char text[TUG_PLATFORM_TEXT_MAX];
    struct tug__json *json = NULL;
    bool is_whole = false;
    enum tug_status status =
        tug__config_platform(history, strlen(history), &schema1->platform, &is_whole, err);

    if (status != TUG_OK || is_whole) {
        return status;
    }
    status = tug__json_get_string(root, "architecture", &architecture, err);
    if (status == TUG_OK) {
        status = tug__json_parse(history, strlen(history), &limits, &json, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    own[0] = tug__json_text(tug__json_get(tug__json_root(json), "os"));
    own[1] = tug__json_text(tug__json_get(tug__json_root(json), "architecture"));
    if (own[0] == NULL || *own[0] == '\0') {
        (void)snprintf(schema1->os, sizeof schema1->os, "linux");
    }
    if ((own[1] == NULL || *own[1] == '\0') && architecture != NULL) {
        (void)snprintf(schema1->architecture, sizeof schema1->architecture, "%s", architecture);
    }
    (void)snprintf(text, sizeof text, "%.63s/%.63s", schema1->os[0] != '\0' ? schema1->os : own[0],
                   schema1->architecture[0] != '\0' ? schema1->architecture
                   : own[1] != NULL                 ? own[1]
                                                    : "");
    status = tug_platform_parse(text, &schema1->platform, NULL) == TUG_OK
                 ? TUG_OK
                 : tug__fail(err, TUG_ERR_CONTENT, "architecture: missing, or not one");
    tug__json_destroy(json);
    return status;
}

/* Move the layers into the result, the lowest first, without repetitions. */
static enum tug_status take_layers(struct link *links, size_t count, struct tug__schema1 *schema1,
                                   struct tug_error *err)
{
    schema1->layers = calloc(count, sizeof *schema1->layers);
    if (schema1->layers == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = count; i-- > 0;) {
        if (i + 1 == count || !is_same_layer(&links[i], &links[i + 1])) {
            schema1->layers[schema1->count++] = links[i].layer;
            links[i].layer.history = NULL;
        }
    }
    return TUG_OK;
}

static enum tug_status read_links(const struct tug__json_value *root, struct link *links,
                                  size_t count, struct tug__schema1 *schema1, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = read_link(root, i, &links[i], err);
        if (status != TUG_OK) {
            return tug__wrap(err, status, "layer %zu", i + 1);
        }
    }
    status = check_chain(links, count, err);
    if (status == TUG_OK) {
        status = read_platform(root, links[0].layer.history, schema1, err);
    }
    return status == TUG_OK ? take_layers(links, count, schema1, err) : status;
}

/* Check everything but the layers. */
static enum tug_status check_root(const struct tug__json_value *root, struct tug_error *err)
{
    const struct tug__json_value *const layers = tug__json_get(root, "fsLayers");
    const struct tug__json_value *const history = tug__json_get(root, "history");
    const size_t count = tug__json_length(layers);
    uint64_t version = 0;
    enum tug_status status = tug__json_check_names(root, manifest_names, err);

    if (status == TUG_OK) {
        status = tug__json_get_size(root, "schemaVersion", &version, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    if (version != 1 || tug__json_has(root, "manifests") || tug__json_has(root, "layers") ||
        tug__json_has(root, "config")) {
        return tug__fail(err, TUG_ERR_CONTENT, "ambiguous: members of schema 1 and of schema 2");
    }
    if (count > TUG__SCHEMA1_LAYERS_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "fsLayers: more than %zu",
                         TUG__SCHEMA1_LAYERS_MAX);
    }
    if (count == 0 || tug__json_length(history) != count) {
        return tug__fail(err, TUG_ERR_CONTENT, "it has %zu fsLayers and %zu of history", count,
                         tug__json_length(history));
    }
    return TUG_OK;
}

enum tug_status tug__schema1_read(const struct tug__json_value *root,
                                  struct tug__schema1 *out_schema1, struct tug_error *err)
{
    const size_t count = tug__json_length(tug__json_get(root, "fsLayers"));
    struct tug__schema1 schema1 = {0};
    struct link *links = NULL;
    enum tug_status status = check_root(root, err);

    if (status == TUG_OK) {
        links = calloc(count, sizeof *links);
        status =
            links != NULL ? read_links(root, links, count, &schema1, err) : tug__fail_memory(err);
    }
    for (size_t i = 0; links != NULL && i < count; i++) {
        free(links[i].layer.history);
    }
    free(links);
    if (status != TUG_OK) {
        tug__schema1_fini(&schema1);
        return status;
    }
    *out_schema1 = schema1;
    return TUG_OK;
}

enum tug_status tug__schema1_parse(const char *bytes, size_t length,
                                   struct tug__schema1 *out_schema1, struct tug_error *err)
{
    struct tug__json *json = NULL;
    enum tug_status status = tug__json_parse(bytes, length, &limits, &json, err);

    if (status == TUG_OK) {
        status = tug__schema1_read(tug__json_root(json), out_schema1, err);
    }
    tug__json_destroy(json);
    return status;
}

void tug__schema1_fini(struct tug__schema1 *schema1)
{
    for (size_t i = 0; i < schema1->count; i++) {
        free(schema1->layers[i].history);
    }
    free(schema1->layers);
    *schema1 = (struct tug__schema1){0};
}
