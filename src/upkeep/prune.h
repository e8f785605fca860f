/* SPDX-License-Identifier: Apache-2.0
 *
 * Delete what a store does not need.
 *
 * Order: what is needed is found out under the exclusive lock of lock.use; index.json is made
 * durable as it is, so that no power cut brings names back; then blobs go. A crash at any moment
 * leaves blobs that nothing needs, and nothing else.
 * Threads: any, one call at a time for a watch. Blocks: on the disk and other processes.
 */
#ifndef TUG_UPKEEP_PRUNE_H
#define TUG_UPKEEP_PRUNE_H

#include <tug/upkeep.h>

#include "store/watch.h"

/* A pruning. All borrowed for the call. */
struct tug__pruning {
    struct tug_store *store;
    const struct tug_prune_options *options;
    struct tug__watch *watch;
    struct tug_prune_result *result; /* counted up */
};

/* Delete blobs, as tug_store_prune says. */
enum tug_status tug__prune_blobs(const struct tug__pruning *pruning, struct tug_error *err);
/* Delete partial downloads and leftovers. */
enum tug_status tug__prune_partials(const struct tug__pruning *pruning, struct tug_error *err);
/* Report something that was deleted, or would be, and count it. */
void tug__prune_report(const struct tug__pruning *pruning, const struct tug_pruned *pruned);

#endif
