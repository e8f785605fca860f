/* SPDX-License-Identifier: Apache-2.0
 *
 * The worker hashes what it receives: a blob in one hand.
 *
 * Knows: the hash of a blob's beginning. Does not know: sources of bytes, lanes, retries.
 * Threads: the job's worker.
 *
 * A lane that hashes behind a worker makes one large blob faster. But it reads everything back, and
 * is woken for each piece: while every worker has a blob of its own, that only costs time. So a
 * worker hashes its blob itself, from the beginning, until another thread is to take part: then all
 * of that is passed to the lane, with one message, and the lane goes on.
 */
#include "pool/piece.h"

/* Tell whether the lane should hash the gathered bytes: workers are idle, or others have bytes of
 * this blob. A blob of one piece is left to none. */
static bool is_for_lane(const struct tug__piece *piece)
{
    const struct tug__transfer *const transfer = piece->job->transfer;

    return piece->gathered < transfer->size_bytes &&
           (tug__counter_get(piece->idle_workers) > 0 || tug__gate_is_open(&transfer->has_state));
}

enum tug_status tug__piece_hash(struct tug__piece *piece, struct tug_error *err)
{
    struct tug__transfer *const transfer = piece->job->transfer;

    const uint64_t began_ns = tug__trace_begin(piece->row);
    enum tug_status status;

    if (piece->is_front && is_for_lane(piece)) {
        tug__piece_hand_over(piece);
    }
    if (!piece->is_front) {
        return TUG_OK;
    }
    status =
        tug__hashed_add(&transfer->front, transfer->ingest, piece->buffer, piece->gathered, err);
    tug__trace_end(piece->row, began_ns,
                   &(struct tug_trace_event){.name = "hash",
                                             .digest = transfer->digest,
                                             .offset = piece->job->result.next_byte,
                                             .length = piece->gathered,
                                             .status = status});
    return status;
}

void tug__piece_note_front(struct tug__piece *piece)
{
    struct tug__transfer *const transfer = piece->job->transfer;

    if (!tug__gate_is_open(&transfer->has_state)) {
        tug__counter_set(&transfer->noted, piece->job->result.next_byte);
    }
    if (transfer->front.bytes < transfer->size_bytes) { /* the lane does that for a complete one */
        tug__hashed_push(&transfer->front, transfer->ingest, TUG__WRITE_BACK_BYTES);
    }
}

void tug__piece_hand_over(struct tug__piece *piece)
{
    struct tug__transfer *const transfer = piece->job->transfer;
    const struct tug__msg msg = {
        .kind = TUG__MSG_FRONT,
        .object = transfer,
        .length = piece->job->result.next_byte,
    };

    if (!piece->is_front) {
        return; /* the front is the lane's */
    }
    if (transfer->front.bytes != msg.length) {
        tug__hashed_fini(&transfer->front); /* hashed, and not written: the lane begins anew */
    }
    if (msg.length > 0) {
        tug__queue_push(piece->segments, &msg);
    }
    piece->is_front = false;
}
