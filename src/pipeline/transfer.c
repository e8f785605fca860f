/* SPDX-License-Identifier: Apache-2.0
 *
 * The download worker: job in, bytes into files or memory, result out.
 *
 * Knows: the doors of registry and store. Does not know: images, retries, what comes next.
 * Threads: each worker's own.
 *
 * A blob's bytes are gathered into pieces, written at their final offset, and announced to the lane
 * that hashes the blob. On any end, good or bad, what was received is written first: the next
 * attempt goes on at transfer->next_byte, in this process or in a later one.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fs.h"
#include "pipeline/pool.h"

/* The body of one blob job on its way into the file. */
struct blob_writer {
    struct tug__worker *worker;
    struct tug__transfer *transfer;
    size_t gathered; /* bytes in worker->piece, not yet in the file */
};

static void send_event(struct tug__worker *worker, enum tug__msg_kind kind, void *object)
{
    const struct tug__msg msg = {.kind = kind, .object = object};

    tug__queue_push(worker->events, &msg);
}

/* Tell the lane that [offset, offset + length) is in the file. */
static void announce(struct tug__worker *worker, struct tug__transfer *transfer, uint64_t offset,
                     uint64_t length)
{
    const struct tug__msg msg = {
        .kind = TUG__MSG_SEGMENT,
        .object = transfer,
        .offset = offset,
        .length = length,
    };

    tug__queue_push(worker->segments[transfer->lane], &msg);
}

/* Write what is gathered and announce it. */
static enum tug_status flush_piece(struct blob_writer *writer, struct tug_error *err)
{
    struct tug__transfer *const transfer = writer->transfer;
    const size_t length = writer->gathered;
    enum tug_status status;

    if (length == 0) {
        return TUG_OK;
    }
    writer->gathered = 0;
    status = tug__fs_pwrite_all(transfer->ingest->fd, writer->worker->piece, length,
                                transfer->next_byte, err);
    if (status != TUG_OK) {
        /* The bytes are lost: count only what is in the file. */
        tug__counter_set(&transfer->progress, transfer->next_byte);
        return status;
    }
    transfer->next_byte += length;
    announce(writer->worker, transfer, transfer->next_byte - length, length);
    return TUG_OK;
}

static enum tug_status take_bytes(void *context, const void *bytes, size_t length,
                                  struct tug_error *err)
{
    struct blob_writer *const writer = context;
    struct tug__worker *const worker = writer->worker;

    worker->job->received_bytes += length;
    tug__counter_add(&worker->received, length);
    tug__counter_add(&writer->transfer->progress, length);
    if (writer->gathered + length > TUG__PIECE_BYTES) {
        const enum tug_status status = flush_piece(writer, err);

        if (status != TUG_OK) {
            return status;
        }
    }
    memcpy(worker->piece + writer->gathered, bytes, length); /* length is at most 16 KiB */
    writer->gathered += length;
    return TUG_OK;
}

/* Open the partial file if this is the transfer's first job; what it holds is announced. */
static enum tug_status open_transfer(struct tug__worker *worker, struct tug__transfer *transfer,
                                     struct tug_error *err)
{
    enum tug_status status;

    if (transfer->ingest != NULL) {
        return TUG_OK;
    }
    status = tug__ingest_open(worker->pool->store, &transfer->digest, transfer->size_bytes,
                              &transfer->ingest, err);
    if (status != TUG_OK) {
        return status;
    }
    transfer->next_byte = transfer->ingest->resumed_bytes;
    tug__counter_set(&transfer->progress, transfer->next_byte);
    if (transfer->next_byte > 0) {
        announce(worker, transfer, 0, transfer->next_byte);
    }
    return TUG_OK;
}

