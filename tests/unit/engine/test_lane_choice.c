/* SPDX-License-Identifier: Apache-2.0 */
/* Which lane hashes a blob. */
#include <criterion/criterion.h>

#include "engine/lane_choice.h"

#define LANES 2

/* Place blobs in this order; each knows those behind it, as a run does. Returns: the most that a
 * lane has. */
static uint64_t place_all(const uint64_t *sizes, size_t count, unsigned lane_count)
{
    uint64_t rests[4] = {0};
    uint64_t most = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t seen[4] = {rests[0], rests[1], rests[2], rests[3]};
        uint64_t larger[16];
        size_t larger_count = 0;

        for (size_t j = i + 1; j < count; j++) {
            if (sizes[j] > sizes[i]) {
                larger[larger_count++] = sizes[j];
            }
        }
        rests[tug__lane_choose(seen, lane_count, larger, larger_count, (unsigned)i)] += sizes[i];
    }
    for (unsigned lane = 0; lane < lane_count; lane++) {
        most = rests[lane] > most ? rests[lane] : most;
    }
    return most;
}

/* Whatever the order: no lane has much more than its part. */
Test(lane_choice, the_two_largest_have_a_lane_each)
{
    static const uint64_t orders[][7] = {{45, 34, 57, 178, 6, 20, 225},
                                         {225, 178, 57, 45, 34, 20, 6},
                                         {6, 20, 34, 45, 57, 178, 225},
                                         {178, 6, 225, 20, 57, 34, 45}};

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        const uint64_t most = place_all(orders[i], 7, LANES);

        cr_assert_leq(most, 300, "order %zu: %ju of 565", i, (uintmax_t)most);
    }
}

Test(lane_choice, equal_ones_take_turns)
{
    static const uint64_t sizes[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

    cr_assert_eq(place_all(sizes, 16, 4), 4);
    for (unsigned first = 0; first < 9; first++) {
        uint64_t rests[4] = {0};

        cr_assert_eq(tug__lane_choose(rests, 4, NULL, 0, first), first % 4);
    }
}

Test(lane_choice, what_a_lane_has_counts)
{
    uint64_t rests[] = {100, 0, 30};
    uint64_t larger[] = {25, 50};

    /* 50 to the second lane, 25 to the third: both have more than 49 then */
    cr_assert_eq(tug__lane_choose(rests, 3, larger, 2, 0), 1);
    cr_assert_eq(rests[1], 50);
    cr_assert_eq(rests[2], 55);
}

Test(lane_choice, one_lane_gets_all)
{
    uint64_t rests[] = {5};
    uint64_t larger[] = {7, 9};

    cr_assert_eq(tug__lane_choose(rests, 1, larger, 2, 3), 0);
}
