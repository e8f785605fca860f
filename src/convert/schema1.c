/* SPDX-License-Identifier: Apache-2.0
 *
 * Write config and manifest of a schema 1 image.
 *
 * Knows: image-spec 1.1.1 "config", what Docker and containerd made of schema 1. Does not know: the
 * network, the store, how layers are packed.
 * Threads: any.
 */
#include "convert/schema1.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "convert/convert.h"
#include "oci/limits.h"

static const struct tug__json_limits limits = {
    .max_bytes = TUG__CONFIG_BYTES_MAX,
    .max_depth = TUG__JSON_DEPTH_MAX,
    .max_values = TUG__JSON_VALUES_MAX,
};

/* Members of a history that the config does not have, or has from elsewhere. */
static const char *const dropped_names[] = {
    "id", "parent", "parent_id", "layer_id", "throwaway", "Size", "rootfs", "history", NULL,
};

/* A config that is being written. */
struct writing {
    const struct tug__schema1 *schema1;
    const struct tug__layer_facts *facts;
    const char *text; /* the topmost history */
    struct tug__buf *buf;
    bool is_begun; /* a member was written */
};

static bool is_left_out(const struct writing *writing, size_t layer)
{
    return writing->schema1->layers[layer].is_throwaway || writing->facts[layer].is_blank;
}

static bool is_key(const char *name, size_t length, const char *key)
{
    return strlen(key) == length && memcmp(name, key, length) == 0;
}

/* Tell whether the config does without a member of the topmost history. */
static bool is_dropped(const struct tug__schema1 *schema1, const char *name, size_t length)
{
    for (const char *const *dropped = dropped_names; *dropped != NULL; dropped++) {
        if (is_key(name, length, *dropped)) {
            return true;
        }
    }
    return (schema1->os[0] != '\0' && is_key(name, length, "os")) ||
           (schema1->architecture[0] != '\0' && is_key(name, length, "architecture"));
}

/* Copy a member of the topmost history, byte for byte. */
static enum tug_status copy_member(void *context, const struct tug__json_value_place *place,
                                   struct tug_error *err)
{
    struct writing *const writing = context;
    const char *const name = writing->text + place->key_offset;
    enum tug_status status;

    if (place->depth != 1 || place->end == 0 ||
        is_dropped(writing->schema1, name, place->key_length)) {
        return TUG_OK;
    }
    status = tug__buf_printf(writing->buf, err, "%s", writing->is_begun ? ",\"" : "\"");
    if (status == TUG_OK) {
        status = tug__buf_append(writing->buf, name, place->key_length, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_append(writing->buf, "\":", 2, err);
    }
    writing->is_begun = true;
    return status == TUG_OK ? tug__buf_append(writing->buf, writing->text + place->begin,
                                              place->end - place->begin, err)
                            : status;
}

/* Append a member with a text; NULL or empty: none. */
static enum tug_status append_text(struct writing *writing, const char *key, const char *text,
                                   struct tug_error *err)
{
    enum tug_status status;

    if (text == NULL || *text == '\0') {
        return TUG_OK;
    }
    status = tug__buf_printf(writing->buf, err, "%s\"%s\":", writing->is_begun ? "," : "", key);
    writing->is_begun = true;
    return status == TUG_OK ? tug__json_append_string(writing->buf, text, err) : status;
}

/* Append the command that made a layer, its words joined. */
static enum tug_status append_command(struct writing *writing, const struct tug__json_value *step,
                                      struct tug_error *err)
{
    const struct tug__json_value *const words =
        tug__json_get(tug__json_get(step, "container_config"), "Cmd");
    const size_t count = tug__json_length(words);
    struct tug__buf joined;
    enum tug_status status = TUG_OK;

    tug__buf_init(&joined, TUG__MANIFEST_BYTES_MAX);
    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        const char *const word = tug__json_text(tug__json_at(words, i));

        status = tug__buf_printf(&joined, err, "%s%s", i > 0 ? " " : "", word != NULL ? word : "");
    }
    if (status == TUG_OK) {
        status = append_text(writing, "created_by", joined.data, err);
    }
    tug__buf_fini(&joined);
    return status;
}

/* Append the element of `history` for a layer. */
static enum tug_status append_step(struct writing *writing, size_t layer, struct tug_error *err)
{
    static const char *const texts[] = {"created", "author", "comment"};
    const char *const text = writing->schema1->layers[layer].history;
    struct tug__json *json = NULL;
    enum tug_status status = tug__json_parse(text, strlen(text), &limits, &json, err);

    if (status != TUG_OK) {
        return status;
    }
    writing->is_begun = false;
    status = tug__buf_printf(writing->buf, err, "%s{", layer > 0 ? "," : "");
    for (size_t i = 0; status == TUG_OK && i < sizeof texts / sizeof texts[0]; i++) {
        status = append_text(writing, texts[i],
                             tug__json_text(tug__json_get(tug__json_root(json), texts[i])), err);
    }
    if (status == TUG_OK) {
        status = append_command(writing, tug__json_root(json), err);
    }
    if (status == TUG_OK && is_left_out(writing, layer)) {
        status = tug__buf_printf(writing->buf, err, "%s\"empty_layer\":true",
                                 writing->is_begun ? "," : "");
    }
    tug__json_destroy(json);
    return status == TUG_OK ? tug__buf_append(writing->buf, "}", 1, err) : status;
}

