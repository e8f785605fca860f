/* SPDX-License-Identifier: Apache-2.0
 *
 * The download worker: job in, bytes into files or memory, result out.
 *
 * Knows: the doors of registry and store. Does not know: images, retries, what comes next.
 * Threads: each worker's own.
 *
 * A blob's bytes are gathered into pieces, written at their final offset, and announced to the lane
 * that hashes the blob. On any end, good or bad, what was received is written first: the next
 * attempt goes on there, in this process or in a later one. While a blob is fetched by several
 * workers, each claims its bytes before it writes them (progress.h), and notes in the state file
 * how far it got.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/fs.h"
#include "pool/internal.h"

/* Distance of a share's notes in the state file. With the piece that is not written yet, what a
 * kill makes us fetch again stays below 1 MiB for each connection. */
#define SHARE_NOTE_BYTES ((uint64_t)512 * 1024)
/* Blobs from this size on get their disk space in advance. */
#define RESERVE_BYTES_MIN ((uint64_t)8 * 1024 * 1024)

/* The body of one blob job on its way into the file. */
struct blob_writer {
    struct tug__worker *worker;
    struct tug__job *job;
    struct tug__blob_request *request;
    size_t gathered;     /* bytes in worker->piece, not yet in the file */
    uint64_t noted_byte; /* the share's slot says so far */
    bool is_flowing;     /* the first byte came */
};

static void send_event(struct tug__worker *worker, enum tug__msg_kind kind, void *object)
{
    const struct tug__msg msg = {.kind = kind, .object = object};

    tug__queue_push(worker->events, &msg);
}

/* Tell the lane that [first, end) is in the file. */
static void announce(struct tug__worker *worker, struct tug__transfer *transfer, uint64_t first,
                     uint64_t end)
{
    const struct tug__msg msg = {
        .kind = TUG__MSG_SEGMENT,
        .object = transfer,
        .offset = first,
        .length = end - first,
    };

    tug__queue_push(worker->segments[transfer->lane], &msg);
}

/* Note in the state file how far the share got. That it fails costs at most a repetition of these
 * bytes after a kill, so it is no reason to stop. */
static void note_share(struct blob_writer *writer)
{
    const struct tug__job *const job = writer->job;

    if (job->result.next_byte > writer->noted_byte &&
        tug__gate_is_open(&job->transfer->has_state)) {
        (void)tug__ingest_note(job->transfer->ingest, job->share.slot, job->share.first_byte,
                               job->result.next_byte, NULL);
        writer->noted_byte = job->result.next_byte;
    }
}

/* Write what is gathered, note it when that is due, and announce it last: the lane closes the file
 * as soon as it knows of the last byte. */
static enum tug_status flush_piece(struct blob_writer *writer, bool is_last, struct tug_error *err)
{
    struct tug__job *const job = writer->job;
    struct tug__transfer *const transfer = job->transfer;
    const size_t length = writer->gathered;
    enum tug_status status;

