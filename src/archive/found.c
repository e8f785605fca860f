/* SPDX-License-Identifier: Apache-2.0
 *
 * The images that an archive names, and what they are called.
 *
 * Knows: index.json, references. Does not know: partial files, archives. Threads: the calling one.
 */
#include "archive/found.h"

#include <stdlib.h>
#include <string.h>

#include <tug/ref.h>

#include "archive/limits.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "oci/descriptor.h"
#include "index/annotations.h"

static const struct tug__json_limits list_limits = {
    TUG__ARCHIVE_LIST_BYTES_MAX, TUG__JSON_DEPTH_MAX, TUG__ARCHIVE_LIST_VALUES_MAX};

struct tug__image_found *tug__images_add(struct tug__images_found *images)
{
    if (images->count == images->capacity) {
        const size_t capacity = images->capacity > 0 ? images->capacity * 2 : 8;
        struct tug__image_found *const grown =
            reallocarray(images->images, capacity, sizeof *grown);

        if (grown == NULL) {
            return NULL;
        }
        images->images = grown;
        images->capacity = capacity;
    }
    images->images[images->count] = (struct tug__image_found){0};
    return &images->images[images->count++];
}

static void image_fini(struct tug__image_found *image)
{
    for (size_t i = 0; i < image->label_count; i++) {
        free(image->labels[i]);
    }
    for (size_t i = 0; i < image->source_count; i++) {
        free(image->sources[i].host);
        free(image->sources[i].repository);
    }
    free(image->labels);
    free(image->sources);
    free(image->name);
    free(image->poor_name);
    free(image->media_type);
    free(image->left_out);
    free(image->platforms);
    free(image->refers_to);
}

void tug__images_fini(struct tug__images_found *images)
{
    for (size_t i = 0; i < images->count; i++) {
        image_fini(&images->images[i]);
    }
    free(images->images);
    *images = (struct tug__images_found){0};
}

enum tug_status tug__image_set_name(struct tug__image_found *image, const char *full,
                                    const char *ref_name, struct tug_error *err)
{
    const char *const texts[] = {full, ref_name};
    const char *poor = NULL;
    struct tug_ref *ref = NULL;

    for (size_t i = 0; ref == NULL && i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i] != NULL && texts[i][strcspn(texts[i], "/:")] != '\0') {
            (void)tug_ref_parse(texts[i], &ref, NULL);
        }
        poor = texts[i] != NULL ? texts[i] : poor;
    }
    if (ref != NULL) {
        image->name = strdup(tug_ref_name(ref));
        tug_ref_destroy(ref);
        return image->name != NULL ? TUG_OK : tug__fail_memory(err);
    }
    return tug__text_copy(&image->poor_name, poor) ? TUG_OK : tug__fail_memory(err);
}

/* One reading of annotations. */
struct reading {
    struct tug__image_found *image;
    bool has_failed; /* without memory */
};

static bool add_label(struct tug__image_found *image, const char *key, const char *value)
{
    char **const grown = reallocarray(image->labels, image->label_count + 1, sizeof *image->labels);
    char *label;

    if (grown == NULL) {
        return false;
    }
    image->labels = grown;
    label = malloc(strlen(key) + strlen(value) + 2);
    if (label == NULL) {
        return false;
    }
    (void)stpcpy(stpcpy(stpcpy(label, key), "="), value);
    grown[image->label_count++] = label;
    return true;
}

static bool add_source(struct tug__image_found *image, const char *host, const char *repository,
                       size_t length)
{
    struct tug__image_source *const grown =
        reallocarray(image->sources, image->source_count + 1, sizeof *image->sources);
    struct tug__image_source *source;

    if (grown == NULL) {
        return false;
    }
    image->sources = grown;
    source = &image->sources[image->source_count++];
    *source = (struct tug__image_source){strdup(host), tug__strndup(repository, length)};
    return source->host != NULL && source->repository != NULL;
}

/* Repositories with commas between them. */
static bool add_sources(struct tug__image_found *image, const char *host, const char *value)
{
    while (*value != '\0') {
        const size_t length = strcspn(value, ",");

        if (length > 0 && !add_source(image, host, value, length)) {
            return false;
        }
        value += length;
        value += *value == ',';
    }
    return true;
}

static bool take_annotation(void *context, const char *key, const struct tug__json_value *member)
{
    struct reading *const reading = context;
    struct tug__image_found *const image = reading->image;
    const char *const value = tug__json_text(member);
    const size_t prefix = strlen(TUG__INDEX_SOURCE_PREFIX);
    bool is_done = true;

    if (value == NULL) {
        return true;
    }
    if (strcmp(key, TUG__INDEX_LEFT_OUT) == 0) {
        is_done = tug__text_copy(&image->left_out, value);
    } else if (strcmp(key, TUG__INDEX_PLATFORMS) == 0) {
        is_done = tug__text_copy(&image->platforms, value);
    } else if (strcmp(key, TUG__INDEX_REFERS_TO) == 0) {
        is_done = tug__text_copy(&image->refers_to, value);
    } else if (strcmp(key, TUG__INDEX_INDEX) == 0) {
        (void)tug_digest_parse(value, strlen(value), &image->index_digest, NULL);
    } else if (strcmp(key, TUG__INDEX_CONVERTED_FROM) == 0) {
        (void)tug_digest_parse(value, strlen(value), &image->converted_from, NULL);
    } else if (strncmp(key, TUG__INDEX_SOURCE_PREFIX, prefix) == 0) {
        is_done = add_sources(image, key + prefix, value);
    } else if (tug__index_is_label(key) && key[0] != '\0' && strchr(key, '=') == NULL) {
        is_done = add_label(image, key, value);
    }
    reading->has_failed = reading->has_failed || !is_done;
    return is_done;
}

