/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs out of memory where a test wants it: the N-th allocation that tug's own code makes fails,
 * alone or with all that come after it. What the libraries below and the tests allocate does not
 * count: only in libtug-oom.a are the allocating functions replaced (see redefine.txt).
 */
#ifndef OOM_H
#define OOM_H

#include <stdbool.h>

#include <tug/error.h>

enum oom_mode {
    OOM_ONE,  /* only that allocation fails */
    OOM_REST, /* and all after it */
};

/* Begin: allocation number nth (from 1), counted over all threads, fails. */
void oom_begin(unsigned nth, enum oom_mode mode);

/* End: allocations succeed again. Returns: whether any failed. */
bool oom_end(void);

/*
 * Do an operation with a failing allocation, the first, the second and so on, until none fails,
 * in both modes. Checks each time that it succeeds, or says TUG_ERR_NO_MEMORY and nothing else,
 * and that nothing is leaked; without failing allocations it must succeed.
 * operation: does it once and frees what it made. between: called after each, with the memory
 * back; NULL: nothing.
 * least: of allocations that there are at the least, so that a test which fails none is seen.
 */
void oom_each(enum tug_status (*operation)(void *context, struct tug_error *err),
              void (*between)(void *context), void *context, unsigned least);

#endif
