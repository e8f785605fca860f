/* SPDX-License-Identifier: Apache-2.0
 *
 * The lane that has least to do once larger blobs have theirs.
 *
 * Knows: numbers. Does not know: jobs, transfers, threads.
 * Threads: any.
 */
#include "engine/lane_choice.h"

#include <stdlib.h>

static int compare_falling(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;

    return (left < right) - (left > right);
}

static unsigned find_least(const uint64_t *rests, unsigned lane_count, unsigned first)
{
    unsigned least = first % lane_count;

    for (unsigned i = 1; i < lane_count; i++) {
        const unsigned lane = (first + i) % lane_count;

        least = rests[lane] < rests[least] ? lane : least;
    }
    return least;
}

unsigned tug__lane_choose(uint64_t *rests, unsigned lane_count, uint64_t *larger, size_t count,
                          unsigned first)
{
    if (count > 1) {
        qsort(larger, count, sizeof *larger, compare_falling);
    }
    for (size_t i = 0; i < count; i++) {
        rests[find_least(rests, lane_count, first)] += larger[i];
    }
    return find_least(rests, lane_count, first);
}
