/* SPDX-License-Identifier: Apache-2.0
 *
 * Complete images for lane 0 to add to index.json.
 */
#ifndef TUG_POOL_PUBLICATION_H
#define TUG_POOL_PUBLICATION_H

#include <stddef.h>

#include <tug/error.h>

#include "store/store.h"

/* Owned by its creator; lent to lane 0, one at a time. */
struct tug__publication {
    /* set at create, then read-only */
    struct tug__index_entry *entries; /* owned; they borrow from the images */
    size_t count;
    void *images; /* the creator's: the images that the entries are of */
    /* lane only, until PUBLISHED */
    struct tug__publication *next_ready;
    struct tug_error error; /* code TUG_OK: named */
};

#endif
