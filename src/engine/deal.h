/* SPDX-License-Identifier: Apache-2.0
 *
 * Which blobs further connections go to: a pure function.
 *
 * A run ends with the blob whose rest takes longest, so each connection goes to the one that has
 * most bytes left for each of its connections. As all connections are taken to be alike, many blobs
 * then end at about the same time.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_ENGINE_DEAL_H
#define TUG_ENGINE_DEAL_H

#include <stddef.h>
#include <stdint.h>

struct tug__deal_blob {
    void *owner; /* the caller's */
    uint64_t rest_bytes;
    unsigned connections; /* that it has: at least one */
    unsigned more;        /* that it gets */
};

/* Deal connections to blobs, as long as their rests are worth a share of share_bytes for each. Sets
 * more of all blobs. Returns: how many were dealt. */
unsigned tug__deal(struct tug__deal_blob *blobs, size_t blob_count, unsigned connections,
                   uint64_t share_bytes);

/* Most bytes that a blob has left for each of its connections, old and new; 0 without blobs. */
uint64_t tug__deal_longest(const struct tug__deal_blob *blobs, size_t blob_count);

#endif
