/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of byte positions as ordered, disjoint, non-touching extents: what is there of a file, or
 * what is missing.
 * Threads: a set belongs to one thread at a time. Blocks: never.
 */
#ifndef TUG_BASE_EXTENTS_H
#define TUG_BASE_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

/* Bytes [first, end), never empty. */
struct tug__extent {
    uint64_t first;
    uint64_t end;
};

/* All zero is the empty set. */
struct tug__extents {
    struct tug__extent *items; /* owned; in order, none touches the next */
    size_t count;
    size_t capacity;
};

/* Free what a set holds and make it empty. */
void tug__extents_fini(struct tug__extents *extents);

/* Add [first, end) to the set; what is in it already stays; an empty extent changes nothing.
 * Errors: TUG_ERR_NO_MEMORY; the set is unchanged then. */
enum tug_status tug__extents_add(struct tug__extents *extents, uint64_t first, uint64_t end,
                                 struct tug_error *err);

/* Take [first, end) out of the set; what is not in it does not matter.
 * Errors: TUG_ERR_NO_MEMORY (an extent is cut in two); the set is unchanged then. */
enum tug_status tug__extents_remove(struct tug__extents *extents, uint64_t first, uint64_t end,
                                    struct tug_error *err);

/* The end of the extent that holds `first`, or `first` itself when none does: how far one can go
 * from there without a gap. */
uint64_t tug__extents_reach(const struct tug__extents *extents, uint64_t first);

/* Sum of the lengths. */
uint64_t tug__extents_bytes(const struct tug__extents *extents);

/* Make out_gaps (empty before) what [0, size) has and the set has not.
 * Errors: TUG_ERR_NO_MEMORY; out_gaps is empty then. */
enum tug_status tug__extents_gaps(const struct tug__extents *extents, uint64_t size,
                                  struct tug__extents *out_gaps, struct tug_error *err);

#endif
