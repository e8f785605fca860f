/* SPDX-License-Identifier: Apache-2.0
 *
 * Which donors, which copies, and whether it is worth it.
 */
#include "engine/delta_choice.h"

#include <stdlib.h>

#include <criterion/criterion.h>

#include "base/clock.h"

#include "pool/delta_plan.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

/* --- donors --- */

/* Add a donor whose digest begins with that byte. */
static struct tug__donor *add(struct tug__donors *donors, uint8_t name, uint64_t repository,
                              unsigned number, uint64_t age)
{
    struct tug__donor donor = {
        .digest = {.algorithm = TUG_DIGEST_SHA256, .bytes = {name}},
        .place = {.format = TUG__CHUNKED_ZSTD},
        .repository = repository,
        .number = number,
        .age = age,
    };

    struct tug__donor *const added = tug__donors_add(donors, &donor);

    cr_assert_not_null(added);
    return added;
}

/* The chosen ones' names, in order. */
static const char *choose(const struct tug__donors *donors, unsigned number)
{
    static char names[TUG__PLAN_DONORS_MAX + 1];
    const struct tug_digest own = {.algorithm = TUG_DIGEST_SHA256, .bytes = {'x'}};
    const struct tug__donor_wish wish = {
        .digest = &own, .format = TUG__CHUNKED_ZSTD, .repository = 1, .number = number};
    struct tug__donor *chosen[TUG__PLAN_DONORS_MAX];
    const unsigned count = tug__donors_choose(donors, &wish, chosen, TUG__PLAN_DONORS_MAX);

    for (unsigned i = 0; i < count; i++) {
        names[i] = (char)chosen[i]->digest.bytes[0];
    }
    names[count] = '\0';
    return names;
}

Test(delta_choice, same_place_of_the_newest_image_first)
{
    struct tug__donors donors = {0};

    cr_assert_str_eq(choose(&donors, 0), "");
    add(&donors, 'a', 1, 0, 10);
    add(&donors, 'b', 1, 1, 10);
    add(&donors, 'c', 1, 2, 10);
    add(&donors, 'd', 1, 0, 11);
    add(&donors, 'e', 1, 1, 11);
    cr_assert_str_eq(choose(&donors, 0), "adbe");
    cr_assert_str_eq(choose(&donors, 1), "beac");
    cr_assert_str_eq(choose(&donors, 2), "cbea");
    tug__donors_fini(&donors);
}

Test(delta_choice, same_repository_before_newer_images)
{
    struct tug__donors donors = {0};

    add(&donors, 'o', 2, 0, 1);
    add(&donors, 'a', 1, 3, 50);
    cr_assert_str_eq(choose(&donors, 0), "ao");
    tug__donors_fini(&donors);
}

Test(delta_choice, what_cannot_be_a_donor)
{
    struct tug__donors donors = {0};

    add(&donors, 'x', 1, 0, 1); /* the layer itself */
    add(&donors, 'a', 1, 0, 1);
    add(&donors, 'a', 1, 0, 2); /* once is enough */
    add(&donors, 'b', 1, 0, 3)->is_bad = true;
    add(&donors, 'c', 1, 0, 4)->place.format = TUG__CHUNKED_ESTARGZ;
    cr_assert_str_eq(choose(&donors, 0), "a");
    tug__donors_fini(&donors);
}

/* Layers of this run are the newest: before those that were added earlier. */
/* A layer is given up in all images that have it. */
Test(delta_choice, given_up)
{
    struct tug__donors donors = {0};
    const struct tug__donor *const donor = add(&donors, 'a', 1, 0, 10);

    add(&donors, 'a', 2, 3, 11);
    add(&donors, 'b', 1, 0, 12);
    tug__donors_give_up(&donors, &donor->digest);
    cr_assert_str_eq(choose(&donors, 0), "b");
    tug__donors_fini(&donors);
}

Test(delta_choice, own_layers_before_those_that_were_there)
{
    struct tug__donors donors = {0};

    add(&donors, 'a', 1, 0, 1);
    add(&donors, 'b', 1, 0, 2);
    add(&donors, 'c', 1, 0, 0);
    add(&donors, 'd', 1, 1, 0);
    add(&donors, 'o', 2, 0, 0);
    cr_assert_str_eq(choose(&donors, 0), "cadb");
    cr_assert_str_eq(choose(&donors, 1), "dcab");
    tug__donors_fini(&donors);
}

