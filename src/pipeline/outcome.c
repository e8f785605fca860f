/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes of jobs and transfers: go on, wait and try again, or fail.
 *
 * Knows: nodes, jobs, transfers, the retry policy. Does not know: what documents mean.
 * Threads: the resolver.
 *
 * A node with a blob keeps its transfer over failed jobs, so that the next job goes on at the byte
 * where the last one stopped. A job that ran beside others and got no answer only shows that more
 * connections are not to be had now. When content turns out bad, the transfer is dropped with its
 * file and the node tries once more from zero, in one stream; bad again, it fails.
 */
#include "pipeline/resolver.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

/* How often a blob that another process downloads is looked for. */
#define BUSY_WAIT_NS (200 * TUG__NS_PER_MS)
/* The same for one that another process repairs: each look hashes it. */
#define REPAIR_WAIT_NS (1000 * TUG__NS_PER_MS)
/* How long no further connection is tried for a blob after one failed. */
#define BESIDE_WAIT_NS (1000 * TUG__NS_PER_MS)
/* How often a blob is begun anew because its file was removed. */
#define REMOVALS_MAX 3
/* How long the commit of a document takes, about. */
#define SAME_DOCUMENT_WAIT_NS (20 * TUG__NS_PER_MS)

/* No job for a node for a while. What runs for it goes on. */
static void wait_for(struct tug__resolver *resolver, struct tug__node *node, uint64_t delay_ns)
{
    tug__node_wait(resolver, node, tug__now_ns() + delay_ns);
}

/* Another process downloads this blob: look again later whether the store has it. */
static void wait_for_other(struct tug__resolver *resolver, struct tug__node *node)
{
    struct tug_event event = {.kind = TUG_EVENT_WAITING,
                              .ref = tug__node_ref(node),
                              .digest = node->digest,
                              .size_bytes = node->size_bytes};

    if (node->transfer != NULL) {
        tug__transfer_free(resolver, node); /* never opened, so no lane knows it */
    }
    wait_for(resolver, node, node->is_repair ? REPAIR_WAIT_NS : BUSY_WAIT_NS);
    if (!node->is_wait_told) {
        node->is_wait_told = true;
        tug__emit(resolver, &event);
    }
}

/* Somebody, perhaps another lane for another tag, stores the same document at this moment: keep the
 * content and hand it in again. */
static void hand_in_again(struct tug__resolver *resolver, struct tug__node *node,
                          struct tug__job *job, uint64_t delay_ns)
{
    if (node->media_type == NULL && job->reply.media_type[0] != '\0') {
        node->media_type = strdup(job->reply.media_type); /* else the document's own decides */
    }
    node->data = (uint8_t *)job->reply.body;
    node->size_bytes = job->reply.length;
    node->job_kind = TUG__JOB_INLINE;
    job->reply.body = NULL;
    wait_for(resolver, node, delay_ns);
}

/* More connections for a blob only fail, while some bring it: those that run may finish their
 * shares, then it goes on over one, with all its attempts. */
static void go_on_alone(struct tug__node *node)
{
    node->transfer->ranges.is_single = true;
    node->width = node->job_count;
    node->failures = 0;
}

/* Count a failed attempt: what it brought itself counts, and what came beside it meanwhile. */
static void count_failure(struct tug__node *node, const struct tug__job *job)
{
    const uint64_t reached = node->transfer != NULL ? tug__ranges_done(&node->transfer->ranges) : 0;
    const uint64_t beside = reached > node->mark_bytes ? reached - node->mark_bytes : 0;
    const uint64_t own =
        job->next_byte > job->share.first_byte ? job->next_byte - job->share.first_byte : 0;

    node->mark_bytes = reached;
    node->failures = tug__retry_count(node->failures, own > beside ? own : beside);
}

/* An attempt failed in a way that may pass: wait, or give up. */
static void retry_or_fail(struct tug__resolver *resolver, struct tug__node *node,
                          const struct tug__job *job)
{
    struct tug_error shown = job->error;
    struct tug_event event = {.kind = TUG_EVENT_RETRY,
                              .ref = tug_ref_name(node->source),
                              .digest = node->digest,
                              .error = &shown};

    count_failure(node, job);
    resolver->random = resolver->random * UINT32_C(1664525) + UINT32_C(1013904223);
    if (!tug__retry_decide(&resolver->retry_policy, &job->error, node->failures,
                           job->result.retry_after_ms, resolver->random >> 16, &event.delay_ms)) {
        if (node->job_count > 0 && job->error.code == TUG_ERR_NETWORK) {
            go_on_alone(node);
        } else {
            tug__node_fail(resolver, node, &job->error);
        }
        return;
    }
    event.attempt = node->failures > 0 ? node->failures : 1;
    event.attempts_max = resolver->retry_policy.retries + 1;
    tug__node_add_subject(node, &shown);
    tug__emit(resolver, &event);
    wait_for(resolver, node, event.delay_ms * TUG__NS_PER_MS);
}

