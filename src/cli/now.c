/* SPDX-License-Identifier: Apache-2.0
 *
 * The clock of the command.
 *
 * Knows: clock_gettime(2). Does not know: what is timed.
 * Threads: any.
 */
#include "now.h"

#include <time.h>

int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
