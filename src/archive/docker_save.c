/* SPDX-License-Identifier: Apache-2.0
 *
 * What `docker save` and its relatives write.
 *
 * Knows: manifest.json, configs, the OCI manifest. Does not know: index.json's text, HTTP.
 * Threads: the calling one.
 */
#include "archive/docker_save.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/layer.h"
#include "archive/limits.h"
#include "archive/member.h"
#include "base/error.h"
#include "base/json.h"
#include "oci/digest.h"

#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define CONFIG_TYPE "application/vnd.oci.image.config.v1+json"

static const struct tug__json_limits list_limits = {
    TUG__ARCHIVE_LIST_BYTES_MAX, TUG__JSON_DEPTH_MAX, TUG__ARCHIVE_LIST_VALUES_MAX};
static const struct tug__json_limits config_limits = {TUG__CONFIG_BYTES_MAX, TUG__JSON_DEPTH_MAX,
                                                      TUG__JSON_VALUES_MAX};

/* One image while its manifest is made. */
struct saved {
    const struct tug__docker_save *save;
    const struct tug__json_value *entry; /* of manifest.json */
    const char *config_name;             /* borrowed from entry */
    struct tug__part config;
    struct tug__part *layers; /* owned */
    size_t layer_count;
    struct tug__json *config_json; /* owned */
    struct tug__buf manifest;
};

/* Find the content that manifest.json means, and see to it that it becomes a blob. */
static enum tug_status find_content(const struct saved *saved, const char *raw,
                                    struct tug__part *out_part, struct tug_error *err)
{
    struct tug__intake *const intake = saved->save->intake;
    char name[TUG__ARCHIVE_NAME_MAX];
    struct tug_digest digest;
    bool is_present = false;
    enum tug_status status = tug__member_name(raw, name, err);

    if (status != TUG_OK) {
        return status;
    }
    if (tug__member_use(name, &digest) != TUG__USE_BLOB) {
        status = tug__table_find(saved->save->table, name, out_part, err);
        return status == TUG_OK ? tug__intake_need(intake, &out_part->digest, err) : status;
    }
    out_part->digest = digest;
    status = tug_store_stat(intake->store, &digest, &is_present, &out_part->size_bytes, err);
    return status != TUG_OK || is_present
               ? status
               : tug__fail(err, TUG_ERR_CONTENT, "the archive lacks '%s'", name);
}

/* Find config and layers. */
static enum tug_status find_parts(struct saved *saved, struct tug_error *err)
{
    const struct tug__json_value *const layers = tug__json_get(saved->entry, "Layers");
    enum tug_status status = TUG_OK;

    saved->config_name = tug__json_text(tug__json_get(saved->entry, "Config"));
    saved->layer_count = tug__json_length(layers);
    if (saved->config_name == NULL || saved->layer_count > TUG__ARCHIVE_LAYERS_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "it has no Config, or more than %zu Layers",
                         TUG__ARCHIVE_LAYERS_MAX);
    }
    saved->layers = calloc(saved->layer_count + 1, sizeof *saved->layers);
    if (saved->layers == NULL) {
        return tug__fail_memory(err);
    }
    status = find_content(saved, saved->config_name, &saved->config, err);
    for (size_t i = 0; status == TUG_OK && i < saved->layer_count; i++) {
        const char *const name = tug__json_text(tug__json_at(layers, i));

        status = name != NULL ? find_content(saved, name, &saved->layers[i], err)
                              : tug__fail(err, TUG_ERR_CONTENT, "Layers[%zu] is not a text", i);
    }
    return status == TUG_OK ? tug__intake_commit(saved->save->intake, err) : status;
}

/* Read the config, which has to have the digest that its name says. */
static enum tug_status read_config(struct saved *saved, struct tug_error *err)
{
    struct tug_digest said;
    struct tug__buf buf;
    enum tug_status status;

    if (tug__member_digest(saved->config_name, &said) &&
        !tug_digest_equal(&said, &saved->config.digest)) {
        return tug__fail(err, TUG_ERR_CONTENT, "config '%.200s' has another digest",
                         saved->config_name);
    }
    tug__buf_init(&buf, TUG__CONFIG_BYTES_MAX);
    status = tug__store_read(saved->save->intake->store, &saved->config.digest, &buf, err);
    if (status == TUG_OK) {
        status = tug__json_parse(buf.data, buf.length, &config_limits, &saved->config_json, err);
    }
    tug__buf_fini(&buf);
    return status == TUG_OK ? TUG_OK
                            : tug__wrap(err, status, "config '%.200s'", saved->config_name);
}

/* Check that the layers are those that the config was made with, in their order. */
static enum tug_status check_layers(const struct saved *saved, enum tug__packing *packings,
                                    struct tug_error *err)
{
    const struct tug__json_value *const ids =
        tug__json_get(tug__json_get(tug__json_root(saved->config_json), "rootfs"), "diff_ids");
    enum tug_status status = TUG_OK;

