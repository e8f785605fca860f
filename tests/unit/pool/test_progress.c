/* SPDX-License-Identifier: Apache-2.0 */
/* Spans one call at a time: what is claimed cannot be cut, what is cut cannot be claimed. */
#include <criterion/criterion.h>

#include "pool/progress.h"

/* Claim; the worker must be told to end when it gets less than it wanted. */
static bool claims(struct tug__span *span, uint64_t wanted, uint64_t expected)
{
    bool is_end = false;

    return tug__span_claim(span, wanted, &is_end) == expected &&
           is_end == (expected == tug__span_end(span));
}

Test(progress, claims_up_to_the_end)
{
    struct tug__span span;

    tug__span_set(&span, 100, 200);
    cr_assert_eq(tug__span_claimed(&span), 100);
    cr_assert_eq(tug__span_end(&span), 200);
    cr_assert(claims(&span, 150, 150));
    cr_assert_eq(tug__span_claimed(&span), 150);
    cr_assert(claims(&span, 250, 200));
    cr_assert_eq(tug__span_claimed(&span), 200);
}

Test(progress, a_cut_takes_the_tail)
{
    struct tug__span span;

    tug__span_set(&span, 0, 200);
    cr_assert(claims(&span, 50, 50));
    cr_assert(tug__span_cut(&span, 120));
    cr_assert_eq(tug__span_end(&span), 120);
    cr_assert(claims(&span, 121, 120));
    cr_assert(tug__span_cut(&span, 120), "where it is, nothing is left to take but that is right");
}

Test(progress, what_is_claimed_stays)
{
    struct tug__span span;

    tug__span_set(&span, 0, 200);
    cr_assert(claims(&span, 150, 150));
    cr_assert_not(tug__span_cut(&span, 149));
    cr_assert_eq(tug__span_end(&span), 200);
    cr_assert(claims(&span, 200, 200));
}

Test(progress, counters_and_gates)
{
    struct tug__counter counter;
    struct tug__gate gate;

    tug__counter_set(&counter, 5);
    tug__counter_add(&counter, 7);
    cr_assert_eq(tug__counter_get(&counter), 12);
    tug__gate_init(&gate);
    cr_assert_not(tug__gate_is_open(&gate));
    tug__gate_open(&gate);
    cr_assert(tug__gate_is_open(&gate));
}
