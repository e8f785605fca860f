/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes in; file, state file and announcements out.
 *
 * Knows: the store's interface, spans. Does not know: sources of bytes, workers, retries.
 * Threads: the job's worker.
 *
 * Several workers may fetch one blob: each claims its bytes before it writes them, and records its
 * progress in the state file. What only one fetches it may hash as well (piece_front.c).
 */
#include "pool/piece.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fs.h"

/* Bytes between two updates of a share's slot in the state file. Together with the unwritten piece,
 * a kill costs less than 1 MiB for each connection. */
#define SHARE_NOTE_BYTES ((uint64_t)512 * 1024)

void tug__piece_report(struct tug__piece *piece, enum tug__msg_kind kind)
{
    const struct tug__msg msg = {.kind = kind, .object = piece->job};

    if (piece->job->transfer->size_bytes <= TUG__INGEST_WHOLE_BYTES) {
        tug__queue_push_quietly(piece->events, &msg);
    } else {
        tug__queue_push(piece->events, &msg);
    }
}

void tug__piece_announce(struct tug__piece *piece, uint64_t first_byte, uint64_t end_byte)
{
    const struct tug__msg msg = {
        .kind = TUG__MSG_SEGMENT,
        .object = piece->job->transfer,
        .offset = first_byte,
        .length = end_byte - first_byte,
    };

    tug__queue_push(piece->segments, &msg);
}

/* Record the share's progress in the state file. Best effort: a failure only means that these bytes
 * are fetched again after a kill. */
static void note_share(struct tug__piece *piece)
{
    const struct tug__job *const job = piece->job;
    const uint64_t next_byte = job->result.next_byte;

    if (next_byte > piece->noted_byte && tug__gate_is_open(&job->transfer->has_state)) {
        (void)tug__ingest_note(job->transfer->ingest, job->share.slot, job->share.first_byte,
                               next_byte, NULL);
        piece->noted_byte = next_byte;
    }
}

/* Bytes are in the file: record them when that is due, and announce them last: the lane closes the
 * file as soon as the last byte is announced. */
static enum tug_status count_written(struct tug__piece *piece, size_t length, bool is_last,
                                     struct tug_error *err)
{
    uint64_t *const next_byte = &piece->job->result.next_byte;
    const enum tug_status status = tug__ingest_check_name(piece->job->transfer->ingest, err);

    if (status != TUG_OK) {
        return status;
    }
    *next_byte += length;
    if (is_last || *next_byte - piece->noted_byte >= SHARE_NOTE_BYTES) {
        note_share(piece);
    }
    if (piece->is_front) {
        tug__piece_note_front(piece);
    } else {
        tug__piece_announce(piece, *next_byte - length, *next_byte);
    }
    return TUG_OK;
}

/* Write the gathered bytes. */
static enum tug_status flush(struct tug__piece *piece, bool is_last, struct tug_error *err)
{
    const size_t length = piece->gathered;
    enum tug_status status;

    if (length == 0) {
        return TUG_OK;
    }
    status = tug__piece_hash(piece, err);
    piece->gathered = 0;
    if (status == TUG_OK) {
        status = tug__fs_pwrite_all(piece->job->transfer->ingest->fd, piece->buffer, length,
                                    piece->job->result.next_byte, err);
    }
    return status == TUG_OK ? count_written(piece, length, is_last, err) : status;
}

/* A state file must exist before the first byte is written out of order. */
static enum tug_status need_state(struct tug__transfer *transfer, struct tug_error *err)
{
    enum tug_status status;

    if (tug__gate_is_open(&transfer->has_state)) {
        return TUG_OK;
    }
    status = tug__ingest_begin_state(transfer->ingest, tug__counter_get(&transfer->noted), err);
    if (status == TUG_OK) {
        tug__gate_open(&transfer->has_state);
    }
    return status;
}

/* At the first byte, cut the share that had these bytes until now, if there is one. If that is past
 * them already, nothing is left to do. The state file is created after the cut: only then the blob
 * cannot be completed, and its file closed, without us. */
static enum tug_status begin_flow(struct tug__piece *piece, struct tug_error *err)
{
    const struct tug__job *const job = piece->job;
    enum tug_status status = TUG_OK;

