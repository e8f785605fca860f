/* SPDX-License-Identifier: Apache-2.0
 *
 * Arrays that grow.
 *
 * Knows: memory. Does not know: files, what is in an array.
 * Threads: the walk's owner.
 */
#include "walk/internal.h"

#include <stdlib.h>

#include "base/error.h"

void *tug__walk_grow(void *items, size_t count, size_t *capacity, size_t item_bytes)
{
    const size_t wanted = *capacity > 0 ? *capacity + *capacity / 2 : 64;
    void *grown;

    if (count < *capacity) {
        return items;
    }
    grown = reallocarray(items, wanted, item_bytes);
    if (grown != NULL) {
        *capacity = wanted;
    }
    return grown;
}

enum tug_status tug__numbers_push(struct tug__numbers *numbers, uint32_t number,
                                  struct tug_error *err)
{
    uint32_t *const items =
        tug__walk_grow(numbers->items, numbers->count, &numbers->capacity, sizeof *numbers->items);

    if (items == NULL) {
        return tug__fail_memory(err);
    }
    numbers->items = items;
    numbers->items[numbers->count++] = number;
    return TUG_OK;
}
