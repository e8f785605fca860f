/* SPDX-License-Identifier: Apache-2.0
 *
 * Scope-bound cleanup for memory and file descriptors (never for locks).
 */
#ifndef TUG_BASE_CLEANUP_H
#define TUG_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

/* Run a function on the variable's address when it goes out of scope. */
#define TUG__CLEANUP(function) __attribute__((__cleanup__(function)))

static inline void tug__cleanup_free(void *pointer)
{
    free(*(void **)pointer);
}

static inline void tug__cleanup_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

#define TUG__AUTO_FREE TUG__CLEANUP(tug__cleanup_free)
#define TUG__AUTO_FD TUG__CLEANUP(tug__cleanup_fd)

/* Move a file descriptor out of a variable that would close it. */
static inline int tug__steal_fd(int *fd)
{
    const int taken = *fd;

    *fd = -1;
    return taken;
}

#endif
