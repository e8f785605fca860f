/* SPDX-License-Identifier: Apache-2.0
 *
 * Handle messages from workers and lanes about jobs and transfers.
 *
 * Knows: nodes, jobs, transfers. Does not know: images, what documents mean, who waits.
 * Threads: the resolver.
 *
 * A node with a blob keeps its transfer across failed jobs, so that the next job resumes at the
 * byte where the last one stopped.
 */
#include "engine/state.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "oci/media_type.h"

/* Tell whether a HEAD brought everything that is wanted. */
static bool is_complete(const struct tug__node *node, const struct tug__manifest_reply *reply)
{
    return node->wanted.is_lookup && reply->digest.algorithm != TUG_DIGEST_NONE &&
           reply->has_size && !tug__media_is_generic(reply->media_type);
}

/* A document is verified, and stored unless the run is dry; or its headers were enough. */
static void handle_document(struct tug__engine *engine, struct tug__node *node,
                            struct tug__job *job)
{
    const struct tug__manifest_reply *const reply = &job->result.reply;

    node->outcome.answer = job;
    node->outcome.digest = reply->digest;
    node->outcome.size_bytes = reply->body != NULL ? reply->length : reply->size_bytes;
    node->outcome.was_present = job->result.was_present;
    tug__node_settle(engine, node, TUG__SETTLED_DONE);
}

/* A HEAD returned the digest of a tag: go on with that digest, or with a GET if it did not. */
static void handle_resolved(struct tug__engine *engine, struct tug__node *node,
                            const struct tug__job *job)
{
    if (job->result.reply.digest.algorithm != TUG_DIGEST_NONE &&
        tug__node_find_in_store(engine, node, &job->result.reply.digest)) {
        return;
    }
    node->job_kind = TUG__JOB_MANIFEST;
    tug__node_enqueue(engine, node);
}

/* A blob is in the store, hashed as it was written or where it was: settle the node. */
static void settle_blob(struct tug__engine *engine, struct tug__node *node, bool was_present)
{
    node->outcome.digest = node->wanted.digest;
    node->outcome.size_bytes = node->wanted.size_bytes;
    node->outcome.was_present = was_present;
    tug__node_settle(engine, node, TUG__SETTLED_DONE);
}

static void handle_committed(struct tug__engine *engine, struct tug__node *node)
{
    tug__transfer_free(engine, node);
    tug__delta_handle_committed(engine, node);
    settle_blob(engine, node, false);
}

static void warn_of_damage(struct tug__engine *engine, const struct tug__node *node)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    char text[TUG_DIGEST_TEXT_MAX + 64];
    struct tug_event event = {.kind = TUG_EVENT_WARNING, .ref = tug__node_ref(node), .text = text};

    (void)snprintf(text, sizeof text, "blob %s in the store is damaged%s",
                   tug_digest_format(&node->wanted.digest, digest),
                   engine->settings.is_dry ? "" : ": fetching it again");
    tug__engine_emit(engine, &event);
}

/* A blob in the store does not match its name: fetch it again. It stays in place until the new one,
 * verified, is renamed over it. */
static void handle_damaged(struct tug__engine *engine, struct tug__node *node)
{
    if (!node->attempt.is_repair) { /* otherwise reported before: another process repairs it */
        warn_of_damage(engine, node);
    }
    if (engine->settings.is_dry) {
        settle_blob(engine, node, false);
        return;
    }
    node->job_kind = TUG__JOB_BLOB;
    node->attempt.is_repair = true;
    tug__node_enqueue(engine, node);
}

static void handle_rechecked(struct tug__engine *engine, struct tug__node *node,
                             const struct tug__job *job)
{
    if (!tug__node_is_needed(node)) {
        tug__node_abandon(engine, node);
    } else if (job->result.is_damaged) {
        handle_damaged(engine, node);
    } else {
        settle_blob(engine, node, true);
    }
}

/* A layer was unpacked: its node keeps the result. */
static void handle_unpacked(struct tug__engine *engine, struct tug__node *node,
                            struct tug__job *job)
{
    (void)tug_digest_parse(node->wanted.tag, strlen(node->wanted.tag), &node->outcome.digest,
                           NULL); /* the worker has parsed it */
    node->outcome.answer = job;
    tug__node_settle(engine, node, TUG__SETTLED_DONE);
}

