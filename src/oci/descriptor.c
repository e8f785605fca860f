/* SPDX-License-Identifier: Apache-2.0
 *
 * Read descriptors and platforms from JSON.
 *
 * Knows: image-spec 1.1.1 "descriptor", base/json.h.
 * Does not know: the network, the store, where in a document a descriptor is.
 * Threads: any.
 */
#include "oci/descriptor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "oci/digest.h"
#include "oci/limits.h"
#include "oci/platform.h"

const char *const tug__descriptor_names[] = {
    "mediaType", "digest", "size", "urls", "data", "annotations", "platform", "artifactType", NULL,
};

/* The members of a platform object; an image config has them at its top level. */
static const char *const platform_names[] = {
    "os", "architecture", "variant", "os.version", "os.features", NULL,
};

/* Printable ASCII only: no control characters of any kind, no look-alike characters. */
static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

enum tug_status tug__media_type_check(const char *media_type, struct tug_error *err)
{
    if (strlen(media_type) > TUG__MEDIA_TYPE_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "mediaType: over the limit of %d characters",
                         TUG__MEDIA_TYPE_MAX);
    }
    if (!is_printable(media_type)) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "mediaType: '%s' has characters not allowed in a media type", media_type);
    }
    return TUG_OK;
}

/* Copy a string member into a platform field; a missing one leaves the field unchanged. */
static enum tug_status read_field(const struct tug__json_value *value, const char *key,
                                  char field[TUG_PLATFORM_FIELD_MAX], struct tug_error *err)
{
    const char *text = NULL;
    const enum tug_status status = tug__json_get_string(value, key, &text, err);

    if (status != TUG_OK || text == NULL) {
        return status;
    }
    if (strlen(text) >= TUG_PLATFORM_FIELD_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "%s: over the limit of %d characters", key,
                         TUG_PLATFORM_FIELD_MAX - 1);
    }
    if (!is_printable(text)) {
        return tug__fail(err, TUG_ERR_CONTENT, "%s: '%s' has characters not allowed in a platform",
                         key, text);
    }
    (void)strcpy(field, text);
    return TUG_OK;
}

enum tug_status tug__platform_read(const struct tug__json_value *value,
                                   struct tug_platform *out_platform, struct tug_error *err)
{
    struct tug_platform platform = {0};
    enum tug_status status;

    if (!tug__json_is_object(value)) {
        return tug__fail(err, TUG_ERR_CONTENT, "not an object");
    }
    status = tug__json_check_names(value, platform_names, err);
    if (status == TUG_OK) {
        status = read_field(value, "os", platform.os, err);
    }
    if (status == TUG_OK) {
        status = read_field(value, "architecture", platform.architecture, err);
    }
    if (status == TUG_OK) {
        status = read_field(value, "variant", platform.variant, err);
    }
    if (status == TUG_OK) {
        status = read_field(value, "os.version", platform.os_version, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    tug__platform_normalise(&platform);
    *out_platform = platform;
    return TUG_OK;
}

static enum tug_status read_media_type(const struct tug__json_value *value,
                                       struct tug__descriptor *descriptor, struct tug_error *err)
{
    const char *text = NULL;
    enum tug_status status = tug__json_get_string(value, "mediaType", &text, err);

    if (status != TUG_OK) {
        return status;
    }
    /* required by the specification, but missing in old documents */
    text = text != NULL ? text : "";
    status = tug__media_type_check(text, err);
    if (status != TUG_OK) {
        return status;
    }
    descriptor->kind = tug__media_kind(text);
    descriptor->media_type = tug__strndup(text, strlen(text));
    return descriptor->media_type != NULL ? TUG_OK : tug__fail_memory(err);
}

enum tug_status tug__artifact_type_read(const struct tug__json_value *value, char **out_type,
                                        struct tug_error *err)
{
    const char *const text = tug__json_text(tug__json_get(value, "artifactType"));

    *out_type = NULL;
    if (text == NULL || *text == '\0' || tug__media_type_check(text, NULL) != TUG_OK) {
        return TUG_OK;
    }
    *out_type = tug__strndup(text, strlen(text));
    return *out_type != NULL ? TUG_OK : tug__fail_memory(err);
}

static enum tug_status read_digest(const struct tug__json_value *value,
                                   struct tug__descriptor *descriptor, struct tug_error *err)
{
    const char *text = NULL;
    const enum tug_status status = tug__json_get_string(value, "digest", &text, err);

    if (status != TUG_OK) {
        return status;
    }
    if (text == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "digest: missing");
    }
    return tug__digest_read(text, &descriptor->digest, err);
}

static enum tug_status read_platform(const struct tug__json_value *value,
                                     struct tug__descriptor *descriptor, struct tug_error *err)
{
    const struct tug__json_value *const platform = tug__json_get(value, "platform");
    enum tug_status status;

