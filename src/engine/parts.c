/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs over several connections: which idle workers join in, and where.
 *
 * Knows: open transfers, their division (ranges.h), when more connections pay off (spread.h), and
 * for which blobs (deal.h). Does not know: images, results of requests.
 * Threads: the resolver.
 *
 * A node has a width, the number of connections it should have. When a share ends, the connection
 * goes to the blob that then takes longest. So widths change, but their sum grows only by
 * tug__engine_measure, while nothing else waits for a worker.
 */
#include "engine/state.h"

#include "base/clock.h"
#include "engine/deal.h"

/* Time that a connection should need for a share, so that the cost of requests is small. */
#define SHARE_SECONDS 2.0
#define SHARE_BYTES_MAX (UINT64_C(64) * 1024 * 1024)
/* Toward the end shares get shorter, so that all end together and the hash does not fall behind by
 * whole windows: down to the first, or on a long way, where each request costs time, down to so
 * many times what comes while an answer is waited for, at most the second. */
#define SHARE_BYTES_LAST (UINT64_C(4) * 1024 * 1024)
#define SHARE_BYTES_LAST_FAR (UINT64_C(8) * 1024 * 1024)
#define ANSWERS_PER_SHARE 10.0
/* A share's tail is taken as many answers' times ahead: one that comes too late is of no use, and
 * its connection, closed in the middle of a response, begins again slowly. */
#define ANSWERS_LEAD 3.0
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

/* What a connection brings in so many times of an answer; 0 while neither is known. */
static uint64_t bytes_in_answers(const struct tug__engine *engine, const struct tug__node *node,
                                 double count)
{
    const double answer_s = (double)node->host->answer_ns / (double)TUG__NS_PER_S;

    return (uint64_t)(tug__spread_rate_each(&engine->spread) * answer_s * count);
}

/* Shortest share, with so many bytes left for so many connections: what evenly divides them, but no
 * more than it takes to make the cost of its request small. */
static uint64_t shortest_share(const struct tug__engine *engine, const struct tug__node *node,
                               uint64_t rest_bytes)
{
    const uint64_t even_bytes = rest_bytes / (node->width > 0 ? node->width : 1);
    uint64_t enough_bytes = bytes_in_answers(engine, node, ANSWERS_PER_SHARE);

    enough_bytes = enough_bytes < SHARE_BYTES_LAST_FAR ? enough_bytes : SHARE_BYTES_LAST_FAR;
    enough_bytes = enough_bytes > SHARE_BYTES_LAST ? enough_bytes : SHARE_BYTES_LAST;
    enough_bytes = enough_bytes < even_bytes ? enough_bytes : even_bytes;
    return enough_bytes > TUG__SHARE_BYTES_MIN ? enough_bytes : TUG__SHARE_BYTES_MIN;
}

static uint64_t share_length(struct tug__engine *engine, const struct tug__node *node)
{
    const uint64_t chunk_bytes = engine->settings.chunk_size_bytes;
    const uint64_t rest_bytes = node->wanted.size_bytes - tug__ranges_done(&node->transfer->ranges);
    uint64_t last_bytes = rest_bytes / (2 * (node->width > 0 ? node->width : 1));
    uint64_t shortest;
    uint64_t length;

    if (!may_divide(engine, node)) {
        return SHARE_BYTES_ALL;
    }
    length = (uint64_t)(tug__spread_rate_each(&engine->spread) * SHARE_SECONDS);
    length = length < SHARE_BYTES_MAX ? length : SHARE_BYTES_MAX;
    length = length > chunk_bytes ? length : chunk_bytes;
    shortest = shortest_share(engine, node, rest_bytes);
    last_bytes = last_bytes > shortest ? last_bytes : shortest;
    return length < last_bytes ? length : last_bytes;
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
    if (tug__delta_choose(engine, node, out_share)) {
        return true;
    }
    if (node->host != NULL) {
        ranges->has_ranges = ranges->has_ranges || node->host->has_ranges;
        ranges->lead_bytes = bytes_in_answers(engine, node, ANSWERS_LEAD);
    }
    return tug__ranges_choose(ranges, share_length(engine, node),
                              tug__counter_get(&node->transfer->noted), out_share);
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

static uint64_t rest_of(const struct tug__node *node)
{
    return node->wanted.size_bytes - tug__ranges_done(&node->transfer->ranges);
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
