/* SPDX-License-Identifier: Apache-2.0
 *
 * The beginning of a blob that is hashed, and on its way to the disk.
 */
#ifndef TUG_POOL_HASHED_H
#define TUG_POOL_HASHED_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "store/store.h"

/* Bytes of an unfinished blob sent to the disk at a time, which keeps the final fsync short (1 GiB:
 * 0.6 s without this). */
#define TUG__WRITE_BACK_BYTES ((uint64_t)8 * 1024 * 1024)

/* All zero: nothing yet. Threads: one at a time. */
struct tug__hashed {
    struct tug__hash *hash; /* owned; created for the first bytes */
    uint64_t bytes;         /* the frontier: all bytes before it are hashed */
    uint64_t pushed_bytes;  /* of these: being written to the disk */
};

/* Hash the next bytes. Errors: as tug__hash_create and tug__hash_update. */
enum tug_status tug__hashed_add(struct tug__hashed *hashed, const struct tug__ingest *ingest,
                                const void *bytes, size_t length, struct tug_error *err);
/* Start writing hashed bytes to the disk, at least so many at a time. They are in the file. */
void tug__hashed_push(struct tug__hashed *hashed, const struct tug__ingest *ingest,
                      uint64_t least_bytes);
/* Compare the digest of all bytes with the one that the blob is to have. Errors: TUG_ERR_CONTENT,
 * and as tug__hash_create. */
enum tug_status tug__hashed_check(struct tug__hashed *hashed, const struct tug__ingest *ingest,
                                  struct tug_error *err);
/* Free what is owned, and start over. */
void tug__hashed_fini(struct tug__hashed *hashed);

#endif
