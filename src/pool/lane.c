/* SPDX-License-Identifier: Apache-2.0
 *
 * A lane of the hash/commit stage: follow the bytes of its blobs with the hash, verify, make
 * durable, publish, report.
 *
 * Knows: the store's door, digests. Does not know: images.
 * Threads: each lane's own.
 *
 * A blob is hashed from the file right behind the workers that write it, so the bytes come from the
 * page cache and the digest is there when the last byte is. What came out of order, or is left from
 * an earlier run, is hashed in steps, between other work. What is verified waits in a group: as
 * soon as the lane has nothing else to do, or the group is full, all of it is synced, renamed, and
 * made durable with one sync of the directory. The resolver hears of it only then, and only
 * after that it may ask to name an image that needs it (store/commit.c has the order).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fs.h"
#include "oci/digest.h"
#include "oci/document.h"
#include "pool/internal.h"

#define GROUP_MAX TUG__GROUP_MAX
/* Bytes of a blob that are hashed in one go: 256 KiB are what one message brings, the rest is what
 * a blob lags behind. */
#define HASH_STEP_BYTES ((uint64_t)2 * 1024 * 1024)
/* Distance of the notes about a blob's beginning in its state file. */
#define SETTLED_NOTE_BYTES ((uint64_t)1024 * 1024)
/* When a run is stopped, a complete blob is still hashed if no more than this is left. */
#define LAST_BYTES_MAX ((uint64_t)128 * 1024 * 1024)
/* How much of a blob is sent to the disk at a time while it still comes: the last fsync is then
 * short (1 GiB: 0.6 s without it). */
#define WRITE_BACK_BYTES ((uint64_t)8 * 1024 * 1024)
/* Longest time that something verified waits for its commit. */
#define GROUP_WAIT_NS (50 * TUG__NS_PER_MS)

static void send_event(struct tug__lane *lane, enum tug__msg_kind kind, void *object)
{
    const struct tug__msg msg = {.kind = kind, .object = object};

    tug__queue_push(lane->events, &msg);
}

/* Close what a transfer holds; its file stays or goes as the caller saw to before. */
static void close_transfer(struct tug__transfer *transfer)
{
    tug__hash_destroy(transfer->hash);
    transfer->hash = NULL;
    tug__extents_fini(&transfer->announced);
    tug__ingest_close(transfer->ingest);
    transfer->ingest = NULL;
}

/* Give a transfer back as not usable. Its partial file is removed: the same bad bytes must not be
 * met again. transfer->error says why. */
static void reject(struct tug__lane *lane, struct tug__transfer *transfer)
{
    tug__ingest_abort(transfer->ingest);
    transfer->ingest = NULL;
    close_transfer(transfer);
    send_event(lane, TUG__MSG_REJECTED, transfer);
}

/* Hash from the frontier to end_byte, reading the file back. */
static enum tug_status hash_up_to(struct tug__lane *lane, struct tug__transfer *transfer,
                                  uint64_t end_byte, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    while (status == TUG_OK && transfer->hashed_bytes < end_byte) {
        const uint64_t rest = end_byte - transfer->hashed_bytes;
        const size_t length = rest < TUG__READ_BACK_BYTES ? (size_t)rest : TUG__READ_BACK_BYTES;

        status = tug__fs_pread_all(transfer->ingest->fd, lane->piece, length,
                                   transfer->hashed_bytes, err);
        if (status == TUG_OK) {
            status = tug__hash_update(transfer->hash, lane->piece, length, err);
        }
        if (status == TUG_OK) {
            transfer->hashed_bytes += length;
        }
        if (transfer->hashed_bytes - transfer->pushed_bytes >= WRITE_BACK_BYTES) {
            tug__ingest_write_back(transfer->ingest, transfer->pushed_bytes,
                                   transfer->hashed_bytes - transfer->pushed_bytes);
            transfer->pushed_bytes = transfer->hashed_bytes;
        }
    }
    return status;
}

/* All bytes are hashed: is it the blob? */
static enum tug_status check_digest(struct tug__transfer *transfer, struct tug_error *err)
{
    struct tug_digest found = {.algorithm = transfer->digest.algorithm};
    char text[TUG_DIGEST_TEXT_MAX];
    const enum tug_status status = tug__hash_finish(transfer->hash, found.bytes, err);

