/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan of a delta: which bytes of a layer its donors have.
 */
#ifndef TUG_POOL_DELTA_PLAN_H
#define TUG_POOL_DELTA_PLAN_H

#include "pool/donors.h"

/* Donors that are compared with one layer: each costs time to read. */
#define TUG__PLAN_DONORS_MAX 4

/* Input and result. The thread that makes the plan has it; before and after, its creator. */
struct tug__delta_plan {
    struct tug__chunked_place place;                       /* of the layer */
    uint64_t tail_byte;                                    /* the layer can be read from here on */
    const struct tug__donor *donors[TUG__PLAN_DONORS_MAX]; /* the likeliest first; borrowed */
    unsigned donor_count;

    uint64_t needs_byte; /* less than tail_byte: nothing is planned yet, because the layer must be
                            readable from here on */
    struct tug__chunked_copies copies; /* owned; donor: index in donors */
    unsigned donors_read;              /* how many were compared */
    struct tug_error error;            /* why there are none; code TUG_OK: no donor has anything */
};

/* Make the plan. fd: of the layer's file; its offset does not change. That there are no copies, for
 * whatever reason, is no error.
 * Errors: TUG_ERR_CANCELLED. Blocks: on the disk; 100 ms for 15 MB of text. */
enum tug_status tug__delta_plan_make(struct tug__delta_plan *plan, int fd,
                                     const struct tug__search_stop *stop, struct tug_error *err);
/* Free the copies. */
void tug__delta_plan_fini(struct tug__delta_plan *plan);

#endif
