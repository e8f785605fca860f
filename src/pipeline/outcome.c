/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes of jobs and transfers: go on, wait and try again, or fail.
 *
 * Knows: nodes, jobs, transfers, the retry policy. Does not know: what documents mean.
 * Threads: the resolver.
 *
 * A node with a blob keeps its transfer over failed jobs, so that the next job goes on at the byte
 * where the last one stopped. When content turns out bad, the transfer is dropped with its file and
 * the node tries once more from zero; bad again, it fails.
 */
#include "pipeline/resolver.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

/* Progress that makes an attempt count as a success for the retry counter. */
#define REAL_PROGRESS_BYTES ((uint64_t)1024 * 1024)
/* How often a blob that another process downloads is looked for. */
#define BUSY_WAIT_NS (200 * TUG__NS_PER_MS)
/* How long the commit of a document takes, about. */
#define SAME_DOCUMENT_WAIT_NS (20 * TUG__NS_PER_MS)

/* What an error is about, for its message. */
static void add_subject(const struct tug__node *node, struct tug_error *error)
{
    char digest[TUG_DIGEST_TEXT_MAX];

    (void)tug__wrap(error, error->code, "%s %s", node->is_document ? "manifest" : "blob",
                    node->tag != NULL ? node->tag : tug_digest_format(&node->digest, digest));
}

/* A node fails for good, and with it every image that needs it. */
void tug__node_fail(struct tug__resolver *resolver, struct tug__node *node,
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
        /* keeps node->error: it fails again when dropped */
        tug__node_drop_transfer(resolver, node, error->code == TUG_ERR_CONTENT);
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

/* Another process downloads this blob: look again later whether the store has it. */
static void wait_for_other(struct tug__resolver *resolver, struct tug__node *node)
{
    struct tug_event event = {.kind = TUG_EVENT_WAITING, .digest = node->digest};

    if (node->transfer != NULL) {
        tug__transfer_free(resolver, node); /* never opened, so no lane knows it */
    }
    wait_for(node, BUSY_WAIT_NS);
    if (!node->is_wait_told) {
        node->is_wait_told = true;
        tug__emit(resolver, &event);
    }
}

/* Somebody, perhaps another lane for another tag, stores the same document at this moment: keep the
 * content and hand it in again. */
static void hand_in_again(struct tug__node *node, struct tug__job *job)
{
    if (node->media_type == NULL && job->reply.media_type[0] != '\0') {
        node->media_type = strdup(job->reply.media_type); /* else the document's own decides */
    }
    node->data = (uint8_t *)job->reply.body;
    node->size_bytes = job->reply.length;
    node->job_kind = TUG__JOB_INLINE;
    job->reply.body = NULL;
    wait_for(node, SAME_DOCUMENT_WAIT_NS);
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
        tug__node_fail(resolver, node, error);
        return;
    }
    add_subject(node, &shown);
    tug__emit(resolver, &event);
    wait_for(node, event.delay_ms * TUG__NS_PER_MS);
}

/* Every endpoint told us to wait, so no request was made: that is no failure of this node, unless
 * the wait is longer than we are willing to. */
static void wait_for_endpoints(struct tug__resolver *resolver, struct tug__node *node,
                               const struct tug_error *error, uint64_t rest_ms)
{
    if (rest_ms > resolver->retry_policy.max_wait_ms) {
        tug__node_fail(resolver, node, error);
    } else {
        wait_for(node, rest_ms * TUG__NS_PER_MS);
    }
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
        tug__node_fail(resolver, node, error);
        return;
    }
    node->is_second_try = true;
    add_subject(node, &shown);
    tug__emit(resolver, &event);
    if (node->transfer != NULL) {
        tug__node_drop_transfer(resolver, node, true);
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
                         struct tug__job *job)
{
    const struct tug_error *const error = &job->error;

    if (!tug__node_is_needed(node)) {
        tug__node_abandon(resolver, node);
    } else if (job->kind == TUG__JOB_INLINE && error->code == TUG_ERR_CONTENT &&
               node->size_bytes > 0) {
        fall_back_from_inline(resolver, node);
    } else if (error->code == TUG_ERR_BUSY) {
        if (job->kind == TUG__JOB_BLOB) {
            wait_for_other(resolver, node);
        } else {
            hand_in_again(node, job);
        }
    } else if (error->code == TUG_ERR_CANCELLED) {
        tug__node_enqueue(resolver, node); /* given up, then wanted again by another image */
    } else if (error->code == TUG_ERR_CONTENT) {
        refetch_or_fail(resolver, node, error);
    } else if (job->reply.is_deferred) {
        wait_for_endpoints(resolver, node, error, job->reply.retry_after_ms);
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
    tug__transfer_free(resolver, node);
    report_committed(resolver, node, node->size_bytes, false);
    for (const struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        tug__image_settle(resolver, edge->image);
    }
    tug__graph_remove(&resolver->graph, node);
}

static void take_rejected(struct tug__resolver *resolver, struct tug__node *node)
{
    const struct tug_error error = node->transfer->error;

    tug__transfer_free(resolver, node);
    if (!tug__node_is_needed(node)) {
        tug__graph_remove(&resolver->graph, node);
    } else if (error.code == TUG_ERR_CONTENT) {
        refetch_or_fail(resolver, node, &error);
    } else {
        tug__node_fail(resolver, node, &error);
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

    tug__node_note_start(node);
    node->is_running = true;
    tug__emit(resolver, &event);
}

static void take_job(struct tug__resolver *resolver, struct tug__job *job, bool has_failed)
{
    struct tug__node *const node = job->owner;
    const bool is_complete =
        job->kind == TUG__JOB_BLOB && node->transfer->next_byte == node->size_bytes;

    node->job = NULL;
    node->is_running = false;
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
    tug__job_free(job);
}

static void take_dropped(struct tug__resolver *resolver, struct tug__node *node)
{
    tug__transfer_free(resolver, node);
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
