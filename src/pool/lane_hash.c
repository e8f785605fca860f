/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs in a lane: hash their bytes as they are written, up to the verdict.
 *
 * Knows: the store's interface, digests. Does not know: images, requests of workers, the engine.
 * Threads: each lane's own.
 *
 * A blob is hashed from the file right behind the workers that write it, so the bytes come from the
 * page cache, and the digest is known with the last byte; or its worker has hashed the beginning,
 * or all of it (piece_front.c). Bytes that were written out of order, or by an earlier run, are
 * hashed in steps, between other work.
 */
#include "base/error.h"
#include "base/fs.h"
#include "pool/internal.h"

/* Bytes of a blob hashed in one go: 256 KiB come with one message, the rest lets a lagging blob
 * catch up. */
#define HASH_STEP_BYTES ((uint64_t)2 * 1024 * 1024)
/* Bytes between two updates of slot 0 (a blob's beginning) in its state file. */
#define SETTLED_NOTE_BYTES ((uint64_t)1024 * 1024)
/* The same in messages: shares may be short, and their slots are in use until then. */
#define SETTLED_NOTE_SEGMENTS 8
/* When a run is stopped, a complete blob is still hashed if no more than this is left. */
#define LAST_BYTES_MAX ((uint64_t)128 * 1024 * 1024)

/* Return a transfer as unusable. Its partial file is removed, so that the same bad bytes are not
 * found again. transfer->error says why. */
static void reject(struct tug__lane *lane, struct tug__transfer *transfer)
{
    tug__ingest_abort(transfer->ingest);
    transfer->ingest = NULL;
    tug__transfer_close(transfer);
    tug__lane_send(lane, TUG__MSG_REJECTED, transfer);
}

/* Hash from the frontier to end_byte, reading the file back. */
static enum tug_status hash_up_to(struct tug__lane *lane, struct tug__transfer *transfer,
                                  uint64_t end_byte, struct tug_error *err)
{
    struct tug__hashed *const done = &transfer->hashing.done;
    enum tug_status status = TUG_OK;

    while (status == TUG_OK && done->bytes < end_byte) {
        const uint64_t rest = end_byte - done->bytes;
        const size_t length = rest < TUG__READ_BACK_BYTES ? (size_t)rest : TUG__READ_BACK_BYTES;

        status = tug__fs_pread_all(transfer->ingest->fd, lane->buffer, length, done->bytes, err);
        if (status == TUG_OK) {
            status = tug__hashed_add(done, transfer->ingest, lane->buffer, length, err);
        }
        tug__hashed_push(done, transfer->ingest, TUG__WRITE_BACK_BYTES);
    }
    return status;
}

/* All bytes are written and hashed, or there was an error: the verdict. */
static void conclude(struct tug__lane *lane, struct tug__transfer *transfer)
{
    struct tug__hashed *const done = &transfer->hashing.done;
    enum tug_status status = transfer->error.code;

    if (status == TUG_OK) {
        status = tug__hashed_check(done, transfer->ingest, &transfer->error);
    }
    if (status != TUG_OK) {
        reject(lane, transfer);
        return;
    }
    /* The rest is written to disk while other blobs are hashed; fsync later waits for one at a
     * time. */
    tug__hashed_push(done, transfer->ingest, 0);
    tug__lane_add_blob(lane, transfer);
}

static void add_lagging(struct tug__lane *lane, struct tug__transfer *transfer)
{
    struct tug__transfer **link = &lane->lagging;

    while (*link != NULL) {
        link = &(*link)->hashing.next_lagging;
    }
    *link = transfer;
    transfer->hashing.next_lagging = NULL;
    transfer->hashing.is_lagging = true;
}

static void remove_lagging(struct tug__lane *lane, struct tug__transfer *transfer)
{
    struct tug__transfer **link = &lane->lagging;

    while (*link != NULL && *link != transfer) {
        link = &(*link)->hashing.next_lagging;
    }
    if (*link != NULL) {
        *link = transfer->hashing.next_lagging;
    }
    transfer->hashing.is_lagging = false;
}

