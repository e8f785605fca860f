/* SPDX-License-Identifier: Apache-2.0
 *
 * Handle failed jobs: go on, wait and retry, or fail.
 *
 * Knows: nodes, jobs, the retry policy. Does not know: images, messages, what documents mean.
 * Threads: the resolver.
 *
 * A job beside others that gets no response only shows that no more connections are available now.
 * When content turns out bad, the transfer is dropped with its file and the node is retried once
 * from zero, in one stream; if it is bad again, the node fails.
 */
#include "engine/state.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"

/* Interval of checks for a blob that another process downloads. */
#define BUSY_WAIT_NS (200 * TUG__NS_PER_MS)
/* The same for one that another process repairs: each check hashes it. */
#define REPAIR_WAIT_NS (1000 * TUG__NS_PER_MS)
/* Pause before another connection is tried for a blob after one failed. */
#define BESIDE_WAIT_NS (1000 * TUG__NS_PER_MS)
/* How often a blob is started over because its file was removed. */
#define REMOVALS_MAX 3
/* Approximate time of a document's commit. */
#define SAME_DOCUMENT_WAIT_NS (20 * TUG__NS_PER_MS)

/* Start no job for a node for a while. Running ones go on. */
static void wait_for(struct tug__engine *engine, struct tug__node *node, uint64_t delay_ns)
{
    tug__node_wait(engine, node, tug__now_ns() + delay_ns);
}

/* Another process downloads this blob: check again later whether the store has it. */
static void wait_for_other(struct tug__engine *engine, struct tug__node *node)
{
    struct tug_event event = {.kind = TUG_EVENT_WAITING,
                              .ref = tug__node_ref(node),
                              .digest = node->wanted.digest,
                              .size_bytes = node->wanted.size_bytes};

    if (node->transfer != NULL) {
        tug__transfer_free(engine, node); /* never opened, so no lane knows it */
    }
    wait_for(engine, node, node->attempt.is_repair ? REPAIR_WAIT_NS : BUSY_WAIT_NS);
    if (!node->attempt.is_wait_told) {
        node->attempt.is_wait_told = true;
        tug__engine_emit(engine, &event);
    }
}

/* Another process, or another lane for another tag, is storing the same document: keep the content
 * and submit it again. */
static void hand_in_again(struct tug__engine *engine, struct tug__node *node, struct tug__job *job,
                          uint64_t delay_ns)
{
    if (node->wanted.media_type == NULL && job->result.reply.media_type[0] != '\0') {
        node->wanted.media_type =
            strdup(job->result.reply.media_type); /* otherwise the document's own type decides */
    }
    node->wanted.data = (uint8_t *)job->result.reply.body;
    node->wanted.size_bytes = job->result.reply.length;
    node->job_kind = TUG__JOB_INLINE;
    job->result.reply.body = NULL;
    wait_for(engine, node, delay_ns);
}

/* Additional connections for a blob keep failing while others deliver: running jobs may finish
 * their shares, then the blob goes on over one connection, with all its attempts. */
static void go_on_alone(struct tug__node *node)
{
    node->transfer->ranges.is_single = true;
    node->width = node->job_count;
    node->attempt.failures = 0;
}

/* Count a failed attempt: bytes that it received count as progress, and so do bytes of jobs beside
 * it. */
static void count_failure(struct tug__node *node, const struct tug__job *job)
{
    const uint64_t reached = node->transfer != NULL ? tug__ranges_done(&node->transfer->ranges) : 0;
    const uint64_t beside =
        reached > node->attempt.mark_bytes ? reached - node->attempt.mark_bytes : 0;
    const uint64_t own = job->result.next_byte > job->share.first_byte
                             ? job->result.next_byte - job->share.first_byte
                             : 0;

    node->attempt.mark_bytes = reached;
    node->attempt.failures = tug__retry_count(node->attempt.failures, own > beside ? own : beside);
}

/* An attempt failed in a way that may pass: wait and retry, or give up. */
static void retry_or_fail(struct tug__engine *engine, struct tug__node *node,
                          const struct tug__job *job)
{
    struct tug_error shown = job->result.error;
    struct tug_event event = {.kind = TUG_EVENT_RETRY,
                              .ref = tug_ref_name(node->wanted.source),
                              .digest = node->wanted.digest,
                              .error = &shown};
    struct tug__failed_attempt attempt = {.error = &job->result.error,
                                          .retry_after_ms = job->result.call.retry_after_ms};

    count_failure(node, job);
    attempt.failures = node->attempt.failures;
    engine->random = engine->random * UINT32_C(1664525) + UINT32_C(1013904223);
    if (!tug__retry_decide(&engine->retry_policy, &attempt, engine->random >> 16,
                           &event.delay_ms)) {
        if (node->job_count > 0 && job->result.error.code == TUG_ERR_NETWORK) {
            go_on_alone(node);
        } else {
            tug__node_fail(engine, node, &job->result.error);
        }
        return;
    }
    event.attempt = node->attempt.failures > 0 ? node->attempt.failures : 1;
    event.attempts_max = engine->retry_policy.retries + 1;
    tug__node_add_subject(node, &shown);
    tug__engine_emit(engine, &event);
    tug__delta_let_go(engine, node);
    wait_for(engine, node, event.delay_ms * TUG__NS_PER_MS);
}