    if (status != TUG_OK) {
        return status;
    }
    if (!tug_digest_equal(&found, &transfer->digest)) {
        return tug__fail(err, TUG_ERR_CONTENT, "its content has the digest %s",
                         tug_digest_format(&found, text));
    }
    return TUG_OK;
}

/* Count a verified thing into the group. */
static void join_group(struct tug__lane *lane)
{
    if (lane->ready_count == 0) {
        lane->group_since_ns = tug__now_ns();
    }
    lane->ready_count++;
}

/* All bytes are there and hashed, or an error was met: the verdict. */
static void conclude(struct tug__lane *lane, struct tug__transfer *transfer)
{
    enum tug_status status = transfer->error.code;

    if (status == TUG_OK) {
        status = check_digest(transfer, &transfer->error);
    }
    if (status != TUG_OK) {
        reject(lane, transfer);
        return;
    }
    /* The rest goes to the disk while others are hashed: fsync is waited for one at a time. */
    tug__ingest_write_back(transfer->ingest, transfer->pushed_bytes,
                           transfer->hashed_bytes - transfer->pushed_bytes);
    transfer->next_ready = lane->ready;
    lane->ready = transfer;
    join_group(lane);
}

static void add_lagging(struct tug__lane *lane, struct tug__transfer *transfer)
{
    struct tug__transfer **link = &lane->lagging;

    while (*link != NULL) {
        link = &(*link)->next_lagging;
    }
    *link = transfer;
    transfer->next_lagging = NULL;
    transfer->is_lagging = true;
}

static void remove_lagging(struct tug__lane *lane, struct tug__transfer *transfer)
{
    struct tug__transfer **link = &lane->lagging;

    while (*link != NULL && *link != transfer) {
        link = &(*link)->next_lagging;
    }
    if (*link != NULL) {
        *link = transfer->next_lagging;
    }
    transfer->is_lagging = false;
}

/* Hash a step of what is there, and conclude when that was the last. An error is kept in the
 * transfer until every byte is announced: a worker may still be writing to it. */
static void follow(struct tug__lane *lane, struct tug__transfer *transfer)
{
    const uint64_t reach = tug__extents_reach(&transfer->announced, transfer->hashed_bytes);
    const uint64_t step_end = reach - transfer->hashed_bytes < HASH_STEP_BYTES
                                  ? reach
                                  : transfer->hashed_bytes + HASH_STEP_BYTES;
    bool is_behind;

    if (transfer->error.code == TUG_OK) {
        (void)hash_up_to(lane, transfer, step_end, &transfer->error);
    }
    is_behind = transfer->error.code == TUG_OK && transfer->hashed_bytes < reach;
    if (is_behind && !transfer->is_lagging) {
        add_lagging(lane, transfer);
    } else if (!is_behind && transfer->is_lagging) {
        remove_lagging(lane, transfer);
    }
    if (!is_behind && transfer->announced_bytes >= transfer->size_bytes) {
        conclude(lane, transfer);
    }
}

/* Say how much of the beginning is in the file: in the state file, if there is one, and then to
 * those who may reuse the slots of what lies before. A note that cannot be written is left out: the
 * older one is still true. */
static void settle(struct tug__transfer *transfer)
{
    const uint64_t before = tug__counter_get(&transfer->settled);
    const uint64_t reach = tug__extents_reach(&transfer->announced, 0);

    if (tug__gate_is_open(&transfer->has_state)) {
        if (reach - before < SETTLED_NOTE_BYTES ||
            tug__ingest_note(transfer->ingest, 0, 0, reach, NULL) != TUG_OK) {
            return;
        }
    }
    tug__counter_set(&transfer->settled, reach);
}

