/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a blob of the store came from, and so may be had again.
 */
#ifndef TUG_UPKEEP_ORIGIN_H
#define TUG_UPKEEP_ORIGIN_H

#include <stddef.h>

#include "walk/walk.h"

/* Repositories that are tried for one blob. */
#define TUG__ORIGINS_MAX 16

/* A list of "HOST/REPOSITORY". All zero: empty. */
struct tug__origins {
    char *texts[TUG__ORIGINS_MAX]; /* owned */
    size_t count;
    size_t source_count; /* of count: those before the name of the last entry was added */
};

/* Find the repositories that images which need a blob were fetched from: of each its distribution
 * sources, then its name. Those past TUG__ORIGINS_MAX are left out.
 * out_origins: empty at first; tug__origins_fini is due, also on failure.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__origins_find(struct tug__walk *walk, uint32_t blob,
                                  struct tug__origins *out_origins, struct tug_error *err);
/* Free a list; it is empty afterwards. */
void tug__origins_fini(struct tug__origins *origins);

/* Add what one entry tells: name as a full reference (NULL: none), and its annotations, each
 * KEY NUL VALUE NUL, with a NUL at the end. The host in containerd's key has no port: that of the
 * name is taken if its host is the same, else that of tug's own annotation. Pure but for the
 * memory. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__origins_add(struct tug__origins *origins, const char *name,
                                 const char *annotations, struct tug_error *err);

#endif
