/* SPDX-License-Identifier: Apache-2.0
 *
 * The way of a share's bytes into the partial file of their blob, wherever they come from.
 *
 * A feed adds them in order: the answer of a registry (feed_registry.c). They are claimed
 * (progress.h), gathered into pieces, and each piece is written at its final offset, noted in the
 * state file, if there is one, and announced to the lane that hashes the blob. On any end, good or
 * bad, what was added is written first: the next attempt goes on there, in this process or in a
 * later one.
 *
 * Threads: the worker that has the job. Blocks: on the disk, and while the lane lags far behind.
 */
#ifndef TUG_POOL_PIECE_H
#define TUG_POOL_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/queue.h"
#include "pool/task.h"

/* Bytes that are gathered before they are written: small writes cost ext4 twice the CPU time,
 * larger ones leave the second-level cache. */
#define TUG__PIECE_BYTES ((size_t)256 * 1024)

struct tug__piece {
    /* set by whoever makes it, then read-only; all else zero; borrowed */
    struct tug__job *job;        /* of a blob */
    uint8_t *buffer;             /* TUG__PIECE_BYTES */
    struct tug__queue *events;   /* → resolver */
    struct tug__queue *segments; /* → the lane of the job's transfer */

    /* for the feed to read */
    uint64_t end_byte; /* of the share, when the feed began */
    bool is_enough;    /* no further byte is of use: others have the rest */

    /* private */
    size_t gathered;     /* bytes in buffer, not yet in the file */
    uint64_t noted_byte; /* the share's slot says so far */
    bool is_flowing;     /* the first byte came */
};

/* Where the bytes of a share come from. */
struct tug__feed {
    /* Add them by tug__piece_add, in order and without a gap, from the first byte of the job's
     * share (result.next_byte) to piece->end_byte, or until piece->is_enough. What tug__piece_add
     * fails with is the failure of the feed. Errors: TUG_ERR_CONTENT: these are not the blob's
     * bytes; any other: what was added is good. */
    enum tug_status (*bring)(void *context, struct tug__piece *piece, struct tug_error *err);
    void *context;
};

/* Have a feed bring what is missing of the job's share, and write all that it brought.
 * job->result.next_byte: set before to the share's first byte; it is then where the next attempt
 * goes on. Errors: of the feed; TUG_ERR_STORE: the file cannot be written, or was removed
 * (tug__store_is_removed). */
enum tug_status tug__piece_fill(struct tug__piece *piece, const struct tug__feed *feed,
                                struct tug_error *err);
/* The feed's: the next bytes of the share, at most TUG__PIECE_BYTES. Before the first of them the
 * share that had them until now is cut, and the resolver is told (FLOWING). */
enum tug_status tug__piece_add(struct tug__piece *piece, const void *bytes, size_t length,
                               struct tug_error *err);

/* piece_open.c: open the partial file of the job's transfer, tell the resolver (STARTED), and
 * announce what the file has. The job's share becomes the first part that is missing.
 * Errors: TUG_ERR_BUSY: another process has the file, or has just committed the blob;
 * TUG_ERR_STORE, TUG_ERR_NO_MEMORY. */
enum tug_status tug__piece_open(struct tug__piece *piece, struct tug_store *store,
                                struct tug_error *err);

/* Shared by piece.c and piece_open.c: send the job to the resolver, lent; tell the lane that
 * [first_byte, end_byte) is in the file. */
void tug__piece_tell(struct tug__piece *piece, enum tug__msg_kind kind);
void tug__piece_announce(struct tug__piece *piece, uint64_t first_byte, uint64_t end_byte);

#endif