    if (length == 0) {
        return TUG_OK;
    }
    writer->gathered = 0;
    status = tug__fs_pwrite_all(transfer->ingest->fd, writer->worker->piece, length,
                                job->result.next_byte, err);
    if (status == TUG_OK) {
        status = tug__ingest_check_name(transfer->ingest, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    job->result.next_byte += length;
    if (is_last || job->result.next_byte - writer->noted_byte >= SHARE_NOTE_BYTES) {
        note_share(writer);
    }
    announce(writer->worker, transfer, job->result.next_byte - length, job->result.next_byte);
    return TUG_OK;
}

/* Out-of-order bytes need a state file before the first of them is written. */
static enum tug_status need_state(struct tug__transfer *transfer, struct tug_error *err)
{
    enum tug_status status;

    if (tug__gate_is_open(&transfer->has_state)) {
        return TUG_OK;
    }
    status = tug__ingest_begin_state(transfer->ingest, tug__counter_get(&transfer->settled), err);
    if (status == TUG_OK) {
        tug__gate_open(&transfer->has_state);
    }
    return status;
}

/* The first byte came: take the tail of the share that had these bytes, if there is one. The state
 * file is made after that, because only then the blob cannot be complete without us, and its file
 * closed.
 * out_is_late: that share is past them already. */
static enum tug_status begin_flow(struct blob_writer *writer, bool *out_is_late,
                                  struct tug_error *err)
{
    struct tug__job *const job = writer->job;
    enum tug_status status = TUG_OK;

    *out_is_late = job->share.victim_span != NULL &&
                   !tug__span_cut(job->share.victim_span, job->share.first_byte);
    if (*out_is_late) {
        return TUG_OK;
    }
    if (job->request.is_beside) {
        status = need_state(job->transfer, err);
    }
    writer->is_flowing = true;
    send_event(writer->worker, TUG__MSG_FLOWING, job);
    return status;
}

static enum tug_status take_bytes(void *context, const void *bytes, size_t length,
                                  struct tug_error *err)
{
    struct blob_writer *const writer = context;
    struct tug__worker *const worker = writer->worker;
    struct tug__job *const job = writer->job;
    uint64_t position = job->result.next_byte + writer->gathered;
    uint64_t allowed;
    bool is_end = false;

    tug__counter_add(&worker->received, length);
    if (!writer->is_flowing) {
        bool is_late = false;
        const enum tug_status status = begin_flow(writer, &is_late, err);

        if (status != TUG_OK || is_late) {
            writer->request->is_enough = is_late;
            return status;
        }
    }
    allowed = tug__span_claim(job->share.span, position + length, &is_end);
    length = (size_t)(allowed - position);
    if (is_end && allowed < writer->request->end_byte) {
        writer->request->is_enough = true; /* the rest is another's */
    }
    if (writer->gathered + length > TUG__PIECE_BYTES) {
        const enum tug_status status = flush_piece(writer, false, err);

        if (status != TUG_OK) {
            return status;
        }
    }
    memcpy(worker->piece + writer->gathered, bytes, length); /* length is at most 16 KiB */
    writer->gathered += length;
    if (!tug__budget_take(&worker->pool->budget, length, tug__worker_should_stop, worker)) {
        return tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
    }
    return TUG_OK;
}

/* Copy what an earlier download left: the lane may close the partial file before the resolver looks
 * at the job. */
static enum tug_status copy_present(struct tug__job *job, struct tug_error *err)
{
    const struct tug__extents *const present = &job->transfer->ingest->present;
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < present->count; i++) {
        status = tug__extents_add(&job->result.present, present->items[i].first,
                                  present->items[i].end, err);
    }
    return status;
}

/* Make the state of an earlier download ours, and take the disk space of the rest. */
static enum tug_status take_over(struct tug__job *job, struct tug_error *err)
{
    struct tug__transfer *const transfer = job->transfer;
    enum tug_status status = TUG_OK;

    /* Also when its parts have become one piece: as long as there is a state file, it counts. */
    if (transfer->ingest->state_fd >= 0) {
        status = tug__ingest_begin_state(transfer->ingest, 0, err);
        if (status == TUG_OK) {
            tug__gate_open(&transfer->has_state);
        }
    }
    if (status == TUG_OK && transfer->size_bytes >= RESERVE_BYTES_MIN) {
        status = tug__ingest_reserve(transfer->ingest, err);
    }
    return status;
}

/* Another process may have committed the blob after we looked and before we opened a new partial
 * file: then that one is let go, and the node takes the blob from the store. */
static enum tug_status check_committed(struct tug_store *store, struct tug__transfer *transfer,
                                       struct tug_error *err)
{
    bool is_present = false;
    uint64_t size_bytes = 0;
    enum tug_status status;

    if (transfer->ingest->present.count > 0 || transfer->is_repair) {
        return TUG_OK;
    }
    status = tug_store_stat(store, &transfer->digest, &is_present, &size_bytes, err);
    if (status != TUG_OK || !is_present || size_bytes != transfer->size_bytes) {
        return status;
    }
    tug__ingest_abort(transfer->ingest);
    transfer->ingest = NULL;
    return tug__fail(err, TUG_ERR_BUSY, "another process has just committed this blob");
}

/* Open the partial file; the job's share becomes the first part that is missing. */
static enum tug_status open_transfer(struct tug__worker *worker, struct tug__job *job,
                                     struct tug_error *err)
{
    struct tug__transfer *const transfer = job->transfer;
    enum tug_status status = tug__ingest_open(worker->pool->store, &transfer->digest,
                                              transfer->size_bytes, &transfer->ingest, err);