/* A store full of donors, ten layers an image, a hundred repositories: what is looked at is
 * bounded, so each choice takes some microseconds. */
Test(delta_choice, many_donors)
{
    struct tug__donors donors = {0};

    for (unsigned i = 0; i < TUG__DONORS_MAX; i++) {
        add(&donors, (uint8_t)('a' + i % 10), i / 10 % 100 + 1, i % 10, i / 10 + 1);
    }
    for (unsigned i = 0; i < 100; i++) {
        cr_assert_str_eq(choose(&donors, 3), "dceb");
    }
    cr_assert_null(tug__donors_add(&donors, donors.all.first));
    tug__donors_fini(&donors);
}

Test(delta_choice, repository_of_a_name)
{
    const uint64_t hash = tug__repository_hash("r.io:5000/a/b", 13);

    cr_assert_eq(tug__repository_hash("r.io:5000/a/b:1.0", 17), hash);
    cr_assert_eq(tug__repository_hash("r.io:5000/a/b@sha256:00", 23), hash);
    cr_assert_eq(tug__repository_hash("r.io:5000/a/b:1@sha256:00", 25), hash);
    cr_assert_neq(tug__repository_hash("r.io:5001/a/b", 13), hash);
    cr_assert_neq(tug__repository_hash("r.io:5000/a/c", 13), hash);
    cr_assert_neq(tug__repository_hash("", 0), 0);
}

/* --- copies --- */

/* Copies of these lengths, each 1 KiB behind the one before. */
static struct tug__chunked_copies make_copies(const uint64_t *lengths, size_t count)
{
    struct tug__chunked_copies copies = {.items = calloc(count, sizeof *copies.items),
                                         .count = count};
    uint64_t at = KIB;

    for (size_t i = 0; i < count; i++) {
        copies.items[i] = (struct tug__chunked_copy){.first = at, .end = at + lengths[i]};
        at += lengths[i] + KIB;
        copies.bytes += lengths[i];
    }
    return copies;
}

