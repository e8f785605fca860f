/* SPDX-License-Identifier: Apache-2.0
 *
 * What an image keeps while it is at work: what it needs, its indexes' entries, configs to compare.
 *
 * Knows: digests, descriptors. Does not know: the graph, jobs, the store's content.
 * Threads: the resolver.
 */
#include "pipeline/image.h"

#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

_Static_assert(offsetof(struct tug__need, digest) == 0, "a need is found by its first member");
_Static_assert(offsetof(struct tug__image, waiter) == 0, "an image is found by its first member");

/* Bits of a packed purpose. */
#define WANT_BITS 3U
#define ROOT_BIT 4U
#define AGAIN_BIT 8U
#define OPTIONAL_BIT 16U
#define DOCUMENT_BIT 32U
#define DEPTH_SHIFT 6

unsigned tug__purpose_pack(const struct tug__purpose *purpose)
{
    return (unsigned)purpose->want | (purpose->is_root ? ROOT_BIT : 0) |
           (purpose->is_again ? AGAIN_BIT : 0) | (purpose->is_optional ? OPTIONAL_BIT : 0) |
           (purpose->is_document ? DOCUMENT_BIT : 0) | purpose->depth << DEPTH_SHIFT;
}

struct tug__purpose tug__purpose_unpack(unsigned number)
{
    return (struct tug__purpose){
        .want = (enum tug__want)(number & WANT_BITS),
        .depth = number >> DEPTH_SHIFT,
        .is_root = (number & ROOT_BIT) != 0,
        .is_again = (number & AGAIN_BIT) != 0,
        .is_optional = (number & OPTIONAL_BIT) != 0,
        .is_document = (number & DOCUMENT_BIT) != 0,
    };
}

enum tug__want tug__image_root_want(const struct tug__image *image)
{
    return image->wish.metadata_only ? TUG__WANT_METADATA : TUG__WANT_ALL;
}

struct tug__image *tug__image_of(const struct tug__edge *edge)
{
    return (struct tug__image *)edge->waiter;
}

/* Digests are compared as bytes: unused ones are zero. */
static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct tug_digest));
}

enum tug_status tug__image_see(struct tug__image *image, const struct tug_digest *digest,
                               bool *out_is_new, struct tug_error *err)
{
    struct tug__need *need;

    *out_is_new = tug__image_need(image, digest) == NULL;
    if (!*out_is_new) {
        return TUG_OK;
    }
    need = calloc(1, sizeof *need);
    if (need == NULL) {
        return tug__fail_memory(err);
    }
    need->digest = *digest;
    if (tsearch(need, &image->needs, compare_digests) == NULL) {
        free(need);
        return tug__fail_memory(err);
    }
    return TUG_OK;
}

struct tug__need *tug__image_need(const struct tug__image *image, const struct tug_digest *digest)
{
    struct tug__need *const *const found = tfind(digest, &image->needs, compare_digests);

    return found != NULL ? *found : NULL;
}

static void free_need(void *argument)
{
    struct tug__need *const need = argument;

    free(need->urls);
    free(need);
}

enum tug_status tug__image_add_entry(struct tug__image *image, const struct tug__descriptor *entry,
                                     struct tug_error *err)
{
    struct tug__descriptor copy = *entry;

    if (image->entry_count == image->entry_capacity) {
        const size_t capacity = image->entry_capacity > 0 ? image->entry_capacity * 2 : 16;
        struct tug__descriptor *const grown = reallocarray(image->entries, capacity, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        image->entries = grown;
        image->entry_capacity = capacity;
    }
    copy.media_type = strdup(entry->media_type);
    copy.urls = NULL;        /* no layer */
    copy.annotations = NULL; /* nor read for one */
    copy.data = entry->data != NULL ? malloc(entry->size_bytes) : NULL;
    if (copy.media_type == NULL || (copy.data == NULL && entry->data != NULL)) {
        free(copy.media_type);
        free(copy.data);
        return tug__fail_memory(err);
    }
    if (entry->data != NULL) {
        memcpy(copy.data, entry->data, entry->size_bytes);
    }
    image->entries[image->entry_count++] = copy;
    return TUG_OK;
}

static int compare_entries(const void *a, const void *b)
{
    const struct tug__descriptor *const left = a;
    const struct tug__descriptor *const right = b;

    return compare_digests(&left->digest, &right->digest);
}

const struct tug__descriptor *tug__image_find_entries(struct tug__image *image,
                                                      const struct tug_digest *digest,
                                                      size_t *out_count)
{
    const struct tug__descriptor *const entries = image->entries;
    size_t first = 0;
    size_t end = image->entry_count;

    if (!image->has_ordered_entries && image->entry_count > 0) {
        qsort(image->entries, image->entry_count, sizeof *image->entries, compare_entries);
    }
    image->has_ordered_entries = true;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;

        if (compare_digests(&entries[middle].digest, digest) < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    while (end < image->entry_count && tug_digest_equal(&entries[end].digest, digest)) {
        end++;
    }
    *out_count = end - first;
    return entries + first;
}

enum tug_status tug__image_add_check(struct tug__image *image, const struct tug_digest *config,
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
    check->next = image->checks;
    image->checks = check;
    return TUG_OK;
}

void tug__image_forget_checks(struct tug__image *image)
{
    while (image->checks != NULL) {
        struct tug__config_check *const check = image->checks;

        image->checks = check->next;
        free(check);
    }
}

void tug__image_release(struct tug__image *image)
{
    for (size_t i = 0; i < image->entry_count; i++) {
        free(image->entries[i].media_type);
        free(image->entries[i].data);
    }
    free(image->entries);
    image->entries = NULL;
    image->entry_count = 0;
    image->entry_capacity = 0;
    tug__image_forget_checks(image);
    tug__document_fini(&image->held);
}

void tug__image_fini(struct tug__image *image)
{
    tug__image_release(image);
    tdestroy(image->needs, free_need);
    image->needs = NULL;
    free(image->media_type);
    image->media_type = NULL;
    free(image->left_out);
    image->left_out = NULL;
    free(image->left_out_text);
    image->left_out_text = NULL;
}
