/* SPDX-License-Identifier: Apache-2.0
 *
 * From nodes to jobs and back: give out work, judge what comes of it.
 *
 * Knows: nodes, jobs, transfers, the retry policy. Does not know: what documents mean.
 * Threads: the resolver.
 *
 * A node with a blob keeps its transfer over failed jobs, so that the next job goes on at the byte
 * where the last one stopped. When content turns out bad, the transfer is dropped with its file and
 * the node tries once more from zero; bad again, it fails.
 */
#include "pipeline/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

/* Progress that makes an attempt count as a success for the retry counter. */
#define REAL_PROGRESS_BYTES ((uint64_t)1024 * 1024)
/* How often a blob that another process downloads is looked for. */
#define BUSY_WAIT_NS (200 * TUG__NS_PER_MS)
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

static struct tug__host *find_host(struct tug__resolver *resolver, const char *name)
{
    struct tug__host *host = resolver->hosts;

    while (host != NULL && strcmp(host->name, name) != 0) {
        host = host->next;
    }
    if (host == NULL) {
        host = calloc(1, sizeof *host);
        if (host != NULL) {
            host->name = name;
            host->scheme = tug__scheme_default(name, resolver->settings->options.plain_http);
            host->next = resolver->hosts;
            resolver->hosts = host;
        }
    }
    return host;
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
    tug__counter_set(&transfer->progress, 0);
    node->transfer = transfer;
    node->mark_bytes = 0;
    resolver->transfers_open++;
    return true;
}

static void free_transfer(struct tug__resolver *resolver, struct tug__node *node)
{
    free(node->transfer);
    node->transfer = NULL;
    resolver->transfers_open--;
}

static struct tug__job *make_job(struct tug__resolver *resolver, struct tug__node *node)
{
    const struct tug_ref *const ref = node->source->ref;
    const struct tug__host *const host = find_host(resolver, tug_ref_host(ref));
    struct tug__job *const job = calloc(1, sizeof *job);

    if (job == NULL || host == NULL) {
        free(job);
        return NULL;
    }
    job->kind = node->job_kind;
    job->owner = node;
    job->source.host = host->name;
    job->source.repository = tug_ref_repository(ref);
    job->source.scheme = host->scheme;
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

static void free_job(struct tug__job *job)
{
    free(job->reply.body);
    free(job);
}

static void fail_node(struct tug__resolver *resolver, struct tug__node *node,
                      const struct tug_error *error);
static void drop_transfer(struct tug__resolver *resolver, struct tug__node *node, bool remove_file);

/* Take a node off whatever it was about to do: no image needs it any more. */
static void abandon(struct tug__resolver *resolver, struct tug__node *node)
{
    if (node->transfer != NULL) {
        drop_transfer(resolver, node, false);
    } else {
        tug__graph_remove(&resolver->graph, node);
    }
}

static void note_start(struct tug__node *node)
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
        abandon(resolver, take_first(list));
        return true;
    }
    node->job = make_job(resolver, node);
    if (node->job == NULL) {
        struct tug_error error = {0};

        (void)tug__fail_memory(&error);
        fail_node(resolver, take_first(list), &error);
        return true;
    }
    if (!tug__pool_submit(resolver->pool, node->job)) {
        free_job(node->job);
        node->job = NULL;
        return false;
    }
    (void)take_first(list);
    node->state = TUG__NODE_ACTIVE;
    if (node->is_document) {
        note_start(node);
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
        fail_node(resolver, node, &error);
        return;
    }
    node->job->reply.body = (char *)node->data;
    node->job->reply.length = node->size_bytes;
    node->data = NULL;
    node->state = TUG__NODE_ACTIVE;
    note_start(node);
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
            abandon(resolver, node);
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

/* --- judging --- */

/* What an error is about, for its message. */
static void add_subject(const struct tug__node *node, struct tug_error *error)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    (void)tug__wrap(error, error->code, "%s %s", node->is_document ? "manifest" : "blob",
                    node->tag != NULL ? node->tag : tug_digest_format(&node->digest, digest));
}

static void drop_transfer(struct tug__resolver *resolver, struct tug__node *node, bool remove_file)
{
    const struct tug__msg msg = {
        .kind = TUG__MSG_DROP,
        .object = node->transfer,
        .length = remove_file ? 1 : 0,
    };

    node->state = TUG__NODE_DROPPING;
    tug__pool_send(resolver->pool, node->transfer->lane, &msg);
}