static enum tug_status append_rootfs(struct writing *writing, struct tug_error *err)
{
    char text[TUG_DIGEST_TEXT_MAX];
    bool is_first = true;
    enum tug_status status =
        tug__buf_printf(writing->buf, err, "%s\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[",
                        writing->is_begun ? "," : "");

    for (size_t i = 0; status == TUG_OK && i < writing->schema1->count; i++) {
        if (!is_left_out(writing, i)) {
            status = tug__buf_printf(writing->buf, err, "%s\"%s\"", is_first ? "" : ",",
                                     tug_digest_format(&writing->facts[i].diff_id, text));
            is_first = false;
        }
    }
    return status == TUG_OK ? tug__buf_append(writing->buf, "]}", 2, err) : status;
}

static enum tug_status write_config(struct writing *writing, struct tug_error *err)
{
    const struct tug__schema1 *const schema1 = writing->schema1;
    const struct tug__json_input input = {writing->text, strlen(writing->text), &limits};
    struct tug__json_counts counts;
    enum tug_status status = tug__buf_append(writing->buf, "{", 1, err);

    if (status == TUG_OK) {
        status = tug__json_scan(&input, copy_member, writing, &counts, err);
    }
    if (status == TUG_OK) {
        status = append_text(writing, "architecture", schema1->architecture, err);
    }
    if (status == TUG_OK) {
        status = append_text(writing, "os", schema1->os, err);
    }
    if (status == TUG_OK) {
        status = append_rootfs(writing, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_printf(writing->buf, err, ",\"history\":[");
    }
    for (size_t i = 0; status == TUG_OK && i < schema1->count; i++) {
        status = append_step(writing, i, err);
    }
    return status == TUG_OK ? tug__buf_append(writing->buf, "]}", 2, err) : status;
}

enum tug_status tug__convert_schema1_config(const struct tug__schema1 *schema1,
                                            const struct tug__layer_facts *facts,
                                            struct tug__buf *config, struct tug_error *err)
{
    const size_t begin = config->length;
    struct writing writing = {
        .schema1 = schema1,
        .facts = facts,
        .text = schema1->layers[schema1->count - 1].history,
        .buf = config,
    };
    struct tug__json *json = NULL;
    enum tug_status status = write_config(&writing, err);

    /* A name with escapes may be one that was dropped, or added: then it is there twice. */
    if (status == TUG_OK) {
        status = tug__json_parse(config->data + begin, config->length - begin, &limits, &json, err);
        tug__json_destroy(json);
    }
    if (status != TUG_OK) {
        tug__buf_cut(config, begin);
        return tug__wrap(err, status, "its config");
    }
    return TUG_OK;
}

static enum tug_status append_descriptor(struct tug__buf *buf, const char *media_type,
                                         const struct tug_digest *digest, uint64_t size_bytes,
                                         struct tug_error *err)
{
    char text[TUG_DIGEST_TEXT_MAX];

    return tug__buf_printf(buf, err,
                           "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%" PRIu64 "}",
                           media_type, tug_digest_format(digest, text), size_bytes);
}

enum tug_status tug__convert_schema1_manifest(const struct tug__schema1 *schema1,
                                              const struct tug__layer_facts *facts,
                                              const struct tug_digest *config,
                                              uint64_t config_bytes, struct tug__buf *manifest,
                                              struct tug_error *err)
{
    const struct writing writing = {.schema1 = schema1, .facts = facts};
    const size_t begin = manifest->length;
    bool is_first = true;
    enum tug_status status = tug__buf_printf(
        manifest, err,
        "{\"schemaVersion\":2,\"mediaType\":\"" TUG__OCI_MANIFEST_TYPE "\",\"config\":");

    if (status == TUG_OK) {
        status = append_descriptor(manifest, TUG__OCI_CONFIG_TYPE, config, config_bytes, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_printf(manifest, err, ",\"layers\":[");
    }
    for (size_t i = 0; status == TUG_OK && i < schema1->count; i++) {
        if (is_left_out(&writing, i)) {
            continue;
        }
        status = tug__buf_printf(manifest, err, "%s", is_first ? "" : ",");
        is_first = false;
        if (status == TUG_OK) {
            status = append_descriptor(manifest, facts[i].media_type, &schema1->layers[i].blob,
                                       facts[i].size_bytes, err);
        }
    }
    if (status == TUG_OK) {
        status = tug__buf_append(manifest, "]}", 2, err);
    }
    if (status != TUG_OK) {
        tug__buf_cut(manifest, begin);
    }
    return status;
}
