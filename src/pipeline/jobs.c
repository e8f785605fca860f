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

static void prepend(struct tug__node_list *list, struct tug__node *node)
{
    node->next_queued = list->first;
    list->first = node;
    if (list->last == NULL) {
        list->last = node;
    }
}

void tug__node_enqueue(struct tug__resolver *resolver, struct tug__node *node)
{
    struct tug__host *host;

    if (node->job_count > 0) {
        return; /* its last job's end puts it in line: it must not be there twice */
    }
    node->state = TUG__NODE_QUEUED;
    if (node->job_kind == TUG__JOB_INLINE) {
        append(&resolver->queued_inline, node);
        return;
    }
    host = node->host;
    if (host == NULL || strcmp(host->name, tug_ref_host(node->source)) != 0) {
        host = tug__host_find(resolver, tug_ref_host(node->source));
        node->host = host;
    }
    if (host == NULL) {
        struct tug_error error = {0};

        (void)tug__fail_memory(&error);
        tug__node_fail(resolver, node, &error);
    } else if (node->job_kind != TUG__JOB_BLOB) {
        append(&host->queued_documents, node);
    } else if (node->transfer != NULL) {
        prepend(&host->queued_blobs, node);
    } else {
        append(&host->queued_blobs, node);
    }
}

/* --- giving out --- */

struct tug__host *tug__host_find(struct tug__resolver *resolver, const char *name)
{
    struct tug__host *host = resolver->hosts;

    while (host != NULL && strcmp(host->name, name) != 0) {
        host = host->next;
    }
    if (host == NULL) {
        host = calloc(1, sizeof *host);
        if (host != NULL) {
            host->name = name;
            host->next = resolver->hosts;
            resolver->hosts = host;
        }
    }
    return host;
}

bool tug__host_has_room(const struct tug__resolver *resolver, const struct tug__host *host)
{
    const unsigned most = resolver->settings->options.max_per_host;

    return most == 0 || host->jobs_out < most;
}

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
    tug__gate_init(&transfer->has_state);
    tug__counter_set(&transfer->settled, 0);
    tug__ranges_init(&transfer->ranges, node->size_bytes);
    transfer->next = resolver->transfers;
    if (transfer->next != NULL) {
        transfer->next->previous = transfer;
    }
    resolver->transfers = transfer;
    node->transfer = transfer;
    node->mark_bytes = 0;
    node->width = 1;
    resolver->transfers_open++;
    return true;
}

void tug__transfer_free(struct tug__resolver *resolver, struct tug__node *node)
{
    struct tug__transfer *const transfer = node->transfer;

    if (transfer->previous != NULL) {
        transfer->previous->next = transfer->next;
    } else {
        resolver->transfers = transfer->next;
    }
    if (transfer->next != NULL) {
        transfer->next->previous = transfer->previous;
    }
    tug__ranges_fini(&transfer->ranges);
    free(transfer);
    node->transfer = NULL;
    resolver->transfers_open--;
}

/* A job for a node, without its share. */
static struct tug__job *make_job(struct tug__resolver *resolver, struct tug__node *node)
{
    const struct tug_ref *const ref = node->source;
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
    job->media_type = node->media_type;
    job->is_document = node->is_document;
    job->has_size = node->has_size;
    job->size_bytes = node->size_bytes;
    job->avoid = node->avoid;
    job->is_dry = resolver->settings->options.dry_run;
    if (node->tag != NULL) {
        (void)snprintf(job->reference, sizeof job->reference, "%s", node->tag);
    } else {
        (void)tug_digest_format(&node->digest, job->reference);
    }
    tug__cancel_init(&job->cancel);
    if (node->job_kind == TUG__JOB_BLOB) {
        job->transfer = node->transfer;
    } else {
        job->lane = resolver->next_lane++ % resolver->pool->lane_count;
    }
    return job;
}

void tug__job_free(struct tug__job *job)
{
    tug__extents_fini(&job->present);
    free(job->reply.body);
    free(job);
}

static void add_job(struct tug__node *node, struct tug__job *job)
{
    job->next = node->jobs;
    node->jobs = job;
    node->job_count++;
    node->state = TUG__NODE_ACTIVE;
    if (node->is_document) {
        tug__node_note_start(node);
    }
}