/* What came is not what was named: once more from zero, then it is final. */
static void refetch_or_fail(struct tug__resolver *resolver, struct tug__node *node,
                            const struct tug_error *error)
{
    struct tug_error shown = *error;
    struct tug_event event = {.kind = TUG_EVENT_RETRY,
                              .ref = tug_ref_name(node->source),
                              .digest = node->digest,
                              .error = &shown,
                              .attempt = 1,
                              .attempts_max = 2};

    if (node->is_second_try) {
        tug__node_fail(resolver, node, error);
        return;
    }
    node->is_second_try = true;
    node->avoid = node->served_by;
    tug__node_add_subject(node, &shown);
    tug__emit(resolver, &event);
    if (node->transfer != NULL) {
        tug__node_drop_transfer(resolver, node, TUG__DROP_REMOVE);
    } else {
        tug__node_enqueue(resolver, node);
    }
}

/* Somebody removed the file, or a directory, while we wrote: begin anew at once, but not for ever.
 */
static void begin_anew_or_fail(struct tug__resolver *resolver, struct tug__node *node,
                               struct tug__job *job, const struct tug_error *error)
{
    struct tug_error shown = *error;
    struct tug_event event = {.kind = TUG_EVENT_RETRY,
                              .ref = tug_ref_name(node->source),
                              .digest = node->digest,
                              .error = &shown};

