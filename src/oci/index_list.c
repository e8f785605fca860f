/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists in JSON, of any length: the manifests of an index, an array of strings, results of tug.
 *
 * Knows: digests, media types, platforms, annotations. Does not know: references, the network, the
 * store. Threads: any.
 */
#include <string.h>

#include <tug/oci.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "oci/descriptor.h"
#include "oci/digest.h"
#include "oci/media_type.h"
#include "oci/platform.h"

#define SPACES " \t\r\n"

/* A list in a local file may be longer than a document from a registry. */
static const struct tug__json_limits list_limits = {(size_t)256 * 1024 * 1024, 64, 64000000};
static const struct tug__json_limits entry_limits = {1024 * 1024, 32, 20000};

/* The list being read. */
struct reader {
    tug_list_entry_fn on_entry;
    void *context;
};

bool tug_platform_runs(const struct tug_platform *wanted, const struct tug_platform *offered)
{
    return tug__platform_rank(wanted, offered) < TUG__PLATFORM_NO_MATCH;
}

/* Find the full name in the annotations. In the specification's one, most tools write only
 * a tag. */
static enum tug_status read_name(const struct tug__json_value *value, const char **out_name,
                                 struct tug_error *err)
{
    const struct tug__json_value *const annotations = tug__json_get(value, "annotations");
    const char *name = NULL;
    enum tug_status status =
        tug__json_get_string(annotations, "io.containerd.image.name", &name, err);

    if (status == TUG_OK && name == NULL) {
        status = tug__json_get_string(annotations, "org.opencontainers.image.ref.name", &name, err);
        name = name != NULL && strchr(name, '/') != NULL ? name : NULL;
    }
    *out_name = name;
    return status;
}

static enum tug_status read_platform(const struct tug__json_value *value,
                                     struct tug_list_entry *entry, struct tug_error *err)
{
    const struct tug__json_value *const platform = tug__json_get(value, "platform");
    const enum tug_status status =
        platform != NULL ? tug__platform_read(platform, &entry->platform, err) : TUG_OK;

    /* some tools write "none" as an object without either */
    entry->has_platform = entry->platform.os[0] != '\0' || entry->platform.architecture[0] != '\0';
    return status;
}

/* Read a digest: that of what the content was converted from, if it was, because only that is in
 * the registry. notes, key: where that is told. */
static enum tug_status read_digest(const struct tug__json_value *value,
                                   const struct tug__json_value *notes, const char *key,
                                   struct tug_list_entry *entry, struct tug_error *err)
{
    const char *digest = NULL;
    enum tug_status status = tug__json_get_string(notes, key, &digest, err);

    if (status == TUG_OK && digest == NULL) {
        status = tug__json_get_string(value, "digest", &digest, err);
    }
    return status == TUG_OK && digest != NULL ? tug__digest_read(digest, &entry->digest, err)
                                              : status;
}

/* Read one of an index's `manifests` and report it. */
static enum tug_status read_manifest(const struct reader *reader, const char *text, size_t length,
                                     struct tug_error *err)
{
    struct tug__json *json = NULL;
    const struct tug__json_value *root;
    const struct tug__json_value *notes;
    const char *media_type = NULL;
    struct tug_list_entry entry = {0};
    enum tug_status status = tug__json_parse(text, length, &entry_limits, &json, err);

    if (status != TUG_OK) {
        return status;
    }
    root = tug__json_root(json);
    notes = tug__json_get(root, "annotations");
    status = tug__json_check_names(root, tug__descriptor_names, err);
    if (status == TUG_OK) {
        status = read_digest(root, notes, "tug.converted-from", &entry, err);
    }
    if (status == TUG_OK) {
        status = tug__json_get_string(root, "mediaType", &media_type, err);
    }
    if (status == TUG_OK && entry.digest.algorithm == TUG_DIGEST_NONE) {
        status = tug__fail(err, TUG_ERR_CONTENT, "no digest");
    }
    if (status == TUG_OK) {
        status = read_platform(root, &entry, err);
    }
    if (status == TUG_OK) {
        status = read_name(root, &entry.name, err);
    }
    if (status == TUG_OK) {
        /* without a type it may be an index, unless it has a platform */
        entry.is_index = media_type == NULL || *media_type == '\0'
                             ? !entry.has_platform
                             : tug__media_kind(media_type) == TUG__MEDIA_INDEX;
        /* what only refers to an image is none */
        status = tug__json_has(notes, "tug.refers-to")
                     ? TUG_OK
                     : reader->on_entry(reader->context, &entry, err);
    }
    tug__json_destroy(json);
    return status;
}

/* Read one string of an array and report it. */
static enum tug_status read_string(const struct reader *reader, const char *text, size_t length,
                                   struct tug_error *err)
{
    struct tug__buf object = {0};
    struct tug__json *json = NULL;
    struct tug_list_entry entry = {0};
    enum tug_status status;