bool tug__node_submit(struct tug__resolver *resolver, struct tug__node *node,
                      const struct tug__share *share)
{
    struct tug__job *const job = make_job(resolver, node);

    if (job == NULL) {
        return false;
    }
    if (share != NULL) {
        job->share = *share;
        job->is_opening = !node->transfer->ranges.is_open;
        job->is_beside = node->job_count > 0;
        tug__ranges_join(&node->transfer->ranges, &job->share);
    }
    if (!tug__pool_submit(resolver->pool, job)) {
        if (share != NULL) {
            /* nothing has been fetched of it; an extent that was taken always fits back */
            (void)tug__ranges_give_back(&node->transfer->ranges, &job->share, job->share.first_byte,
                                        NULL);
        }
        tug__job_free(job);
        return false;
    }
    resolver->jobs_out++;
    node->host->jobs_out++;
    add_job(node, job);
    return true;
}

void tug__node_cancel_jobs(struct tug__resolver *resolver, struct tug__node *node)
{
    for (struct tug__job *job = node->jobs; job != NULL; job = job->next) {
        tug__cancel_set(&job->cancel);
    }
    if (node->jobs != NULL) {
        tug__pool_wake(resolver->pool);
    }
}

void tug__node_drop_transfer(struct tug__resolver *resolver, struct tug__node *node,
                             enum tug__drop drop)
{
    const struct tug__msg msg = {
        .kind = TUG__MSG_DROP,
        .object = node->transfer,
        .length = drop == TUG__DROP_REMOVE ? 1 : 0,
    };

    node->state = TUG__NODE_DROPPING;
    node->drop = node->drop == TUG__DROP_REMOVE ? TUG__DROP_REMOVE : drop;
    if (node->job_count > 0) {
        tug__node_cancel_jobs(resolver, node);
        return; /* their workers still write to the file */
    }
    node->drop = TUG__DROP_NOT;
    tug__pool_send(resolver->pool, node->transfer->lane, &msg);
}

