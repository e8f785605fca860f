/* SPDX-License-Identifier: Apache-2.0
 *
 * Put an index.json right that no registry has.
 */
#ifndef TUG_UPKEEP_RECOVER_H
#define TUG_UPKEEP_RECOVER_H

#include "store/watch.h"
#include "upkeep/finding.h"

/* What became of the entries of an index.json. */
struct tug__recovered {
    size_t kept;     /* one or more: some could be read */
    size_t nameless; /* images that have lost their names, if they had any */
};

/* Replace an index.json that cannot be read, or is not there: by the entries that can still be
 * read, and, unless a whole index can be, all stored documents which neither those nor other
 * documents name, so that prune keeps them; they have no names then. The old file is kept as
 * index.json.damaged.
 * Errors: TUG_ERR_STORE, TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY. Blocks: on the disk and other
 * processes. */
enum tug_status tug__index_recover(struct tug_store *store, struct tug__watch *watch,
                                   struct tug__recovered *out_recovered, struct tug_error *err);

/* Tell of names in the store's root that are no part of it. Errors: TUG_ERR_STORE. */
enum tug_status tug__tell_root(struct tug_store *store, struct tug__findings *findings,
                               struct tug_error *err);

#endif