    if (text[0] != '"') {
        return tug__fail(err, TUG_ERR_CONTENT, "not a string");
    }
    tug__buf_init(&object, entry_limits.max_bytes);
    status = tug__buf_printf(&object, err, "{\"text\":%.*s}", (int)length, text);
    if (status == TUG_OK) {
        status = tug__json_parse(object.data, object.length, &entry_limits, &json, err);
    }
    if (status == TUG_OK) {
        status = tug__json_get_string(tug__json_root(json), "text", &entry.line, err);
    }
    if (status == TUG_OK) {
        status = reader->on_entry(reader->context, &entry, err);
    }
    tug__json_destroy(json);
    tug__buf_fini(&object);
    return status;
}

static enum tug_status on_manifest(void *context, size_t number, const char *text, size_t length,
                                   struct tug_error *err)
{
    const enum tug_status status = read_manifest(context, text, length, err);

    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "manifests[%zu]", number);
}

static enum tug_status on_string(void *context, size_t number, const char *text, size_t length,
                                 struct tug_error *err)
{
    const enum tug_status status = read_string(context, text, length, err);

    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "[%zu]", number);
}

/* --- results, one object per line --- */

/* Read the reference and the digest from a result. out_json: owned; entry borrows from it. */
static enum tug_status read_result(const char *text, size_t length, struct tug__json **out_json,
                                   struct tug_list_entry *entry, struct tug_error *err)
{
    enum tug_status status = tug__json_parse(text, length, &entry_limits, out_json, err);
    const struct tug__json_value *root;

    if (status != TUG_OK) {
        return status;
    }
    root = tug__json_root(*out_json);
    status = tug__json_get_string(root, "ref", &entry->name, err);
    return status == TUG_OK ? read_digest(root, root, "convertedFrom", entry, err) : status;
}

static bool is_result(const char *text, size_t length)
{
    struct tug__json *json = NULL;
    struct tug_list_entry entry = {0};
    const bool is_read = read_result(text, length, &json, &entry, NULL) == TUG_OK;
    const bool has_name = is_read && entry.name != NULL;

    tug__json_destroy(json);
    return has_name;
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (memchr(SPACES, text[i], strlen(SPACES)) == NULL) {
            return false;
        }
    }
    return true;
}

static size_t line_length(const char *text, size_t length)
{
    const char *const end = memchr(text, '\n', length);

    return end != NULL ? (size_t)(end - text) : length;
}

static enum tug_status read_results(const struct reader *reader, const char *text, size_t length,
                                    struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (unsigned long number = 1; status == TUG_OK && length > 0; number++) {
        const size_t line = line_length(text, length);
        const size_t step = line < length ? line + 1 : line;
        struct tug__json *json = NULL;
        struct tug_list_entry entry = {0};

        if (!is_blank(text, line)) {
            status = read_result(text, line, &json, &entry, err);
            if (status == TUG_OK && entry.name != NULL) { /* else it is the total of a plan */
                status = reader->on_entry(reader->context, &entry, err);
            }
            tug__json_destroy(json);
        }
        if (status != TUG_OK) {
            (void)tug__wrap(err, status, "result %lu", number);
        }
        text += step;
        length -= step;
    }
    return status;
}

/* --- any list --- */

/* Describe a known document that is not a list. Returns: NULL for an unknown one. */
static const char *name_document(const char *text, size_t length)
{
    static const char *const known[][2] = {
        {"layers", "an image manifest, not a list of images: name the image itself instead"},
        {"fsLayers", "a schema 1 image manifest, not a list of images"},
        {"rootfs", "an image's config, not a list of images"},
        {"auths", "a credentials file, not a list of images"},
        {"tags", "a registry's list of tags, not of images: write one tag per line"},
        {"imageLayoutVersion",
         "a layout's oci-layout file, not a list of images: name its index.json"},
    };
    struct tug__json *json = NULL;
    const char *name = NULL;

    if (tug__json_parse(text, length, &entry_limits, &json, NULL) != TUG_OK) {
        return NULL;
    }
    for (size_t i = 0; name == NULL && i < sizeof known / sizeof known[0]; i++) {
        name = tug__json_has(tug__json_root(json), known[i][0]) ? known[i][1] : NULL;
    }
    if (tug__json_has(tug__json_root(json), "manifests")) {
        name = NULL;
    }
    tug__json_destroy(json);
    return name;
}

enum tug_status tug_list_each(const char *text, size_t length, tug_list_entry_fn on_entry,
                              void *context, struct tug_error *err)
{
    struct reader reader = {.on_entry = on_entry, .context = context};
    struct tug__json_input input = {.limits = &list_limits};
    const char *name;

    while (length > 0 && is_blank(text, 1)) {
        text++;
        length--;
    }
    input.text = text;
    input.length = length;
    if (length > 0 && *text == '[') {
        return tug__json_each_element(&input, NULL, on_string, &reader, err);
    }
    if (length > 0 && is_result(text, line_length(text, length))) {
        return read_results(&reader, text, length, err);
    }
    name = name_document(text, length);
    if (name != NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "%s", name);
    }
    return tug__json_each_element(&input, "manifests", on_manifest, &reader, err);
}
