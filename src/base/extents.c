/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of byte positions.
 *
 * Knows: arithmetic. Does not know: files, the store, HTTP.
 * Threads: see extents.h.
 */
#include "base/extents.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define CAPACITY_START 8

void tug__extents_fini(struct tug__extents *extents)
{
    free(extents->items);
    *extents = (struct tug__extents){0};
}

/* Make room for one more extent. */
static enum tug_status reserve(struct tug__extents *extents, struct tug_error *err)
{
    const size_t capacity = extents->capacity > 0 ? 2 * extents->capacity : CAPACITY_START;
    struct tug__extent *items;

    if (extents->count < extents->capacity) {
        return TUG_OK;
    }
    items = realloc(extents->items, capacity * sizeof *items);
    if (items == NULL) {
        return tug__fail_memory(err);
    }
    extents->items = items;
    extents->capacity = capacity;
    return TUG_OK;
}

/* The first extent that ends at or after a position; count when there is none. */
static size_t find(const struct tug__extents *extents, uint64_t position)
{
    size_t low = 0;
    size_t high = extents->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (extents->items[middle].end < position) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Replace `removed` extents at a position by `added` ones; capacity suffices. */
static void splice(struct tug__extents *extents, size_t at, size_t removed, size_t added)
{
    struct tug__extent *const items = extents->items;

    memmove(items + at + added, items + at + removed,
            (extents->count - at - removed) * sizeof *items);
    extents->count = extents->count - removed + added;
}

enum tug_status tug__extents_add(struct tug__extents *extents, uint64_t first, uint64_t end,
                                 struct tug_error *err)
{
    const enum tug_status status = reserve(extents, err);
    size_t at;
    size_t past;

    if (status != TUG_OK || first >= end) {
        return status;
    }
    at = find(extents, first);
    for (past = at; past < extents->count && extents->items[past].first <= end; past++) {
        first = extents->items[past].first < first ? extents->items[past].first : first;
        end = extents->items[past].end > end ? extents->items[past].end : end;
    }
    splice(extents, at, past - at, 1);
    extents->items[at] = (struct tug__extent){first, end};
    return TUG_OK;
}

enum tug_status tug__extents_remove(struct tug__extents *extents, uint64_t first, uint64_t end,
                                    struct tug_error *err)
{
    const enum tug_status status = reserve(extents, err);
    struct tug__extent kept[2];
    size_t kept_count = 0;
    size_t at;
    size_t past;

    if (status != TUG_OK || first >= end) {
        return status;
    }
    at = find(extents, first);
    for (past = at; past < extents->count && extents->items[past].first < end; past++) {
        const struct tug__extent item = extents->items[past];

        if (item.first < first) {
            kept[kept_count++] =
                (struct tug__extent){item.first, item.end < first ? item.end : first};
        }
        if (item.end > end) {
            kept[kept_count++] = (struct tug__extent){end, item.end};
        }
    }
    splice(extents, at, past - at, kept_count);
    memcpy(extents->items + at, kept, kept_count * sizeof *kept);
    return TUG_OK;
}

uint64_t tug__extents_reach(const struct tug__extents *extents, uint64_t first)
{
    size_t at = find(extents, first);

    if (at < extents->count && extents->items[at].end == first) {
        at++; /* it only touches: the next one may hold first (extents do not touch each other) */
    }
    if (at < extents->count && extents->items[at].first <= first) {
        return extents->items[at].end;
    }
    return first;
}

uint64_t tug__extents_bytes(const struct tug__extents *extents)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < extents->count; i++) {
        sum += extents->items[i].end - extents->items[i].first;
    }
    return sum;
}

enum tug_status tug__extents_gaps(const struct tug__extents *extents, uint64_t size,
                                  struct tug__extents *out_gaps, struct tug_error *err)
{
    enum tug_status status = tug__extents_add(out_gaps, 0, size, err);

    for (size_t i = 0; status == TUG_OK && i < extents->count; i++) {
        status = tug__extents_remove(out_gaps, extents->items[i].first, extents->items[i].end, err);
    }
    if (status != TUG_OK) {
        tug__extents_fini(out_gaps);
    }
    return status;
}

bool tug__extents_find(const struct tug__extents *extents, uint64_t first, uint64_t end,
                       struct tug__extent *out_part)
{
    size_t low = 0;
    size_t high = extents->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (extents->items[middle].end <= first) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == extents->count || extents->items[low].first >= end || first >= end) {
        return false;
    }
    *out_part = extents->items[low];
    out_part->first = out_part->first > first ? out_part->first : first;
    out_part->end = out_part->end < end ? out_part->end : end;
    return true;
}

enum tug_status tug__extents_move(struct tug__extents *from, struct tug__extents *to,
                                  struct tug__extent extent, uint64_t *out_bytes,
                                  struct tug_error *err)
{
    struct tug__extent part;
    enum tug_status status = TUG_OK;

    while (status == TUG_OK && tug__extents_find(from, extent.first, extent.end, &part)) {
        status = tug__extents_add(to, part.first, part.end, err);
        if (status == TUG_OK) {
            status = tug__extents_remove(from, part.first, part.end, err);
        }
        extent.first = part.end;
        *out_bytes += part.end - part.first;
    }
    return status;
}
