/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of extents: adding, taking out, gaps; and many seeded changes against a plain bit map. */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "base/extents.h"

#define MAP_BYTES 200

static void add(struct tug__extents *extents, uint64_t first, uint64_t end)
{
    cr_assert_eq(tug__extents_add(extents, first, end, NULL), TUG_OK);
}

static void take(struct tug__extents *extents, uint64_t first, uint64_t end)
{
    cr_assert_eq(tug__extents_remove(extents, first, end, NULL), TUG_OK);
}

Test(extents, touching_ones_become_one)
{
    struct tug__extents extents = {0};

    add(&extents, 10, 20);
    add(&extents, 30, 40);
    cr_assert_eq(extents.count, 2);
    add(&extents, 20, 30);
    cr_assert_eq(extents.count, 1);
    cr_assert_eq(extents.items[0].first, 10);
    cr_assert_eq(extents.items[0].end, 40);
    cr_assert_eq(tug__extents_bytes(&extents), 30);
    tug__extents_fini(&extents);
}

Test(extents, empty_ones_change_nothing)
{
    struct tug__extents extents = {0};

    add(&extents, 5, 5);
    cr_assert_eq(extents.count, 0);
    add(&extents, 0, 10);
    take(&extents, 4, 4);
    cr_assert_eq(extents.count, 1);
    tug__extents_fini(&extents);
}

Test(extents, taking_out_of_the_middle_cuts_in_two)
{
    struct tug__extents extents = {0};

    add(&extents, 0, UINT64_MAX);
    take(&extents, 7, 9);
    cr_assert_eq(extents.count, 2);
    cr_assert_eq(extents.items[0].end, 7);
    cr_assert_eq(extents.items[1].first, 9);
    cr_assert_eq(extents.items[1].end, UINT64_MAX);
    tug__extents_fini(&extents);
}

Test(extents, reach_goes_to_the_first_gap)
{
    struct tug__extents extents = {0};

    add(&extents, 0, 10);
    add(&extents, 20, 30);
    cr_assert_eq(tug__extents_reach(&extents, 0), 10);
    cr_assert_eq(tug__extents_reach(&extents, 9), 10);
    cr_assert_eq(tug__extents_reach(&extents, 10), 10);
    cr_assert_eq(tug__extents_reach(&extents, 20), 30);
    cr_assert_eq(tug__extents_reach(&extents, 31), 31);
    tug__extents_fini(&extents);
}

Test(extents, gaps_are_what_is_missing)
{
    struct tug__extents extents = {0};
    struct tug__extents gaps = {0};

    add(&extents, 0, 10);
    add(&extents, 20, 30);
    cr_assert_eq(tug__extents_gaps(&extents, 50, &gaps, NULL), TUG_OK);
    cr_assert_eq(gaps.count, 2);
    cr_assert_eq(gaps.items[0].first, 10);
    cr_assert_eq(gaps.items[0].end, 20);
    cr_assert_eq(gaps.items[1].first, 30);
    cr_assert_eq(gaps.items[1].end, 50);
    tug__extents_fini(&gaps);
    tug__extents_fini(&extents);
}

/* The set must be exactly the map, in its canonical form. */
static void compare(const struct tug__extents *extents, const bool *map)
{
    size_t at = 0;

    for (size_t i = 0; i < extents->count; i++) {
        cr_assert_lt(extents->items[i].first, extents->items[i].end);
        cr_assert(i == 0 || extents->items[i - 1].end < extents->items[i].first);
        for (; at < extents->items[i].first; at++) {
            cr_assert_not(map[at]);
        }
        for (; at < extents->items[i].end; at++) {
            cr_assert(map[at]);
        }
    }
    for (; at < MAP_BYTES; at++) {
        cr_assert_not(map[at]);
    }
}

Test(extents, many_changes_are_those_of_a_bit_map)
{
    struct tug__extents extents = {0};
    bool map[MAP_BYTES] = {false};
    unsigned seed = 7;

    for (int round = 0; round < 20000; round++) {
        const size_t first = (size_t)rand_r(&seed) % MAP_BYTES;
        const size_t length = (size_t)rand_r(&seed) % 20;
        const size_t end = first + length < MAP_BYTES ? first + length : MAP_BYTES;
        const bool is_added = rand_r(&seed) % 2 == 0;

        for (size_t i = first; i < end; i++) {
            map[i] = is_added;
        }
        if (is_added) {
            add(&extents, first, end);
        } else {
            take(&extents, first, end);
        }
        compare(&extents, map);
    }
    tug__extents_fini(&extents);
}