/* A worker wrote [offset, offset + length), or found it in the partial file. */
static void take_segment(struct tug__lane *lane, const struct tug__msg *msg)
{
    struct tug__transfer *const transfer = msg->object;
    struct tug_error *const error = &transfer->error;

    transfer->announced_bytes += msg->length;
    if (error->code == TUG_OK) {
        (void)tug__extents_add(&transfer->announced, msg->offset, msg->offset + msg->length, error);
    }
    if (error->code == TUG_OK && transfer->hash == NULL) {
        (void)tug__hash_create(tug__digest_algorithm_name(transfer->digest.algorithm),
                               &transfer->hash, error);
    }
    settle(transfer);
    follow(lane, transfer);
}

/* A document that nobody had to be asked for is judged here; of others the registry's client saw to
 * that. What is refused never gets into the store. */
static enum tug_status check_inline(const struct tug__job *job, struct tug_error *err)
{
    const bool is_pinned = job->digest.algorithm != TUG_DIGEST_NONE;
    struct tug__document document = {0};
    const enum tug_status status = tug__document_parse(job->reply.body, job->reply.length,
                                                       job->media_type, is_pinned, &document, err);

    tug__document_fini(&document);
    return status;
}

/* Which digest names a document, and is it the one that was promised? */
static enum tug_status check_document(struct tug__job *job, struct tug_error *err)
{
    struct tug_digest promised = job->digest;
    struct tug_digest found;
    enum tug_digest_algorithm algorithm;
    enum tug_status status;
    char text[TUG_DIGEST_TEXT_MAX];

    if (promised.algorithm == TUG_DIGEST_NONE) {
        promised = job->reply.digest; /* by tag: the registry's word, if it gave one */
    }
    algorithm = promised.algorithm != TUG_DIGEST_NONE ? promised.algorithm : TUG_DIGEST_SHA256;
    status = tug__digest_of(algorithm, job->reply.body, job->reply.length, &found, err);
    if (status != TUG_OK) {
        return status;
    }
    if (promised.algorithm != TUG_DIGEST_NONE && !tug_digest_equal(&found, &promised)) {
        return tug__fail(err, TUG_ERR_CONTENT, "its content has the digest %s",
                         tug_digest_format(&found, text));
    }
    if (job->has_size && job->size_bytes != job->reply.length) {
        return tug__fail(err, TUG_ERR_CONTENT, "it has %zu bytes, not %" PRIu64, job->reply.length,
                         job->size_bytes);
    }
    if (job->kind == TUG__JOB_INLINE && job->is_document) {
        status = check_inline(job, err);
    }
    job->reply.digest = found;
    return status;
}

/* Does the store have just these bytes? A name and a size are no proof: what a damaged file held
 * would be kept for good, because the bytes that just came are used in its place. */
static bool is_stored(struct tug_store *store, const struct tug__manifest_reply *reply)
{
    uint64_t size_bytes = 0;
    bool is_present = false;
    struct tug__buf buf;

    if (tug_store_stat(store, &reply->digest, &is_present, &size_bytes, NULL) != TUG_OK ||
        !is_present || size_bytes != reply->length) {
        return false;
    }
    tug__buf_init(&buf, reply->length);
    is_present = reply->length == 0 ||
                 (tug__store_read(store, &reply->digest, &buf, NULL) == TUG_OK &&
                  buf.length == reply->length && memcmp(buf.data, reply->body, buf.length) == 0);
    tug__buf_fini(&buf);
    return is_present;
}

/* Write a verified document into a partial file; *out_ingest stays NULL when the store has it. */
static enum tug_status write_document(struct tug__lane *lane, struct tug__job *job,
                                      struct tug__ingest **out_ingest, struct tug_error *err)
{
    struct tug_store *const store = lane->pool->store;
    struct tug__ingest *ingest = NULL;
    enum tug_status status;

    *out_ingest = NULL;
    job->was_present = is_stored(store, &job->reply);
    if (job->was_present) {
        return TUG_OK;
    }
    status = tug__ingest_open(store, &job->reply.digest, job->reply.length, &ingest, err);
    if (status == TUG_OK && ingest->present.count > 0) {
        status = tug__ingest_reset(ingest, err);
    }
    if (status == TUG_OK) {
        status = tug__fs_pwrite_all(ingest->fd, job->reply.body, job->reply.length, 0, err);
    }
    if (status != TUG_OK) {
        tug__ingest_close(ingest);
        return status;
    }
    *out_ingest = ingest;
    return TUG_OK;
}

