/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers that are put together: the tail, the plan, the copies, and the ways back to a plain fetch.
 *
 * Knows: nodes, jobs, donors. Does not know: images, HTTP, what a table of contents looks like.
 * Threads: the resolver.
 */
#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/delta_choice.h"
#include "engine/delta_internal.h"

/* Fewer bytes tell no rate. */
#define RATE_BYTES_MIN ((uint64_t)128 * 1024)

/* Do not use a donor again, and warn of it, once. */
static void give_up_donor(struct tug__engine *engine, const struct tug__node *node,
                          const struct tug__donor *donor, const char *what)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    char text[TUG_DIGEST_TEXT_MAX + 128];
    struct tug_event event = {.kind = TUG_EVENT_WARNING, .ref = tug__node_ref(node), .text = text};

    if (donor->is_bad) {
        return;
    }
    tug__donors_give_up(&engine->delta.donors, &donor->digest);
    (void)snprintf(text, sizeof text, "blob %s %s: not copying from it; 'tug verify' checks it",
                   tug_digest_format(&donor->digest, digest), what);
    tug__engine_emit(engine, &event);
}

/* Choose a part of a copy. Returns: false when nothing of it is left, or *out_is_later. */
static bool choose_part(struct tug__node *node, const struct tug__chunked_copy *copy,
                        bool *out_is_later, struct tug__share *out_share)
{
    struct tug__ranges *const ranges = &node->transfer->ranges;

    if (node->attempt.delta->donors[copy->donor]->is_bad) { /* another layer has shown that */
        *out_is_later = tug__ranges_release(ranges, copy->first, copy->end, NULL) != TUG_OK;
        return false;
    }
    if (tug__ranges_choose_at(ranges, copy->first, copy->end,
                              tug__counter_get(&node->transfer->noted), out_share)) {
        return true;
    }
    *out_is_later = tug__ranges_has_kept(ranges, copy->first, copy->end);
    return false;
}

/* Choose the next part to be copied. */
static bool choose_copy(const struct tug__engine *engine, struct tug__node *node,
                        struct tug__share *out_share)
{
    struct tug__delta *const delta = node->attempt.delta;
    bool is_later = false;

    if (!tug__copy_may_begin(&engine->delta, delta->copying, tug__pool_worker_count(engine->pool),
                             tug__pool_lane_count(engine->pool))) {
        return false;
    }
    while (delta->next_copy < delta->plan.copies.count) {
        if (choose_part(node, &delta->plan.copies.items[delta->next_copy], &is_later, out_share)) {
            return true;
        }
        if (is_later) {
            return false;
        }
        delta->next_copy++;
    }
    return false;
}

bool tug__delta_choose(struct tug__engine *engine, struct tug__node *node,
                       struct tug__share *out_share)
{
    if (tug__delta_is_at(node, TUG__DELTA_TAIL)) {
        return tug__ranges_choose_from(&node->transfer->ranges, node->attempt.delta->tail_byte,
                                       tug__counter_get(&node->transfer->noted), out_share);
    }
    return tug__delta_is_at(node, TUG__DELTA_COPY) && choose_copy(engine, node, out_share);
}

/* Give up a donor that cannot be read, and request what it was to give. */
static void lose_donor(struct tug__engine *engine, struct tug__node *node,
                       const struct tug__donor *lost)
{
    struct tug__delta *const delta = node->attempt.delta;
    const struct tug__chunked_copies *const copies = &delta->plan.copies;

    give_up_donor(engine, node, lost, "cannot be read");
    for (size_t i = delta->next_copy; i < copies->count; i++) {
        const struct tug__chunked_copy *const copy = &copies->items[i];

        if (delta->donors[copy->donor] == lost) {
            (void)tug__ranges_release(&node->transfer->ranges, copy->first, copy->end, NULL);
        }
    }
}

void tug__delta_note_share(struct tug__engine *engine, struct tug__node *node,
                           const struct tug__job *job)
{
    struct tug__delta *const delta = node->attempt.delta;

    if (!job->share.is_local) {
        return;
    }
    assert(delta->copying > 0 && engine->delta.copies_out > 0);
    delta->copying--;
    engine->delta.copies_out--;
    delta->copied_bytes += job->result.next_byte - job->share.first_byte;
    if (job->result.has_bad_donor) {
        lose_donor(engine, node, job->request.donor);
    }
}

