/* SPDX-License-Identifier: Apache-2.0
 *
 * How many bytes one request asks for: a pure function.
 *
 * Between two requests a connection has nothing to do for as long as an answer takes, so shares are
 * long. But the hash follows from the front, and connections differ: so shares get shorter toward
 * the end of a blob, and all end at about the same time.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_ENGINE_SHARE_LENGTH_H
#define TUG_ENGINE_SHARE_LENGTH_H

#include <stdint.h>

struct tug__share_view {
    uint64_t rest_bytes;  /* of the blob */
    unsigned connections; /* that it has or gets */
    double rate_each;     /* bytes/s of a connection; 0: not known */
    uint64_t answer_ns;   /* from a request to its first byte, at best; 0: not known */
    uint64_t chunk_bytes; /* what the user wants at least, but toward the end */
};

/* Choose the length of the next share. Returns: at least TUG__SHARE_BYTES_MIN. */
uint64_t tug__share_length(const struct tug__share_view *view);

/* How far ahead of a running share its tail has to be taken, for the answer to be in time. */
uint64_t tug__share_lead(const struct tug__share_view *view);

#endif
