/* SPDX-License-Identifier: Apache-2.0
 *
 * The public function that deletes what a store does not need: check arguments, hand over.
 *
 * Knows: the upkeep room. Does not know: what is needed.
 * Threads: see tug/upkeep.h.
 */
#include <tug/tug.h>

#include <stddef.h>

#include "base/error.h"
#include "base/options.h"
#include "upkeep/prune.h"

/* A later version appends members; none may hide in padding that an older program left unset. */
_Static_assert(sizeof(struct tug_prune_options) ==
                   offsetof(struct tug_prune_options, pruned_context) + sizeof(void *),
               "tug_prune_options has no padding at its end");

enum tug_status tug_store_prune(struct tug_store *store, const struct tug_prune_options *options,
                                const struct tug_watch *watch, struct tug_prune_result *out_result,
                                struct tug_error *err)
{
    struct tug_prune_options given = TUG_PRUNE_OPTIONS_INIT;
    struct tug_prune_result result = TUG_PRUNE_RESULT_INIT;
    struct tug__watch own;
    const struct tug__pruning pruning = {
        .store = store,
        .options = &given,
        .watch = &own,
        .result = &result,
    };
    enum tug_status status = tug__result_check(out_result, "tug_prune_result", err);

    if (status != TUG_OK) {
        return status;
    }
    status = tug__watch_begin(&own, watch, err);
    if (status == TUG_OK && options != NULL) {
        status = tug__options_copy(&given, sizeof given, options, "tug_prune_options", err);
    }
    if (status == TUG_OK) {
        status =
            given.partials ? tug__prune_partials(&pruning, err) : tug__prune_blobs(&pruning, err);
    }
    tug__result_copy(out_result, &result, sizeof result);
    return status;
}
