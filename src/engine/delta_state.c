/* SPDX-License-Identifier: Apache-2.0
 *
 * What a layer that is put together says of itself: its stage, its plan, its share of the copies.
 *
 * Knows: nodes, jobs. Does not know: images, HTTP, whose turn it is.
 * Threads: the resolver.
 */
#include <stdlib.h>

#include "engine/delta_internal.h"

/* Text that several PLAN jobs read at once: it bounds their memory. One may read more. */
#define PLAN_BYTES_MAX ((uint64_t)16 * 1024 * 1024)
/* Of so many connections one copies: a disk needs no more at a time. */
#define CONNECTIONS_PER_COPY 4

void tug__delta_free(struct tug__delta *delta)
{
    if (delta != NULL) {
        tug__delta_plan_fini(&delta->plan);
        free(delta);
    }
}

void tug__delta_append(struct tug__node_list *list, struct tug__node *node)
{
    node->links.next_queued = NULL;
    if (list->last != NULL) {
        list->last->links.next_queued = node;
    } else {
        list->first = node;
    }
    list->last = node;
}

bool tug__delta_is_at(const struct tug__node *node, enum tug__delta_stage stage)
{
    return node->attempt.delta != NULL && node->attempt.delta->stage == stage;
}

void tug__delta_go_plain(struct tug__node *node)
{
    struct tug__delta *const delta = node->attempt.delta;

    if (node->transfer != NULL) {
        (void)tug__ranges_release(&node->transfer->ranges, 0, node->wanted.size_bytes, NULL);
    }
    tug__delta_plan_fini(&delta->plan);
    delta->next_copy = 0;
    delta->stage = TUG__DELTA_PLAIN;
    node->job_kind = TUG__JOB_BLOB;
}

uint64_t tug__delta_first(const struct tug__node *node)
{
    return tug__delta_is_at(node, TUG__DELTA_TAIL) ? node->attempt.delta->tail_byte : 0;
}

bool tug__delta_is_early(const struct tug__node *node)
{
    return tug__delta_is_at(node, TUG__DELTA_TAIL) || tug__delta_is_at(node, TUG__DELTA_PLAN);
}

bool tug__delta_is_copying(const struct tug__node *node)
{
    return tug__delta_is_at(node, TUG__DELTA_COPY);
}

bool tug__delta_needs_range(const struct tug__node *node)
{
    return tug__delta_is_at(node, TUG__DELTA_TAIL) || tug__delta_is_at(node, TUG__DELTA_COPY);
}

void tug__delta_fill_in(struct tug__engine *engine, const struct tug__node *node,
                        struct tug__job *job)
{
    const struct tug__chunked_copies *const copies = &node->attempt.delta->plan.copies;
    const uint64_t first = job->share.first_byte;
    size_t low = 0;
    size_t high = copies->count;

    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;

        if (copies->items[middle].first <= first) {
            low = middle;
        } else {
            high = middle;
        }
    }
    job->request.donor = node->attempt.delta->donors[copies->items[low].donor];
    job->request.from = copies->items[low].from + (first - copies->items[low].first);
    node->attempt.delta->copying++;
    engine->delta.copies_out++;
}

unsigned tug__delta_copying(const struct tug__node *node)
{
    return node->attempt.delta != NULL ? node->attempt.delta->copying : 0;
}

uint64_t tug__delta_copied(const struct tug__node *node)
{
    return node->attempt.delta != NULL ? node->attempt.delta->copied_bytes : 0;
}

struct tug__delta_plan *tug__delta_plan_of(struct tug__node *node)
{
    return node->attempt.delta != NULL ? &node->attempt.delta->plan : NULL;
}

uint64_t tug__delta_plan_bytes(const struct tug__delta *delta)
{
    const struct tug__chunked_place *const place = &delta->place;

    /* eStargz does not say: its text is about a hundredth of the layer, and so on */
    return place->toc.raw_length > 0 ? place->toc.raw_length + place->tar_split.raw_length / 8
                                     : place->size_bytes / 32;
}

void tug__plans_add(struct tug__node **plans, struct tug__node *node)
{
    struct tug__node **link = plans;

    while (*link != NULL && (*link)->wanted.size_bytes >= node->wanted.size_bytes) {
        link = &(*link)->links.next_queued;
    }
    node->links.next_queued = *link;
    *link = node;
    node->state = TUG__NODE_QUEUED;
    node->job_kind = TUG__JOB_PLAN;
}

bool tug__plan_may_begin(const struct tug__delta_state *state, uint64_t bytes, unsigned lane_count)
{
    return state->plans_out == 0 ||
           (state->plans_out < lane_count && state->plan_bytes + bytes <= PLAN_BYTES_MAX);
}

bool tug__copy_may_begin(const struct tug__delta_state *state, unsigned copying,
                         unsigned worker_count, unsigned lane_count)
{
    return copying <= worker_count / CONNECTIONS_PER_COPY &&
           (state->plans_out == 0 || state->copies_out == 0 ||
            state->plans_out + state->copies_out < lane_count);
}

void tug__delta_note_plan(struct tug__engine *engine, const struct tug__node *node)
{
    engine->delta.plans_out++;
    engine->delta.plan_bytes += tug__delta_plan_bytes(node->attempt.delta);
}

void tug__delta_reset(struct tug__node *node)
{
    struct tug__delta *const delta = node->attempt.delta;

    if (delta != NULL) {
        tug__delta_plan_fini(&delta->plan);
        delta->stage = TUG__DELTA_NEW;
        delta->next_copy = 0;
        delta->copied_bytes = 0;
        /* another image may want it now, which does not say its size */
        node->job_kind = node->wanted.has_size ? TUG__JOB_BLOB : TUG__JOB_BLOB_HEAD;
    }
}

void tug__delta_take_back(struct tug__engine *engine, struct tug__node *node,
                          const struct tug__share *share)
{
    if (share->is_local) {
        node->attempt.delta->copying--;
        engine->delta.copies_out--;
    }
}

void tug__delta_let_go(struct tug__engine *engine, struct tug__node *node)
{
    struct tug__node_list *const ready = &engine->delta.ready;
    struct tug__node_list *const waiting =
        node->attempt.delta != NULL ? &node->attempt.delta->waiting : NULL;

    if (waiting == NULL || waiting->first == NULL) {
        return;
    }
    if (ready->last != NULL) {
        ready->last->links.next_queued = waiting->first;
    } else {
        ready->first = waiting->first;
    }
    ready->last = waiting->last;
    *waiting = (struct tug__node_list){0};
}