/* A node fails for good, and with it every image that needs it. */
static void fail_node(struct tug__resolver *resolver, struct tug__node *node,
                      const struct tug_error *error)
{
    node->state = TUG__NODE_FAILED;
    if (node->error == NULL) {
        node->error = malloc(sizeof *node->error);
    }
    if (node->error != NULL) {
        *node->error = *error;
        add_subject(node, node->error);
        error = node->error;
    }
    if (node->transfer != NULL) {
        drop_transfer(resolver, node, false); /* keeps node->error: it fails again when dropped */
    }
    for (struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        tug__image_fail(resolver, edge->image, error);
    }
}

static void wait_for(struct tug__node *node, uint64_t delay_ns)
{
    node->state = TUG__NODE_WAITING;
    node->wake_ns = tug__now_ns() + delay_ns;
}

/* Another process downloads this blob. */
static void wait_for_other(struct tug__resolver *resolver, struct tug__node *node)
{
    struct tug_event event = {.kind = TUG_EVENT_WAITING, .digest = node->digest};

    if (node->transfer != NULL) {
        free_transfer(resolver, node); /* never opened, so no lane knows it */
    }
    wait_for(node, BUSY_WAIT_NS);
    if (!node->is_wait_told) {
        node->is_wait_told = true;
        tug__emit(resolver, &event);
    }
}

/* An attempt failed in a way that may pass: wait, or give up. */
static void retry_or_fail(struct tug__resolver *resolver, struct tug__node *node,
                          const struct tug_error *error, uint64_t retry_after_ms)
{
    struct tug_error shown = *error;
    struct tug_event event = {.kind = TUG_EVENT_RETRY,
                              .ref = node->source->result.ref,
                              .digest = node->digest,
                              .error = &shown};
    const uint64_t reached = node->transfer != NULL ? node->transfer->next_byte : 0;
    const uint64_t progress = reached - node->mark_bytes;

    node->mark_bytes = reached;
    node->failures = progress >= REAL_PROGRESS_BYTES ? 0 : progress > 0 ? 1 : node->failures + 1;
    resolver->random = resolver->random * UINT32_C(1664525) + UINT32_C(1013904223);
    if (!tug__retry_decide(&resolver->retry_policy, error, node->failures, retry_after_ms,
                           resolver->random >> 16, &event.delay_ms)) {
        fail_node(resolver, node, error);
        return;
    }
    add_subject(node, &shown);
    tug__emit(resolver, &event);
    wait_for(node, event.delay_ms * TUG__NS_PER_MS);
}

/* What came is not what was named: once more from zero, then it is final. */
static void refetch_or_fail(struct tug__resolver *resolver, struct tug__node *node,
                            const struct tug_error *error)
{
    struct tug_error shown = *error;
    struct tug_event event = {.kind = TUG_EVENT_RETRY,
                              .ref = node->source->result.ref,
                              .digest = node->digest,
                              .error = &shown};

    if (node->is_second_try) {
        fail_node(resolver, node, error);
        return;
    }
    node->is_second_try = true;
    add_subject(node, &shown);
    tug__emit(resolver, &event);
    if (node->transfer != NULL) {
        drop_transfer(resolver, node, true);
    } else {
        tug__node_enqueue(resolver, node);
    }
}

/* Inline content that is not what it says: ask the registry instead. */
static void fall_back_from_inline(struct tug__resolver *resolver, struct tug__node *node)
{
    node->job_kind = node->is_document ? TUG__JOB_MANIFEST : TUG__JOB_BLOB;
    tug__node_enqueue(resolver, node);
}

static void take_failure(struct tug__resolver *resolver, struct tug__node *node,
                         const struct tug__job *job)
{
    const struct tug_error *const error = &job->error;

    if (!tug__node_is_needed(node)) {
        abandon(resolver, node);
    } else if (job->kind == TUG__JOB_INLINE && error->code == TUG_ERR_CONTENT &&
               node->size_bytes > 0) {
        fall_back_from_inline(resolver, node);
    } else if (error->code == TUG_ERR_BUSY) {
        if (job->kind == TUG__JOB_INLINE && node->size_bytes > 0) { /* it went with the job */
            node->job_kind = node->is_document ? TUG__JOB_MANIFEST : TUG__JOB_BLOB;
        }
        wait_for_other(resolver, node);
    } else if (error->code == TUG_ERR_CANCELLED) {
        tug__node_enqueue(resolver, node); /* given up, then wanted again by another image */
    } else if (error->code == TUG_ERR_CONTENT) {
        refetch_or_fail(resolver, node, error);
    } else {
        retry_or_fail(resolver, node, error, job->reply.retry_after_ms);
    }
}

