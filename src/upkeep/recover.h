/* SPDX-License-Identifier: Apache-2.0
 *
 * Put an index.json right that no registry has.
 */
#ifndef TUG_UPKEEP_RECOVER_H
#define TUG_UPKEEP_RECOVER_H

#include "store/watch.h"
#include "upkeep/finding.h"

/* Replace an index.json that cannot be read, or is not there: by what can still be read of it, or
 * else by one that has every stored document which no other names, so that prune keeps them all;
 * they have no names then. The old file is kept as index.json.damaged.
 * out_has_names: false when names were lost.
 * Errors: TUG_ERR_STORE, TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY. Blocks: on the disk and other
 * processes. */
enum tug_status tug__index_recover(struct tug_store *store, struct tug__watch *watch,
                                   bool *out_has_names, struct tug_error *err);

/* Tell of names in the store's root that are no part of it. Errors: TUG_ERR_STORE. */
enum tug_status tug__tell_root(struct tug_store *store, struct tug__findings *findings,
                               struct tug_error *err);

#endif