    if (platform == NULL) {
        return TUG_OK;
    }
    status = tug__platform_read(platform, &descriptor->platform, err);
    if (status != TUG_OK) {
        return tug__wrap(err, status, "platform");
    }
    /* some tools write "none" as an object without either */
    descriptor->has_platform =
        descriptor->platform.os[0] != '\0' || descriptor->platform.architecture[0] != '\0';
    return TUG_OK;
}

/* Keep the embedded content when its length can match size; otherwise the blob is fetched as usual.
 */
static enum tug_status read_data(const struct tug__json_value *value,
                                 struct tug__descriptor *descriptor, struct tug_error *err)
{
    const char *const text = tug__json_text(tug__json_get(value, "data"));
    TUG__AUTO_FREE uint8_t *bytes = NULL;
    size_t length = 0;
    enum tug_status status;

    /* base64 is longer than its content: no need to decode text that cannot match */
    if (text == NULL || descriptor->size_bytes > strlen(text)) {
        return TUG_OK;
    }
    status = tug__base64_decode(text, strlen(text), &bytes, &length, err);
    if (status == TUG_ERR_NO_MEMORY) {
        return status;
    }
    if (status == TUG_OK && length == descriptor->size_bytes) {
        descriptor->data = bytes;
        bytes = NULL;
    }
    return TUG_OK;
}

/* Accept an https URL of printable ASCII within the length limit. */
static bool is_usable_url(const char *url)
{
    size_t length = 0;

    if (url == NULL || strncasecmp(url, "https://", strlen("https://")) != 0) {
        return false;
    }
    while (length <= TUG__FOREIGN_URL_MAX && url[length] > ' ' && url[length] <= '~') {
        length++;
    }
    return length <= TUG__FOREIGN_URL_MAX && url[length] == '\0';
}

/* Keep the URLs of a foreign layer; any that is not https is dropped. */
static enum tug_status read_urls(const struct tug__json_value *value,
                                 struct tug__descriptor *descriptor, struct tug_error *err)
{
    const struct tug__json_value *const urls = tug__json_get(value, "urls");
    struct tug__buf text;
    enum tug_status status = TUG_OK;
    size_t length;

