/* SPDX-License-Identifier: Apache-2.0
 *
 * Collect the entries of a list of referrers.
 *
 * Knows: descriptors as text. Does not know: requests, pages.
 * Threads: any.
 */
#include "registry/referrer_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "oci/digest.h"
#include "oci/limits.h"

void tug__referrer_list_init(struct tug__referrer_list *list, const char *artifact_type)
{
    *list = (struct tug__referrer_list){.artifact_type = artifact_type};
    tug__buf_init(&list->text, TUG__MANIFEST_BYTES_MAX);
}

void tug__referrer_list_fini(struct tug__referrer_list *list)
{
    tug__buf_fini(&list->text);
    free(list->entries);
    list->entries = NULL;
    list->count = 0;
    list->capacity = 0;
}

void tug__referrer_list_clear(struct tug__referrer_list *list)
{
    tug__buf_clear(&list->text);
    list->count = 0;
}

/* Keep an entry. */
static enum tug_status keep(struct tug__referrer_list *list, const struct tug_digest *digest,
                            const char *text, size_t length, struct tug_error *err)
{
    const struct tug__referrer entry = {*digest, list->text.length, length};

    if (list->count >= TUG__REFERRERS_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "the list is over the limit of %zu entries",
                         TUG__REFERRERS_MAX);
    }
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity > 0 ? 2 * list->capacity : 16;
        struct tug__referrer *const grown = reallocarray(list->entries, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        list->entries = grown;
        list->capacity = capacity;
    }
    list->entries[list->count++] = entry;
    return tug__buf_append(&list->text, text, length, err);
}

/* Read what is to be known of an entry. out_digest: unset when it is of a type that is not wanted.
 */
static enum tug_status read_entry(const struct tug__json_value *root, const char *artifact_type,
                                  struct tug_digest *out_digest, struct tug_error *err)
{
    static const char *const names[] = {"mediaType", "digest", "size", "artifactType", NULL};
    const char *digest = NULL;
    const char *type = NULL;
    enum tug_status status = tug__json_check_names(root, names, err);

    *out_digest = (struct tug_digest){0};
    if (status == TUG_OK) {
        status = tug__json_get_string(root, "digest", &digest, err);
    }
    if (status == TUG_OK) {
        status = tug__json_get_string(root, "artifactType", &type, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    if (artifact_type != NULL && type != NULL && strcmp(type, artifact_type) != 0) {
        return TUG_OK;
    }
    return digest != NULL ? tug__digest_read(digest, out_digest, err)
                          : tug__fail(err, TUG_ERR_CONTENT, "an entry has no digest");
}

/* A page being added. */
struct page {
    struct tug__referrer_list *list;
    const char *artifact_type; /* to filter by; NULL: none */
    size_t count;
};

static enum tug_status on_element(void *context, size_t number, const char *text, size_t length,
                                  struct tug_error *err)
{
    static const struct tug__json_limits limits = {.max_bytes = TUG__MANIFEST_BYTES_MAX,
                                                   .max_depth = TUG__JSON_DEPTH_MAX,
                                                   .max_values = TUG__JSON_VALUES_MAX};
    struct page *const page = context;
    struct tug__json *json = NULL;
    struct tug_digest digest;
    enum tug_status status = tug__json_parse(text, length, &limits, &json, err);

    page->count++;
    if (status == TUG_OK) {
        status = read_entry(tug__json_root(json), page->artifact_type, &digest, err);
        tug__json_destroy(json);
    }
    if (status != TUG_OK) {
        return tug__wrap(err, status, "entry %zu", number);
    }
    return digest.algorithm != TUG_DIGEST_NONE ? keep(page->list, &digest, text, length, err)
                                               : TUG_OK;
}

enum tug_status tug__referrer_list_add(struct tug__referrer_list *list,
                                       struct tug__referrer_page *page, struct tug_error *err)
{
    static const struct tug__json_limits limits = {.max_bytes = TUG__MANIFEST_BYTES_MAX,
                                                   .max_depth = TUG__JSON_DEPTH_MAX,
                                                   .max_values = TUG__JSON_VALUES_MAX};
    const struct tug__json_input input = {
        .text = page->text, .length = page->length, .limits = &limits};
    struct page state = {.list = list,
                         .artifact_type = page->is_filtered ? NULL : list->artifact_type};
    const enum tug_status status =
        tug__json_each_element(&input, "manifests", on_element, &state, err);

    page->count = state.count;
    return status;
}

void tug__referrer_list_keep(struct tug__referrer_list *list,
                             bool (*is_kept)(void *context, const struct tug_digest *digest),
                             void *context)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (is_kept(context, &list->entries[i].digest)) {
            list->entries[count++] = list->entries[i];
        }
    }
    list->count = count;
}

enum tug_status tug__referrer_list_write(struct tug__referrer_list *list, struct tug__buf *buf,
                                         struct tug_error *err)
{
    const struct tug__referrer *const entries = list->entries;
    enum tug_status status =
        tug__buf_printf(buf, err,
                        "{\"schemaVersion\":2,\"mediaType\":"
                        "\"application/vnd.oci.image.index.v1+json\",\"manifests\":[");

    if (list->count > 0) {
        qsort(list->entries, list->count, sizeof *entries, tug__digest_compare);
    }
    for (size_t i = 0; status == TUG_OK && i < list->count; i++) {
        if (i > 0 && tug_digest_equal(&entries[i - 1].digest, &entries[i].digest)) {
            continue;
        }
        status = tug__buf_append(buf, ",", i > 0 ? 1 : 0, err);
        if (status == TUG_OK) {
            status =
                tug__buf_append(buf, list->text.data + entries[i].first, entries[i].length, err);
        }
    }
    return status == TUG_OK ? tug__buf_append(buf, "]}", 2, err) : status;
}
