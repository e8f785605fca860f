/* SPDX-License-Identifier: Apache-2.0
 *
 * How the bytes of a share get into the partial file, whatever their source.
 *
 * A feed, the source, adds bytes in order (feed_registry.c: the answer of a registry). They are
 * claimed (progress.h) and gathered into pieces; each piece is written at its final offset,
 * recorded in the state file, if there is one, and announced to the lane that hashes the blob.
 * However the feed ends, its bytes are written first: the next attempt continues after them, in
 * this process or in a later one.
 *
 * Threads: the job's worker. Blocks: on the disk, and while the lane is far behind.
 */
#ifndef TUG_POOL_PIECE_H
#define TUG_POOL_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/queue.h"
#include "base/trace.h"
#include "pool/task.h"

/* Bytes that are gathered before they are written: small writes cost ext4 twice the CPU time,
 * larger ones leave the second-level cache. */
#define TUG__PIECE_BYTES ((size_t)256 * 1024)

struct tug__piece {
    /* set at create (everything else zero), then read-only; borrowed */
    struct tug__job *job;                    /* of a blob */
    uint8_t *buffer;                         /* TUG__PIECE_BYTES */
    struct tug__queue *events;               /* → resolver */
    struct tug__queue *segments;             /* → the lane of the job's transfer */
    const struct tug__counter *idle_workers; /* while there are any, the lane hashes */
    struct tug__trace_row *row;              /* NULL: no trace */

    /* for the feed to read */
    uint64_t end_byte; /* of the share, when the feed began */
    bool is_enough;    /* no more bytes are needed: the rest is another share's */

    /* private */
    size_t gathered;     /* bytes in buffer, not yet in the file */
    uint64_t noted_byte; /* end of the bytes recorded in the share's slot */
    bool is_flowing;     /* the first byte was added */
    bool is_front;       /* all bytes from the beginning were hashed here, and none announced */
    bool is_by_hand;     /* the kernel does not copy here */
};

/* A source of bytes. */
struct tug__feed {
    /* Add the bytes with tug__piece_add, in order and without a gap, from the job's
     * result.next_byte to piece->end_byte, or until piece->is_enough; stop at its first error and
     * return that. Errors: TUG_ERR_CONTENT: the bytes are not the blob's; after any other error the
     * bytes added so far are good. */
    enum tug_status (*supply)(void *context, struct tug__piece *piece, struct tug_error *err);
    void *context;
};

/* Run a feed for the rest of the job's share, and write all bytes that it adds.
 * job->result.next_byte: set by the caller to the share's first byte; afterwards where the next
 * attempt continues. Errors: those of the feed; TUG_ERR_STORE: the file cannot be written, or was
 * removed (tug__store_is_removed). */
enum tug_status tug__piece_fill(struct tug__piece *piece, const struct tug__feed *feed,
                                struct tug_error *err);
/* For feeds: add the next bytes of the share, at most TUG__PIECE_BYTES. The first call cuts the
 * share that had these bytes until now, and informs the resolver (FLOWING). */
enum tug_status tug__piece_add(struct tug__piece *piece, const void *bytes, size_t length,
                               struct tug_error *err);

/* For feeds: add the next bytes of the share by copying them from another file: at most
 * TUG__PIECE_BYTES; by the kernel, where it can (on some file systems without copying
 * anything), else through buffer. out_failed: the other file could not be read, and the error
 * is about that. Errors: as tug__piece_add, and TUG_ERR_STORE for the other file. */
enum tug_status tug__piece_copy(struct tug__piece *piece, int from_fd, uint64_t from, size_t length,
                                bool *out_failed, struct tug_error *err);

/* For feeds: the offset in the blob of the next byte to add. */
uint64_t tug__piece_position(const struct tug__piece *piece);

/* piece_open.c: open the partial file of the job's transfer, inform the resolver (STARTED), and
 * announce the bytes that the file already has. The job's share becomes the first missing part.
 * Errors: TUG_ERR_BUSY: another process has the file, or has just committed the blob;
 * TUG_ERR_STORE, TUG_ERR_NO_MEMORY. */
enum tug_status tug__piece_open(struct tug__piece *piece, struct tug_store *store,
                                struct tug_error *err);

/* Shared by piece.c and its parts: lend the job to the resolver with a message, which does not wake
 * it for a blob of one piece; announce to the lane that [first_byte, end_byte) is in the file. */
void tug__piece_report(struct tug__piece *piece, enum tug__msg_kind kind);
void tug__piece_announce(struct tug__piece *piece, uint64_t first_byte, uint64_t end_byte);

/* piece_front.c: hash the gathered bytes while they are in the cache, if the blob is of one piece
 * or every worker has a blob of its own; otherwise leave this and all others to the lane. Errors:
 * as tug__hashed_add. */
enum tug_status tug__piece_hash(struct tug__piece *piece, struct tug_error *err);
/* The hashed bytes are in the file: note that. */
void tug__piece_note_front(struct tug__piece *piece);
/* Pass what was hashed here to the lane; once, and only once, that is so. */
void tug__piece_hand_over(struct tug__piece *piece);

#endif
