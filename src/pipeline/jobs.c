/* SPDX-License-Identifier: Apache-2.0
 *
 * From nodes to jobs: keep those that wait in order, give out work when there is room.
 *
 * Knows: nodes, jobs, transfers. Does not know: what documents mean, what comes of a job.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

/* Inline documents a lane may have at once. */
#define INLINE_OUT_MAX 64

static void append(struct tug__node_list *list, struct tug__node *node)
{
    node->next_queued = NULL;
    if (list->last != NULL) {
        list->last->next_queued = node;
    } else {
        list->first = node;
    }
    list->last = node;
}

static struct tug__node *take_first(struct tug__node_list *list)
{
    struct tug__node *const node = list->first;

    list->first = node->next_queued;
    if (list->first == NULL) {
        list->last = NULL;
    }
    return node;
}

void tug__node_enqueue(struct tug__resolver *resolver, struct tug__node *node)
{
    node->state = TUG__NODE_QUEUED;
    if (node->job_kind == TUG__JOB_INLINE) {
        append(&resolver->queued_inline, node);
    } else if (node->job_kind == TUG__JOB_BLOB) {
        append(&resolver->queued_blobs, node);
    } else {
        append(&resolver->queued_documents, node);
    }
}

/* --- giving out --- */

static bool make_transfer(struct tug__resolver *resolver, struct tug__node *node)
{
    struct tug__transfer *const transfer = calloc(1, sizeof *transfer);

    if (transfer == NULL) {
        return false;
    }
    transfer->digest = node->digest;
    transfer->size_bytes = node->size_bytes;
    transfer->lane = resolver->next_lane++ % resolver->pool->lane_count;
    transfer->owner = node;
    tug__counter_set(&transfer->progress, 0);
    node->transfer = transfer;
    node->mark_bytes = 0;
    resolver->transfers_open++;
    return true;
}

void tug__transfer_free(struct tug__resolver *resolver, struct tug__node *node)
{
    free(node->transfer);
    node->transfer = NULL;
    resolver->transfers_open--;
}

static struct tug__job *make_job(struct tug__resolver *resolver, struct tug__node *node)
{
    const struct tug_ref *const ref = node->source->ref;
    struct tug__job *const job = calloc(1, sizeof *job);

    if (job == NULL) {
        return NULL;
    }
    job->kind = node->job_kind;
    job->owner = node;
    job->source.host = tug_ref_host(ref);
    job->source.repository = tug_ref_repository(ref);
    job->source.urls = node->urls;
    job->digest = node->digest;
    job->has_size = node->has_size;
    job->size_bytes = node->size_bytes;
    if (node->tag != NULL) {
        (void)snprintf(job->reference, sizeof job->reference, "%s", node->tag);
    } else {
        (void)tug_digest_format(&node->digest, job->reference);
    }
    tug__cancel_init(&job->cancel);
    if (node->job_kind == TUG__JOB_BLOB) {
        if (node->transfer == NULL && !make_transfer(resolver, node)) {
            free(job);
            return NULL;
        }
        job->transfer = node->transfer;
    } else {
        job->lane = resolver->next_lane++ % resolver->pool->lane_count;
    }
    return job;
}

void tug__job_free(struct tug__job *job)
{
    free(job->reply.body);
    free(job);
}

void tug__node_drop_transfer(struct tug__resolver *resolver, struct tug__node *node,
                             bool remove_file)
{
    const struct tug__msg msg = {
        .kind = TUG__MSG_DROP,
        .object = node->transfer,
        .length = remove_file ? 1 : 0,
    };

    node->state = TUG__NODE_DROPPING;
    tug__pool_send(resolver->pool, node->transfer->lane, &msg);
}

/* Take a node off whatever it was about to do: no image needs it any more. */
void tug__node_abandon(struct tug__resolver *resolver, struct tug__node *node)
{
    if (node->transfer != NULL) {
        tug__node_drop_transfer(resolver, node, false);
    } else {
        tug__graph_remove(&resolver->graph, node);
    }
}

void tug__node_note_start(struct tug__node *node)
{
    if (node->started_ns == 0) {
        node->started_ns = tug__now_ns();
    }
}