/* Hash one step of the available bytes, and conclude after the last. An error is kept in the
 * transfer until every byte is announced: a worker may still be writing to it. */
static void follow(struct tug__lane *lane, struct tug__transfer *transfer)
{
    struct tug__hashing *const hashing = &transfer->hashing;
    const uint64_t reach = tug__extents_reach(&hashing->announced, hashing->done.bytes);
    const uint64_t step_end = reach - hashing->done.bytes < HASH_STEP_BYTES
                                  ? reach
                                  : hashing->done.bytes + HASH_STEP_BYTES;
    bool is_behind;

    if (transfer->error.code == TUG_OK && step_end > hashing->done.bytes) {
        const uint64_t began_ns = tug__trace_begin(lane->row);
        const uint64_t offset = hashing->done.bytes;

        (void)hash_up_to(lane, transfer, step_end, &transfer->error);
        tug__counter_set(&hashing->told, hashing->done.bytes);
        tug__trace_end(lane->row, began_ns,
                       &(struct tug_trace_event){.name = "hash",
                                                 .digest = transfer->digest,
                                                 .offset = offset,
                                                 .length = hashing->done.bytes - offset});
    }
    is_behind = transfer->error.code == TUG_OK && hashing->done.bytes < reach;
    if (is_behind && !hashing->is_lagging) {
        add_lagging(lane, transfer);
    } else if (!is_behind && hashing->is_lagging) {
        remove_lagging(lane, transfer);
    }
    if (!is_behind && hashing->announced_bytes >= transfer->size_bytes) {
        conclude(lane, transfer);
    }
}

/* Record how much of the beginning is in the file: in the state file, if there is one, and then for
 * threads that may reuse the slots of parts before that. Best effort: if the note cannot be
 * written, the older one is still true. */
static void settle(struct tug__transfer *transfer)
{
    const uint64_t before = tug__counter_get(&transfer->noted);
    const uint64_t reach = tug__extents_reach(&transfer->hashing.announced, 0);

    if (tug__gate_is_open(&transfer->has_state)) {
        const bool is_due = reach - before >= SETTLED_NOTE_BYTES ||
                            ++transfer->hashing.unnoted_segments >= SETTLED_NOTE_SEGMENTS;

        if (reach == before || !is_due ||
            tug__ingest_note(transfer->ingest, 0, 0, reach, NULL) != TUG_OK) {
            return;
        }
        transfer->hashing.unnoted_segments = 0;
    }
    tug__counter_set(&transfer->noted, reach);
}

void tug__lane_handle_segment(struct tug__lane *lane, const struct tug__msg *msg)
{
    struct tug__transfer *const transfer = msg->object;
    struct tug__hashing *const hashing = &transfer->hashing;
    struct tug_error *const error = &transfer->error;

    if (msg->kind == TUG__MSG_FRONT) { /* nothing before it was announced, so nothing hashed */
        hashing->done = transfer->front;
        transfer->front = (struct tug__hashed){0};
    }
    hashing->announced_bytes += msg->length;
    if (error->code == TUG_OK) {
        (void)tug__extents_add(&hashing->announced, msg->offset, msg->offset + msg->length, error);
    }
    settle(transfer);
    follow(lane, transfer);
}

bool tug__lane_follow_next(struct tug__lane *lane)
{
    struct tug__transfer *const transfer = lane->lagging;

    if (transfer == NULL) {
        return false;
    }
    remove_lagging(lane, transfer);
    if (lane->is_stopping &&
        (transfer->hashing.announced_bytes < transfer->size_bytes ||
         transfer->size_bytes - transfer->hashing.done.bytes > LAST_BYTES_MAX)) {
        return true;
    }
    follow(lane, transfer);
    return true;
}

void tug__lane_stop_following(struct tug__lane *lane, struct tug__transfer *transfer)
{
    if (transfer->hashing.is_lagging) {
        remove_lagging(lane, transfer);
    }
}
