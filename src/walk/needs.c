/* SPDX-License-Identifier: Apache-2.0
 *
 * Needs: down from an image to its blobs, and up from a blob to the images.
 *
 * Knows: the graph. Does not know: files.
 * Threads: the walk's owner.
 *
 * The needs of an image are computed each time: storing them would cost memory for each pair of an
 * image and a blob.
 */
#include "walk/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Start an iteration: no blob is visited. */
static enum tug_status begin_marks(struct tug__walk *walk, struct tug_error *err)
{
    if (walk->lookout.marks == NULL || walk->lookout.mark == UINT32_MAX) {
        free(walk->lookout.marks);
        walk->lookout.mark = 0;
        walk->lookout.marks = calloc((size_t)walk->blob_count + 1, sizeof *walk->lookout.marks);
        if (walk->lookout.marks == NULL) {
            return tug__fail_memory(err);
        }
    }
    walk->lookout.mark++;
    walk->lookout.stack.count = 0;
    return TUG_OK;
}

/* Push a blob onto the stack unless it was visited. */
static enum tug_status push_unseen(struct tug__walk *walk, uint32_t blob, struct tug_error *err)
{
    if (walk->lookout.marks[blob] == walk->lookout.mark) {
        return TUG_OK;
    }
    walk->lookout.marks[blob] = walk->lookout.mark;
    return tug__numbers_push(&walk->lookout.stack, blob, err);
}

enum tug_status tug__walk_each_needed(struct tug__walk *walk, uint32_t blob,
                                      tug__walk_blob_fn on_blob, void *context,
                                      struct tug_error *err)
{
    enum tug_status status = begin_marks(walk, err);

    if (status == TUG_OK) {
        status = push_unseen(walk, blob, err);
    }
    while (status == TUG_OK && walk->lookout.stack.count > 0) {
        const uint32_t next = walk->lookout.stack.items[--walk->lookout.stack.count];
        const struct tug__node *const node = &walk->nodes[next];

        status = on_blob(context, next, err);
        /* backwards: the first child is popped first */
        for (uint32_t i = node->child_count; status == TUG_OK && i > 0; i--) {
            const struct tug__walk_child *const child =
                &walk->links.children[node->first_child + i - 1];

            if (child->role != TUG__ROLE_SUBJECT) {
                status = push_unseen(walk, child->blob, err);
            }
        }
    }
    return status;
}

/* Count parents, then fill them in: those of blob N follow those of blob N - 1. */
static enum tug_status find_parents(struct tug__walk *walk, struct tug_error *err)
{
    uint32_t sum = 0;

    if (walk->lookout.parents_end != NULL) {
        return TUG_OK;
    }
    walk->lookout.parents_end =
        calloc((size_t)walk->blob_count + 1, sizeof *walk->lookout.parents_end);
    walk->lookout.parents = calloc(walk->links.child_count + 1, sizeof *walk->lookout.parents);
    if (walk->lookout.parents_end == NULL || walk->lookout.parents == NULL) {
        free(walk->lookout.parents_end);
        free(walk->lookout.parents);
        walk->lookout.parents_end = NULL;
        walk->lookout.parents = NULL;
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < walk->links.child_count; i++) {
        walk->lookout.parents_end[walk->links.children[i].blob] +=
            walk->links.children[i].role != TUG__ROLE_SUBJECT;
    }
    for (uint32_t i = 0; i < walk->blob_count; i++) {
        const uint32_t count = walk->lookout.parents_end[i];

        walk->lookout.parents_end[i] = sum; /* moves to the end while parents are filled in */
        sum += count;
    }
    for (uint32_t i = 0; i < walk->blob_count; i++) {
        const struct tug__node *const node = &walk->nodes[i];

        for (uint32_t j = 0; j < node->child_count; j++) {
            const struct tug__walk_child *const child =
                &walk->links.children[node->first_child + j];

            if (child->role != TUG__ROLE_SUBJECT) {
                walk->lookout.parents[walk->lookout.parents_end[child->blob]++] = i;
            }
        }
    }
    return TUG_OK;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

/* Note the ranks, by name, of the images with a blob as their root. */
static enum tug_status take_images(struct tug__walk *walk, uint32_t blob, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (uint32_t i = walk->nodes[blob].last_image; status == TUG_OK && i != TUG__WALK_NONE;
         i = walk->entries.older[i]) {
        if (walk->entries.images[i].name != NULL) {
            status = tug__numbers_push(&walk->lookout.ranks, walk->entries.ranks[i], err);
        }
    }
    return status;
}

/* Go up from a blob and note the images on the way. */
static enum tug_status climb(struct tug__walk *walk, uint32_t blob, struct tug_error *err)
{
    enum tug_status status = push_unseen(walk, blob, err);

    walk->lookout.ranks.count = 0;
    while (status == TUG_OK && walk->lookout.stack.count > 0) {
        const uint32_t next = walk->lookout.stack.items[--walk->lookout.stack.count];

        status = take_images(walk, next, err);
        for (uint32_t i = next > 0 ? walk->lookout.parents_end[next - 1] : 0;
             status == TUG_OK && i < walk->lookout.parents_end[next]; i++) {
            status = push_unseen(walk, walk->lookout.parents[i], err);
        }
    }
    return status;
}

enum tug_status tug__walk_names(struct tug__walk *walk, uint32_t blob,
                                const char *const **out_names, size_t *out_count,
                                struct tug_error *err)
{
    enum tug_status status = find_parents(walk, err);

    if (status == TUG_OK) {
        status = begin_marks(walk, err);
    }
    if (status == TUG_OK) {
        status = climb(walk, blob, err);
    }
    if (status == TUG_OK && walk->lookout.names == NULL) {
        walk->lookout.names = calloc(walk->entries.named_count + 1, sizeof *walk->lookout.names);
        status = walk->lookout.names != NULL ? TUG_OK : tug__fail_memory(err);
    }
    if (status != TUG_OK) {
        return status;
    }
    if (walk->lookout.ranks.count > 1) {
        qsort(walk->lookout.ranks.items, walk->lookout.ranks.count,
              sizeof *walk->lookout.ranks.items, compare_numbers);
    }
    for (size_t i = 0; i < walk->lookout.ranks.count; i++) {
        walk->lookout.names[i] =
            walk->entries.images[walk->entries.named[walk->lookout.ranks.items[i]]].name;
    }
    *out_names = walk->lookout.names;
    *out_count = walk->lookout.ranks.count;
    return TUG_OK;
}

static int compare_digests(const void *a, const void *b, void *context)
{
    const struct tug__walk *const walk = context;

    return memcmp(&walk->blobs[*(const uint32_t *)a].digest,
                  &walk->blobs[*(const uint32_t *)b].digest, sizeof(struct tug_digest));
}

const uint32_t *tug__walk_sorted(struct tug__walk *walk)
{
    if (walk->lookout.sorted == NULL) {
        walk->lookout.sorted = calloc((size_t)walk->blob_count + 1, sizeof *walk->lookout.sorted);
        for (uint32_t i = 0; walk->lookout.sorted != NULL && i < walk->blob_count; i++) {
            walk->lookout.sorted[i] = i;
        }
        if (walk->lookout.sorted != NULL) {
            qsort_r(walk->lookout.sorted, walk->blob_count, sizeof *walk->lookout.sorted,
                    compare_digests, walk);
        }
    }
    return walk->lookout.sorted;
}