    if (job->share.victim_span != NULL &&
        !tug__span_cut(job->share.victim_span, job->share.first_byte)) {
        piece->is_enough = true;
        return TUG_OK;
    }
    if (job->request.is_beside || job->share.is_local) {
        status = need_state(job->transfer, err);
    }
    piece->is_flowing = true;
    tug__piece_report(piece, TUG__MSG_FLOWING);
    return status;
}

uint64_t tug__piece_position(const struct tug__piece *piece)
{
    return piece->job->result.next_byte + piece->gathered;
}

enum tug_status tug__piece_add(struct tug__piece *piece, const void *bytes, size_t length,
                               struct tug_error *err)
{
    const uint64_t position = tug__piece_position(piece);
    uint64_t allowed;
    bool is_end = false;

    assert(length <= TUG__PIECE_BYTES);
    if (!piece->is_flowing) {
        const enum tug_status status = begin_flow(piece, err);

        if (status != TUG_OK || piece->is_enough) {
            return status;
        }
    }
    allowed = tug__span_claim(piece->job->share.span, position + length, &is_end);
    length = (size_t)(allowed - position);
    if (is_end && allowed < piece->end_byte) {
        piece->is_enough = true; /* the rest is another's */
    }
    if (piece->gathered + length > TUG__PIECE_BYTES) {
        const enum tug_status status = flush(piece, false, err);

        if (status != TUG_OK) {
            return status;
        }
    }
    memcpy(piece->buffer + piece->gathered, bytes, length);
    piece->gathered += length;
    return TUG_OK;
}

/* Let the kernel copy. Returns: bytes copied, perhaps fewer than length; 0: it does not, or there
 * are none. */
static size_t copy_by_kernel(struct tug__piece *piece, int from_fd, uint64_t from, size_t length)
{
    off_t in = (off_t)from;
    off_t out = (off_t)piece->job->result.next_byte;
    ssize_t copied;

    do {
        copied = copy_file_range(from_fd, &in, piece->job->transfer->ingest->fd, &out, length, 0);
    } while (copied < 0 && errno == EINTR);
    return copied > 0 ? (size_t)copied : 0;
}

enum tug_status tug__piece_copy(struct tug__piece *piece, int from_fd, uint64_t from, size_t length,
                                bool *out_failed, struct tug_error *err)
{
    enum tug_status status = TUG_OK;
    bool is_end = false;
    size_t copied = 0;

    assert(length <= TUG__PIECE_BYTES && piece->gathered == 0);
    if (!piece->is_flowing) {
        status = begin_flow(piece, err);
        if (status != TUG_OK || piece->is_enough) {
            return status;
        }
    }
    length = (size_t)(tug__span_claim(piece->job->share.span, piece->job->result.next_byte + length,
                                      &is_end) -
                      piece->job->result.next_byte);
    if (!piece->is_by_hand) {
        copied = copy_by_kernel(piece, from_fd, from, length);
        piece->is_by_hand = copied == 0;
    }
    if (copied < length) { /* also to find out what is wrong */
        status = tug__fs_pread_all(from_fd, piece->buffer, length - copied, from + copied, err);
        *out_failed = status != TUG_OK;
        if (status == TUG_OK) {
            status =
                tug__fs_pwrite_all(piece->job->transfer->ingest->fd, piece->buffer, length - copied,
                                   piece->job->result.next_byte + copied, err);
        }
    }
    if (status != TUG_OK) {
        return status;
    }
    return count_written(piece, length, tug__piece_position(piece) + length >= piece->end_byte,
                         err);
}

enum tug_status tug__piece_fill(struct tug__piece *piece, const struct tug__feed *feed,
                                struct tug_error *err)
{
    struct tug_error flush_error = {0};
    enum tug_status status;
    enum tug_status flush_status;

    piece->noted_byte = piece->job->result.next_byte;
    piece->end_byte = tug__span_end(piece->job->share.span);
    if (piece->noted_byte >= piece->end_byte) {
        return TUG_OK;
    }
    piece->is_front = piece->end_byte == piece->job->transfer->size_bytes &&
                      piece->noted_byte == 0 && piece->job->request.is_opening;
    status = feed->supply(feed->context, piece, err);
    if (status == TUG_ERR_CONTENT) {
        tug__piece_hand_over(piece);
        return status; /* not the blob: its last bytes must not complete it */
    }
    flush_status = flush(piece, true, &flush_error);
    tug__piece_hand_over(piece);
    if (status == TUG_OK && flush_status != TUG_OK) {
        *err = flush_error;
        return flush_status;
    }
    return status;
}
