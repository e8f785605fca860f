/* SPDX-License-Identifier: Apache-2.0
 *
 * The download worker: a job in, its result out.
 *
 * Knows: the registry's interface, pieces and their feed. Does not know: images, retries, the
 * engine. Threads: each worker's own.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "pool/internal.h"

static void send_event(struct tug__worker *worker, enum tug__msg_kind kind, void *object)
{
    const struct tug__msg msg = {.kind = kind, .object = object};

    tug__queue_push(worker->events, &msg);
}

/* Allocate the worker's buffer, which its later jobs use again. */
static enum tug_status need_buffer(struct tug__worker *worker, struct tug_error *err)
{
    if (worker->buffer == NULL) {
        worker->buffer = malloc(TUG__PIECE_BYTES);
    }
    return worker->buffer != NULL ? TUG_OK : tug__fail_memory(err);
}

static enum tug_status run_blob(struct tug__worker *worker, struct tug__job *job,
                                struct tug_error *err)
{
    const struct tug__feed feed = {
        .supply = job->share.is_local ? tug__feed_copy : tug__feed_registry,
        .context = worker,
    };
    enum tug_status status = need_buffer(worker, err);
    struct tug__piece piece = {.job = job,
                               .buffer = worker->buffer,
                               .events = worker->events,
                               .segments = worker->segments[job->transfer->lane],
                               .idle_workers = &worker->pool->idle_workers,
                               .row = worker->row};

    if (status == TUG_OK && job->request.is_opening) {
        const uint64_t began_ns = tug__trace_begin(worker->row);

        status = tug__piece_open(&piece, worker->pool->store, err);
        tug__trace_end(worker->row, began_ns,
                       &(struct tug_trace_event){
                           .name = "open", .digest = job->request.digest, .status = status});
    }
    return status == TUG_OK ? tug__piece_fill(&piece, &feed, err) : status;
}

/* Hash content of the store. */
static enum tug_status run_recheck(struct tug__worker *worker, struct tug__job *job,
                                   struct tug_error *err)
{
    const bool is_unpack = job->kind == TUG__JOB_UNPACK;
    const uint64_t began_ns = tug__trace_begin(worker->row);
    enum tug_status status = need_buffer(worker, err);

    if (status == TUG_OK) {
        status = is_unpack ? tug__worker_unpack(worker, job, err)
                           : tug__worker_recheck(worker, job, err);
    }
    tug__trace_end(worker->row, began_ns,
                   &(struct tug_trace_event){.name = is_unpack ? "unpack" : "recheck",
                                             .digest = job->request.digest,
                                             .length = job->request.size_bytes,
                                             .status = status});
    return status;
}

/* Look for what a blob can be made of. */
static enum tug_status run_search(struct tug__worker *worker, struct tug__job *job,
                                  struct tug_error *err)
{
    const struct tug__search_stop stop = {.should_stop = tug__worker_should_stop,
                                          .context = worker};
    const bool is_plan = job->kind == TUG__JOB_PLAN;
    const uint64_t began_ns = tug__trace_begin(worker->row);
    const enum tug_status status =
        is_plan ? tug__delta_plan_make(job->plan, job->transfer->ingest->fd, &stop, err)
                : tug__donors_find(job->donors, &stop, err);

    tug__trace_end(worker->row, began_ns,
                   &(struct tug_trace_event){.name = is_plan ? "plan" : "donors",
                                             .digest = job->request.digest,
                                             .length = is_plan ? job->plan->copies.bytes : 0,
                                             .status = status});
    return status;
}

static enum tug_status append(void *context, const void *bytes, size_t length,
                              struct tug_error *err)
{
    return tug__buf_append(context, bytes, length, err);
}

/* Fetch a blob into memory; the lane verifies it like a document. */
static enum tug_status run_blob_body(struct tug__worker *worker, struct tug__job *job,
                                     struct tug_error *err)
{
    struct tug__manifest_reply *const reply = &job->result.reply;
    struct tug__buf body;
    struct tug__blob_request request = {
        .digest = &job->request.digest,
        .size_bytes = job->request.size_bytes,
        .end_byte = job->request.size_bytes,
        .avoid = job->request.avoid,
        .on_data = append,
        .context = &body,
    };
    enum tug_status status;