static void handle_rejected(struct tug__engine *engine, struct tug__node *node)
{
    struct tug_error error = node->transfer->error;

    if (error.code == TUG_ERR_CONTENT && node->attempt.coding != NULL) {
        (void)tug__wrap(&error, error.code,
                        "the registry sent it with Content-Encoding '%s', which was not asked for",
                        node->attempt.coding);
    }
    tug__transfer_free(engine, node);
    if (!tug__node_is_needed(node)) {
        tug__node_release(engine, node);
    } else if (error.code == TUG_ERR_CANCELLED) {
        tug__node_enqueue(engine, node); /* verified, and stored by a later run */
    } else if (tug__delta_handle_rejected(engine, node, &error)) {
        return;
    } else if (error.code == TUG_ERR_CONTENT) {
        tug__node_refetch(engine, node, &error);
    } else if (tug__store_is_removed(&error)) {
        tug__node_begin_anew(engine, node, NULL, &error);
    } else {
        tug__node_fail(engine, node, &error);
    }
}

/* A lane's verdict may overtake the worker's last message about the job: it is kept in the node
 * until both have arrived. */
static void handle_verdict(struct tug__engine *engine, struct tug__node *node)
{
    const enum tug__msg_kind verdict = node->verdict;

    if (verdict == TUG__MSG_NONE) {
        return;
    }
    if (node->job_count > 0) {
        if (tug__ranges_is_waiting(&node->transfer->ranges)) {
            tug__node_cancel_jobs(engine, node); /* late shares of a complete blob */
        }
        return;
    }
    node->verdict = TUG__MSG_NONE;
    if (verdict == TUG__MSG_COMMITTED) {
        handle_committed(engine, node);
    } else {
        handle_rejected(engine, node);
    }
}

/* Tell whether a job was a HEAD that failed in a way that a GET may not. */
static bool is_head_refused(const struct tug__engine *engine, const struct tug__job *job)
{
    const struct tug__node *const node = job->owner;

    return job->kind == TUG__JOB_RESOLVE &&
           tug__retry_by_get(&job->result.error, job->result.call.retry_after_ms,
                             node->attempt.failures >= engine->retry_policy.retries);
}

/* A worker opened the partial file and requests a blob's bytes. */
static void handle_started(struct tug__engine *engine, struct tug__job *job)
{
    struct tug__node *const node = job->owner;
    struct tug__ranges *const ranges = &node->transfer->ranges;
    struct tug_event event = {
        .kind = TUG_EVENT_STARTED,
        .ref = tug__node_ref(node),
        .digest = node->wanted.digest,
        .media_type = node->wanted.media_type,
        .size_bytes = node->wanted.size_bytes,
    };
    struct tug_error error = {0};

    if (tug__ranges_open(ranges, &job->share, &job->result.present, &error) != TUG_OK) {
        tug__node_fail(engine, node, &error);
        return;
    }
    event.done_bytes = ranges->done_bytes;
    node->attempt.mark_bytes =
        ranges->done_bytes; /* bytes of an earlier run are no progress of this one */
    tug__node_note_start(node);
    node->attempt.is_running = true;
    tug__engine_emit(engine, &event);
}

/* Note how fast the first byte of a blob came, and that ranges work. */
static void note_answer(struct tug__host *host, const struct tug__job *job)
{
    const uint64_t answer_ns = job->result.answer_ns;

    if (answer_ns > 0 && (host->answer_ns == 0 || answer_ns < host->answer_ns)) {
        host->answer_ns = answer_ns;
    }
    host->has_ranges = host->has_ranges || (job->request.is_beside && answer_ns > 0);
}

/* A share's first byte has arrived. */
static void handle_flowing(struct tug__engine *engine, struct tug__job *job)
{
    struct tug__node *const node = job->owner;
    struct tug_error error = {0};

    node->attempt.is_running = true; /* again, should an earlier job have failed */
    note_answer(node->host, job);
    tug__delta_note_flow(engine, node);
    if (tug__ranges_flow(&node->transfer->ranges, &job->share, &error) != TUG_OK) {
        tug__node_fail(engine, node, &error);
    }
}

static void remove_job(struct tug__engine *engine, struct tug__node *node,
                       const struct tug__job *job)
{
    struct tug__job **link = &node->jobs;

    while (*link != job) {
        link = &(*link)->next;
    }
    *link = job->next;
    node->job_count--;
    if (job->kind == TUG__JOB_INLINE) {
        engine->inline_out--;
    } else {
        engine->jobs_out--;
        node->host->jobs_out--;
    }
}

/* A share has all its bytes, however few: that counts as progress. */
static void note_share_done(struct tug__node *node, const struct tug__job *job)
{
    if (job->result.next_byte > job->share.first_byte) {
        node->attempt.failures = 0;
        node->attempt.mark_bytes = tug__ranges_done(&node->transfer->ranges);
    }
}