/* Give the sources the ports of their hosts, which their keys lack. Returns: false without memory.
 */
static bool add_ports(struct tug__image_found *image, const struct tug__json_value *notes)
{
    struct tug__index_origin origin = {
        .name = tug__json_text(tug__json_get(notes, TUG__INDEX_IMAGE_NAME)),
        .noted = tug__json_text(tug__json_get(notes, TUG__INDEX_SOURCE)),
    };

    for (size_t i = 0; i < image->source_count; i++) {
        struct tug__image_source *const source = &image->sources[i];
        size_t length = 0;
        const char *host;
        char *full;

        origin.host = source->host;
        origin.repository = source->repository;
        origin.repository_length = strlen(source->repository);
        host = tug__index_origin_host(&origin, &length);
        full = tug__strndup(host, length);
        if (full == NULL) {
            return false;
        }
        free(source->host);
        source->host = full;
    }
    return true;
}

/* Read one element of index.json. */
static enum tug_status read_element(struct tug__image_found *image,
                                    const struct tug__json_value *element, struct tug_error *err)
{
    const struct tug__json_value *const notes = tug__json_get(element, "annotations");
    struct reading reading = {.image = image};
    struct tug__descriptor descriptor = {0};
    const char *own;
    enum tug_status status = tug__descriptor_read(element, &descriptor, err);

    if (status != TUG_OK) {
        return status;
    }
    image->digest = descriptor.digest;
    image->size_bytes = descriptor.size_bytes;
    image->media_type = strdup(descriptor.media_type);
    image->has_platform = descriptor.has_platform;
    image->platform = descriptor.platform;
    tug__descriptor_fini(&descriptor);
    tug__json_each_member(notes, take_annotation, &reading);
    if (reading.has_failed || image->media_type == NULL || !add_ports(image, notes)) {
        return tug__fail_memory(err);
    }
    own =
        image->refers_to != NULL ? tug__json_text(tug__json_get(notes, TUG__INDEX_OWN_NAME)) : NULL;
    return tug__image_set_name(
        image, own != NULL ? own : tug__json_text(tug__json_get(notes, TUG__INDEX_IMAGE_NAME)),
        tug__json_text(tug__json_get(notes, TUG__INDEX_REF_NAME)), err);
}

enum tug_status tug__images_read_index(struct tug__images_found *images, const char *text,
                                       size_t length, struct tug_error *err)
{
    struct tug__json *json = NULL;
    enum tug_status status = tug__json_parse(text, length, &list_limits, &json, err);
    const struct tug__json_value *const manifests =
        tug__json_get(status == TUG_OK ? tug__json_root(json) : NULL, "manifests");
    const size_t count = tug__json_length(manifests);

    if (status == TUG_OK && !tug__json_is_array(manifests)) {
        status = tug__fail(err, TUG_ERR_CONTENT, "it has no list of manifests");
    }
    if (status == TUG_OK && count > TUG__ARCHIVE_IMAGES_MAX) {
        status = tug__fail(err, TUG_ERR_TOO_LARGE, "it names more than %zu images",
                           TUG__ARCHIVE_IMAGES_MAX);
    }
    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        struct tug__image_found *const image = tug__images_add(images);

        status = image != NULL ? read_element(image, tug__json_at(manifests, i), err)
                               : tug__fail_memory(err);
        if (status != TUG_OK) {
            (void)tug__wrap(err, status, "manifests[%zu]", i);
        }
    }
    tug__json_destroy(json);
    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "index.json");
}

enum tug_status tug__images_check_layout(const char *text, size_t length, struct tug_error *err)
{
    static const struct tug__json_limits limits = {TUG__ARCHIVE_LAYOUT_BYTES_MAX, 8, 100};
    struct tug__json *json = NULL;
    const char *version = NULL;
    enum tug_status status = tug__json_parse(text, length, &limits, &json, err);

    if (status == TUG_OK) {
        status = tug__json_get_string(tug__json_root(json), "imageLayoutVersion", &version, err);
    }
    if (status == TUG_OK && (version == NULL || strncmp(version, "1.", 2) != 0)) {
        status = tug__fail(err, TUG_ERR_CONTENT, "a layout of version '%.40s', not 1.x",
                           version != NULL ? version : "");
    }
    tug__json_destroy(json);
    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "oci-layout");
}
