/* SPDX-License-Identifier: Apache-2.0
 *
 * The monotonic clock.
 *
 * Knows: CLOCK_MONOTONIC. Does not know: threads, HTTP, the store.
 * Threads: any.
 */
#include "base/clock.h"

uint64_t tug__now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail: the clock exists */
    return (uint64_t)now.tv_sec * TUG__NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t tug__deadline_ns(uint64_t span_ms)
{
    const uint64_t now_ns = tug__now_ns();

    if (span_ms > (TUG__NEVER_NS - now_ns) / TUG__NS_PER_MS) {
        return TUG__NEVER_NS;
    }
    return now_ns + span_ms * TUG__NS_PER_MS;
}

struct timespec tug__timespec(uint64_t time_ns)
{
    return (struct timespec){
        .tv_sec = (time_t)(time_ns / TUG__NS_PER_S),
        .tv_nsec = (long)(time_ns % TUG__NS_PER_S),
    };
}