static void take_document(struct tug__lane *lane, struct tug__job *job)
{
    struct tug__ingest *ingest = NULL;
    enum tug_status status = check_document(job, &job->error);

    if (status == TUG_OK && job->is_dry) {
        job->was_present = is_stored(lane->pool->store, &job->reply);
        send_event(lane, TUG__MSG_JOB_DONE, job);
        return;
    }
    if (status == TUG_OK) {
        status = write_document(lane, job, &ingest, &job->error);
    }
    if (status != TUG_OK) {
        send_event(lane, TUG__MSG_JOB_FAILED, job);
        return;
    }
    lane->ready_ingests[lane->ready_job_count] = ingest;
    lane->ready_jobs[lane->ready_job_count++] = job;
    join_group(lane);
}

static void report_transfers(struct tug__lane *lane)
{
    while (lane->ready != NULL) {
        struct tug__transfer *const transfer = lane->ready;

        lane->ready = transfer->next_ready;
        close_transfer(transfer);
        send_event(lane, transfer->error.code == TUG_OK ? TUG__MSG_COMMITTED : TUG__MSG_REJECTED,
                   transfer);
    }
}

static void report_documents(struct tug__lane *lane)
{
    for (unsigned i = 0; i < lane->ready_job_count; i++) {
        struct tug__job *const job = lane->ready_jobs[i];

        tug__ingest_close(lane->ready_ingests[i]);
        send_event(lane, job->error.code == TUG_OK ? TUG__MSG_JOB_DONE : TUG__MSG_JOB_FAILED, job);
    }
    lane->ready_job_count = 0;
}

static void take_publication(struct tug__lane *lane, struct tug__publication *publication)
{
    struct tug__publication **link = &lane->publications;

    while (*link != NULL) {
        link = &(*link)->next_ready;
    }
    *link = publication;
    publication->next_ready = NULL;
    join_group(lane);
}

/* Commit everything in the group: files, then the directory, then index.json. The images here were
 * asked for after the commit of all they need was reported, so their order against the files of
 * this group does not matter. */
static void commit_group(struct tug__lane *lane)
{
    struct tug__ingest_commit commits[GROUP_MAX];
    size_t count = 0;

    for (struct tug__transfer *transfer = lane->ready; transfer != NULL;
         transfer = transfer->next_ready) {
        commits[count++] = (struct tug__ingest_commit){transfer->ingest, &transfer->error};
    }
    for (unsigned i = 0; i < lane->ready_job_count; i++) {
        commits[count++] =
            (struct tug__ingest_commit){lane->ready_ingests[i], &lane->ready_jobs[i]->error};
    }
    if (count > 0) {
        tug__store_commit(lane->pool->store, commits, count);
    }
    report_transfers(lane);
    report_documents(lane);
    tug__lane_name_images(lane);
    lane->ready_count = 0;
}

static void handle_work(struct tug__lane *lane, const struct tug__msg *msg)
{
    if (msg->kind == TUG__MSG_SEGMENT) {
        take_segment(lane, msg);
    } else {
        take_document(lane, msg->object);
    }
    if (lane->ready_count == GROUP_MAX) {
        commit_group(lane);
    }
}

/* Take a transfer out of the group, if it is there. */
static void leave_group(struct tug__lane *lane, struct tug__transfer *transfer)
{
    struct tug__transfer **link = &lane->ready;

    while (*link != NULL && *link != transfer) {
        link = &(*link)->next_ready;
    }
    if (*link != NULL) {
        *link = transfer->next_ready;
        lane->ready_count--;
    }
}

/* Forget a transfer. Its last segments may still be in a worker's ring (they were sent before the
 * resolver asked for this): take them first, so that nothing refers to it afterwards. They may have
 * completed it, so that it waits to be committed, or was: then the verdict went before DROPPED. */
