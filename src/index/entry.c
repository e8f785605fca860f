/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of one image's entry in index.json.
 *
 * Knows: the annotations that name an image, and their grammar. Does not know: documents, the
 * network, the other entries. Threads: any.
 */
#include "index/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Grammar of org.opencontainers.image.ref.name: components of alphanumerics joined by one of
 * "-._:@+" or "--", joined by '/'. */
static bool is_ref_name(const char *name)
{
    bool is_start = true; /* an alphanumeric must follow */

    for (const char *at = name; *at != '\0'; at++) {
        if (is_alphanumeric(*at)) {
            is_start = false;
        } else if (is_start || strchr("-._:@+/", *at) == NULL) {
            return false;
        } else {
            is_start = true;
            if (at[0] == '-' && at[1] == '-') {
                at++;
            }
        }
    }
    return !is_start;
}

/* Write a digest; NULL: none. */
static const char *digest_text(const struct tug_digest *digest, char text[TUG_DIGEST_TEXT_MAX])
{
    return digest != NULL ? tug_digest_format(digest, text) : NULL;
}

/* Append `,"key":"value"`; the key ends at key_length. */
static enum tug_status append_annotation(struct tug__buf *buf, bool is_first, const char *key,
                                         size_t key_length, const char *value,
                                         struct tug_error *err)
{
    TUG__AUTO_FREE char *name = strndup(key, key_length);
    enum tug_status status = is_first ? TUG_OK : tug__buf_append(buf, ",", 1, err);

    if (name == NULL) {
        return tug__fail_memory(err);
    }
    if (status == TUG_OK) {
        status = tug__json_append_string(buf, name, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_append(buf, ":", 1, err);
    }
    return status == TUG_OK ? tug__json_append_string(buf, value, err) : status;
}

bool tug__index_label_is_overridden(const char *const *labels, size_t count, size_t position)
{
    const size_t length = strcspn(labels[position], "=") + 1; /* up to and including the '=' */

    for (size_t i = position + 1; i < count; i++) {
        if (strncmp(labels[i], labels[position], length) == 0) {
            return true;
        }
    }
    return false;
}

bool tug__index_is_label(const char *key)
{
    return strcmp(key, TUG__INDEX_IMAGE_NAME) != 0 && strcmp(key, TUG__INDEX_REF_NAME) != 0 &&
           strcmp(key, TUG__INDEX_LEFT_OUT) != 0 && strcmp(key, TUG__INDEX_PLATFORMS) != 0 &&
           strcmp(key, TUG__INDEX_INDEX) != 0 && strcmp(key, TUG__INDEX_REFERS_TO) != 0 &&
           strcmp(key, TUG__INDEX_OWN_NAME) != 0 && strcmp(key, TUG__INDEX_CONVERTED_FROM) != 0 &&
           strcmp(key, TUG__INDEX_SOURCE) != 0 &&
           strncmp(key, TUG__INDEX_SOURCE_PREFIX, strlen(TUG__INDEX_SOURCE_PREFIX)) != 0;
}

/* Find the value of a key in the entry's own labels; NULL: none. */
static const char *own_value(const struct tug__index_entry *entry, const char *key)
{
    const size_t length = strlen(key);

    for (size_t i = entry->label_count; i-- > 0;) {
        if (strncmp(entry->labels[i], key, length) == 0 && entry->labels[i][length] == '=') {
            return entry->labels[i] + length + 1;
        }
    }
    return NULL;
}

/* Destination of the old entry's labels. */
struct keeping {
    struct tug__buf *buf;
    const struct tug__index_entry *entry;
    enum tug_status status;
    struct tug_error *err;
};

static bool keep_label(void *context, const char *key, const struct tug__json_value *member)
{
    struct keeping *const keeping = context;
    const char *const own = own_value(keeping->entry, key);
    const char *const value = own != NULL ? own : tug__json_text(member);

    if (tug__index_is_label(key) && value != NULL && (own == NULL || *own != '\0')) {
        keeping->status =
            append_annotation(keeping->buf, false, key, strlen(key), value, keeping->err);
    }
    return keeping->status == TUG_OK;
}

/* Append the new labels. */
static enum tug_status append_labels(struct tug__buf *buf, const struct tug__index_entry *entry,
                                     const struct tug__json_value *old, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < entry->label_count; i++) {
        const char *const label = entry->labels[i];
        const size_t length = strcspn(label, "=");
        TUG__AUTO_FREE char *key = strndup(label, length);

        if (key == NULL) {
            return tug__fail_memory(err);
        }
        if (label[length + 1] != '\0' && !tug__json_has(old, key) &&
            !tug__index_label_is_overridden(entry->labels, entry->label_count, i)) {
            status = append_annotation(buf, false, key, length, label + length + 1, err);
        }
    }
    return status;
}

