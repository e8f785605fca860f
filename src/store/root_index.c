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
#define SOURCE_PREFIX "containerd.io/distribution.source."

static const struct tug__json_limits index_limits = {INDEX_BYTES_MAX, 64, 64 * 1024 * 1024};
/* The element that a look found, parsed into values: small. */
static const struct tug__json_limits entry_limits = {1024 * 1024, 32, 20000};

/* index.json as text, with the places of its elements. */
struct index_text {
    struct tug__buf buf;
    struct tug__index_scan scan;
};

/* The names of a change, to be looked up. */
struct change {
    const struct tug__index_entry *entries;
    size_t count;
    struct change_name {
        uint64_t hash;
        size_t position; /* in entries */
    } * names;           /* owned; sorted */
};

static void index_fini(struct index_text *index)
{
    tug__buf_fini(&index->buf);
    tug__index_scan_fini(&index->scan);
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
        status =
            tug__index_scan(index->buf.data, index->buf.length, &index_limits, &index->scan, err);
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

static int compare_names(const void *a, const void *b)
{
    const struct change_name *const left = a;
    const struct change_name *const right = b;

    if (left->hash != right->hash) {
        return left->hash < right->hash ? -1 : 1;
    }
    return (left->position > right->position) - (left->position < right->position);
}

/* out_change: its names are to be freed. */
static enum tug_status change_init(struct change *out_change,
                                   const struct tug__index_entry *entries, size_t count,
                                   struct tug_error *err)
{
    *out_change = (struct change){.entries = entries, .count = count};
    out_change->names = calloc(count + 1, sizeof *out_change->names);
    if (out_change->names == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        out_change->names[i] = (struct change_name){
            .hash = tug__index_name_hash(entries[i].name, strlen(entries[i].name)), .position = i};
    }
    qsort(out_change->names, count, sizeof *out_change->names, compare_names);
    return TUG_OK;
}

/* Tell whether an entry from position first on has that name. */
static bool change_has(const struct change *change, const char *name, size_t length, size_t first)
{
    const struct change_name wanted = {.hash = tug__index_name_hash(name, length),
                                       .position = first};
    size_t low = 0;
    size_t high = change->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (compare_names(&change->names[middle], &wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < change->count && change->names[low].hash == wanted.hash; low++) {
        const char *const found = change->entries[change->names[low].position].name;

        if (strlen(found) == length && memcmp(found, name, length) == 0) {
            return true;
        }
    }
    return false;
}

/* Tell whether an element names one of the entries. */
static bool is_replaced(const struct tug__index_element *element, const struct change *change)
{
    return element->name != NULL && change_has(change, element->name, element->name_length, 0);
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
    enum tug_status status = append_annotation(buf, true, TUG__INDEX_IMAGE_NAME,
                                               strlen(TUG__INDEX_IMAGE_NAME), entry->name, err);

    if (status == TUG_OK && is_ref_name(entry->name)) {
        status = append_annotation(buf, false, TUG__INDEX_REF_NAME, strlen(TUG__INDEX_REF_NAME),
                                   entry->name, err);
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

/* Tell whether a later entry of the same change has the same name: then that one counts. */
static bool is_outdone(const struct change *change, size_t position)
{
    const char *const name = change->entries[position].name;

    return change_has(change, name, strlen(name), position + 1);
}

/* Start an element on a line of its own. */
static enum tug_status append_separator(struct tug__buf *buf, bool *is_first, struct tug_error *err)
{
    const char *const separator = *is_first ? "\n" : ",\n";

    *is_first = false;
    return tug__buf_append(buf, separator, strlen(separator), err);
}

/* Write the new text: what stays, then the new entries in their order. */
static enum tug_status index_edit(const struct index_text *index, const struct change *change,
                                  struct tug__buf *out_text, struct tug_error *err)
{
    const struct tug__index_scan *const scan = &index->scan;
    const char *const text = index->buf.data;
    bool is_first = true;
    enum tug_status status = tug__buf_append(out_text, text, scan->open + 1, err);

    for (size_t i = 0; status == TUG_OK && i < scan->count; i++) {
        const struct tug__index_element *const element = &scan->elements[i];

        if (is_replaced(element, change)) {
            continue;
        }
        status = append_separator(out_text, &is_first, err);
        if (status == TUG_OK) {
            status = tug__buf_append(out_text, text + element->offset, element->length, err);
        }
    }
    for (size_t i = 0; status == TUG_OK && i < change->count; i++) {
        if (is_outdone(change, i)) {
            continue;
        }
        status = append_separator(out_text, &is_first, err);
        if (status == TUG_OK) {
            status = append_entry(out_text, &change->entries[i], err);
        }
    }
    if (status == TUG_OK) {
        status = tug__buf_append(out_text, "\n", 1, err);
    }
    return status == TUG_OK
               ? tug__buf_append(out_text, text + scan->close, index->buf.length - scan->close, err)
               : status;
}

/* Make the new text the file, unless it is the same. */
static enum tug_status replace_text(struct tug_store *store, const struct index_text *index,
                                    const struct tug__buf *text, const struct tug_error *refusal,
                                    struct tug_error *err)
{
    enum tug_status status;

    if (text->length == index->buf.length &&
        memcmp(text->data, index->buf.data, text->length) == 0) {
        return TUG_OK;
    }
    if (refusal != NULL) {
        if (err != NULL) {
            *err = *refusal;
        }
        return refusal->code;
    }
    status = tug__store_sync_blobs(store, err);
    return status == TUG_OK
               ? tug__fs_replace_file(store->root_fd, "index.json.tmp", "index.json", text->data,
                                      text->length, 0644, store->is_durable, err)
               : status;
}

/* refusal: why index.json cannot be changed; NULL: the lock is held. */
static enum tug_status put(struct tug_store *store, const struct tug__index_entry *entries,
                           size_t count, const struct tug_error *refusal, struct tug_error *err)
{
    struct index_text index;
    struct tug__buf text;
    struct change change;
    enum tug_status status = index_read(store, &index, err);

    if (status != TUG_OK) {
        return status;
    }
    tug__buf_init(&text, INDEX_BYTES_MAX);
    status = change_init(&change, entries, count, err);
    if (status == TUG_OK) {
        status = index_edit(&index, &change, &text, err);
    }
    free(change.names);
    if (status == TUG_OK) {
        status = replace_text(store, &index, &text, refusal, err);
    }
    tug__buf_fini(&text);
    index_fini(&index);
    return status;
}

enum tug_status tug__store_index_put(struct tug_store *store,
                                     const struct tug__index_entry *entries, size_t count,
                                     const struct tug__lock_wait *wait, struct tug_error *err)
{
    struct tug_error refusal = {0};
    int lock_fd = -1;
    enum tug_status status = tug__store_lock(store, wait, &lock_fd, &refusal);

    if (status == TUG_OK) {
        status = put(store, entries, count, NULL, err);
        tug__store_unlock(lock_fd);
        return status;
    }
    if (refusal.os_errno == EROFS || refusal.os_errno == EACCES) {
        return put(store, entries, count, &refusal, err); /* maybe there is nothing to change */
    }
    if (err != NULL) {
        *err = refusal;
    }
    return status;
}

/* The digest an element names, if it is one. */
static bool element_digest(const struct index_text *index, const struct tug__index_element *element,
                           struct tug_digest *out_digest)
{
    struct tug__json *json = NULL;
    const char *digest = NULL;
    bool is_found = false;

    if (tug__json_parse(index->buf.data + element->offset, element->length, &entry_limits, &json,
                        NULL) == TUG_OK &&
        tug__json_get_string(tug__json_root(json), "digest", &digest, NULL) == TUG_OK &&
        digest != NULL) {
        is_found = tug_digest_parse(digest, strlen(digest), out_digest, NULL) == TUG_OK;
    }
    tug__json_destroy(json);
    return is_found;
}

enum tug_status tug__store_index_find(struct tug_store *store, const char *name, bool *out_found,
                                      struct tug_digest *out_digest, struct tug_error *err)
{
    const size_t length = strlen(name);
    struct index_text index;
    const enum tug_status status = index_read(store, &index, err);

    if (status != TUG_OK) {
        return status;
    }
    *out_found = false;
    for (size_t i = 0; !*out_found && i < index.scan.count; i++) {
        const struct tug__index_element *const element = &index.scan.elements[i];

        *out_found = element->name != NULL && element->name_length == length &&
                     memcmp(element->name, name, length) == 0 &&
                     element_digest(&index, element, out_digest);
    }
    index_fini(&index);
    return TUG_OK;
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

enum tug_status tug__store_index_names(struct tug_store *store, struct tug__index_names *out_names,
                                       struct tug_error *err)
{
    struct tug__index_names names = {0};
    struct index_text index;
    const enum tug_status status = index_read(store, &index, err);

    if (status != TUG_OK) {
        return status;
    }
    names.hashes = calloc(index.scan.count + 1, sizeof *names.hashes);
    for (size_t i = 0; names.hashes != NULL && i < index.scan.count; i++) {
        const struct tug__index_element *const element = &index.scan.elements[i];

        if (element->name != NULL) {
            names.hashes[names.count++] = tug__index_name_hash(element->name, element->name_length);
        }
    }
    index_fini(&index);
    if (names.hashes == NULL) {
        return tug__fail_memory(err);
    }
    qsort(names.hashes, names.count, sizeof *names.hashes, compare_hashes);
    *out_names = names;
    return TUG_OK;
}

bool tug__index_names_has(const struct tug__index_names *names, const char *name)
{
    const uint64_t hash = tug__index_name_hash(name, strlen(name));

    return names->count > 0 &&
           bsearch(&hash, names->hashes, names->count, sizeof hash, compare_hashes) != NULL;
}

void tug__index_names_fini(struct tug__index_names *names)
{
    free(names->hashes);
    *names = (struct tug__index_names){0};
}