void tug__delta_note_flow(const struct tug__engine *engine, struct tug__node *node)
{
    struct tug__delta *const delta = node->attempt.delta;

    if (tug__delta_is_at(node, TUG__DELTA_TAIL)) {
        delta->flow_ns = tug__now_ns();
        delta->flow_bytes = tug__pool_received(engine->pool);
    }
}

/* A tail is complete: tell how fast all that came has come meanwhile. */
static void note_rate(struct tug__engine *engine, const struct tug__delta *delta)
{
    const uint64_t bytes = tug__pool_received(engine->pool) - delta->flow_bytes;
    const double seconds = (double)(tug__now_ns() - delta->flow_ns) / (double)TUG__NS_PER_S;

    if (delta->flow_ns > 0 && bytes >= RATE_BYTES_MIN &&
        (double)bytes > engine->delta.rate * seconds) {
        engine->delta.rate = (double)bytes / seconds;
    }
}

struct tug__node *tug__delta_next_plan(struct tug__engine *engine)
{
    struct tug__delta_state *const state = &engine->delta;
    struct tug__node *const node = state->plans;

    if (node == NULL || !tug__plan_may_begin(state, tug__delta_plan_bytes(node->attempt.delta),
                                             tug__pool_lane_count(engine->pool))) {
        return NULL;
    }
    state->plans = node->links.next_queued;
    return node;
}

bool tug__delta_continue(struct tug__engine *engine, struct tug__node *node)
{
    struct tug__delta *const delta = node->attempt.delta;
    const struct tug__extents *gaps;

    if (!tug__delta_is_early(node) || node->job_count > 0 || node->transfer == NULL ||
        !node->transfer->ranges.is_open) {
        return false;
    }
    gaps = &node->transfer->ranges.gaps;
    if (gaps->count > 0 && gaps->items[gaps->count - 1].end > delta->tail_byte) {
        delta->stage = TUG__DELTA_TAIL;
        node->job_kind = TUG__JOB_BLOB;
        return false; /* its rest */
    }
    if (delta->stage == TUG__DELTA_TAIL) {
        note_rate(engine, delta);
    }
    delta->stage = TUG__DELTA_PLAN;
    delta->plan.tail_byte = delta->tail_byte;
    tug__plans_add(&engine->delta.plans, node);
    return true;
}

/* Leave out the copies from donors that were given up while the plan was made. */
static void leave_out_lost(struct tug__delta *delta)
{
    struct tug__chunked_copies *const copies = &delta->plan.copies;
    size_t kept = 0;

    for (size_t i = 0; i < copies->count; i++) {
        const struct tug__chunked_copy copy = copies->items[i];

        if (delta->donors[copy.donor]->is_bad) {
            copies->bytes -= copy.end - copy.first;
        } else {
            copies->items[kept++] = copy;
        }
    }
    copies->count = kept;
}

/* Take what the copies have out of what is requested. Errors: TUG_ERR_NO_MEMORY. */
static enum tug_status keep_copies(struct tug__node *node, uint64_t *out_bytes,
                                   struct tug_error *err)
{
    const struct tug__chunked_copies *const copies = &node->attempt.delta->plan.copies;
    enum tug_status status = TUG_OK;

    *out_bytes = 0;
    for (size_t i = 0; status == TUG_OK && i < copies->count; i++) {
        uint64_t bytes = 0;

        status = tug__ranges_keep(&node->transfer->ranges, copies->items[i].first,
                                  copies->items[i].end, &bytes, err);
        *out_bytes += bytes;
    }
    return status;
}

