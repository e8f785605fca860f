/* SPDX-License-Identifier: Apache-2.0
 *
 * index.json: which images the store has.
 *
 * Knows: the annotations that name an image. Does not know: whether its content is there.
 * Threads: any; a change is made under the store's lock.
 *
 * The file is edited as text: the elements of `manifests` are found by their places, those of the
 * same name are left out, new ones are added, and everything else stays byte for byte what it was,
 * whoever wrote it.
 */
#include "store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/json.h"

#define INDEX_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define EMPTY_INDEX                                                                                \
    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","              \
    "\"manifests\":[]}"
#define REF_NAME "org.opencontainers.image.ref.name"
#define IMAGE_NAME "io.containerd.image.name"
#define SOURCE_PREFIX "containerd.io/distribution.source."

static const struct tug__json_limits index_limits = {INDEX_BYTES_MAX, 64, 64 * 1024 * 1024};
/* One element, which is parsed into values: small. */
static const struct tug__json_limits entry_limits = {1024 * 1024, 32, 20000};

/* index.json as text, with the places of its elements. */
struct index_text {
    struct tug__buf buf;
    struct tug__json_slice *slices;
    size_t count;
    size_t open, close; /* offsets of '[' and ']' */
};

static void index_fini(struct index_text *index)
{
    tug__buf_fini(&index->buf);
    free(index->slices);
}

static enum tug_status index_read(struct tug_store *store, struct index_text *index,
                                  struct tug_error *err)
{
    struct tug_error scratch = {0};
    enum tug_status status;

    err = err != NULL ? err : &scratch;
    *index = (struct index_text){0};
    tug__buf_init(&index->buf, INDEX_BYTES_MAX);
    status = tug__fs_read_file(store->root_fd, "index.json", &index->buf, err);
    if (status != TUG_OK && err->os_errno == ENOENT) {
        *err = (struct tug_error){0};
        status = tug__buf_append(&index->buf, EMPTY_INDEX, strlen(EMPTY_INDEX), err);
    }
    if (status == TUG_OK) {
        status = tug__json_slices(index->buf.data, index->buf.length, &index_limits, "manifests",
                                  &index->slices, &index->count, &index->open, &index->close, err);
    }
    if (status != TUG_OK) {
        index_fini(index);
        if (status != TUG_ERR_NO_MEMORY) {
            err->code = TUG_ERR_STORE; /* a broken index.json is the store's trouble */
        }
        return tug__wrap(err, status, "'%s/index.json'", store->path);
    }
    return TUG_OK;
}

/* The name an element gives its image: NULL for none. Borrowed from the document. */
static const char *name_of(const struct tug__json *element)
{
    const struct tug__json_value *const annotations =
        tug__json_get(tug__json_root(element), "annotations");
    const char *const name = tug__json_text(tug__json_get(annotations, IMAGE_NAME));

    return name != NULL ? name : tug__json_text(tug__json_get(annotations, REF_NAME));
}

/* Parse one element; NULL when it is not an object we can read, which is not our business. */
static struct tug__json *parse_element(const struct index_text *index, size_t position)
{
    const struct tug__json_slice *const slice = &index->slices[position];
    struct tug__json *element = NULL;

    (void)tug__json_parse(index->buf.data + slice->offset, slice->length, &entry_limits, &element,
                          NULL);
    return element;
}

/* Tell whether an element names one of the entries. */
static bool is_replaced(const struct index_text *index, size_t position,
                        const struct tug__index_entry *entries, size_t count)
{
    struct tug__json *const element = parse_element(index, position);
    const char *const name = element != NULL ? name_of(element) : NULL;
    bool is_named = false;

    for (size_t i = 0; name != NULL && !is_named && i < count; i++) {
        is_named = strcmp(name, entries[i].name) == 0;
    }
    tug__json_destroy(element);
    return is_named;
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Grammar of org.opencontainers.image.ref.name: components of alphanumerics joined by one of
 * "-._:@+" or "--", joined by '/'. */
static bool is_ref_name(const char *name)
{
    bool is_start = true; /* an alphanumeric must come */

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

/* Tell whether a later label has the same key: then that one counts. */
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
    enum tug_status status =
        append_annotation(buf, true, IMAGE_NAME, strlen(IMAGE_NAME), entry->name, err);

    if (status == TUG_OK && is_ref_name(entry->name)) {
        status = append_annotation(buf, false, REF_NAME, strlen(REF_NAME), entry->name, err);
    }
    if (status == TUG_OK) {
        (void)snprintf(source, sizeof source, "%s%.*s", SOURCE_PREFIX, (int)host_length,
                       entry->source_host);
        status =
            append_annotation(buf, false, source, strlen(source), entry->source_repository, err);
    }
    return status == TUG_OK ? append_labels(buf, entry, err) : status;
}

static enum tug_status append_entry(struct tug__buf *buf, const struct tug__index_entry *entry,
                                    struct tug_error *err)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = tug__buf_printf(buf, err, "{\"mediaType\":");

    if (status == TUG_OK) {
        status = tug__json_append_string(buf, entry->media_type, err);
    }
    if (status == TUG_OK) {
        status = tug__buf_printf(buf, err, ",\"digest\":\"%s\",\"size\":%llu,\"annotations\":{",
                                 tug_digest_format(&entry->digest, digest),
                                 (unsigned long long)entry->size_bytes);
    }
    if (status == TUG_OK) {
        status = append_annotations(buf, entry, err);
    }
    return status == TUG_OK ? tug__buf_append(buf, "}}", 2, err) : status;
}