    if (status == TUG_OK) {
        status = check_committed(worker->pool->store, transfer, err);
    }
    if (status == TUG_OK) {
        status = copy_present(job, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    (void)tug__share_settle(&job->share, &job->result.present, transfer->size_bytes);
    job->result.next_byte = job->share.first_byte;
    send_event(worker, TUG__MSG_STARTED, job);
    status = take_over(job, err);
    /* Last, because the lane closes the file when it knows of every byte. */
    for (size_t i = 0; i < job->result.present.count; i++) {
        announce(worker, transfer, job->result.present.items[i].first,
                 job->result.present.items[i].end);
    }
    return status;
}

/* Fetch the job's share. */
static enum tug_status fetch_share(struct tug__worker *worker, struct tug__job *job,
                                   struct tug_error *err)
{
    struct tug__transfer *const transfer = job->transfer;
    struct blob_writer writer = {.worker = worker, .job = job, .noted_byte = job->result.next_byte};
    struct tug__blob_request request = {
        .digest = &transfer->digest,
        .size_bytes = transfer->size_bytes,
        .first_byte = job->share.first_byte,
        .end_byte = tug__span_end(job->share.span),
        .needs_range = job->request.is_beside,
        .avoid = job->request.avoid,
        .on_data = take_bytes,
        .context = &writer,
    };
    struct tug_error flush_error = {0};
    enum tug_status status;
    enum tug_status flush_status;

    writer.request = &request;
    if (worker->piece == NULL) {
        worker->piece = malloc(TUG__PIECE_BYTES);
        if (worker->piece == NULL) {
            return tug__fail_memory(err);
        }
    }
    status = tug__client_get_blob(worker->client, &job->request.source, &request, err);
    job->result.call = request.result;
    if (status == TUG_ERR_CONTENT) {
        return status; /* not the blob: its last bytes must not complete it */
    }
    flush_status = flush_piece(&writer, true, &flush_error);
    if (status == TUG_OK && flush_status != TUG_OK) {
        *err = flush_error;
        return flush_status;
    }
    return status;
}

static enum tug_status run_blob(struct tug__worker *worker, struct tug__job *job,
                                struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    if (job->request.is_opening) {
        status = open_transfer(worker, job, err);
    } else {
        job->result.next_byte = job->share.first_byte;
    }
    if (status == TUG_OK && job->result.next_byte < tug__span_end(job->share.span)) {
        status = fetch_share(worker, job, err);
    }
    return status;
}

/* Run a job and send it on: a document to its lane, anything else back to the resolver. */
static void run_job(struct tug__worker *worker, struct tug__job *job)
{
    const struct tug__job_request *const request = &job->request;
    struct tug__job_result *const result = &job->result;
    const struct tug__msg document = {.kind = TUG__MSG_DOCUMENT, .object = job};
    enum tug_status status;

    if (tug__cancel_is_set(&job->cancel)) {
        (void)tug__fail(&result->error, TUG_ERR_CANCELLED, "interrupted");
        worker->job = NULL;
        send_event(worker, TUG__MSG_JOB_FAILED, job);
        return;
    }
    switch (job->kind) {
    case TUG__JOB_RESOLVE:
        status = tug__client_head_manifest(worker->client, &request->source, request->reference,
                                           &result->reply, &result->error);
        break;
    case TUG__JOB_MANIFEST:
        status = tug__client_get_manifest(worker->client, &request->source, request->reference,
                                          request->media_type, &result->reply, &result->error);
        if (status == TUG_OK) {
            tug__counter_add(&worker->received, result->reply.length);
            tug__budget_charge(&worker->pool->budget, result->reply.length);
            worker->job = NULL;
            tug__queue_push(worker->segments[job->lane], &document);
            return;
        }
        break;
    case TUG__JOB_LOOK:
        status = tug__client_head_blob(worker->client, &request->source, &request->digest,
                                       &result->reply, &result->error);
        break;
    case TUG__JOB_BLOB:
        status = run_blob(worker, job, &result->error);
        break;
    case TUG__JOB_RECHECK:
        status = tug__worker_recheck(worker, job, &result->error);
        break;
    case TUG__JOB_NONE:
    case TUG__JOB_INLINE: /* goes to a lane directly */
    default:
        status = tug__fail(&result->error, TUG_ERR_INTERNAL, "a worker cannot do job kind %d",
                           (int)job->kind);
    }
    if (job->kind != TUG__JOB_BLOB) {
        result->call = result->reply.result;
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