/* Find TUG__INDEX_SOURCE for an entry that was fetched. out_source: owned; NULL: none is needed.
 * Returns: false when out of memory. */
static bool own_source(const struct tug__index_entry *entry, char **out_source)
{
    const size_t length = strlen(entry->source_host);

    *out_source = NULL;
    if (tug__index_host_length(entry->source_host) == length ||
        (strncmp(entry->name, entry->source_host, length) == 0 && entry->name[length] == '/')) {
        return true;
    }
    if (asprintf(out_source, "%s/%s", entry->source_host, entry->source_repository) < 0) {
        *out_source = NULL;
        return false;
    }
    return true;
}

/* Append TUG__INDEX_SOURCE, which stays when a later fetch has none, as the source does. */
static enum tug_status append_source(struct tug__buf *buf, const struct tug__index_entry *entry,
                                     const struct tug__json_value *old, struct tug_error *err)
{
    TUG__AUTO_FREE char *own = NULL;
    const char *source;

    if (entry->source_host != NULL && !own_source(entry, &own)) {
        return tug__fail_memory(err);
    }
    source = own != NULL ? own : tug__json_text(tug__json_get(old, TUG__INDEX_SOURCE));
    return source != NULL ? append_annotation(buf, false, TUG__INDEX_SOURCE,
                                              strlen(TUG__INDEX_SOURCE), source, err)
                          : TUG_OK;
}

/* Append annotations of tug's own. */
static enum tug_status append_facts(struct tug__buf *buf, const struct tug__index_entry *entry,
                                    struct tug_error *err)
{
    char index[TUG_DIGEST_TEXT_MAX];
    char original[TUG_DIGEST_TEXT_MAX];
    const struct {
        const char *key, *value;
    } facts[] = {
        {TUG__INDEX_LEFT_OUT, entry->left_out},
        {TUG__INDEX_PLATFORMS, entry->platforms},
        {TUG__INDEX_INDEX, digest_text(entry->index_digest, index)},
        {TUG__INDEX_CONVERTED_FROM, digest_text(entry->converted_from, original)},
        {TUG__INDEX_REFERS_TO, entry->refers_to},
    };
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < sizeof facts / sizeof facts[0]; i++) {
        if (facts[i].value != NULL) {
            status = append_annotation(buf, false, facts[i].key, strlen(facts[i].key),
                                       facts[i].value, err);
        }
    }
    return status;
}

static enum tug_status append_annotations(struct tug__buf *buf,
                                          const struct tug__index_entry *entry,
                                          const struct tug__json_value *old,
                                          const struct tug__index_sources *sources,
                                          struct tug_error *err)
{
    struct keeping keeping = {.buf = buf, .entry = entry, .err = err};
    const bool is_image = entry->refers_to == NULL; /* other programs import what has this name */
    enum tug_status status =
        is_image ? append_annotation(buf, true, TUG__INDEX_IMAGE_NAME,
                                     strlen(TUG__INDEX_IMAGE_NAME), entry->name, err)
                 : TUG_OK;

    if (status == TUG_OK && (is_ref_name(entry->name) || !is_image)) {
        status = append_annotation(buf, !is_image, TUG__INDEX_REF_NAME, strlen(TUG__INDEX_REF_NAME),
                                   entry->name, err);
    }
    if (status == TUG_OK) {
        status = tug__index_sources_append(buf, sources, err);
    }
    if (status == TUG_OK) {
        status = append_source(buf, entry, old, err);
    }
    if (status == TUG_OK) {
        status = append_facts(buf, entry, err);
    }
    if (status == TUG_OK) {
        tug__json_each_member(old, keep_label, &keeping);
        status = keeping.status;
    }
    return status == TUG_OK ? append_labels(buf, entry, old, err) : status;
}

/* The members of a platform, in the order of the specification. */
#define PLATFORM_MEMBERS 4
struct platform_member {
    const char *key, *value;
};

static void list_platform(const struct tug_platform *platform,
                          struct platform_member members[PLATFORM_MEMBERS])
{
    members[0] = (struct platform_member){"architecture", platform->architecture};
    members[1] = (struct platform_member){"os", platform->os};
    members[2] = (struct platform_member){"os.version", platform->os_version};
    members[3] = (struct platform_member){"variant", platform->variant};
}

/* Append the platform, without members that are empty. */
static enum tug_status append_platform(struct tug__buf *buf, const struct tug_platform *platform,
                                       struct tug_error *err)
{
    struct platform_member members[PLATFORM_MEMBERS];
    enum tug_status status = tug__buf_printf(buf, err, ",\"platform\":{");
    bool is_first = true;

    list_platform(platform, members);
    for (size_t i = 0; status == TUG_OK && i < PLATFORM_MEMBERS; i++) {
        if (members[i].value[0] != '\0') {
            status = append_annotation(buf, is_first, members[i].key, strlen(members[i].key),
                                       members[i].value, err);
            is_first = false;
        }
    }
    return status == TUG_OK ? tug__buf_append(buf, "}", 1, err) : status;
}

