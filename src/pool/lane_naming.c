/* SPDX-License-Identifier: Apache-2.0
 *
 * Naming images in a lane: publications into index.json.
 *
 * Knows: the store's interface. Does not know: images.
 * Threads: each lane's own.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pool/internal.h"

/* How long the end of a run waits for the store's lock. */
#define STOP_WAIT_NS (500 * TUG__NS_PER_MS)

/* A stopping run waits only briefly for another process that changes index.json. */
static bool should_give_up(void *context)
{
    struct tug__lane *const lane = context;

    if (!tug__cancel_is_set(&lane->pool->stop)) {
        return false;
    }
    lane->stop_seen_ns = lane->stop_seen_ns != 0 ? lane->stop_seen_ns : tug__now_ns();
    return tug__now_ns() - lane->stop_seen_ns >= STOP_WAIT_NS;
}

/* Another process has been changing index.json for long. */
static void on_busy(void *context, const char *text)
{
    struct tug__lane *const lane = context;

    tug__pool_leave_notice(lane->pool, text);
}

/* Add the images of several publications to index.json in one rewrite. Returns: false when that was
 * not even attempted, for lack of memory. */
static bool publish_together(struct tug__lane *lane, const struct tug__lock_wait *wait,
                             struct tug_error *err)
{
    struct tug__index_entry *entries;
    size_t count = 0;

    for (const struct tug__publication *each = lane->group.publications; each != NULL;
         each = each->next_ready) {
        count += each->count;
    }
    entries = calloc(count + 1, sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    count = 0;
    for (const struct tug__publication *each = lane->group.publications; each != NULL;
         each = each->next_ready) {
        memcpy(entries + count, each->entries, each->count * sizeof *entries);
        count += each->count;
    }
    (void)tug__store_index_put(lane->pool->store, entries, count, wait, err);
    free(entries);
    return true;
}

/* Name the images of the group, in one rewrite of index.json. */
void tug__lane_name_images(struct tug__lane *lane)
{
    const struct tug__lock_wait wait = {
        .should_give_up = should_give_up,
        .on_busy = on_busy,
        .context = lane,
    };
    struct tug_error error = {0};
    const uint64_t began_ns = tug__trace_begin(lane->row);
    bool is_done;

    if (lane->group.publications == NULL) {
        return;
    }
    is_done = publish_together(lane, &wait, &error);
    while (lane->group.publications != NULL) {
        struct tug__publication *const publication = lane->group.publications;

        lane->group.publications = publication->next_ready;
        publication->error = error;
        if (!is_done) {
            (void)tug__store_index_put(lane->pool->store, publication->entries, publication->count,
                                       &wait, &publication->error);
        }
        tug__lane_send(lane, TUG__MSG_PUBLISHED, publication);
    }
    tug__trace_end(lane->row, began_ns, &(struct tug_trace_event){.name = "index"});
}
