/* SPDX-License-Identifier: Apache-2.0 */
/* Which blobs further connections go to. */
#include <criterion/criterion.h>

#include "engine/deal.h"

#define MB UINT64_C(1000000)
#define SHARE_BYTES UINT64_C(1048576)

Test(deal, the_longest_gets_most_and_all_end_together)
{
    static const struct {
        uint64_t rest_bytes;
        unsigned connections;
    } expected[] = {{49500000, 5}, {24 * MB, 3}, {64300000, 7}, {211 * MB, 21},
                    {6200000, 1},  {23 * MB, 3}, {250 * MB, 24}};
    struct tug__deal_blob blobs[7] = {0};

    for (size_t i = 0; i < 7; i++) {
        blobs[i] = (struct tug__deal_blob){.rest_bytes = expected[i].rest_bytes, .connections = 1};
    }
    cr_assert_eq(tug__deal(blobs, 7, 57, SHARE_BYTES), 57);
    for (size_t i = 0; i < 7; i++) {
        cr_assert_eq(blobs[i].connections + blobs[i].more, expected[i].connections,
                     "%u for the blob of %ju bytes", blobs[i].connections + blobs[i].more,
                     (uintmax_t)blobs[i].rest_bytes);
    }
    cr_assert_leq(tug__deal_longest(blobs, 7), 628 * MB / 64 * 11 / 10);
}

Test(deal, one_gets_all_until_another_takes_longer)
{
    struct tug__deal_blob blobs[2] = {{.rest_bytes = 100 * MB, .connections = 1},
                                      {.rest_bytes = 30 * MB, .connections = 1}};

    cr_assert_eq(tug__deal(blobs, 2, 3, SHARE_BYTES), 3);
    cr_assert_eq(blobs[0].more, 3);
    cr_assert_eq(blobs[1].more, 0);
    cr_assert_eq(tug__deal_longest(blobs, 2), 30 * MB);
    cr_assert_eq(tug__deal(blobs, 2, 4, SHARE_BYTES), 4);
    cr_assert_eq(blobs[0].more, 3, "what was dealt before does not count");
    cr_assert_eq(blobs[1].more, 1);
}

Test(deal, short_rests_get_none)
{
    struct tug__deal_blob blobs[2] = {{.rest_bytes = 5 * SHARE_BYTES, .connections = 1},
                                      {.rest_bytes = 2 * SHARE_BYTES - 1, .connections = 1}};

    cr_assert_eq(tug__deal(blobs, 2, 8, SHARE_BYTES), 4);
    cr_assert_eq(blobs[0].more, 4);
    cr_assert_eq(blobs[1].more, 0);
    cr_assert_eq(tug__deal(blobs, 0, 8, SHARE_BYTES), 0);
    cr_assert_eq(tug__deal_longest(blobs, 0), 0);
}