    tug__buf_init(&body, job->request.size_bytes);
    status = tug__client_get_blob(worker->client, &job->request.source, &request, err);
    if (status == TUG_OK) {
        reply->body = tug__buf_steal(&body, &reply->length);
    }
    reply->result = request.result;
    tug__buf_fini(&body);
    return status;
}

/* List what refers to a digest. */
static enum tug_status list_referrers(struct tug__worker *worker, struct tug__job *job,
                                      struct tug_error *err)
{
    const char *const text = job->request.reference;
    struct tug_digest subject;
    const struct tug__referrers_request request = {.digest = &subject,
                                                   .artifact_type = job->request.media_type};
    enum tug_status status = tug_digest_parse(text, strlen(text), &subject, err);

    if (status == TUG_OK) {
        status = tug__client_get_referrers(worker->client, &job->request.source, &request,
                                           &job->result.reply, err);
    }
    return status;
}

/* Count the bytes of a body. */
static void note_received(struct tug__worker *worker, size_t length)
{
    tug__counter_add(&worker->received, length);
    tug__budget_charge(&worker->pool->budget, length);
}

/* Pass a document, or a blob in memory, to its lane. */
static void pass_on(struct tug__worker *worker, struct tug__job *job)
{
    const struct tug__msg document = {.kind = TUG__MSG_DOCUMENT, .object = job};

    worker->job = NULL;
    tug__queue_push(worker->segments[job->lane], &document);
}

/* The name of a question in a trace. */
static const char *question_name(enum tug__job_kind kind)
{
    return kind == TUG__JOB_MANIFEST    ? "manifest"
           : kind == TUG__JOB_BLOB_BODY ? "blob"
           : kind == TUG__JOB_REFERRERS ? "referrers"
                                        : "resolve";
}

/* Make a request whose answer is a document, a small blob, or only its headers. */
static enum tug_status run_question(struct tug__worker *worker, struct tug__job *job,
                                    struct tug_error *err)
{
    const struct tug__job_request *const request = &job->request;
    struct tug__job_result *const result = &job->result;
    const uint64_t began_ns = tug__trace_begin(worker->row);
    char server[TUG__SERVER_TEXT_MAX] = "";
    const struct tug__manifest_request manifest = {
        .reference = request->reference,
        .media_type = request->media_type,
        .is_head = job->kind == TUG__JOB_RESOLVE,
        .accepts_schema1 = request->accepts_schema1,
        .out_server = worker->row != NULL ? server : NULL,
    };
    enum tug_status status;

    if (job->kind == TUG__JOB_BLOB_HEAD) {
        status = tug__client_head_blob(worker->client, &request->source, &request->digest,
                                       &result->reply, err);
    } else if (job->kind == TUG__JOB_BLOB_BODY) {
        status = run_blob_body(worker, job, err);
    } else if (job->kind == TUG__JOB_REFERRERS) {
        status = list_referrers(worker, job, err);
    } else {
        status = tug__client_get_manifest(worker->client, &request->source, &manifest,
                                          &result->reply, err);
    }
    result->call = result->reply.result;
    tug__trace_end(
        worker->row, began_ns,
        &(struct tug_trace_event){
            .name = question_name(job->kind),
            .digest = request->digest.algorithm != TUG_DIGEST_NONE ? request->digest
                                                                   : result->reply.digest,
            .length = result->reply.length,
            .status = status,
            .text = tug__trace_keep(worker->row, *server != '\0' ? server : request->source.host),
        });
    return status;
}

static enum tug_status run_connect(struct tug__worker *worker, struct tug__job *job,
                                   struct tug_error *err)
{
    const uint64_t began_ns = tug__trace_begin(worker->row);
    const enum tug_status status =
        tug__client_connect(worker->client, job->request.source.host, err);

    tug__trace_end(
        worker->row, began_ns,
        &(struct tug_trace_event){.name = "connect",
                                  .status = status,
                                  .text = tug__trace_keep(worker->row, job->request.source.host)});
    return status;
}

void tug__worker_tell_far(void *context)
{
    struct tug__worker *const worker = context;

    if (worker->job->kind == TUG__JOB_MANIFEST) {
        /* not the job: a document comes back by way of a lane, maybe before this */
        send_event(worker, TUG__MSG_FAR, (void *)(uintptr_t)worker->job->request.source.host);
    }
}