static void report_committed(struct tug__resolver *resolver, const struct tug__node *node,
                             uint64_t size_bytes, bool was_present)
{
    struct tug_event event = {
        .kind = was_present ? TUG_EVENT_REUSED : TUG_EVENT_COMMITTED,
        .digest = node->digest,
        .media_type = node->media_type,
        .size_bytes = size_bytes,
        .done_bytes = size_bytes,
        .seconds = (double)(tug__now_ns() - node->started_ns) / (double)TUG__NS_PER_S,
    };

    for (const struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        struct tug_image_result *const result = &edge->image->result;

        if (edge == node->edges && !was_present) {
            result->bytes_fetched += size_bytes;
        } else {
            result->bytes_reused += size_bytes;
        }
        if (!node->has_size) {
            resolver->totals.bytes_known += size_bytes;
        }
        resolver->totals.blobs_done++;
        resolver->bytes_settled += size_bytes;
    }
    tug__emit(resolver, &event);
}

/* A document is verified and stored: let every image that waits for it read it. */
static void take_document(struct tug__resolver *resolver, struct tug__node *node,
                          const struct tug__job *job)
{
    const bool is_pinned = node->tag == NULL;
    const char *const media_type =
        node->media_type != NULL ? node->media_type : job->reply.media_type;
    struct tug__edge *edge;

    node->digest = job->reply.digest; /* no change unless it was a tag, which is in no tree */
    report_committed(resolver, node, job->reply.length, job->was_present);
    for (edge = node->edges; edge != NULL; edge = edge->next) {
        bool is_new = false;

        (void)tug__image_see(edge->image, &node->digest, &is_new, NULL); /* counted already */
        if (node->is_document) {
            tug__image_take_document(resolver, edge, &node->digest, job->reply.body,
                                     job->reply.length, media_type, is_pinned);
        }
    }
    for (edge = node->edges; edge != NULL; edge = edge->next) {
        tug__image_settle(resolver, edge->image);
    }
    if (!is_pinned) {
        node->digest = (struct tug_digest){0};
    }
    tug__graph_remove(&resolver->graph, node);
}

/* A HEAD told the digest of a tag: go on with that digest, or with a GET where it told nothing. */
static void take_resolved(struct tug__resolver *resolver, struct tug__node *node,
                          const struct tug__job *job)
{
    if (job->reply.digest.algorithm != TUG_DIGEST_NONE) {
        node->digest = job->reply.digest;
        if (tug__node_serve_from_store(resolver, node)) {
            return;
        }
        node->digest = (struct tug_digest){0};
    }
    node->job_kind = TUG__JOB_MANIFEST;
    tug__node_enqueue(resolver, node);
}

static void take_committed(struct tug__resolver *resolver, struct tug__node *node)
{
    free_transfer(resolver, node);
    report_committed(resolver, node, node->size_bytes, false);
    for (const struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        tug__image_settle(resolver, edge->image);
    }
    tug__graph_remove(&resolver->graph, node);
}

static void take_rejected(struct tug__resolver *resolver, struct tug__node *node)
{
    const struct tug_error error = node->transfer->error;

    free_transfer(resolver, node);
    if (!tug__node_is_needed(node)) {
        tug__graph_remove(&resolver->graph, node);
    } else if (error.code == TUG_ERR_CONTENT) {
        refetch_or_fail(resolver, node, &error);
    } else {
        fail_node(resolver, node, &error);
    }
}

/* A lane's verdict may overtake the worker's last word on the job: it waits in the node until both
 * are there. */
static void take_verdict(struct tug__resolver *resolver, struct tug__node *node)
{
    const enum tug__msg_kind verdict = node->verdict;

    if (node->job != NULL || verdict == TUG__MSG_NONE) {
        return;
    }
    node->verdict = TUG__MSG_NONE;
    if (verdict == TUG__MSG_COMMITTED) {
        take_committed(resolver, node);
    } else {
        take_rejected(resolver, node);
    }
}