    if (node->removals == REMOVALS_MAX) {
        tug__node_fail(resolver, node, error);
        return;
    }
    node->removals++;
    tug__node_add_subject(node, &shown);
    tug__emit(resolver, &event);
    if (node->transfer != NULL) {
        tug__node_drop_transfer(resolver, node, TUG__DROP_REMOVE);
    } else if (job != NULL && job->reply.body != NULL) {
        hand_in_again(resolver, node, job, 0);
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

/* The registry wants to be left alone: nothing is asked of it until then, and that is no failure.
 */
static void defer(struct tug__resolver *resolver, struct tug__node *node,
                  const struct tug__job *job)
{
    struct tug__host *const host = tug__host_find(resolver, job->source.host);
    const uint64_t until_ns = tug__deadline_ns(job->result.retry_after_ms);

    if (job->result.retry_after_ms > resolver->retry_policy.max_wait_ms) {
        tug__node_fail(resolver, node, &job->error);
        return;
    }
    if (host->pause_until_ns < until_ns) {
        host->pause_until_ns = until_ns;
    }
    wait_for(resolver, node, job->result.retry_after_ms * TUG__NS_PER_MS);
}

/* A job beside others got no answer that is of use. The blob goes on without it, and after too many
 * such jobs without any further ones. */
static void take_beside_failure(struct tug__resolver *resolver, struct tug__node *node,
                                const struct tug__job *job)
{
    struct tug__host *const host = tug__host_find(resolver, job->source.host);

    if (job->result.ranges_ignored) {
        node->transfer->ranges.is_single = true;
        host->ignores_ranges = true;
    }
    if (!job->result.is_deferred && job->error.code != TUG_ERR_CANCELLED) {
        count_failure(node, job);
    }
    if (node->failures > resolver->retry_policy.retries) {
        go_on_alone(node);
    }
    node->beside_ns = tug__now_ns() + BESIDE_WAIT_NS;
    node->width = node->job_count > 0 ? node->job_count : 1;
}

static void take_failure(struct tug__resolver *resolver, struct tug__node *node,
                         struct tug__job *job)
{
    const struct tug_error *const error = &job->error;

    if (job->is_beside && !job->share.is_flowing && node->job_count > 0 &&
        error->code != TUG_ERR_STORE) {
        take_beside_failure(resolver, node, job);
    } else if (!tug__node_is_needed(node)) {
        tug__node_abandon(resolver, node);
    } else if (job->kind == TUG__JOB_INLINE && error->code == TUG_ERR_CONTENT &&
               node->size_bytes > 0) {
        fall_back_from_inline(resolver, node);
    } else if (error->code == TUG_ERR_BUSY) {
        if (job->kind == TUG__JOB_BLOB) {
            wait_for_other(resolver, node);
        } else {
            hand_in_again(resolver, node, job, SAME_DOCUMENT_WAIT_NS);
        }
    } else if (error->code == TUG_ERR_CANCELLED) {
        tug__node_enqueue(resolver, node); /* given up, then wanted again by another image */
    } else if (error->code == TUG_ERR_CONTENT) {
        refetch_or_fail(resolver, node, error);
    } else if (tug__store_is_removed(error)) {
        begin_anew_or_fail(resolver, node, job, error);
    } else if (job->result.ranges_ignored) {
        take_beside_failure(resolver, node, job); /* the others have ended meanwhile */
        tug__node_enqueue(resolver, node);
    } else if (job->result.is_deferred) {
        defer(resolver, node, job);
    } else {
        retry_or_fail(resolver, node, job);
    }
}

static void report_committed(struct tug__resolver *resolver, const struct tug__node *node,
                             uint64_t size_bytes, bool was_present)
{
    struct tug_event event = {
        .kind = was_present ? TUG_EVENT_REUSED : TUG_EVENT_COMMITTED,
        .ref = tug__node_ref(node),
        .digest = node->digest,
        .media_type = node->media_type,
        .size_bytes = size_bytes,
        .done_bytes = size_bytes,
        .seconds = (double)(tug__now_ns() - node->started_ns) / (double)TUG__NS_PER_S,
        .is_rechecked = was_present && node->job_kind == TUG__JOB_RECHECK,
    };

    bool is_charged = was_present; /* to the first that waits; the others reuse it */

    for (const struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        if (edge->image != NULL) {
            *(is_charged ? &edge->image->result.bytes_reused
                         : &edge->image->result.bytes_fetched) += size_bytes;
            edge->image->result.blobs_done++;
            edge->image->result.bytes_known += edge->has_size ? 0 : size_bytes;
            is_charged = true;
        }
        if (!edge->has_size) {
            resolver->totals.bytes_known += size_bytes;
        }
        resolver->totals.blobs_done++;
        resolver->bytes_settled += size_bytes;
    }
    tug__emit(resolver, &event);
}

/* A dry run has read a document: it would be fetched, unless the store has it. */
static void plan_document(struct tug__resolver *resolver, const struct tug__node *node,
                          const struct tug__job *job)
{
    for (const struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        if (edge->image == NULL) {
            continue;
        }
        if (job->was_present) {
            edge->image->result.bytes_reused += job->reply.length;
        } else {
            tug__plan_report(resolver, edge->image, &node->digest,
                             node->media_type != NULL ? node->media_type : job->reply.media_type,
                             job->reply.length);
        }
    }
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
    tug__node_check_sizes(resolver, node, job->reply.length);
    if (job->is_dry) {
        plan_document(resolver, node, job);
    } else {
        report_committed(resolver, node, job->reply.length, job->was_present);
    }
    for (edge = node->edges; edge != NULL; edge = edge->next) {
        struct tug__need *need;
        bool is_new = false;

        if (edge->image == NULL) {
            continue;
        }
        (void)tug__image_see(edge->image, &node->digest, &is_new, NULL); /* counted already */
        need = tug__image_need(edge->image, &node->digest);
        if (need != NULL) {
            need->is_document = node->is_document;
            need->has_size = true;
            need->size_bytes = job->reply.length;
        }
        if (node->is_document && !edge->is_again) {
            tug__image_take_document(resolver, edge, &node->digest, job->reply.body,
                                     job->reply.length, media_type, is_pinned);
        }
    }
    for (edge = node->edges; edge != NULL; edge = edge->next) {
        if (edge->image != NULL) {
            tug__image_settle(resolver, edge->image);
        }
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

/* Everything that waits for a node goes on. */
static void settle_edges(struct tug__resolver *resolver, const struct tug__node *node)
{
    for (const struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        if (edge->image != NULL) {
            tug__image_settle(resolver, edge->image);
        }
    }
}

/* Everything that waits for a blob has it: hashed, on its way or where it was. */
static void settle_blob(struct tug__resolver *resolver, struct tug__node *node, bool was_present)
{
    tug__node_check_sizes(resolver, node, node->size_bytes);
    report_committed(resolver, node, node->size_bytes, was_present);
    if (resolver->settings->options.recheck) {
        (void)tug__digest_set_add(&resolver->checked, &node->digest);
    }
    settle_edges(resolver, node);
    tug__graph_remove(&resolver->graph, node);
}

static void take_committed(struct tug__resolver *resolver, struct tug__node *node)
{
    tug__transfer_free(resolver, node);
    settle_blob(resolver, node, false);
}

/* A blob of the store is not what its name says: fetch it once more. It stays in its place until
 * the new one, verified, is renamed over it. */
static void take_damaged(struct tug__resolver *resolver, struct tug__node *node)
{
    const bool is_dry = resolver->settings->options.dry_run;
    struct tug__image *first = NULL;
    char text[TUG_DIGEST_TEXT_MAX];

    for (const struct tug__edge *edge = node->edges; edge != NULL; edge = edge->next) {
        first = first == NULL ? edge->image : first;
        if (edge->image != NULL && is_dry) {
            tug__plan_report(resolver, edge->image, &node->digest, node->media_type,
                             node->size_bytes);
        }
    }
    if (!node->is_repair) { /* else told already: another process is at it */
        tug__emit_warning(resolver, first, "blob %s in the store is damaged%s",
                          tug_digest_format(&node->digest, text),
                          is_dry ? "" : ": fetching it again");
    }
    if (is_dry) {
        settle_edges(resolver, node);
        tug__graph_remove(&resolver->graph, node);
        return;
    }
    node->job_kind = TUG__JOB_BLOB;
    node->is_repair = true;
    tug__node_enqueue(resolver, node);
}

static void take_rechecked(struct tug__resolver *resolver, struct tug__node *node,
                           const struct tug__job *job)
{
    if (!tug__node_is_needed(node)) {
        tug__node_abandon(resolver, node);
    } else if (job->is_damaged) {
        take_damaged(resolver, node);
    } else {
        settle_blob(resolver, node, true);
    }
}

static void take_rejected(struct tug__resolver *resolver, struct tug__node *node)
{
    struct tug_error error = node->transfer->error;

    if (error.code == TUG_ERR_CONTENT && node->coding != NULL) {
        (void)tug__wrap(&error, error.code,
                        "the registry sent it with Content-Encoding '%s', which was not asked for",
                        node->coding);
    }
    tug__transfer_free(resolver, node);
    if (!tug__node_is_needed(node)) {
        tug__graph_remove(&resolver->graph, node);
    } else if (error.code == TUG_ERR_CONTENT) {
        refetch_or_fail(resolver, node, &error);
    } else if (tug__store_is_removed(&error)) {
        begin_anew_or_fail(resolver, node, NULL, &error);
    } else {
        tug__node_fail(resolver, node, &error);
    }
}

/* A lane's verdict may overtake the worker's last word on the job: it waits in the node until both
 * are there. */
static void take_verdict(struct tug__resolver *resolver, struct tug__node *node)
{
    const enum tug__msg_kind verdict = node->verdict;

    if (verdict == TUG__MSG_NONE) {
        return;
    }
    if (node->job_count > 0) {
        tug__node_cancel_jobs(resolver, node); /* late shares of what is complete */
        return;
    }
    node->verdict = TUG__MSG_NONE;
    if (verdict == TUG__MSG_COMMITTED) {
        take_committed(resolver, node);
    } else {
        take_rejected(resolver, node);
    }
}

/* Tell whether a job was a HEAD that failed in a way a GET need not. */
static bool is_head_refused(const struct tug__resolver *resolver, const struct tug__job *job)
{
    const struct tug__node *const node = job->owner;

    return job->kind == TUG__JOB_RESOLVE &&
           tug__retry_by_get(&job->error, job->result.retry_after_ms,
                             node->failures >= resolver->retry_policy.retries);
}

/* A worker opened the partial file and asks for a blob's bytes. */
static void take_started(struct tug__resolver *resolver, struct tug__job *job)
{
    struct tug__node *const node = job->owner;
    struct tug__ranges *const ranges = &node->transfer->ranges;
    struct tug_event event = {
        .kind = TUG_EVENT_STARTED,
        .ref = tug__node_ref(node),
        .digest = node->digest,
        .media_type = node->media_type,
        .size_bytes = node->size_bytes,
    };
    struct tug_error error = {0};

    if (tug__ranges_open(ranges, &job->share, &job->present, &error) != TUG_OK) {
        tug__node_fail(resolver, node, &error);
        return;
    }
    event.done_bytes = ranges->done_bytes;
    node->mark_bytes = ranges->done_bytes; /* what an earlier run left is no progress of this one */
    tug__node_note_start(node);
    node->is_running = true;
    tug__emit(resolver, &event);
}

/* A share's answer has begun. */
static void take_flowing(struct tug__resolver *resolver, struct tug__job *job)
{
    struct tug__node *const node = job->owner;
    struct tug_error error = {0};

    node->is_running = true; /* again, should an earlier job have failed */
    if (tug__ranges_flow(&node->transfer->ranges, &job->share, &error) != TUG_OK) {
        tug__node_fail(resolver, node, &error);
    }
}

static void remove_job(struct tug__resolver *resolver, struct tug__node *node,
                       const struct tug__job *job)
{
    struct tug__job **link = &node->jobs;

    while (*link != job) {
        link = &(*link)->next;
    }
    *link = job->next;
    node->job_count--;
    if (job->kind == TUG__JOB_INLINE) {
        resolver->inline_out--;
    } else {
        resolver->jobs_out--;
        node->host->jobs_out--;
    }
}

/* A share has all its bytes, however few: that is progress. */
static void note_share_done(struct tug__node *node, const struct tug__job *job)
{
    if (job->next_byte > job->share.first_byte) {
        node->failures = 0;
        node->mark_bytes = tug__ranges_done(&node->transfer->ranges);
    }
}

/* A share has ended, well or not. */
static void take_share(struct tug__resolver *resolver, struct tug__node *node, struct tug__job *job,
                       bool has_failed)
{
    struct tug__ranges *const ranges = &node->transfer->ranges;
    struct tug_error error = {0};

    node->is_running = node->job_count > 0;
    if (job->result.served_by > 0 &&
        (node->served_by == 0 || job->result.served_by < node->served_by)) {
        node->served_by = job->result.served_by;
    }
    node->coding = job->result.coding != NULL ? job->result.coding : node->coding;
    if (tug__ranges_give_back(ranges, &job->share, job->next_byte, &error) != TUG_OK) {
        tug__node_fail(resolver, node, &error);
    } else if (node->drop != TUG__DROP_NOT) {
        if (node->job_count == 0) {
            tug__node_drop_transfer(resolver, node, node->drop);
        }
    } else if (ranges->is_open && ranges->done_bytes == ranges->size_bytes) {
        /* The lane has every byte: its verdict counts, also when a request ended badly. */
        take_verdict(resolver, node);
    } else if (has_failed) {
        take_failure(resolver, node, job);
    } else if (job->next_byte == job->share.first_byte && node->job_count > 0) {
        node->beside_ns = tug__now_ns() + BESIDE_WAIT_NS; /* it came too late to be of use */
    } else {
        note_share_done(node, job);
        if (node->job_count == 0) {
            tug__node_enqueue(resolver, node); /* its next share */
        }
    }
}

static void take_job(struct tug__resolver *resolver, struct tug__job *job, bool has_failed)
{
    struct tug__node *const node = job->owner;

    remove_job(resolver, node, job);
    if (job->kind == TUG__JOB_BLOB) {
        take_share(resolver, node, job, has_failed);
    } else if (has_failed && is_head_refused(resolver, job)) {
        take_resolved(resolver, node, job); /* some registries know no HEAD: ask with a GET */
    } else if (has_failed) {
        take_failure(resolver, node, job);
    } else if (job->kind == TUG__JOB_RESOLVE) {
        take_resolved(resolver, node, job);
    } else if (job->kind == TUG__JOB_RECHECK) {
        take_rechecked(resolver, node, job);
    } else {
        take_document(resolver, node, job);
    }
    tug__job_free(job);
}

static void take_dropped(struct tug__resolver *resolver, struct tug__node *node)
{
    tug__transfer_free(resolver, node);
    node->verdict = TUG__MSG_NONE; /* of what is given up */
    if (tug__node_is_needed(node)) {
        tug__node_enqueue(resolver, node);
    } else if (node->refusals != NULL) {
        node->state = TUG__NODE_FAILED;
    } else {
        tug__graph_remove(&resolver->graph, node);
    }
}

void tug__jobs_take_event(struct tug__resolver *resolver, const struct tug__msg *msg)
{
    struct tug__node *node;

    switch ((enum tug__msg_kind)msg->kind) {
    case TUG__MSG_STARTED:
        take_started(resolver, msg->object);
        break;
    case TUG__MSG_FLOWING:
        take_flowing(resolver, msg->object);
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
        if (node->state !=
            TUG__NODE_DROPPING) { /* else DROPPED follows, and only then it is ours */
            node->verdict = (enum tug__msg_kind)msg->kind;
            take_verdict(resolver, node);
        }
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
    case TUG__MSG_END:
    case TUG__MSG_PUBLISHED:
    case TUG__MSG_STOPPED:
    case TUG__MSG_ENDED:
    default:
        break; /* not for jobs */
    }
}