/* The content does not match its digest: retry once from zero, then fail for good. */
void tug__node_refetch(struct tug__engine *engine, struct tug__node *node,
                       const struct tug_error *error)
{
    if (node->attempt.is_second_try) {
        tug__node_fail(engine, node, error);
        return;
    }
    node->attempt.is_second_try = true;
    node->attempt.avoid = node->attempt.served_by;
    tug__node_tell_second_try(engine, node, error);
    if (node->transfer != NULL) {
        tug__node_drop_transfer(engine, node, TUG__DROP_REMOVE);
    } else {
        tug__node_enqueue(engine, node);
    }
}

/* The file or a directory was removed during the download: start over at once, but not forever. */
void tug__node_begin_anew(struct tug__engine *engine, struct tug__node *node, struct tug__job *job,
                          const struct tug_error *error)
{
    struct tug_error shown = *error;
    struct tug_event event = {.kind = TUG_EVENT_RETRY,
                              .ref = tug_ref_name(node->wanted.source),
                              .digest = node->wanted.digest,
                              .error = &shown};

    if (node->attempt.removals == REMOVALS_MAX) {
        tug__node_fail(engine, node, error);
        return;
    }
    node->attempt.removals++;
    tug__node_add_subject(node, &shown);
    tug__engine_emit(engine, &event);
    if (node->transfer != NULL) {
        tug__node_drop_transfer(engine, node, TUG__DROP_REMOVE);
    } else if (job != NULL && job->result.reply.body != NULL) {
        hand_in_again(engine, node, job, 0);
    } else {
        tug__node_enqueue(engine, node);
    }
}

/* Inline content does not match its digest: request it from the registry instead. */
static void fall_back_from_inline(struct tug__engine *engine, struct tug__node *node)
{
    node->job_kind = tug__content_job(engine, &node->wanted);
    tug__node_enqueue(engine, node);
}

/* The registry asked for a pause: send it no request until then; not counted as a failure. */
static void defer(struct tug__engine *engine, struct tug__node *node, const struct tug__job *job)
{
    struct tug__host *const host = tug__host_find(engine, job->request.source.host);
    const uint64_t until_ns = tug__deadline_ns(job->result.call.retry_after_ms);

    if (job->result.call.retry_after_ms > engine->retry_policy.max_wait_ms) {
        tug__node_fail(engine, node, &job->result.error);
        return;
    }
    if (host->pause_until_ns < until_ns) {
        host->pause_until_ns = until_ns;
    }
    wait_for(engine, node, job->result.call.retry_after_ms * TUG__NS_PER_MS);
}

void tug__node_wait_beside(struct tug__node *node)
{
    node->attempt.beside_ns = tug__now_ns() + BESIDE_WAIT_NS;
}

/* A job beside others got no useful response. The blob goes on without it, and after too many such
 * jobs, without additional ones. */
static void handle_beside_failure(struct tug__engine *engine, struct tug__node *node,
                                  const struct tug__job *job)
{
    struct tug__host *const host = tug__host_find(engine, job->request.source.host);

    if (job->result.call.ranges_ignored) {
        node->transfer->ranges.is_single = true;
        host->ignores_ranges = true;
    }
    if (!job->result.call.is_deferred && job->result.error.code != TUG_ERR_CANCELLED) {
        count_failure(node, job);
    }
    if (node->attempt.failures > engine->retry_policy.retries) {
        go_on_alone(node);
    }
    tug__node_wait_beside(node);
    node->width = node->job_count > 0 ? node->job_count : 1;
}

void tug__node_handle_failure(struct tug__engine *engine, struct tug__node *node,
                              struct tug__job *job)
{
    const struct tug_error *const error = &job->result.error;

    if (tug__delta_handle_failure(engine, node, job)) {
        return;
    }
    if (job->request.is_beside && !job->share.is_flowing && node->job_count > 0 &&
        error->code != TUG_ERR_STORE) {
        handle_beside_failure(engine, node, job);
    } else if (!tug__node_is_needed(node)) {
        tug__node_abandon(engine, node);
    } else if (job->kind == TUG__JOB_UNPACK && error->code != TUG_ERR_CANCELLED) {
        tug__node_fail(engine, node, error); /* the store has it, verified */
    } else if (job->kind == TUG__JOB_INLINE && error->code == TUG_ERR_CONTENT &&
               node->wanted.size_bytes > 0) {
        fall_back_from_inline(engine, node);
    } else if (error->code == TUG_ERR_BUSY) {
        if (job->kind == TUG__JOB_BLOB) {
            wait_for_other(engine, node);
        } else {
            hand_in_again(engine, node, job, SAME_DOCUMENT_WAIT_NS);
        }
    } else if (error->code == TUG_ERR_CANCELLED) {
        tug__node_enqueue(engine, node); /* given up, then requested again by another image */
    } else if (error->code == TUG_ERR_CONTENT) {
        tug__node_refetch(engine, node, error);
    } else if (tug__store_is_removed(error)) {
        tug__node_begin_anew(engine, node, job, error);
    } else if (job->result.call.ranges_ignored) {
        handle_beside_failure(engine, node, job); /* the other jobs have ended meanwhile */
        tug__node_enqueue(engine, node);
    } else if (job->result.call.is_deferred) {
        defer(engine, node, job);
    } else {
        retry_or_fail(engine, node, job);
    }
}
