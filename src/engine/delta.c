/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers that are put together: donors, before the first request and after the commit.
 *
 * Knows: nodes, donors. Does not know: images, HTTP, what a table of contents looks like.
 * Threads: the resolver.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/delta_choice.h"
#include "engine/delta_internal.h"

uint64_t tug__delta_repository(const struct tug_ref *ref)
{
    char name[1024];
    const int length =
        snprintf(name, sizeof name, "%s/%s", tug_ref_host(ref), tug_ref_repository(ref));

    return tug__repository_hash(name, length < (int)sizeof name ? (size_t)length : sizeof name - 1);
}

void tug__delta_create(struct tug__engine *engine, struct tug__node *node,
                       const struct tug__wanted *wanted)
{
    node->wanted.layer.toc = NULL;
    if (wanted->layer.toc == NULL || engine->delta.donors.store_count == 0 ||
        engine->settings.is_dry) {
        return;
    }
    node->attempt.delta = calloc(1, sizeof *node->attempt.delta);
    if (node->attempt.delta == NULL) {
        return;
    }
    node->attempt.delta->place = *wanted->layer.toc->place;
    node->attempt.delta->number = wanted->layer.toc->number;
    node->attempt.delta->repository = tug__delta_repository(wanted->source);
}

void tug__delta_state_fini(struct tug__engine *engine)
{
    tug__donors_fini(&engine->delta.donors);
    tug__donors_fini(&engine->delta.planned);
    free(engine->delta.stores);
}

/* Nodes that waited have their turn again. */
static void enqueue_all(struct tug__engine *engine, struct tug__node_list *list)
{
    struct tug__node *node = list->first;

    *list = (struct tug__node_list){0};
    while (node != NULL) {
        struct tug__node *const next = node->links.next_queued;

        tug__node_enqueue(engine, node);
        node = next;
    }
}

enum tug_status tug__engine_use_deltas(struct tug__engine *engine, struct tug_store *const *stores,
                                       size_t store_count, struct tug_error *err)
{
    struct tug__delta_state *const state = &engine->delta;

    state->stores = calloc(store_count + 1, sizeof(struct tug_store *));
    if (state->stores == NULL) {
        return tug__fail_memory(err);
    }
    state->stores[0] = engine->settings.store;
    for (size_t i = 0; i < store_count; i++) {
        state->stores[i + 1] = stores[i];
    }
    state->donors.stores = state->stores;
    state->donors.store_count = store_count + 1;
    return TUG_OK;
}

/* Find a layer that is being fetched now and may be a donor: the same place in another image of the
 * same repository. One that fails is none: nobody knows for how long. */
static struct tug__node *find_running(const struct tug__engine *engine,
                                      const struct tug__node *node)
{
    for (const struct tug__transfer *transfer = engine->transfers; transfer != NULL;
         transfer = transfer->next) {
        struct tug__node *const other = transfer->owner;

        if (other->attempt.delta != NULL &&
            other->attempt.delta->repository == node->attempt.delta->repository &&
            other->attempt.delta->number == node->attempt.delta->number &&
            other->attempt.delta->place.format == node->attempt.delta->place.format &&
            tug__copies_may_be_worth_it(tug__chunked_tail(&other->attempt.delta->place)) &&
            other->attempt.failures == 0 && tug__node_is_needed(other)) {
            return other;
        }
    }
    return NULL;
}

/* Choose donors. Returns: false when there are none. */
static bool choose_donors(struct tug__engine *engine, struct tug__node *node)
{
    struct tug__delta *const delta = node->attempt.delta;
    struct tug__delta_plan *const plan = &delta->plan;
    const struct tug__donor_wish wish = {
        .digest = &node->wanted.digest,
        .format = delta->place.format,
        .repository = delta->repository,
        .number = delta->number,
    };

    tug__delta_plan_fini(plan);
    *plan = (struct tug__delta_plan){.place = delta->place};
    plan->donor_count =
        tug__donors_choose(&engine->delta.donors, &wish, delta->donors, TUG__PLAN_DONORS_MAX);
    for (unsigned i = 0; i < plan->donor_count; i++) {
        plan->donors[i] = delta->donors[i];
    }
    return plan->donor_count > 0;
}

