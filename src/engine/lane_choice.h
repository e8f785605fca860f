/* SPDX-License-Identifier: Apache-2.0
 *
 * Which lane hashes a blob: a pure function.
 *
 * A blob is hashed by one lane from its beginning to its end, so two large ones in the same lane
 * end late, while the other lanes have nothing to do. The largest is placed first, each in the lane
 * that has least to do by then; a smaller one, even if it begins earlier, takes its place behind
 * those that are about to begin.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_ENGINE_LANE_CHOICE_H
#define TUG_ENGINE_LANE_CHOICE_H

#include <stddef.h>
#include <stdint.h>

/* Choose a lane for a blob of so many bytes.
 * rests: bytes that each lane has to hash; changed. larger: lengths of larger blobs that are about
 * to begin; sorted. first: the lane that is chosen among equal ones. Returns: its number. */
unsigned tug__lane_choose(uint64_t *rests, unsigned lane_count, uint64_t *larger, size_t count,
                          unsigned first);

#endif