/* Give the node at the head of a list to a worker. Returns: false when there is no room. */
static bool submit_first(struct tug__resolver *resolver, struct tug__node_list *list)
{
    struct tug__node *const node = list->first;

    if (!tug__node_is_needed(node)) {
        tug__node_abandon(resolver, take_first(list));
        return true;
    }
    node->job = make_job(resolver, node);
    if (node->job == NULL) {
        struct tug_error error = {0};

        (void)tug__fail_memory(&error);
        tug__node_fail(resolver, take_first(list), &error);
        return true;
    }
    if (!tug__pool_submit(resolver->pool, node->job)) {
        tug__job_free(node->job);
        node->job = NULL;
        return false;
    }
    (void)take_first(list);
    node->state = TUG__NODE_ACTIVE;
    if (node->is_document) {
        tug__node_note_start(node);
    }
    return true;
}

/* Hand inline content to a lane, which verifies and stores it like a fetched document. */
static void submit_inline(struct tug__resolver *resolver)
{
    struct tug__node *const node = take_first(&resolver->queued_inline);
    struct tug_error error = {0};
    struct tug__msg msg = {.kind = TUG__MSG_DOCUMENT};

    node->job = make_job(resolver, node);
    if (node->job == NULL) {
        (void)tug__fail_memory(&error);
        tug__node_fail(resolver, node, &error);
        return;
    }
    node->job->reply.body = (char *)node->data;
    node->job->reply.length = node->size_bytes;
    node->data = NULL;
    node->state = TUG__NODE_ACTIVE;
    tug__node_note_start(node);
    resolver->inline_out++;
    msg.object = node->job;
    tug__pool_send(resolver->pool, node->job->lane, &msg);
}

void tug__jobs_submit(struct tug__resolver *resolver)
{
    /* Blobs whose bytes are all there but not yet committed hold a file each. */
    const unsigned transfers_max = 2 * resolver->pool->worker_count + TUG__GROUP_MAX;

    while (!resolver->is_stopping && resolver->queued_inline.first != NULL &&
           resolver->inline_out < INLINE_OUT_MAX) {
        submit_inline(resolver);
    }
    while (!resolver->is_stopping && resolver->queued_documents.first != NULL) {
        if (!submit_first(resolver, &resolver->queued_documents)) {
            return;
        }
    }
    while (!resolver->is_stopping && resolver->queued_blobs.first != NULL &&
           (resolver->transfers_open < transfers_max ||
            resolver->queued_blobs.first->transfer != NULL)) {
        if (!submit_first(resolver, &resolver->queued_blobs)) {
            return;
        }
    }
}

uint64_t tug__jobs_wake(struct tug__resolver *resolver)
{
    const uint64_t now_ns = tug__now_ns();
    uint64_t next_ns = TUG__NEVER_NS;
    struct tug__node *next;

    for (struct tug__node *node = resolver->graph.nodes; node != NULL; node = next) {
        next = node->next;
        if (node->state != TUG__NODE_WAITING) {
            continue;
        }
        if (node->wake_ns > now_ns) {
            next_ns = node->wake_ns < next_ns ? node->wake_ns : next_ns;
        } else if (!tug__node_is_needed(node)) {
            tug__node_abandon(resolver, node);
        } else if (!node->is_wait_told || !tug__node_serve_from_store(resolver, node)) {
            tug__node_enqueue(resolver, node);
        }
    }
    return next_ns;
}

void tug__jobs_cancel_unneeded(struct tug__resolver *resolver)
{
    bool has_cancelled = false;

    for (struct tug__node *node = resolver->graph.nodes; node != NULL; node = node->next) {
        if (node->job != NULL && !tug__node_is_needed(node)) {
            tug__cancel_set(&node->job->cancel);
            has_cancelled = true;
        }
    }
    if (has_cancelled) {
        tug__pool_wake(resolver->pool);
    }
}

void tug__jobs_fini(struct tug__resolver *resolver)
{
    while (resolver->graph.nodes != NULL) {
        struct tug__node *const node = resolver->graph.nodes;

        if (node->job != NULL) {
            tug__job_free(node->job);
        }
        if (node->transfer != NULL) {
            tug__hash_destroy(node->transfer->hash);
            tug__ingest_close(node->transfer->ingest);
            free(node->transfer);
        }
        tug__graph_remove(&resolver->graph, node);
    }
}
