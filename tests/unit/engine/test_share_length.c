/* SPDX-License-Identifier: Apache-2.0 */
/* How long shares are: near and far, at the beginning and at the end. */
#include <criterion/criterion.h>

#include "engine/share_length.h"

#define MIB (UINT64_C(1) << 20)
#define MS UINT64_C(1000000)

/* 1 GiB over 8 connections of 16 MiB/s. */
static struct tug__share_view view_of(uint64_t answer_ms)
{
    return (struct tug__share_view){.rest_bytes = 1024 * MIB,
                                    .connections = 8,
                                    .rate_each = 16.0 * (double)MIB,
                                    .answer_ns = answer_ms * MS,
                                    .chunk_bytes = 16 * MIB};
}

Test(share_length, two_seconds_or_forty_answers)
{
    struct tug__share_view view = view_of(1);

    cr_assert_eq(tug__share_length(&view), 32 * MIB);
    view = view_of(75);
    cr_assert_eq(tug__share_length(&view), 48 * MIB);
    view = view_of(1000);
    cr_assert_eq(tug__share_length(&view), 64 * MIB, "not more: the hash would fall behind");
    view = view_of(50);
    view.rate_each = 0;
    cr_assert_eq(tug__share_length(&view), 16 * MIB, "nothing is known yet");
}

Test(share_length, half_of_what_is_left_to_each)
{
    struct tug__share_view view = view_of(1);

    view.rest_bytes = 320 * MIB;
    cr_assert_eq(tug__share_length(&view), 20 * MIB);
    view.rest_bytes = 160 * MIB;
    cr_assert_eq(tug__share_length(&view), 10 * MIB, "even below what the user wants");
    view.connections = 0;
    cr_assert_eq(tug__share_length(&view), 32 * MIB);
}

Test(share_length, the_last_are_short_near_and_longer_far)
{
    struct tug__share_view view = view_of(1);

    view.rest_bytes = 48 * MIB;
    cr_assert_eq(tug__share_length(&view), 4 * MIB);
    view.rest_bytes = 16 * MIB;
    cr_assert_eq(tug__share_length(&view), 2 * MIB, "what evenly divides them");
    view.rest_bytes = MIB;
    cr_assert_eq(tug__share_length(&view), MIB);
    view = view_of(50);
    view.rest_bytes = 96 * MIB;
    cr_assert_eq(tug__share_length(&view), 8 * MIB);
    view = view_of(150);
    view.rest_bytes = 160 * MIB;
    cr_assert_eq(tug__share_length(&view), 16 * MIB);
}

Test(share_length, a_tail_begins_three_answers_ahead)
{
    struct tug__share_view view = view_of(50);

    cr_assert_eq(tug__share_lead(&view), (uint64_t)(2.4 * (double)MIB));
    view.rate_each = 0;
    cr_assert_eq(tug__share_lead(&view), 0);
}
