/* SPDX-License-Identifier: Apache-2.0
 *
 * The feed that copies a part of a blob out of a donor: an older layer with the same bytes.
 *
 * Knows: donors, pieces. Does not know: HTTP, retries, why the donor has these bytes.
 * Threads: each worker's own.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "pool/internal.h"

/* Copy until the end of the share, or of the donor. */
static enum tug_status copy_all(struct tug__worker *worker, struct tug__piece *piece, int fd,
                                struct tug_error *err)
{
    struct tug__job *const job = piece->job;
    enum tug_status status = TUG_OK;

    while (status == TUG_OK && !piece->is_enough && tug__piece_position(piece) < piece->end_byte) {
        const uint64_t position = tug__piece_position(piece);
        const uint64_t rest = piece->end_byte - position;
        const size_t length = rest < TUG__PIECE_BYTES ? (size_t)rest : TUG__PIECE_BYTES;

        status = tug__piece_copy(piece, fd, job->request.from + (position - job->share.first_byte),
                                 length, &job->result.has_bad_donor, err);
        if (status == TUG_OK && tug__worker_should_stop(worker)) {
            status = tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
        }
    }
    return status;
}

enum tug_status tug__feed_copy(void *context, struct tug__piece *piece, struct tug_error *err)
{
    struct tug__worker *const worker = context;
    struct tug__job *const job = piece->job;
    const struct tug__donor *const donor = job->request.donor;
    const uint64_t began_ns = tug__trace_begin(worker->row);
    TUG__AUTO_FD int fd = -1;
    enum tug_status status = tug__store_open_blob(donor->store, &donor->digest, &fd, err);

    job->result.has_bad_donor = status != TUG_OK;
    if (status == TUG_OK) {
        status = copy_all(worker, piece, fd, err);
    }
    if (job->result.has_bad_donor) { /* what is missing now is requested */
        *err = (struct tug_error){0};
        status = TUG_OK;
    }
    tug__trace_end(worker->row, began_ns,
                   &(struct tug_trace_event){
                       .name = "copy",
                       .digest = job->transfer->digest,
                       .offset = job->share.first_byte,
                       .length = tug__piece_position(piece) - job->share.first_byte,
                       .status = status,
                   });
    return status;
}