    if (tug__json_length(ids) != saved->layer_count) {
        return tug__fail(err, TUG_ERR_CONTENT, "config '%.200s' is of %zu layers, not of %zu",
                         saved->config_name, tug__json_length(ids), saved->layer_count);
    }
    for (size_t i = 0; status == TUG_OK && i < saved->layer_count; i++) {
        const char *const text = tug__json_text(tug__json_at(ids, i));
        struct tug_digest id = {0};

        status = tug__digest_read(text != NULL ? text : "", &id, err);
        if (status == TUG_OK) {
            status = tug__layer_check(saved->save->intake, &saved->layers[i].digest, &id,
                                      &packings[i], err);
        }
        if (status != TUG_OK) {
            (void)tug__wrap(err, status, "layer %zu", i + 1);
        }
    }
    return status;
}

static enum tug_status append_descriptor(struct tug__buf *buf, const char *media_type,
                                         const struct tug__part *part, struct tug_error *err)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    return tug__buf_printf(buf, err,
                           "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%" PRIu64 "}",
                           media_type, tug_digest_format(&part->digest, digest), part->size_bytes);
}

/* Write the manifest, as other tools do: members in the specification's order, no space. */
static enum tug_status make_manifest(struct saved *saved, const enum tug__packing *packings,
                                     struct tug_error *err)
{
    struct tug__buf *const buf = &saved->manifest;
    enum tug_status status = tug__buf_printf(
        buf, err, "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE "\",\"config\":");

    if (status == TUG_OK) {
        status = append_descriptor(buf, CONFIG_TYPE, &saved->config, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_printf(buf, err, ",\"layers\":[");
    }
    for (size_t i = 0; status == TUG_OK && i < saved->layer_count; i++) {
        status = i > 0 ? tug__buf_append(buf, ",", 1, err) : TUG_OK;
        if (status == TUG_OK) {
            status = append_descriptor(buf, tug__packing_layer_type(packings[i]), &saved->layers[i],
                                       err);
        }
    }
    return status == TUG_OK ? tug__buf_append(buf, "]}", 2, err) : status;
}

/* Add the image under one name. */
static enum tug_status add_image(const struct saved *saved, const struct tug_digest *digest,
                                 const char *tag, struct tug_error *err)
{
    struct tug__images_found *const images = saved->save->images;
    struct tug__image_found *image;

    if (images->count == TUG__ARCHIVE_IMAGES_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "more than %zu images", TUG__ARCHIVE_IMAGES_MAX);
    }
    image = tug__images_add(images);
    if (image == NULL) {
        return tug__fail_memory(err);
    }
    image->digest = *digest;
    image->size_bytes = saved->manifest.length;
    image->media_type = strdup(MANIFEST_TYPE);
    return image->media_type != NULL ? tug__image_set_name(image, tag, NULL, err)
                                     : tug__fail_memory(err);
}

static enum tug_status add_images(const struct saved *saved, const struct tug_digest *digest,
                                  struct tug_error *err)
{
    const struct tug__json_value *const tags = tug__json_get(saved->entry, "RepoTags");
    const size_t count = tug__json_length(tags);
    enum tug_status status = count == 0 ? add_image(saved, digest, NULL, err) : TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = add_image(saved, digest, tug__json_text(tug__json_at(tags, i)), err);
    }
    return status;
}

static enum tug_status read_saved(struct saved *saved, struct tug_error *err)
{
    enum tug__packing packings[TUG__ARCHIVE_LAYERS_MAX];
    struct tug_digest digest = {0};
    enum tug_status status = find_parts(saved, err);

    if (status == TUG_OK) {
        status = read_config(saved, err);
    }
    if (status == TUG_OK) {
        status = check_layers(saved, packings, err);
    }
    if (status == TUG_OK) {
        status = make_manifest(saved, packings, err);
    }
    if (status == TUG_OK) {
        status = tug__intake_bytes(saved->save->intake, saved->manifest.data,
                                   saved->manifest.length, &digest, err);
    }
    return status == TUG_OK ? add_images(saved, &digest, err) : status;
}

static enum tug_status read_element(void *context, size_t number, const char *text, size_t length,
                                    struct tug_error *err)
{
    struct saved saved = {.save = context};
    struct tug__json *json = NULL;
    enum tug_status status = tug__json_parse(text, length, &list_limits, &json, err);

    tug__buf_init(&saved.manifest, TUG__MANIFEST_BYTES_MAX);
    if (status == TUG_OK) {
        saved.entry = tug__json_root(json);
        status = read_saved(&saved, err);
    }
    tug__buf_fini(&saved.manifest);
    tug__json_destroy(saved.config_json);
    tug__json_destroy(json);
    free(saved.layers);
    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "image %zu", number + 1);
}

enum tug_status tug__docker_save_read(const struct tug__docker_save *save, const char *text,
                                      size_t length, struct tug_error *err)
{
    const struct tug__json_input input = {.text = text, .length = length, .limits = &list_limits};
    struct tug__docker_save own = *save;
    const enum tug_status status = tug__json_each_element(&input, NULL, read_element, &own, err);

    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "manifest.json");
}