/* Take a node off whatever it was about to do: no image needs it any more. */
void tug__node_abandon(struct tug__resolver *resolver, struct tug__node *node)
{
    if (node->transfer != NULL) {
        tug__node_drop_transfer(resolver, node, TUG__DROP_KEEP);
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

static void fail_for_memory(struct tug__resolver *resolver, struct tug__node *node)
{
    struct tug_error error = {0};

    (void)tug__fail_memory(&error);
    tug__node_fail(resolver, node, &error);
}

/* Give the node at the head of a list to a worker. There is room for its job. */
static void submit_first(struct tug__resolver *resolver, struct tug__node_list *list)
{
    struct tug__node *const node = take_first(list);
    const bool is_blob = node->job_kind == TUG__JOB_BLOB;
    struct tug__share share;

    if (!tug__node_is_needed(node)) {
        tug__node_abandon(resolver, node);
        return;
    }
    if (is_blob && ((node->transfer == NULL && !make_transfer(resolver, node)) ||
                    !tug__parts_take(resolver, node, &share))) {
        fail_for_memory(resolver, node);
        return;
    }
    if (!tug__node_submit(resolver, node, is_blob ? &share : NULL)) {
        fail_for_memory(resolver, node);
    }
}

/* Hand inline content to a lane, which verifies and stores it like a fetched document. */
static void submit_inline(struct tug__resolver *resolver)
{
    struct tug__node *const node = take_first(&resolver->queued_inline);
    struct tug__job *const job = make_job(resolver, node);
    const struct tug__msg msg = {.kind = TUG__MSG_DOCUMENT, .object = job};

    if (job == NULL) {
        fail_for_memory(resolver, node);
        return;
    }
    job->reply.body = (char *)node->data;
    job->reply.length = node->size_bytes;
    node->data = NULL;
    tug__node_note_start(node);
    add_job(node, job);
    resolver->inline_out++;
    tug__pool_send(resolver->pool, job->lane, &msg);
}

/* Tell whether the first blob of a line may begin. */
static bool may_begin_blob(const struct tug__resolver *resolver, const struct tug__host *host)
{
    const unsigned transfers_max = TUG__TRANSFERS_OPEN_MAX(resolver->pool->worker_count);

    return host->queued_blobs.first != NULL &&
           (resolver->transfers_open < transfers_max || host->queued_blobs.first->transfer != NULL);
}

/* Tell whether a host has work of a kind and may be asked. */
static bool has_turn(const struct tug__resolver *resolver, const struct tug__host *host,
                     bool wants_documents, uint64_t now_ns)
{
    return now_ns >= host->pause_until_ns && tug__host_has_room(resolver, host) &&
           (wants_documents ? host->queued_documents.first != NULL
                            : may_begin_blob(resolver, host));
}

/* The next host that has work of a kind and may be asked; NULL when there is none. It goes to the
 * end of the list, so that all have their turn. */
static struct tug__host *next_host(struct tug__resolver *resolver, bool wants_documents,
                                   uint64_t now_ns)
{
    struct tug__host **link = &resolver->hosts;
    struct tug__host *host;

    for (host = *link; host != NULL && !has_turn(resolver, host, wants_documents, now_ns);
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

/* Jobs the ring has room for: one at work and one at hand for each worker. */
static unsigned room(const struct tug__resolver *resolver)
{
    const unsigned most = TUG__JOBS_OUT_MAX(resolver->pool->worker_count);

    return resolver->jobs_out < most ? most - resolver->jobs_out : 0;
}

void tug__jobs_submit(struct tug__resolver *resolver)
{
    const uint64_t now_ns = tug__now_ns();
    struct tug__host *host;

    while (!resolver->is_stopping && resolver->queued_inline.first != NULL &&
           resolver->inline_out < TUG__INLINE_OUT_MAX) {
        submit_inline(resolver);
    }
    while (!resolver->is_stopping && room(resolver) > 0 &&
           (host = next_host(resolver, true, now_ns)) != NULL) {
        submit_first(resolver, &host->queued_documents);
    }
    while (!resolver->is_stopping && room(resolver) > 0 &&
           (host = next_host(resolver, false, now_ns)) != NULL) {
        submit_first(resolver, &host->queued_blobs);
    }
    if (!resolver->is_stopping) {
        tug__parts_submit(resolver);
    }
}

void tug__node_wait(struct tug__resolver *resolver, struct tug__node *node, uint64_t wake_ns)
{
    node->wake_ns = wake_ns;
    if (node->job_count > 0) {
        return; /* what runs for it goes on */
    }
    node->state = TUG__NODE_WAITING;
    tug__graph_add_waiting(&resolver->graph, node);
}

/* A node has waited long enough. */
static void end_wait(struct tug__resolver *resolver, struct tug__node *node)
{
    if (!tug__node_is_needed(node)) {
        tug__node_abandon(resolver, node);
    } else if (!node->is_wait_told || !tug__node_serve_from_store(resolver, node)) {
        tug__node_enqueue(resolver, node);
    }
}

uint64_t tug__jobs_wake(struct tug__resolver *resolver)
{
    const uint64_t now_ns = tug__now_ns();
    struct tug__graph *const graph = &resolver->graph;
    uint64_t next_ns = TUG__NEVER_NS;

    for (const struct tug__host *host = resolver->hosts; host != NULL; host = host->next) {
        if (host->pause_until_ns > now_ns && host->pause_until_ns < next_ns) {
            next_ns = host->pause_until_ns;
        }
    }
    while (graph->waiting_count > 0 && graph->waiting[0].wake_ns <= now_ns) {
        struct tug__node *const node = graph->waiting[0].node;

        tug__graph_remove_waiting(graph, node);
        if (node->state == TUG__NODE_WAITING) {
            end_wait(resolver, node);
        }
    }
    return graph->waiting_count > 0 && graph->waiting[0].wake_ns < next_ns
               ? graph->waiting[0].wake_ns
               : next_ns;
}

void tug__jobs_fini(struct tug__resolver *resolver)
{
    while (resolver->graph.nodes != NULL) {
        struct tug__node *const node = resolver->graph.nodes;

        while (node->jobs != NULL) {
            struct tug__job *const job = node->jobs;

            node->jobs = job->next;
            tug__job_free(job);
        }
        if (node->transfer != NULL) {
            tug__hash_destroy(node->transfer->hash);
            tug__extents_fini(&node->transfer->announced);
            tug__ingest_close(node->transfer->ingest);
            tug__transfer_free(resolver, node);
        }
        tug__graph_remove(&resolver->graph, node);
    }
    while (resolver->hosts != NULL) {
        struct tug__host *const host = resolver->hosts;

        resolver->hosts = host->next;
        free(host);
    }
}
