/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs over several connections: which idle workers join in, and where.
 *
 * Knows: open transfers, their division (ranges.h) into shares (share_length.h), when more
 * connections pay off (spread.h), and for which blobs (deal.h).
 * Does not know: images, results of requests.
 * Threads: the resolver.
 *
 * A node has a width, the number of connections it should have. When a share ends, the connection
 * goes to the blob that then takes longest. So widths change, but their sum grows only by
 * tug__engine_measure, while nothing else waits for a worker.
 */
#include "engine/state.h"

#include "base/clock.h"
#include "engine/deal.h"
#include "engine/share_length.h"

/* Length of a share that is a whole blob, with headroom for arithmetic. */
#define SHARE_BYTES_ALL (UINT64_MAX / 4)
/* Interval of measurements while there are idle workers. */
#define LOOK_NS (25 * TUG__NS_PER_MS)
/* Blobs that can be in progress while a worker is idle. */
#define BLOBS_MAX TUG_DOWNLOADS_MAX

/* Tell whether a blob may have more than one connection. */
static bool may_divide(struct tug__engine *engine, const struct tug__node *node)
{
    const struct tug__host *const host = node->host;
    const uint64_t chunk_bytes = engine->settings.chunk_size_bytes;

    return !engine->settings.never_split && !tug__delta_is_early(node) &&
           (node->wanted.size_bytes >= chunk_bytes / 2 || tug__delta_is_copying(node)) &&
           !node->attempt.is_second_try && host != NULL && !host->ignores_ranges &&
           !node->transfer->ranges.is_single;
}

static uint64_t rest_of(const struct tug__node *node)
{
    return node->wanted.size_bytes - tug__ranges_done(&node->transfer->ranges);
}

/* Choose the next share of a blob that is open, once no other is wanted first. */
static bool choose_next(struct tug__engine *engine, struct tug__node *node,
                        struct tug__share *out_share)
{
    const struct tug__share_view view = {
        .rest_bytes = rest_of(node),
        .connections = node->width,
        .rate_each = tug__spread_rate_each(&engine->spread),
        .answer_ns = node->host->answer_ns,
        .chunk_bytes = engine->settings.chunk_size_bytes,
    };
    struct tug__ranges *const ranges = &node->transfer->ranges;

    ranges->has_ranges = ranges->has_ranges || node->host->has_ranges;
    ranges->lead_bytes = tug__share_lead(&view);
    return tug__ranges_choose(ranges,
                              may_divide(engine, node) ? tug__share_length(&view) : SHARE_BYTES_ALL,
                              tug__counter_get(&node->transfer->noted), out_share);
}

bool tug__parts_choose(struct tug__engine *engine, struct tug__node *node,
                       struct tug__share *out_share)
{
    struct tug__ranges *const ranges = &node->transfer->ranges;

    if (!ranges->is_open) {
        tug__extents_fini(&ranges->gaps); /* an earlier job ended before it opened the file */
        tug__ranges_choose_first(ranges, tug__delta_first(node), out_share);
        return true;
    }
    return tug__delta_choose(engine, node, out_share) || choose_next(engine, node, out_share);
}

unsigned tug__parts_idle_workers(const struct tug__engine *engine)
{
    const unsigned worker_count = tug__pool_worker_count(engine->pool);

    return engine->jobs_out < worker_count ? worker_count - engine->jobs_out : 0;
}

/* Tell whether a node being fetched may get an additional share now. */
static bool wants_share(struct tug__engine *engine, const struct tug__node *node, uint64_t now_ns)
{
    return node->state == TUG__NODE_ACTIVE && node->job_count > 0 &&
           node->job_count < node->width && now_ns >= node->attempt.beside_ns &&
           now_ns >= node->attempt.wake_ns && tug__node_is_needed(node) &&
           tug__host_has_room(engine, node->host) && may_divide(engine, node);
}

/* Tell whether a blob that is being fetched may get more connections. */
static bool can_grow(struct tug__engine *engine, const struct tug__node *node, uint64_t now_ns)
{
    return node->job_count > 0 && node->transfer->ranges.is_flowing &&
           now_ns >= node->attempt.beside_ns && may_divide(engine, node);
}

/* Give blobs the connections that were dealt to them. */
static void widen(const struct tug__deal_blob *blobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct tug__node *const node = blobs[i].owner;

        if (blobs[i].more > 0) {
            node->width = blobs[i].connections + blobs[i].more;
        }
    }
}

/* Take back the connections that a blob should have beyond those it has. Returns: how many. */
static unsigned take_spare(struct tug__node *node)
{
    const unsigned spare = node->width > node->job_count ? node->width - node->job_count : 0;

    node->width -= spare;
    return spare;
}

