/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts that live as long as the walk, without an allocation for each.
 *
 * Knows: bytes. Does not know: the network, what they mean.
 * Threads: the walk's owner.
 */
#include "walk/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/fnv.h"

#define PIECE_BYTES ((size_t)32 * 1024)

struct tug__pool_piece {
    struct tug__pool_piece *next;
    size_t used, capacity;
    char bytes[];
};

/* What is kept once has its length before it. */
struct kept {
    size_t length;
    char bytes[];
};

static void *take_bytes(struct tug__pool *pool, size_t length)
{
    const size_t rounded = (length + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1);
    struct tug__pool_piece *piece = pool->pieces;

    if (piece == NULL || piece->capacity - piece->used < rounded) {
        const size_t capacity = rounded > PIECE_BYTES ? rounded : PIECE_BYTES;

        piece = malloc(sizeof *piece + capacity);
        if (piece == NULL) {
            return NULL;
        }
        *piece = (struct tug__pool_piece){.next = pool->pieces, .capacity = capacity};
        pool->pieces = piece;
    }
    piece->used += rounded;
    return piece->bytes + piece->used - rounded;
}

char *tug__pool_copy(struct tug__pool *pool, const void *bytes, size_t length)
{
    char *const copy = take_bytes(pool, length + 1);

    if (copy != NULL) {
        memcpy(copy, bytes, length);
        copy[length] = '\0';
    }
    return copy;
}

static const struct kept *kept_of(const char *bytes)
{
    return (const struct kept *)(const void *)(bytes - offsetof(struct kept, bytes));
}

/* Find the slot of bytes, or the empty one where they belong. */
static const char **find_slot(const struct tug__pool *pool, const void *bytes, size_t length)
{
    size_t at = (size_t)tug__fnv_add(TUG__FNV_START, bytes, length);

    for (;; at++) {
        const char **const slot = &pool->slots[at & (pool->slot_count - 1)];

        if (*slot == NULL ||
            (kept_of(*slot)->length == length && memcmp(*slot, bytes, length) == 0)) {
            return slot;
        }
    }
}

static bool grow_slots(struct tug__pool *pool)
{
    struct tug__pool grown = {.slot_count = pool->slot_count > 0 ? 2 * pool->slot_count : 64};

    if (2 * pool->kept_count < pool->slot_count) {
        return true;
    }
    grown.slots = calloc(grown.slot_count, sizeof *grown.slots);
    if (grown.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < pool->slot_count; i++) {
        if (pool->slots[i] != NULL) {
            *find_slot(&grown, pool->slots[i], kept_of(pool->slots[i])->length) = pool->slots[i];
        }
    }
    free(pool->slots);
    pool->slots = grown.slots;
    pool->slot_count = grown.slot_count;
    return true;
}

const char *tug__pool_keep(struct tug__pool *pool, const void *bytes, size_t length)
{
    const char **slot;
    struct kept *kept;

    if (!grow_slots(pool)) {
        return NULL;
    }
    slot = find_slot(pool, bytes, length);
    if (*slot != NULL) {
        return *slot;
    }
    kept = take_bytes(pool, sizeof *kept + length + 1);
    if (kept == NULL) {
        return NULL;
    }
    kept->length = length;
    memcpy(kept->bytes, bytes, length);
    kept->bytes[length] = '\0';
    *slot = kept->bytes;
    pool->kept_count++;
    return *slot;
}

void tug__pool_fini(struct tug__pool *pool)
{
    while (pool->pieces != NULL) {
        struct tug__pool_piece *const piece = pool->pieces;

        pool->pieces = piece->next;
        free(piece);
    }
    free(pool->slots);
    *pool = (struct tug__pool){0};
}