static void drop_transfer(struct tug__lane *lane, const struct tug__msg *msg)
{
    struct tug__transfer *const transfer = msg->object;
    struct tug__msg work;

    for (unsigned i = 0; i < lane->pool->worker_count; i++) {
        while (tug__queue_pop(lane->pool->workers[i].segments[lane->number], &work)) {
            handle_work(lane, &work);
        }
    }
    if (transfer->is_lagging) {
        remove_lagging(lane, transfer);
    }
    leave_group(lane, transfer);
    if (msg->length != 0) {
        tug__ingest_abort(transfer->ingest);
        transfer->ingest = NULL;
    }
    close_transfer(transfer);
    send_event(lane, TUG__MSG_DROPPED, transfer);
}

static void handle(struct tug__lane *lane, const struct tug__msg *msg)
{
    switch ((enum tug__msg_kind)msg->kind) {
    case TUG__MSG_SEGMENT:
    case TUG__MSG_DOCUMENT:
        handle_work(lane, msg);
        break;
    case TUG__MSG_DROP:
        drop_transfer(lane, msg);
        break;
    case TUG__MSG_PUBLISH:
        take_publication(lane, msg->object);
        if (lane->ready_count == GROUP_MAX) {
            commit_group(lane);
        }
        break;
    case TUG__MSG_STOP:
        lane->is_stopping = true;
        break;
    case TUG__MSG_END:
        lane->is_ending = true;
        break;
    case TUG__MSG_NONE:
    case TUG__MSG_JOB:
    case TUG__MSG_STARTED:
    case TUG__MSG_FLOWING:
    case TUG__MSG_JOB_DONE:
    case TUG__MSG_JOB_FAILED:
    case TUG__MSG_COMMITTED:
    case TUG__MSG_REJECTED:
    case TUG__MSG_DROPPED:
    case TUG__MSG_PUBLISHED:
    case TUG__MSG_STOPPED:
    case TUG__MSG_ENDED:
    default:
        break; /* never sent to a lane */
    }
}

/* Take one message, the resolver's first, then the workers' in turn. */
static bool next_message(struct tug__lane *lane, struct tug__msg *out_msg)
{
    const unsigned worker_count = lane->pool->worker_count;

    if (tug__queue_pop(lane->inbox, out_msg)) {
        return true;
    }
    for (unsigned i = 0; i < worker_count; i++) {
        const unsigned sender = lane->next_sender;

        lane->next_sender = (sender + 1) % worker_count;
        if (tug__queue_pop(lane->pool->workers[sender].segments[lane->number], out_msg)) {
            return true;
        }
    }
    return false;
}

/* The group must not wait for ever behind a blob that streams without a pause. */
static bool is_group_old(const struct tug__lane *lane)
{
    return lane->ready_count > 0 && tug__now_ns() - lane->group_since_ns > GROUP_WAIT_NS;
}

/* Go on with a blob that lags behind, each in turn. When the run ends, only what is complete and
 * soon done is: the next run hashes the rest again anyway.
 * Returns: false when there is none. */
static bool follow_lagging(struct tug__lane *lane)
{
    struct tug__transfer *const transfer = lane->lagging;

    if (transfer == NULL) {
        return false;
    }
    remove_lagging(lane, transfer);
    if (lane->is_stopping && (transfer->announced_bytes < transfer->size_bytes ||
                              transfer->size_bytes - transfer->hashed_bytes > LAST_BYTES_MAX)) {
        return true;
    }
    follow(lane, transfer);
    return true;
}

void *tug__lane_main(void *argument)
{
    struct tug__lane *const lane = argument;

    for (;;) {
        struct tug__msg msg;
        const bool has_message = next_message(lane, &msg);

        if (has_message) {
            handle(lane, &msg);
        }
        if (follow_lagging(lane) || has_message) {
            if (is_group_old(lane) || lane->ready_count == GROUP_MAX) {
                commit_group(lane);
            }
        } else if (lane->ready_count > 0) {
            commit_group(lane);
        } else if (lane->is_stopping && !lane->is_stopped) {
            lane->is_stopped = true;
            send_event(lane, TUG__MSG_STOPPED, lane);
        } else if (lane->is_ending) {
            break;
        } else {
            tug__bell_wait(lane->bell, TUG__NEVER_NS);
        }
    }
    send_event(lane, TUG__MSG_ENDED, lane);
    return NULL;
}
