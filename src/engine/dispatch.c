/* SPDX-License-Identifier: Apache-2.0
 *
 * Hand out work: whose turn it is, and whether there is room for its job.
 *
 * Knows: queues of nodes, limits. Does not know: images, what documents mean, results of jobs.
 * Threads: the resolver.
 */
#include "engine/state.h"

#include "base/clock.h"
#include "base/error.h"

/* How long a blob waits until the lane has noted more of its beginning, or until plans are made,
 * which go first. */
#define SLOT_WAIT_NS (2 * TUG__NS_PER_MS)

static struct tug__node *pop_first(struct tug__node_list *list)
{
    struct tug__node *const node = list->first;

    list->first = node->links.next_queued;
    if (list->first == NULL) {
        list->last = NULL;
    }
    return node;
}

static void fail_for_memory(struct tug__engine *engine, struct tug__node *node)
{
    struct tug_error error = {0};

    (void)tug__fail_memory(&error);
    tug__node_fail(engine, node, &error);
}

/* Submit the node at the head of a list to the workers. There is room for its job. */
static void submit_first(struct tug__engine *engine, struct tug__node_list *list)
{
    struct tug__node *const node = pop_first(list);
    const bool is_blob = node->job_kind == TUG__JOB_BLOB;
    struct tug__share share;

    if (!tug__node_is_needed(node) && node->job_kind != TUG__JOB_DONORS) { /* that is for all */
        tug__node_abandon(engine, node);
        return;
    }
    if ((node->transfer == NULL && !tug__delta_admit(engine, node)) ||
        tug__delta_continue(engine, node)) {
        return;
    }
    if (is_blob && node->transfer == NULL && !tug__transfer_create(engine, node)) {
        fail_for_memory(engine, node);
        return;
    }
    if (is_blob && !tug__parts_choose(engine, node, &share)) {
        if (tug__delta_is_copying(node)) { /* the lane is behind, or plans go first */
            tug__node_wait(engine, node, tug__now_ns() + SLOT_WAIT_NS);
        } else {
            fail_for_memory(engine, node);
        }
        return;
    }
    if (!tug__node_submit(engine, node, is_blob ? &share : NULL)) {
        fail_for_memory(engine, node);
    }
}

/* Tell whether the ring has room for a job that may take long. */
static bool has_room(const struct tug__engine *engine)
{
    return engine->jobs_out < TUG__JOBS_OUT_LONG(tug__pool_worker_count(engine->pool));
}

/* Submit plans of layers to the workers. They need no request: a pause of their registry does not
 * matter. */
static void submit_plans(struct tug__engine *engine)
{
    struct tug__node *node;

    while (!engine->is_stopping && has_room(engine) &&
           (node = tug__delta_next_plan(engine)) != NULL) {
        if (!tug__node_is_needed(node)) {
            tug__node_abandon(engine, node);
        } else if (!tug__node_submit(engine, node, NULL)) {
            fail_for_memory(engine, node);
        }
    }
}

/* Send inline content to a lane, which verifies and stores it like a fetched document. */
static void submit_inline(struct tug__engine *engine)
{
    struct tug__node *const node = pop_first(&engine->queued_inline);
    struct tug__job *const job = tug__job_create(engine, node);
    const struct tug__msg msg = {.kind = TUG__MSG_DOCUMENT, .object = job};

    if (job == NULL) {
        fail_for_memory(engine, node);
        return;
    }
    job->result.reply.body = (char *)node->wanted.data;
    job->result.reply.length = node->wanted.size_bytes;
    node->wanted.data = NULL;
    tug__node_note_start(node);
    tug__node_add_job(node, job);
    engine->inline_out++;
    tug__pool_send(engine->pool, job->lane, &msg);
}

/* Tell whether the first blob of a queue may start. */
static bool may_begin_blob(const struct tug__engine *engine, const struct tug__host *host)
{
    const unsigned worker_count = tug__pool_worker_count(engine->pool);
    const struct tug__node *const node = host->queued_blobs.first;

    if (node == NULL || (engine->transfers_open >= TUG__TRANSFERS_OPEN_MAX(worker_count) &&
                         node->transfer == NULL)) {
        return false;
    }
    return has_room(engine) || (node->wanted.size_bytes <= TUG__SMALL_BYTES &&
                                engine->jobs_out < TUG__JOBS_OUT_MAX(worker_count));
}