enum tug_status tug__index_entry_append(struct tug__buf *buf, const struct tug__index_entry *entry,
                                        const struct tug__json_value *old,
                                        const struct tug__index_sources *sources,
                                        struct tug_error *err)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = tug__buf_printf(buf, err, "{\"mediaType\":");

    if (status == TUG_OK) {
        status = tug__json_append_string(buf, entry->media_type, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_printf(buf, err, ",\"digest\":\"%s\",\"size\":%" PRIu64,
                                 tug_digest_format(&entry->digest, digest), entry->size_bytes);
    }
    if (status == TUG_OK && entry->platform != NULL) {
        status = append_platform(buf, entry->platform, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_printf(buf, err, ",\"annotations\":{");
    }
    if (status == TUG_OK) {
        status = append_annotations(buf, entry, old, sources, err);
    }
    return status == TUG_OK ? tug__buf_append(buf, "}}", 2, err) : status;
}

/* Tell whether a member has this text; NULL: whether it is absent. */
static bool is_member(const struct tug__json_value *value, const char *key, const char *text)
{
    const struct tug__json_value *const member = tug__json_get(value, key);
    const char *const found = tug__json_text(member);

    return text == NULL ? member == NULL : found != NULL && strcmp(found, text) == 0;
}

/* Tell whether an element has the entry's platform. One that the entry does not say may stay. */
static bool has_platform(const struct tug__index_entry *entry,
                         const struct tug__json_value *element)
{
    const struct tug__json_value *const found = tug__json_get(element, "platform");
    struct platform_member members[PLATFORM_MEMBERS];
    bool is_same = true;

    if (entry->platform == NULL) {
        return true;
    }
    list_platform(entry->platform, members);
    for (size_t i = 0; i < PLATFORM_MEMBERS; i++) {
        const char *const value = members[i].value;

        is_same = is_same && is_member(found, members[i].key, *value != '\0' ? value : NULL);
    }
    return is_same;
}

static bool has_labels(const struct tug__index_entry *entry,
                       const struct tug__json_value *annotations)
{
    for (size_t i = 0; i < entry->label_count; i++) {
        const size_t length = strcspn(entry->labels[i], "=");
        const char *const value = entry->labels[i] + length + 1;
        TUG__AUTO_FREE char *key = strndup(entry->labels[i], length);

        if (!tug__index_label_is_overridden(entry->labels, entry->label_count, i) &&
            (key == NULL || !is_member(annotations, key, *value != '\0' ? value : NULL))) {
            return false;
        }
    }
    return true;
}

/* Tell whether annotations have the names of an entry. */
static bool has_names(const struct tug__index_entry *entry,
                      const struct tug__json_value *annotations)
{
    const bool is_image = entry->refers_to == NULL;

    return is_member(annotations, TUG__INDEX_IMAGE_NAME, is_image ? entry->name : NULL) &&
           ((is_image && !is_ref_name(entry->name)) ||
            is_member(annotations, TUG__INDEX_REF_NAME, entry->name));
}

/* Tell whether annotations have the source of an entry, if it was fetched. */
static bool has_source(const struct tug__index_entry *entry,
                       const struct tug__json_value *annotations)
{
    TUG__AUTO_FREE char *own = NULL;

    return entry->source_host == NULL ||
           (tug__index_sources_have_own(annotations, entry) && own_source(entry, &own) &&
            (own == NULL || is_member(annotations, TUG__INDEX_SOURCE, own)));
}

bool tug__index_entry_is_said(const struct tug__index_entry *entry,
                              const struct tug__json_value *element)
{
    const struct tug__json_value *const annotations = tug__json_get(element, "annotations");
    char text[TUG_DIGEST_TEXT_MAX];
    uint64_t size_bytes;

    return is_member(element, "mediaType", entry->media_type) &&
           is_member(element, "digest", tug_digest_format(&entry->digest, text)) &&
           tug__json_get_size(element, "size", &size_bytes, NULL) == TUG_OK &&
           size_bytes == entry->size_bytes && has_names(entry, annotations) &&
           is_member(annotations, TUG__INDEX_REFERS_TO, entry->refers_to) &&
           is_member(annotations, TUG__INDEX_LEFT_OUT, entry->left_out) &&
           is_member(annotations, TUG__INDEX_PLATFORMS, entry->platforms) &&
           is_member(annotations, TUG__INDEX_INDEX, digest_text(entry->index_digest, text)) &&
           is_member(annotations, TUG__INDEX_CONVERTED_FROM,
                     digest_text(entry->converted_from, text)) &&
           has_platform(entry, element) && has_source(entry, annotations) &&
           has_labels(entry, annotations);
}