/* Tell whether a layer may be put together now, if there are donors. */
static bool may_put_together(const struct tug__node *node)
{
    const struct tug__delta *const delta = node->attempt.delta;

    return !delta->is_off && !node->attempt.is_second_try && !node->attempt.is_at_urls &&
           (node->host == NULL || !node->host->ignores_ranges) &&
           node->wanted.size_bytes == delta->place.size_bytes &&
           tug__copies_may_be_worth_it(tug__chunked_tail(&delta->place));
}

bool tug__delta_admit(struct tug__engine *engine, struct tug__node *node)
{
    struct tug__delta *const delta = node->attempt.delta;
    struct tug__node *running;

    if (delta == NULL || node->job_kind != TUG__JOB_BLOB) {
        return true;
    }
    delta->stage = TUG__DELTA_PLAIN;
    if (!may_put_together(node)) {
        return true;
    }
    if (engine->delta.is_searching) {
        tug__delta_append(&engine->delta.waiting, node);
        return false;
    }
    if (!engine->delta.is_searched) {
        engine->delta.is_searching = true;
        node->job_kind = TUG__JOB_DONORS;
        tug__node_enqueue(engine, node);
        return false;
    }
    if (choose_donors(engine, node)) {
        delta->stage = TUG__DELTA_TAIL;
        delta->tail_byte = tug__chunked_tail(&delta->place);
        return true;
    }
    running = find_running(engine, node);
    if (running != NULL) {
        tug__delta_append(&running->attempt.delta->waiting, node);
    }
    return running == NULL;
}

void tug__delta_tell_unread(struct tug__engine *engine)
{
    struct tug_error *const unread = &engine->delta.donors.unread;
    char text[TUG_ERROR_MESSAGE_MAX + 64];

    if (unread->code == TUG_OK) {
        return;
    }
    unread->code = TUG_OK; /* once */
    (void)snprintf(text, sizeof text, "%s: not copying from that store", unread->message);
    tug__engine_emit(engine, &(struct tug_event){.kind = TUG_EVENT_WARNING, .text = text});
}

void tug__delta_handle_donors(struct tug__engine *engine, struct tug__node *node,
                              const struct tug_error *error)
{
    engine->delta.is_searching = false;
    engine->delta.is_searched = error->code != TUG_ERR_CANCELLED;
    if (!engine->delta.is_searched) {
        tug__donors_fini(&engine->delta.donors);
    }
    tug__delta_tell_unread(engine);
    node->job_kind = TUG__JOB_BLOB;
    enqueue_all(engine, &engine->delta.waiting);
    if (tug__node_is_needed(node)) {
        tug__node_enqueue(engine, node);
    } else {
        tug__node_abandon(engine, node);
    }
}

void tug__delta_handle_committed(struct tug__engine *engine, struct tug__node *node)
{
    const struct tug__delta *const delta = node->attempt.delta;

    node->outcome.copied_bytes = tug__delta_copied(node);
    if (delta != NULL && engine->delta.is_searched) {
        (void)tug__donors_add(&engine->delta.donors, &(struct tug__donor){
                                                         .store = engine->settings.store,
                                                         .digest = node->wanted.digest,
                                                         .place = delta->place,
                                                         .repository = delta->repository,
                                                         .number = delta->number,
                                                     });
    }
}

void tug__delta_resume(struct tug__engine *engine)
{
    enqueue_all(engine, &engine->delta.ready);
}

bool tug__delta_fall_back(struct tug__engine *engine, struct tug__node *node,
                          const struct tug_error *error)
{
    if (!tug__delta_is_early(node) || node->job_count > 0 || node->drop != TUG__DROP_NOT ||
        engine->is_stopping || error->code == TUG_ERR_STORE || error->code == TUG_ERR_NO_MEMORY ||
        error->code == TUG_ERR_CANCELLED || error->code == TUG_ERR_TIMEOUT) {
        return false;
    }
    node->attempt.delta->is_off = true;
    tug__delta_go_plain(node);
    node->attempt.failures = 0;
    tug__node_enqueue(engine, node);
    return true;
}
