/* SPDX-License-Identifier: Apache-2.0
 *
 * The first job of a transfer: open the partial file, and report its content.
 *
 * Knows: the store's interface. Does not know: sources of the missing bytes, workers, retries.
 * Threads: the job's worker.
 */
#include "pool/piece.h"

#include "base/error.h"

/* Smallest blob whose disk space is reserved. */
#define RESERVE_BYTES_MIN ((uint64_t)8 * 1024 * 1024)

/* Copy the list of parts from an earlier download: the lane may close the partial file before the
 * resolver reads the job. */
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

/* Adopt the state file of an earlier download, and reserve disk space for the rest. */
static enum tug_status adopt_state(struct tug__transfer *transfer, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    /* Even if its parts have become one: a state file, while there is one, overrides the length. */
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

/* Another process may have committed the blob between our check and our opening of a new partial
 * file. If so, remove that file: the node will find the blob in the store. */
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

enum tug_status tug__piece_open(struct tug__piece *piece, struct tug_store *store,
                                struct tug_error *err)
{
    struct tug__job *const job = piece->job;
    struct tug__transfer *const transfer = job->transfer;
    const struct tug__extents *const present = &job->result.present;
    enum tug_status status =
        tug__ingest_open(store, &transfer->digest, transfer->size_bytes, &transfer->ingest, err);

    if (status == TUG_OK) {
        status = check_committed(store, transfer, err);
    }
    if (status == TUG_OK) {
        status = copy_present(job, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    (void)tug__share_place(&job->share, present, transfer->size_bytes);
    job->result.next_byte = job->share.first_byte;
    tug__piece_report(piece, TUG__MSG_STARTED);
    status = adopt_state(transfer, err);
    /* Last, because the lane closes the file once every byte is announced. */
    for (size_t i = 0; i < present->count; i++) {
        tug__piece_announce(piece, present->items[i].first, present->items[i].end);
    }
    return status;
}
