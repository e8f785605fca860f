/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of byte positions as ordered, disjoint, non-touching extents: the parts of a file that are
 * present, or missing.
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

/* Add [first, end) to the set, which may hold parts of it already; an empty extent changes nothing.
 * Errors: TUG_ERR_NO_MEMORY; the set is unchanged then. */
enum tug_status tug__extents_add(struct tug__extents *extents, uint64_t first, uint64_t end,
                                 struct tug_error *err);

/* Remove [first, end) from the set, which need not hold all of it. Errors: TUG_ERR_NO_MEMORY (when
 * an extent is cut in two); the set is unchanged then. */
enum tug_status tug__extents_remove(struct tug__extents *extents, uint64_t first, uint64_t end,
                                    struct tug_error *err);

/* The end of the extent that holds `first`, or `first` itself when none does: how far the set
 * reaches from there without a gap. */
uint64_t tug__extents_reach(const struct tug__extents *extents, uint64_t first);

/* Find the first part of [first, end) that the set holds. Returns: false, with *out_part untouched,
 * when it holds none. */
bool tug__extents_find(const struct tug__extents *extents, uint64_t first, uint64_t end,
                       struct tug__extent *out_part);

/* Move what one set holds of an extent to another. *out_bytes: raised by how much that is. Errors:
 * TUG_ERR_NO_MEMORY: some of it was moved. */
enum tug_status tug__extents_move(struct tug__extents *from, struct tug__extents *to,
                                  struct tug__extent extent, uint64_t *out_bytes,
                                  struct tug_error *err);

/* Sum of the lengths. */
uint64_t tug__extents_bytes(const struct tug__extents *extents);

/* Fill out_gaps (empty before) with the parts of [0, size) that the set lacks.
 * Errors: TUG_ERR_NO_MEMORY; out_gaps is empty then. */
enum tug_status tug__extents_gaps(const struct tug__extents *extents, uint64_t size,
                                  struct tug__extents *out_gaps, struct tug_error *err);

#endif
