/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of one image's entry in index.json.
 *
 * Knows: the annotations that name an image, and their grammar. Does not know: documents, the
 * network, the other entries. Threads: any.
 */
#include "store/internal.h"

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

/* Tell whether a later label has the same key and so overrides this one. */
static bool is_overridden(const struct tug__index_entry *entry, size_t position, size_t key_length)
{
    for (size_t i = position + 1; i < entry->label_count; i++) {
        if (strncmp(entry->labels[i], entry->labels[position], key_length + 1) == 0) {
            return true; /* equal up to and including the '=' */
        }
    }
    return false;
}

static enum tug_status append_labels(struct tug__buf *buf, const struct tug__index_entry *entry,
                                     struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < entry->label_count; i++) {
        const size_t key_length = strcspn(entry->labels[i], "=");

        if (!is_overridden(entry, i, key_length)) {
            status = append_annotation(buf, false, entry->labels[i], key_length,
                                       entry->labels[i] + key_length + 1, err);
        }
    }
    return status;
}

static enum tug_status append_annotations(struct tug__buf *buf,
                                          const struct tug__index_entry *entry,
                                          struct tug_error *err)
{
    char source[512];
    /* The host without its port; the brackets of IPv6 stay. */
    const char *const port = strrchr(entry->source_host, ':');
    const bool has_port = port != NULL && strchr(port, ']') == NULL;
    const size_t host_length =
        has_port ? (size_t)(port - entry->source_host) : strlen(entry->source_host);
    enum tug_status status = append_annotation(buf, true, TUG__INDEX_IMAGE_NAME,
                                               strlen(TUG__INDEX_IMAGE_NAME), entry->name, err);

    if (status == TUG_OK && is_ref_name(entry->name)) {
        status = append_annotation(buf, false, TUG__INDEX_REF_NAME, strlen(TUG__INDEX_REF_NAME),
                                   entry->name, err);
    }
    if (status == TUG_OK) {
        (void)snprintf(source, sizeof source, "%s%.*s", TUG__INDEX_SOURCE_PREFIX, (int)host_length,
                       entry->source_host);
        status =
            append_annotation(buf, false, source, strlen(source), entry->source_repository, err);
    }
    if (status == TUG_OK && entry->left_out != NULL) {
        status = append_annotation(buf, false, TUG__INDEX_LEFT_OUT, strlen(TUG__INDEX_LEFT_OUT),
                                   entry->left_out, err);
    }
    return status == TUG_OK ? append_labels(buf, entry, err) : status;
}

enum tug_status tug__index_entry_append(struct tug__buf *buf, const struct tug__index_entry *entry,
                                        struct tug_error *err)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = tug__buf_printf(buf, err, "{\"mediaType\":");

    if (status == TUG_OK) {
        status = tug__json_append_string(buf, entry->media_type, err);
    }
    if (status == TUG_OK) {
        status =
            tug__buf_printf(buf, err, ",\"digest\":\"%s\",\"size\":%" PRIu64 ",\"annotations\":{",
                            tug_digest_format(&entry->digest, digest), entry->size_bytes);
    }
    if (status == TUG_OK) {
        status = append_annotations(buf, entry, err);
    }
    return status == TUG_OK ? tug__buf_append(buf, "}}", 2, err) : status;
}