/* A 4xx to a HEAD may only mean that the registry knows no HEAD. */
static bool is_head_refused(const struct tug_error *error)
{
    return error->http_status >= 400 && error->http_status < 500 && error->http_status != 429;
}

/* A worker asks for a blob's bytes, from offset on. */
static void take_started(struct tug__resolver *resolver, struct tug__node *node, uint64_t offset)
{
    struct tug_event event = {
        .kind = TUG_EVENT_STARTED,
        .ref = node->source->result.ref,
        .digest = node->digest,
        .media_type = node->media_type,
        .size_bytes = node->size_bytes,
        .done_bytes = offset,
    };

    note_start(node);
    node->is_running = true;
    tug__emit(resolver, &event);
}

static void take_job(struct tug__resolver *resolver, struct tug__job *job, bool has_failed)
{
    struct tug__node *const node = job->owner;
    struct tug__host *const host = find_host(resolver, job->source.host);
    const bool is_complete =
        job->kind == TUG__JOB_BLOB && node->transfer->next_byte == node->size_bytes;

    node->job = NULL;
    node->is_running = false;
    if (host != NULL) {
        host->scheme = job->source.scheme;
    }
    if (job->kind == TUG__JOB_INLINE) {
        resolver->inline_out--;
    }
    if (is_complete) {
        /* The lane has every byte: its verdict counts, also when the request ended badly. */
        take_verdict(resolver, node);
    } else if (has_failed && job->kind == TUG__JOB_RESOLVE && is_head_refused(&job->error)) {
        take_resolved(resolver, node, job); /* some registries know no HEAD: ask with a GET */
    } else if (has_failed) {
        take_failure(resolver, node, job);
    } else if (job->kind == TUG__JOB_RESOLVE) {
        take_resolved(resolver, node, job);
    } else if (job->kind != TUG__JOB_BLOB) {
        take_document(resolver, node, job);
    }
    free_job(job);
}

static void take_dropped(struct tug__resolver *resolver, struct tug__node *node)
{
    free_transfer(resolver, node);
    if (node->error != NULL) {
        node->state = TUG__NODE_FAILED;
    } else if (!tug__node_is_needed(node)) {
        tug__graph_remove(&resolver->graph, node);
    } else {
        tug__node_enqueue(resolver, node);
    }
}

void tug__jobs_take_event(struct tug__resolver *resolver, const struct tug__msg *msg)
{
    struct tug__node *node;

    switch ((enum tug__msg_kind)msg->kind) {
    case TUG__MSG_STARTED:
        take_started(resolver, ((struct tug__transfer *)msg->object)->owner, msg->offset);
        break;
    case TUG__MSG_JOB_DONE:
        take_job(resolver, msg->object, false);
        break;
    case TUG__MSG_JOB_FAILED:
        take_job(resolver, msg->object, true);
        break;
    case TUG__MSG_COMMITTED:
    case TUG__MSG_REJECTED:
        node = ((struct tug__transfer *)msg->object)->owner;
        node->verdict = (enum tug__msg_kind)msg->kind;
        take_verdict(resolver, node);
        break;
    case TUG__MSG_DROPPED:
        take_dropped(resolver, ((struct tug__transfer *)msg->object)->owner);
        break;
    case TUG__MSG_NONE:
    case TUG__MSG_JOB:
    case TUG__MSG_SEGMENT:
    case TUG__MSG_DOCUMENT:
    case TUG__MSG_DROP:
    case TUG__MSG_PUBLISH:
    case TUG__MSG_STOP:
    case TUG__MSG_PUBLISHED:
    case TUG__MSG_ENDED:
    default:
        break; /* not for jobs */
    }
}

void tug__jobs_fini(struct tug__resolver *resolver)
{
    while (resolver->graph.nodes != NULL) {
        struct tug__node *const node = resolver->graph.nodes;

        if (node->job != NULL) {
            free_job(node->job);
        }
        if (node->transfer != NULL) {
            tug__hash_destroy(node->transfer->hash);
            tug__ingest_close(node->transfer->ingest);
            free(node->transfer);
        }
        tug__graph_remove(&resolver->graph, node);
    }
    while (resolver->hosts != NULL) {
        struct tug__host *const host = resolver->hosts;

        resolver->hosts = host->next;
        free(host);
    }
}