/* Tell whether a host has work of a kind and may get a request. */
static bool has_turn(const struct tug__engine *engine, const struct tug__host *host,
                     bool wants_documents, uint64_t now_ns)
{
    return now_ns >= host->pause_until_ns && tug__host_has_room(engine, host) &&
           (wants_documents ? host->queued_documents.first != NULL : may_begin_blob(engine, host));
}

/* Get the next host that has work of a kind and may get a request; NULL when there is none. It
 * moves to the end of the list, so that all get their turn. */
static struct tug__host *next_host(struct tug__engine *engine, bool wants_documents,
                                   uint64_t now_ns)
{
    struct tug__host **link = &engine->hosts;
    struct tug__host *host;

    for (host = *link; host != NULL && !has_turn(engine, host, wants_documents, now_ns);
         host = *link) {
        link = &host->next;
    }
    if (host == NULL) {
        return NULL;
    }
    *link = host->next;
    host->next = NULL;
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = host;
    return host;
}

static void submit_documents(struct tug__engine *engine, uint64_t now_ns)
{
    struct tug__host *host;

    while (!engine->is_stopping && has_room(engine) &&
           (host = next_host(engine, true, now_ns)) != NULL) {
        submit_first(engine, &host->queued_documents);
    }
}

/* Hand out work once. */
static void submit_round(struct tug__engine *engine)
{
    const uint64_t now_ns = tug__now_ns();
    struct tug__host *host;

    engine->turn.submitted_ns = now_ns;
    while (!engine->is_stopping && engine->queued_inline.first != NULL &&
           engine->inline_out < TUG__INLINE_OUT_MAX) {
        submit_inline(engine);
    }
    submit_documents(engine, now_ns);
    submit_plans(engine);
    while (!engine->is_stopping && (host = next_host(engine, false, now_ns)) != NULL) {
        submit_first(engine, &host->queued_blobs);
    }
    /* a blob may have turned out to need a search for donors first, or its plan */
    submit_documents(engine, now_ns);
    submit_plans(engine);
    if (!engine->is_stopping) {
        tug__parts_submit(engine);
    }
    tug__pool_set_idle(engine->pool, tug__parts_idle_workers(engine));
}

void tug__engine_submit(struct tug__engine *engine)
{
    do { /* a node that is given up here may be one that others wait for */
        tug__delta_resume(engine);
        submit_round(engine);
    } while (engine->delta.ready.first != NULL);
}

/* Resume a node whose wait is over. */
static void end_wait(struct tug__engine *engine, struct tug__node *node)
{
    if (!tug__node_is_needed(node)) {
        tug__node_abandon(engine, node);
    } else if (!node->attempt.is_wait_told ||
               !tug__node_find_in_store(engine, node, &node->wanted.digest)) {
        tug__node_enqueue(engine, node);
    }
}

uint64_t tug__engine_due(const struct tug__engine *engine)
{
    const struct tug__graph *const graph = &engine->graph;
    uint64_t next_ns = graph->waiting_count > 0 ? graph->waiting[0].wake_ns : TUG__NEVER_NS;

    for (const struct tug__host *host = engine->hosts; host != NULL; host = host->next) {
        if (host->pause_until_ns > engine->turn.submitted_ns && host->pause_until_ns < next_ns) {
            next_ns = host->pause_until_ns;
        }
    }
    return next_ns;
}

void tug__engine_wake(struct tug__engine *engine)
{
    const uint64_t now_ns = tug__now_ns();
    struct tug__graph *const graph = &engine->graph;

    while (graph->waiting_count > 0 && graph->waiting[0].wake_ns <= now_ns) {
        struct tug__node *const node = graph->waiting[0].node;

        tug__graph_remove_waiting(graph, node);
        if (node->state == TUG__NODE_WAITING) {
            end_wait(engine, node);
        }
    }
}