#define JOIN(layer_bytes, request_bytes, ...)                                                      \
    join((const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8,             \
         layer_bytes, request_bytes)

/* How many copies are left; their sum must be right. */
static size_t join(const uint64_t *lengths, size_t count, uint64_t layer_bytes,
                   uint64_t request_bytes)
{
    struct tug__chunked_copies copies = make_copies(lengths, count);
    uint64_t sum = 0;

    tug__copies_join(&copies, layer_bytes, request_bytes);
    for (size_t i = 0; i < copies.count; i++) {
        sum += copies.items[i].end - copies.items[i].first;
    }
    cr_assert_eq(sum, copies.bytes);
    count = copies.count;
    tug__chunked_copies_fini(&copies);
    return count;
}

Test(delta_choice, short_copies_are_left_out)
{
    /* nothing measured: 64 KiB */
    cr_assert_eq(JOIN(1000 * MIB, 0, MIB, 10 * KIB, MIB), 2);
    cr_assert_eq(JOIN(1000 * MIB, 0, MIB, 70 * KIB, MIB), 3);
    /* a slow link with quick answers, and the other way round */
    cr_assert_eq(JOIN(1000 * MIB, 8 * KIB, MIB, 10 * KIB, MIB), 3);
    cr_assert_eq(JOIN(1000 * MIB, 100 * KIB, MIB, 70 * KIB, MIB), 2);
    /* at least 4 KiB, at most 256 KiB */
    cr_assert_eq(JOIN(1000 * MIB, 1, MIB, 3 * KIB, MIB), 2);
    cr_assert_eq(JOIN(1000 * MIB, 10 * MIB, MIB, 300 * KIB, MIB), 3);
}

Test(delta_choice, at_most_a_two_hundredth_is_left_out)
{
    /* 100 KiB of 20 MiB: the shortest first, equal ones all or none */
    cr_assert_eq(JOIN(20 * MIB, 64 * KIB, 15 * MIB, 60 * KIB, MIB, 50 * KIB, MIB, 20 * KIB, MIB),
                 5);
    cr_assert_eq(JOIN(20 * MIB, 64 * KIB, 16 * MIB, 60 * KIB, MIB, 60 * KIB, MIB), 5);
    cr_assert_eq(JOIN(MIB / 50, 64 * KIB, MIB, 60 * KIB, MIB), 3);
}

Test(delta_choice, more_is_left_out_where_much_is_requested)
{
    /* 16 of 20 MiB are requested, so 42 MiB might be left out */
    cr_assert_eq(JOIN(20 * MIB, 64 * KIB, MIB, 60 * KIB, MIB, 50 * KIB, MIB, 20 * KIB, MIB), 4);
    cr_assert_eq(JOIN(20 * MIB, 32 * KIB, MIB, 60 * KIB, MIB, 50 * KIB, MIB, 20 * KIB, MIB), 6,
                 "only what a request costs");
    cr_assert_eq(JOIN(20 * MIB, 0, MIB, 60 * KIB, MIB, 50 * KIB, MIB, 20 * KIB, MIB), 5,
                 "nothing measured");
}

Test(delta_choice, what_a_request_costs)
{
    cr_assert_eq(tug__copies_request_bytes(0, 0, 0), 0);
    cr_assert_eq(tug__copies_request_bytes(20e6, 50 * TUG__NS_PER_MS, 160e6), 1000000,
                 "a long link waits");
    cr_assert_eq(tug__copies_request_bytes(0, 50 * TUG__NS_PER_MS, 1e9), 150000,
                 "a short one has other work meanwhile");
}

Test(delta_choice, copies_at_the_ends_part_no_requests)
{
    uint64_t lengths[] = {10 * KIB, MIB, 10 * KIB};
    struct tug__chunked_copies copies = make_copies(lengths, 3);

    copies.items[0].first = 0;
    copies.bytes += KIB;
    tug__copies_join(&copies, 8 * MIB, 64 * KIB);
    cr_assert_eq(copies.count, 2, "more comes after the last one");
    cr_assert_eq(copies.items[0].first, 0);
    tug__chunked_copies_fini(&copies);
}

static bool is_worth_it(uint64_t copied_bytes, uint64_t missing_bytes, size_t gap_count,
                        uint64_t request_bytes)
{
    return tug__copies_are_worth_it(&(struct tug__copies_gain){.copied_bytes = copied_bytes,
                                                               .missing_bytes = missing_bytes,
                                                               .gap_count = gap_count,
                                                               .request_bytes = request_bytes});
}

Test(delta_choice, what_is_worth_it)
{
    cr_assert(is_worth_it(90 * MIB, 100 * MIB, 100, 0));
    cr_assert(is_worth_it(90 * MIB, 100 * MIB, 90, MIB));
    cr_assert_not(is_worth_it(90 * MIB, 100 * MIB, 91, MIB), "too many requests");
    cr_assert(is_worth_it(20 * MIB, 100 * MIB, 1, 0));
    cr_assert_not(is_worth_it(19 * MIB, 100 * MIB, 1, 0), "under 20 %%");
    cr_assert_not(is_worth_it(MIB - 1, 2 * MIB, 1, 0), "under 1 MiB");
    cr_assert_not(is_worth_it(0, 0, 0, 0));
    cr_assert(is_worth_it(2 * MIB, 2 * MIB, 0, 0), "everything");
}

/* Before the first request: of a small layer no copy can save enough. */
Test(delta_choice, what_cannot_be_worth_it)
{
    cr_assert(!tug__copies_may_be_worth_it(0));
    cr_assert(!tug__copies_may_be_worth_it(MIB - 1));
    cr_assert(tug__copies_may_be_worth_it(MIB));
}

Test(delta_choice, what_was_begun_is_gone_on_with)
{
    struct tug__copies_gain gain = {.copied_bytes = 1, .missing_bytes = MIB, .is_begun = true};

    cr_assert(tug__copies_are_worth_it(&gain));
    gain.copied_bytes = 0;
    cr_assert_not(tug__copies_are_worth_it(&gain));
}
