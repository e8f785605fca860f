/* SPDX-License-Identifier: Apache-2.0
 *
 * The one clock: monotonic nanoseconds.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_BASE_CLOCK_H
#define TUG_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define TUG__NS_PER_MS UINT64_C(1000000)
#define TUG__NS_PER_S UINT64_C(1000000000)
/* A deadline that never comes. */
#define TUG__NEVER_NS UINT64_MAX

/* Now, in nanoseconds of CLOCK_MONOTONIC. */
uint64_t tug__now_ns(void);

/* Now plus a span in milliseconds, TUG__NEVER_NS instead of an overflow. */
uint64_t tug__deadline_ns(uint64_t span_ms);

/* The same point in time as the C library's struct, for calls that wait until then. */
struct timespec tug__timespec(uint64_t time_ns);

#endif
