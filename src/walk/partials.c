/* SPDX-License-Identifier: Apache-2.0
 *
 * List partial downloads: tug_store_each_partial.
 *
 * Knows: partial files as the store room describes them, a walk. Does not know: their format,
 * the network.
 * Threads: any.
 */
#include <tug/store.h>

#include <stdlib.h>

#include "store/list.h"
#include "walk/walk.h"

/* Hand on one. walk: of which documents say its size. */
static enum tug_status hand_on(struct tug_store *store, const struct tug__walk *walk,
                               const struct tug__partial *partial, tug_partial_fn on_partial,
                               void *context, struct tug_error *err)
{
    const uint32_t number = tug__walk_find(walk, &partial->digest);
    char holder[TUG__HOLDER_TEXT_MAX];
    struct tug_partial_info info = {
        .digest = partial->digest,
        .present_bytes = partial->present_bytes,
        .size_bytes = partial->size_bytes,
        .disk_bytes = partial->disk_bytes,
        .modified_s = partial->modified_s,
    };

    if (info.size_bytes == 0 && number != TUG__WALK_NONE) {
        info.size_bytes = tug__walk_blob(walk, number)->size_bytes;
    }
    if (info.size_bytes > 0 && info.present_bytes > info.size_bytes) {
        info.present_bytes = 0; /* then it cannot be part of this blob, and is begun anew */
    }
    info.is_held = tug__store_find_holder(store, &partial->digest, &info.holder_pid, holder);
    info.holder = info.is_held ? holder : NULL;
    return on_partial(context, &info, err);
}

static enum tug_status list(struct tug_store *store, const struct tug__partial *partials,
                            size_t count, tug_partial_fn on_partial, void *context,
                            struct tug__watch *watch, struct tug_error *err)
{
    /* an image that is being fetched has no name yet: its documents are orphans */
    struct tug_error ignored = {0}; /* a damaged index.json only means that nobody knows sizes */
    const struct tug__walk_options options = {
        .orphans = TUG__ORPHANS_ALL, .watch = watch, .index_error = &ignored};
    struct tug_work_progress progress = {.items_total = count};
    struct tug__walk *walk = NULL;
    enum tug_status status = tug__walk_open(store, &options, &walk, err);

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        progress.items_done = i;
        tug__watch_tell(watch, &progress, false);
        status = tug__watch_check(watch, err);
        if (status == TUG_OK) {
            status = hand_on(store, walk, &partials[i], on_partial, context, err);
        }
    }
    progress.items_done = count;
    tug__watch_tell(watch, &progress, true);
    tug__walk_close(walk);
    return status;
}

enum tug_status tug_store_each_partial(struct tug_store *store, tug_partial_fn on_partial,
                                       void *context, const struct tug_watch *watch,
                                       struct tug_error *err)
{
    struct tug__partial *partials = NULL;
    struct tug__watch own;
    size_t count = 0;
    enum tug_status status = tug__watch_begin(&own, watch, err);

    if (status == TUG_OK) {
        status = tug__store_partials(store, &partials, &count, err);
    }
    if (status == TUG_OK && count > 0) {
        status = list(store, partials, count, on_partial, context, &own, err);
    }
    free(partials);
    return status;
}