/* Shares have ended: the next ones are for the blobs that need them most, be it the same or not. */
static void deal_again(struct tug__engine *engine, uint64_t now_ns)
{
    struct tug__deal_blob blobs[BLOBS_MAX];
    size_t count = 0;
    unsigned spare = 0;

    for (struct tug__transfer *transfer = engine->transfers; transfer != NULL && count < BLOBS_MAX;
         transfer = transfer->next) {
        struct tug__node *const node = transfer->owner;

        if (can_grow(engine, node, now_ns) && !tug__delta_is_copying(node)) {
            blobs[count++] = (struct tug__deal_blob){
                .owner = node, .rest_bytes = rest_of(node), .connections = node->job_count};
            spare += take_spare(node);
        }
    }
    (void)tug__deal(blobs, count, spare, TUG__SHARE_BYTES_MIN);
    widen(blobs, count);
}

void tug__parts_submit(struct tug__engine *engine)
{
    const uint64_t now_ns = tug__now_ns();

    if (tug__parts_idle_workers(engine) == 0) {
        return;
    }
    deal_again(engine, now_ns);
    for (struct tug__transfer *transfer = engine->transfers; transfer != NULL;
         transfer = transfer->next) {
        struct tug__node *const node = transfer->owner;
        struct tug__share share;

        while (tug__parts_idle_workers(engine) > 0 && wants_share(engine, node, now_ns) &&
               tug__parts_choose(engine, node, &share)) {
            if (!tug__node_submit(engine, node, &share)) {
                return;
            }
        }
    }
}

/* Number of shares whose response is still to come. */
static unsigned count_pending(const struct tug__transfer *transfer)
{
    unsigned count = 0;

    for (const struct tug__share *share = transfer->ranges.shares; share != NULL;
         share = share->next) {
        count += !share->is_flowing;
    }
    return count;
}

/* Collect the blobs that may get more connections, and what the decision needs to know of all.
 * blobs: of BLOBS_MAX; while a worker is idle, no more than that can be in progress. Returns: how
 * many. */
static size_t view_transfers(struct tug__engine *engine, struct tug__spread_view *view,
                             struct tug__deal_blob *blobs)
{
    uint64_t longest = 0;
    size_t count = 0;

    for (struct tug__transfer *transfer = engine->transfers; transfer != NULL;
         transfer = transfer->next) {
        struct tug__node *const node = transfer->owner;

        view->pending += count_pending(transfer);
        view->connections += node->job_count - tug__delta_copying(node);
        if (count < BLOBS_MAX && can_grow(engine, node, view->now_ns)) {
            const uint64_t rest = rest_of(node);

            blobs[count++] = (struct tug__deal_blob){
                .owner = node, .rest_bytes = rest, .connections = node->job_count};
            if (rest / node->job_count >= longest) {
                longest = rest / node->job_count;
                view->rest_bytes = rest;
                view->answer_ns = node->host->answer_ns;
            }
        }
    }
    return count;
}

/* Give connections back: running jobs go on to the end of their shares; none follow. */
static void give_back(struct tug__engine *engine, unsigned count)
{
    for (struct tug__transfer *transfer = engine->transfers; transfer != NULL && count > 0;
         transfer = transfer->next) {
        struct tug__node *const node = transfer->owner;
        const unsigned spare = node->job_count > 1 ? node->job_count - 1 : 0;
        const unsigned fewer = spare < count ? spare : count;

        if (fewer > 0) {
            node->width = node->job_count - fewer;
            count -= fewer;
        }
    }
}

uint64_t tug__engine_measure(struct tug__engine *engine)
{
    struct tug__deal_blob blobs[BLOBS_MAX];
    struct tug__spread_view view = {
        .now_ns = tug__now_ns(),
        .received_bytes = tug__pool_received(engine->pool),
    };
    const size_t blob_count = view_transfers(engine, &view, blobs);
    unsigned count = 0;

    if (blob_count == 0 || engine->is_stopping) {
        engine->spread.since_ns = 0;
        return TUG__NEVER_NS;
    }
    view.each_bytes = tug__deal_longest(blobs, blob_count);
    view.can_join =
        tug__deal(blobs, blob_count, tug__parts_idle_workers(engine), TUG__SHARE_BYTES_MIN);
    view.each_bytes_after = tug__deal_longest(blobs, blob_count);
    switch (tug__spread_advise(&engine->spread, &view, &count)) {
    case TUG__SPREAD_ADD:
        (void)tug__deal(blobs, blob_count, count, TUG__SHARE_BYTES_MIN);
        widen(blobs, blob_count);
        break;
    case TUG__SPREAD_RETURN:
        give_back(engine, count);
        break;
    case TUG__SPREAD_STAY:
        break;
    }
    return view.now_ns + LOOK_NS;
}