/* Start an element on a line of its own. */
static enum tug_status append_separator(struct tug__buf *buf, bool *is_first, struct tug_error *err)
{
    const char *const separator = *is_first ? "\n" : ",\n";

    *is_first = false;
    return tug__buf_append(buf, separator, strlen(separator), err);
}

/* Tell whether a later entry has the same name: then that one counts. */
static bool is_superseded(const struct tug__index_entry *entries, size_t count, size_t position)
{
    for (size_t i = position + 1; i < count; i++) {
        if (strcmp(entries[i].name, entries[position].name) == 0) {
            return true;
        }
    }
    return false;
}

/* Write the new text: what stays, then the new entries in their order. */
static enum tug_status index_edit(const struct index_text *index,
                                  const struct tug__index_entry *entries, size_t count,
                                  struct tug__buf *out_text, struct tug_error *err)
{
    const char *const text = index->buf.data;
    bool is_first = true;
    enum tug_status status = tug__buf_append(out_text, text, index->open + 1, err);

    for (size_t i = 0; status == TUG_OK && i < index->count; i++) {
        if (is_replaced(index, i, entries, count)) {
            continue;
        }
        status = append_separator(out_text, &is_first, err);
        if (status == TUG_OK) {
            status = tug__buf_append(out_text, text + index->slices[i].offset,
                                     index->slices[i].length, err);
        }
    }
    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        if (is_superseded(entries, count, i)) {
            continue;
        }
        status = append_separator(out_text, &is_first, err);
        if (status == TUG_OK) {
            status = append_entry(out_text, &entries[i], err);
        }
    }
    if (status == TUG_OK) {
        status = tug__buf_append(out_text, "\n", 1, err);
    }
    return status == TUG_OK ? tug__buf_append(out_text, text + index->close,
                                              index->buf.length - index->close, err)
                            : status;
}

static enum tug_status put_locked(struct tug_store *store, const struct tug__index_entry *entries,
                                  size_t count, struct tug_error *err)
{
    struct index_text index;
    struct tug__buf text;
    enum tug_status status = index_read(store, &index, err);

    if (status != TUG_OK) {
        return status;
    }
    tug__buf_init(&text, INDEX_BYTES_MAX);
    status = index_edit(&index, entries, count, &text, err);
    if (status == TUG_OK &&
        (text.length != index.buf.length || memcmp(text.data, index.buf.data, text.length) != 0)) {
        status = tug__fs_replace_file(store->root_fd, "index.json.tmp", "index.json", text.data,
                                      text.length, 0644, store->is_durable, err);
    }
    tug__buf_fini(&text);
    index_fini(&index);
    return status;
}

enum tug_status tug__store_index_put(struct tug_store *store,
                                     const struct tug__index_entry *entries, size_t count,
                                     struct tug_error *err)
{
    int lock_fd = -1;
    enum tug_status status = tug__store_lock(store, &lock_fd, err);

    if (status == TUG_OK) {
        status = put_locked(store, entries, count, err);
        tug__store_unlock(lock_fd);
    }
    return status;
}

enum tug_status tug__store_index_find(struct tug_store *store, const char *name, bool *out_found,
                                      struct tug_digest *out_digest, struct tug_error *err)
{
    struct index_text index;
    const enum tug_status status = index_read(store, &index, err);

    if (status != TUG_OK) {
        return status;
    }
    *out_found = false;
    for (size_t i = 0; !*out_found && i < index.count; i++) {
        struct tug__json *const element = parse_element(&index, i);
        const char *const found = element != NULL ? name_of(element) : NULL;
        const char *digest = NULL;

        if (found != NULL && strcmp(found, name) == 0 &&
            tug__json_get_string(tug__json_root(element), "digest", &digest, NULL) == TUG_OK &&
            digest != NULL) {
            *out_found = tug_digest_parse(digest, strlen(digest), out_digest, NULL) == TUG_OK;
        }
        tug__json_destroy(element);
    }
    index_fini(&index);
    return TUG_OK;
}
