/* SPDX-License-Identifier: Apache-2.0
 *
 * List the blobs of a store: tug_store_each_blob.
 *
 * Knows: a walk. Does not know: documents.
 * Threads: any.
 */
#include <tug/store.h>

#include "base/error.h"
#include "walk/walk.h"

/* Hand on one blob. */
static enum tug_status hand_on(struct tug__walk *walk, uint32_t number, tug_blob_fn on_blob,
                               void *context, struct tug_error *err)
{
    const struct tug__walk_blob *const blob = tug__walk_blob(walk, number);
    struct tug_blob_info info = {
        .digest = blob->digest,
        .size_bytes = blob->file_bytes,
        .disk_bytes = blob->disk_bytes,
        .modified_s = blob->modified_s,
        .media_type = blob->media_type,
        .is_needed = blob->is_reached,
    };
    const enum tug_status status =
        tug__walk_names(walk, number, &info.images, &info.image_count, err);

    return status == TUG_OK ? on_blob(context, &info, err) : status;
}

static enum tug_status list(struct tug__walk *walk, tug_blob_fn on_blob, void *context,
                            struct tug__watch *watch, struct tug_error *err)
{
    const uint32_t count = tug__walk_counts(walk).blobs;
    const uint32_t *const sorted = tug__walk_sorted(walk);
    struct tug_work_progress progress = {.items_total = count};
    enum tug_status status = sorted != NULL ? TUG_OK : tug__fail_memory(err);

    for (uint32_t i = 0; status == TUG_OK && i < count; i++) {
        const enum tug__blob_state state = tug__walk_blob(walk, sorted[i])->state;

        progress.items_done = i;
        tug__watch_tell(watch, &progress, false);
        status = tug__watch_check(watch, err);
        if (status == TUG_OK && (state == TUG__BLOB_PRESENT || state == TUG__BLOB_WRONG_SIZE)) {
            status = hand_on(walk, sorted[i], on_blob, context, err);
        }
    }
    progress.items_done = progress.items_total;
    tug__watch_tell(watch, &progress, true);
    return status;
}

enum tug_status tug_store_each_blob(struct tug_store *store, tug_blob_fn on_blob, void *context,
                                    const struct tug_watch *watch, struct tug_error *err)
{
    struct tug__watch own;
    const struct tug__walk_options options = {.orphans = TUG__ORPHANS_REFERRERS, .watch = &own};
    struct tug__walk *walk = NULL;
    enum tug_status status = tug__watch_begin(&own, watch, err);

    if (status == TUG_OK) {
        status = tug__walk_open(store, &options, &walk, err);
    }
    if (status == TUG_OK) {
        status = list(walk, on_blob, context, &own, err);
    }
    tug__walk_close(walk);
    return status;
}
