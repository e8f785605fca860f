/* SPDX-License-Identifier: Apache-2.0
 *
 * Images that are complete and want their names: what lane 0 is given to put into index.json.
 */
#ifndef TUG_POOL_PUBLICATION_H
#define TUG_POOL_PUBLICATION_H

#include <stddef.h>

#include <tug/error.h>

#include "store/store.h"

/* Owned by whoever made it; lent to lane 0, one at a time. */
struct tug__publication {
    /* set at create, then read-only */
    struct tug__index_entry *entries; /* owned; what they point to is the images' */
    size_t count;
    void *images; /* the maker's: as many, in the same order */
    /* lane only, until PUBLISHED */
    struct tug__publication *next_ready;
    struct tug_error error; /* code TUG_OK: named */
};

#endif