/* A share has ended, well or not. */
static void handle_share(struct tug__engine *engine, struct tug__node *node, struct tug__job *job,
                         bool has_failed)
{
    struct tug__ranges *const ranges = &node->transfer->ranges;
    struct tug_error error = {0};

    node->attempt.is_running = node->job_count > 0;
    tug__delta_note_share(engine, node, job);
    if (job->result.call.served_by > 0 &&
        (node->attempt.served_by == 0 || job->result.call.served_by < node->attempt.served_by)) {
        node->attempt.served_by = job->result.call.served_by;
    }
    node->attempt.coding =
        job->result.call.coding != NULL ? job->result.call.coding : node->attempt.coding;
    if (tug__ranges_give_back(ranges, &job->share, job->result.next_byte, &error) != TUG_OK) {
        tug__node_fail(engine, node, &error);
    } else if (node->drop != TUG__DROP_NOT) {
        if (node->job_count == 0) {
            tug__node_drop_transfer(engine, node, node->drop);
        }
    } else if (ranges->is_open && ranges->done_bytes == ranges->size_bytes) {
        /* The lane has every byte: its verdict counts, even if a request failed. */
        handle_verdict(engine, node);
    } else if (has_failed) {
        tug__node_handle_failure(engine, node, job);
    } else if (job->result.next_byte == job->share.first_byte && node->job_count > 0 &&
               !job->share.is_local) {
        tug__node_wait_beside(node); /* it came too late to be useful */
    } else {
        note_share_done(node, job);
        if (node->job_count == 0 && !tug__delta_continue(engine, node)) {
            tug__node_enqueue(engine, node); /* its next share */
        }
    }
}

static void handle_job(struct tug__engine *engine, struct tug__job *job, bool has_failed)
{
    struct tug__node *const node = job->owner;

    if (job->kind == TUG__JOB_CONNECT) {
        tug__engine_note_connected(engine, job);
        return;
    }
    remove_job(engine, node, job);
    if (job->kind == TUG__JOB_BLOB) {
        handle_share(engine, node, job, has_failed);
    } else if (job->kind == TUG__JOB_DONORS || job->kind == TUG__JOB_PLAN) {
        tug__delta_handle_job(engine, node, job, has_failed);
    } else if (has_failed && is_head_refused(engine, job)) {
        handle_resolved(engine, node, job); /* some registries do not support HEAD: use a GET */
    } else if (has_failed) {
        tug__node_handle_failure(engine, node, job);
    } else if (job->kind == TUG__JOB_RESOLVE && !is_complete(node, &job->result.reply)) {
        handle_resolved(engine, node, job);
    } else if (job->kind == TUG__JOB_BLOB_HEAD) {
        tug__node_use_blob_head(engine, node, job);
    } else if (job->kind == TUG__JOB_RECHECK) {
        handle_rechecked(engine, node, job);
    } else if (job->kind == TUG__JOB_UNPACK) {
        handle_unpacked(engine, node, job);
        return; /* the node has it now */
    } else {
        handle_document(engine, node, job);
        return; /* the node has it now */
    }
    tug__job_free(job);
}

static void handle_dropped(struct tug__engine *engine, struct tug__node *node)
{
    tug__transfer_free(engine, node);
    node->verdict = TUG__MSG_NONE; /* of the transfer being dropped */
    tug__delta_reset(node);
    if (tug__node_is_needed(node)) {
        tug__node_enqueue(engine, node);
    } else if (node->refusals != NULL) {
        node->state = TUG__NODE_FAILED;
    } else {
        tug__node_release(engine, node);
    }
}

void tug__jobs_handle_event(struct tug__engine *engine, const struct tug__msg *msg)
{
    struct tug__node *node;

    switch ((enum tug__msg_kind)msg->kind) {
    case TUG__MSG_STARTED:
        handle_started(engine, msg->object);
        break;
    case TUG__MSG_FLOWING:
        handle_flowing(engine, msg->object);
        break;
    case TUG__MSG_FAR:
        tug__engine_connect_ahead(engine, tug__host_find(engine, msg->object));
        break;
    case TUG__MSG_JOB_DONE:
        handle_job(engine, msg->object, false);
        break;
    case TUG__MSG_JOB_FAILED:
        handle_job(engine, msg->object, true);
        break;
    case TUG__MSG_COMMITTED:
    case TUG__MSG_REJECTED:
        node = ((struct tug__transfer *)msg->object)->owner;
        if (node->state !=
            TUG__NODE_DROPPING) { /* otherwise DROPPED follows, and only then it is ours */
            node->verdict = (enum tug__msg_kind)msg->kind;
            handle_verdict(engine, node);
        }
        break;
    case TUG__MSG_DROPPED:
        handle_dropped(engine, ((struct tug__transfer *)msg->object)->owner);
        break;
    case TUG__MSG_NONE:
    case TUG__MSG_JOB:
    case TUG__MSG_SEGMENT:
    case TUG__MSG_FRONT:
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