    if (descriptor->kind != TUG__MEDIA_FOREIGN) {
        return TUG_OK;
    }
    descriptor->has_urls = tug__json_length(urls) > 0;
    tug__buf_init(&text, TUG__FOREIGN_URLS_MAX * (TUG__FOREIGN_URL_MAX + 1));
    for (size_t i = 0; status == TUG_OK && i < TUG__FOREIGN_URLS_MAX; i++) {
        const char *const url = tug__json_text(tug__json_at(urls, i));

        if (is_usable_url(url)) {
            status = tug__buf_printf(&text, err, "%s%s", text.length > 0 ? " " : "", url);
        }
    }
    descriptor->urls = tug__buf_steal(&text, &length);
    return status;
}

/* The kept annotations, while they are measured (text NULL) or copied. */
struct annotations {
    char *text;
    size_t length;
    size_t count;
};

static bool add_annotation(void *context, const char *key, const struct tug__json_value *member)
{
    struct annotations *const kept = context;
    const char *const value = tug__json_text(member);
    const size_t key_bytes = strlen(key) + 1;
    const size_t value_bytes = value != NULL ? strlen(value) + 1 : 0;

    /* an empty key marks the end of the kept ones */
    if (value == NULL || *key == '\0' || key_bytes + value_bytes > TUG__ANNOTATION_BYTES_MAX) {
        return true;
    }
    if (kept->text != NULL) {
        memcpy(kept->text + kept->length, key, key_bytes);
        memcpy(kept->text + kept->length + key_bytes, value, value_bytes);
    }
    kept->length += key_bytes + value_bytes;
    kept->count++;
    return kept->count < TUG__ANNOTATIONS_MAX;
}

/* Keep the annotations that are within the limits, in one block of their exact length. */
static enum tug_status read_annotations(const struct tug__json_value *value,
                                        struct tug__descriptor *descriptor, struct tug_error *err)
{
    const struct tug__json_value *const members = tug__json_get(value, "annotations");
    struct annotations kept = {0};

    tug__json_each_member(members, add_annotation, &kept);
    if (kept.count == 0) {
        return TUG_OK;
    }
    descriptor->annotations = calloc(1, kept.length + 1);
    if (descriptor->annotations == NULL) {
        return tug__fail_memory(err);
    }
    kept = (struct annotations){.text = descriptor->annotations};
    tug__json_each_member(members, add_annotation, &kept);
    return TUG_OK;
}

const char *tug__descriptor_annotation(const struct tug__descriptor *descriptor, const char *key)
{
    const char *at = descriptor->annotations;

    while (at != NULL && *at != '\0') {
        const char *const value = at + strlen(at) + 1;

        if (strcmp(at, key) == 0) {
            return value;
        }
        at = value + strlen(value) + 1;
    }
    return NULL;
}

enum tug_status tug__descriptor_read(const struct tug__json_value *value,
                                     struct tug__descriptor *out_descriptor, struct tug_error *err)
{
    struct tug__descriptor descriptor = {0};
    struct tug_error ignored;
    enum tug_status status;

    if (!tug__json_is_object(value)) {
        return tug__fail(err, TUG_ERR_CONTENT, "not an object");
    }
    status = tug__json_check_names(value, tug__descriptor_names, err);
    if (status == TUG_OK) {
        status = read_digest(value, &descriptor, err);
    }
    if (status == TUG_OK) {
        status = tug__json_get_size(value, "size", &descriptor.size_bytes, err);
    }
    if (status == TUG_OK && descriptor.size_bytes > TUG__BLOB_BYTES_MAX) {
        status = tug__fail(err, TUG_ERR_CONTENT,
                           "a size of %" PRIu64 " bytes is over the limit of %" PRIu64,
                           descriptor.size_bytes, TUG__BLOB_BYTES_MAX);
    }
    if (status == TUG_OK) {
        status = read_platform(value, &descriptor, err);
    }
    if (status == TUG_OK) {
        status = read_media_type(value, &descriptor, err);
    }
    if (status == TUG_OK) {
        status = read_urls(value, &descriptor, err);
    }
    if (status == TUG_OK) {
        status = tug__artifact_type_read(value, &descriptor.artifact_type, err);
    }
    if (status == TUG_OK) {
        status = read_annotations(value, &descriptor, err);
    }
    if (status == TUG_OK) {
        /* malformed data is ignored and leaves err unchanged */
        status = read_data(value, &descriptor, &ignored);
        if (status != TUG_OK && err != NULL) {
            *err = ignored;
        }
    }
    if (status != TUG_OK) {
        tug__descriptor_fini(&descriptor);
        return status;
    }
    *out_descriptor = descriptor;
    return TUG_OK;
}

void tug__descriptor_fini(struct tug__descriptor *descriptor)
{
    free(descriptor->media_type);
    free(descriptor->data);
    free(descriptor->urls);
    free(descriptor->annotations);
    free(descriptor->artifact_type);
    *descriptor = (struct tug__descriptor){0};
}
