/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of what only root can do.
 * Threads: the test's.
 */
#ifndef NEEDS_ROOT_H
#define NEEDS_ROOT_H

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* Tell whether this is root; if not, say for run.sh which test does nothing therefore. */
static inline bool needs_root(const char *test)
{
    const bool is_root = geteuid() == 0;

    if (!is_root) {
        (void)fprintf(stderr, "= not tested without root: %s\n", test);
    }
    return is_root;
}

#endif
