/* SPDX-License-Identifier: Apache-2.0
 *
 * Results of reading the documents of an image, kept until all of them are read.
 *
 * Knows: descriptors, digests. Does not know: the graph, jobs, the store's content.
 * Threads: its owner's.
 */
#include "plan/gathered.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "oci/digest.h"

enum tug_status tug__gathered_add_entry(struct tug__gathered *gathered,
                                        const struct tug__descriptor *entry, struct tug_error *err)
{
    struct tug__descriptor copy = *entry;

    if (gathered->entry_count == gathered->entry_capacity) {
        const size_t capacity = gathered->entry_capacity > 0 ? gathered->entry_capacity * 2 : 16;
        struct tug__descriptor *const grown =
            reallocarray(gathered->entries, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        gathered->entries = grown;
        gathered->entry_capacity = capacity;
    }
    copy.media_type = strdup(entry->media_type);
    copy.urls = NULL;        /* only layers have them */
    copy.annotations = NULL; /* only read for layers */
    copy.artifact_type = NULL;
    copy.data = entry->data != NULL ? malloc(entry->size_bytes) : NULL;
    if (copy.media_type == NULL || (copy.data == NULL && entry->data != NULL)) {
        free(copy.media_type);
        free(copy.data);
        return tug__fail_memory(err);
    }
    if (entry->data != NULL) {
        memcpy(copy.data, entry->data, entry->size_bytes);
    }
    gathered->entries[gathered->entry_count++] = copy;
    return TUG_OK;
}

_Static_assert(offsetof(struct tug__descriptor, digest) == 0,
               "entries are ordered by their first member");

const struct tug__descriptor *tug__gathered_find_entries(struct tug__gathered *gathered,
                                                         const struct tug_digest *digest,
                                                         size_t *out_count)
{
    const struct tug__descriptor *const entries = gathered->entries;
    size_t first = 0;
    size_t end = gathered->entry_count;

    if (!gathered->has_ordered_entries && gathered->entry_count > 0) {
        qsort(gathered->entries, gathered->entry_count, sizeof *gathered->entries,
              tug__digest_compare);
    }
    gathered->has_ordered_entries = true;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;

        if (tug__digest_compare(&entries[middle].digest, digest) < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    while (end < gathered->entry_count && tug_digest_equal(&entries[end].digest, digest)) {
        end++;
    }
    *out_count = end - first;
    return entries + first;
}

enum tug_status tug__gathered_add_check(struct tug__gathered *gathered,
                                        const struct tug_digest *config,
                                        const struct tug_digest *manifest, struct tug_error *err)
{
    struct tug__config_check *const check = calloc(1, sizeof *check);

    if (check == NULL) {
        return tug__fail_memory(err);
    }
    check->digest = *config;
    check->is_entry = manifest != NULL;
    if (manifest != NULL) {
        check->manifest = *manifest;
    }
    check->next = gathered->checks;
    gathered->checks = check;
    return TUG_OK;
}

void tug__gathered_forget_checks(struct tug__gathered *gathered)
{
    while (gathered->checks != NULL) {
        struct tug__config_check *const check = gathered->checks;

        gathered->checks = check->next;
        free(check);
    }
}

void tug__gathered_fini(struct tug__gathered *gathered)
{
    for (size_t i = 0; i < gathered->entry_count; i++) {
        free(gathered->entries[i].media_type);
        free(gathered->entries[i].data);
    }
    free(gathered->entries);
    tug__gathered_forget_checks(gathered);
    tug__document_fini(&gathered->held);
    *gathered = (struct tug__gathered){0};
}