static enum tug_status fetch_rest(struct tug__worker *worker, struct tug__job *job,
                                  struct tug_error *err)
{
    struct tug__transfer *const transfer = job->transfer;
    struct blob_writer writer = {.worker = worker, .transfer = transfer};
    struct tug__blob_request request = {
        .digest = &transfer->digest,
        .size_bytes = transfer->size_bytes,
        .first_byte = transfer->next_byte,
        .end_byte = transfer->size_bytes,
        .on_data = take_bytes,
        .context = &writer,
    };
    struct tug_error flush_error = {0};
    enum tug_status status;
    enum tug_status flush_status;

    if (worker->piece == NULL) {
        worker->piece = malloc(TUG__PIECE_BYTES);
        if (worker->piece == NULL) {
            return tug__fail_memory(err);
        }
    }
    status = tug__client_get_blob(worker->client, &job->source, &request, err);
    job->reply.retry_after_ms = request.retry_after_ms;
    job->reply.is_deferred = request.is_deferred;
    if (status == TUG_ERR_CONTENT) {
        return status; /* not the blob: its last bytes must not complete it */
    }
    flush_status = flush_piece(&writer, &flush_error);
    if (status == TUG_OK && flush_status != TUG_OK) {
        *err = flush_error;
        return flush_status;
    }
    return status;
}

static enum tug_status run_blob(struct tug__worker *worker, struct tug__job *job,
                                struct tug_error *err)
{
    struct tug__transfer *const transfer = job->transfer;
    enum tug_status status = open_transfer(worker, transfer, err);

    if (status == TUG_OK) {
        const struct tug__msg started = {
            .kind = TUG__MSG_STARTED, .object = transfer, .offset = transfer->next_byte};

        tug__queue_push(worker->events, &started);
    }
    if (status == TUG_OK && transfer->next_byte < transfer->size_bytes) {
        status = fetch_rest(worker, job, err);
    }
    return status;
}

/* Run a job and send it on: a document to its lane, anything else back to the resolver. */
static void run_job(struct tug__worker *worker, struct tug__job *job)
{
    const struct tug__msg document = {.kind = TUG__MSG_DOCUMENT, .object = job};
    enum tug_status status;

    if (tug__cancel_is_set(&job->cancel)) {
        (void)tug__fail(&job->error, TUG_ERR_CANCELLED, "interrupted");
        worker->job = NULL;
        send_event(worker, TUG__MSG_JOB_FAILED, job);
        return;
    }
    switch (job->kind) {
    case TUG__JOB_RESOLVE:
        status = tug__client_head_manifest(worker->client, &job->source, job->reference,
                                           &job->reply, &job->error);
        break;
    case TUG__JOB_MANIFEST:
        status = tug__client_get_manifest(worker->client, &job->source, job->reference, &job->reply,
                                          &job->error);
        if (status == TUG_OK) {
            job->received_bytes = job->reply.length;
            tug__counter_add(&worker->received, job->reply.length);
            worker->job = NULL;
            tug__queue_push(worker->segments[job->lane], &document);
            return;
        }
        break;
    case TUG__JOB_BLOB:
        status = run_blob(worker, job, &job->error);
        break;
    case TUG__JOB_NONE:
    case TUG__JOB_INLINE: /* goes to a lane directly */
    default:
        status = tug__fail(&job->error, TUG_ERR_INTERNAL, "a worker cannot do job kind %d",
                           (int)job->kind);
    }
    worker->job = NULL;
    send_event(worker, status == TUG_OK ? TUG__MSG_JOB_DONE : TUG__MSG_JOB_FAILED, job);
}

void *tug__worker_main(void *argument)
{
    struct tug__worker *const worker = argument;
    struct tug__pool *const pool = worker->pool;

    for (;;) {
        struct tug__msg msg;

        tug__bell_take(pool->job_bell);
        if (tug__cancel_is_set(&pool->stop)) {
            break;
        }
        if (!tug__queue_pop(pool->jobs, &msg)) {
            continue; /* somebody rang to have us look around */
        }
        worker->job = msg.object;
        run_job(worker, worker->job);
    }
    send_event(worker, TUG__MSG_ENDED, worker);
    return NULL;
}