/* The plan is made: follow it, if that is worth it. */
static void use_plan(struct tug__engine *engine, struct tug__node *node)
{
    struct tug__delta *const delta = node->attempt.delta;
    struct tug__ranges *const ranges = &node->transfer->ranges;
    const uint64_t missing = node->wanted.size_bytes - tug__ranges_done(ranges);
    const uint64_t request_bytes = tug__copies_request_bytes(
        tug__spread_rate_each(&engine->spread), node->host->answer_ns, engine->delta.rate);
    uint64_t kept = 0;
    struct tug_error error = {0};

    leave_out_lost(delta);
    tug__copies_join(&delta->plan.copies, node->wanted.size_bytes, request_bytes);
    if (keep_copies(node, &kept, &error) != TUG_OK) {
        tug__node_fail(engine, node, &error);
        return;
    }
    if (!tug__copies_are_worth_it(&(struct tug__copies_gain){
            .copied_bytes = kept,
            .missing_bytes = missing,
            .gap_count = ranges->gaps.count,
            .request_bytes = request_bytes,
            .is_begun = missing < delta->tail_byte,
        })) {
        tug__delta_go_plain(node);
    } else {
        delta->stage = TUG__DELTA_COPY;
        delta->next_copy = 0;
        node->job_kind = TUG__JOB_BLOB;
        node->width = engine->settings.never_split ? 1 : tug__pool_worker_count(engine->pool);
    }
    tug__node_enqueue(engine, node);
}

static void handle_plan(struct tug__engine *engine, struct tug__node *node)
{
    struct tug__delta *const delta = node->attempt.delta;

    if (delta->plan.needs_byte < delta->plan.tail_byte) {
        delta->place = delta->plan.place; /* located */
        delta->tail_byte = delta->plan.needs_byte;
        delta->stage = TUG__DELTA_TAIL;
        node->job_kind = TUG__JOB_BLOB;
        tug__node_enqueue(engine, node);
        return;
    }
    use_plan(engine, node);
}

void tug__delta_handle_job(struct tug__engine *engine, struct tug__node *node, struct tug__job *job,
                           bool has_failed)
{
    if (job->kind == TUG__JOB_DONORS) {
        tug__delta_handle_donors(engine, node, &job->result.error);
        return;
    }
    assert(engine->delta.plans_out > 0);
    engine->delta.plans_out--;
    engine->delta.plan_bytes -= tug__delta_plan_bytes(node->attempt.delta);
    node->job_kind = TUG__JOB_BLOB;
    if (node->drop != TUG__DROP_NOT) {
        tug__node_drop_transfer(engine, node, node->drop);
    } else if (!tug__node_is_needed(node)) {
        tug__node_abandon(engine, node);
    } else if (has_failed) {
        tug__delta_go_plain(node);
        tug__node_enqueue(engine, node);
    } else {
        handle_plan(engine, node);
    }
}

bool tug__delta_handle_failure(struct tug__engine *engine, struct tug__node *node,
                               const struct tug__job *job)
{
    if (!tug__delta_needs_range(node) || job->share.is_local || !job->result.call.ranges_ignored ||
        !tug__node_is_needed(node)) {
        return false;
    }
    node->attempt.delta->is_off = true;
    node->host->ignores_ranges = true;
    if (node->attempt.delta->stage == TUG__DELTA_TAIL) {
        tug__delta_go_plain(node);
        node->transfer->ranges.is_single = true;
        tug__node_enqueue(engine, node);
    } else { /* many gaps, each of which would bring the whole blob */
        tug__delta_go_plain(node);
        tug__node_drop_transfer(engine, node, TUG__DROP_REMOVE);
    }
    return true;
}

/* Tell of a layer that was put together wrongly, and is fetched plainly next. */
static void tell_of_wrong(struct tug__engine *engine, struct tug__node *node,
                          const struct tug_error *error)
{
    struct tug_error shown = *error;

    (void)tug__wrap(&shown, shown.code, "put together from other layers");
    tug__node_tell_second_try(engine, node, &shown);
}

bool tug__delta_handle_rejected(struct tug__engine *engine, struct tug__node *node,
                                const struct tug_error *error)
{
    struct tug__delta *const delta = node->attempt.delta;

    if (delta == NULL || error->code != TUG_ERR_CONTENT || delta->copied_bytes == 0) {
        return false;
    }
    tell_of_wrong(engine, node, error);
    for (size_t i = 0; i < delta->plan.copies.count; i++) {
        give_up_donor(engine, node, delta->donors[delta->plan.copies.items[i].donor],
                      "may be damaged (a layer put together from it has a wrong digest)");
    }
    delta->is_off = true;
    tug__delta_reset(node);
    tug__node_enqueue(engine, node);
    return true;
}