static enum tug_status run_kind(struct tug__worker *worker, struct tug__job *job,
                                struct tug_error *err)
{
    switch (job->kind) {
    case TUG__JOB_RESOLVE:
    case TUG__JOB_MANIFEST:
    case TUG__JOB_BLOB_BODY:
    case TUG__JOB_BLOB_HEAD:
    case TUG__JOB_REFERRERS:
        return run_question(worker, job, err);
    case TUG__JOB_BLOB:
        return run_blob(worker, job, err);
    case TUG__JOB_CONNECT:
        return run_connect(worker, job, err);
    case TUG__JOB_RECHECK:
    case TUG__JOB_UNPACK:
        return run_recheck(worker, job, err);
    case TUG__JOB_DONORS:
    case TUG__JOB_PLAN:
        return run_search(worker, job, err);
    case TUG__JOB_NONE:
    case TUG__JOB_INLINE: /* goes to a lane directly */
    default:
        return tug__fail(err, TUG_ERR_INTERNAL, "a worker cannot do job kind %d", (int)job->kind);
    }
}

/* Tell whether the resolver may learn of the end of a job later: it was short, and there are jobs
 * enough for as many workers again. The last of these wakes it. */
static bool is_wake_needless(struct tug__worker *worker, const struct tug__job *job)
{
    return job->kind == TUG__JOB_BLOB && job->transfer->size_bytes <= TUG__SMALL_BYTES &&
           tug__bell_count(worker->pool->job_bell) > worker->pool->worker_count;
}

/* Tell whether a job makes a request. */
static bool asks(const struct tug__job *job)
{
    return job->kind != TUG__JOB_RECHECK && job->kind != TUG__JOB_UNPACK &&
           job->kind != TUG__JOB_DONORS && job->kind != TUG__JOB_PLAN && !job->share.is_local;
}

/* Run a job and pass it on: a document to its lane, anything else back to the resolver. */
static void run_job(struct tug__worker *worker, struct tug__job *job)
{
    struct tug__job_result *const result = &job->result;
    enum tug_status status;

    result->next_byte = job->share.first_byte; /* blobs: no byte yet */
    if (tug__cancel_is_set(&job->cancel)) {
        status = tug__fail(&result->error, TUG_ERR_CANCELLED, "interrupted");
    } else {
        tug__counter_set(&worker->phase, asks(job) ? TUG__WORKER_ASKING : TUG__WORKER_IDLE);
        status = run_kind(worker, job, &result->error);
        tug__counter_set(&worker->phase, TUG__WORKER_IDLE);
    }
    if (status == TUG_OK && result->reply.body != NULL) {
        note_received(worker, result->reply.length);
    }
    if (status == TUG_OK && result->reply.body != NULL && job->kind != TUG__JOB_REFERRERS) {
        pass_on(worker, job);
        return;
    }
    worker->job = NULL;
    if (status == TUG_OK && is_wake_needless(worker, job)) {
        tug__queue_push_quietly(worker->events,
                                &(struct tug__msg){.kind = TUG__MSG_JOB_DONE, .object = job});
        return;
    }
    send_event(worker, status == TUG_OK ? TUG__MSG_JOB_DONE : TUG__MSG_JOB_FAILED, job);
}

void *tug__worker_main(void *argument)
{
    struct tug__worker *const worker = argument;
    struct tug__pool *const pool = worker->pool;
    uint64_t idle_ns = tug__trace_begin(worker->row);

    for (;;) {
        struct tug__msg msg;

        tug__bell_take(pool->job_bell);
        if (tug__cancel_is_set(&pool->stop)) {
            break;
        }
        if (!tug__queue_pop(pool->jobs, &msg)) {
            continue; /* a ring without a job */
        }
        tug__trace_end(worker->row, idle_ns, &(struct tug_trace_event){.name = "wait"});
        worker->job = msg.object;
        run_job(worker, worker->job);
        idle_ns = tug__trace_begin(worker->row);
    }
    tug__trace_end(worker->row, idle_ns, &(struct tug_trace_event){.name = "wait"});
    send_event(worker, TUG__MSG_ENDED, worker);
    return NULL;
}
