/* SPDX-License-Identifier: Apache-2.0
 *
 * The rate limit: one thread, many threads, stopping.
 */
#include "pool/budget.h"

#include <criterion/criterion.h>

#include "base/cancel.h"
#include "base/clock.h"

#define RATE 1000000
#define PIECE 4096

struct taker {
    struct tug__budget *budget;
    struct tug__cancel *stop;
    unsigned pieces;
    bool was_stopped;
    pthread_t thread;
};

static bool should_stop(void *context)
{
    const struct taker *const taker = context;

    return tug__cancel_is_set(taker->stop);
}

static void *taker_main(void *argument)
{
    struct taker *const taker = argument;

    for (unsigned i = 0; i < taker->pieces && !taker->was_stopped; i++) {
        taker->was_stopped = !tug__budget_spend(taker->budget, PIECE, should_stop, taker);
    }
    return NULL;
}

/* Have so many threads take bytes for a second. Returns: the rate. */
static double measure(unsigned count)
{
    struct tug__budget budget;
    struct tug__cancel stop;
    struct taker takers[16];
    const uint64_t begin_ns = tug__now_ns();
    uint64_t sum = 0;

    tug__budget_init(&budget, RATE);
    tug__cancel_init(&stop);
    for (unsigned i = 0; i < count; i++) {
        takers[i] = (struct taker){.budget = &budget, .stop = &stop, .pieces = 256 / count};
        sum += (uint64_t)takers[i].pieces * PIECE;
        cr_assert_eq(pthread_create(&takers[i].thread, NULL, taker_main, &takers[i]), 0);
    }
    for (unsigned i = 0; i < count; i++) {
        cr_assert_eq(pthread_join(takers[i].thread, NULL), 0);
        cr_assert_not(takers[i].was_stopped);
    }
    tug__budget_fini(&budget);
    return (double)sum * 1e9 / (double)(tug__now_ns() - begin_ns);
}

/* The credit at the start is 50 ms of the second. A busy machine only makes it slower. */
Test(budget, holds_the_rate, .timeout = 20)
{
    const double one = measure(1);
    const double many = measure(16);

    cr_assert_lt(one, 1.06 * RATE, "%.0f", one);
    cr_assert_lt(many, 1.06 * RATE, "%.0f", many);
}

/* Have a thread take so many pieces, and wake up so much too late each time, from begin_ns on.
 * Returns: when it has them all. */
static uint64_t take_late(uint64_t begin_ns, unsigned pieces, uint64_t late_ns)
{
    uint64_t due_ns = begin_ns;
    uint64_t now_ns = begin_ns;

    for (unsigned i = 0; i < pieces; i++) {
        due_ns = tug__budget_due(due_ns, now_ns, RATE, PIECE);
        now_ns = due_ns > now_ns ? due_ns + late_ns : now_ns;
    }
    return now_ns;
}

/* Being woken late takes no rate away, but for the last time. */
Test(budget, reaches_the_rate)
{
    static const uint64_t late_ms[] = {0, 1, 10, 45};
    const uint64_t begin_ns = 1000 * TUG__NS_PER_S;
    const uint64_t ideal_ns = begin_ns + UINT64_C(1000) * PIECE * TUG__NS_PER_S / RATE;

    for (size_t i = 0; i < sizeof late_ms / sizeof *late_ms; i++) {
        const uint64_t end_ns = take_late(begin_ns, 1000, late_ms[i] * TUG__NS_PER_MS);

        cr_assert_geq(end_ns, ideal_ns);
        cr_assert_leq(end_ns, ideal_ns + late_ms[i] * TUG__NS_PER_MS);
    }
}

/* After a long pause there is no burst: 50 ms are made up for, and no more. */
Test(budget, a_pause_is_not_made_up_for)
{
    const uint64_t begin_ns = 1000 * TUG__NS_PER_S;
    const uint64_t later_ns = begin_ns + 60 * TUG__NS_PER_S;

    cr_assert_eq(tug__budget_due(begin_ns, later_ns, RATE, RATE),
                 later_ns + TUG__NS_PER_S - 50 * TUG__NS_PER_MS);
}

Test(budget, no_limit_is_no_wait, .timeout = 20)
{
    struct tug__budget budget;
    struct tug__cancel stop;
    struct taker taker = {.budget = &budget, .stop = &stop, .pieces = 1000000};

    tug__budget_init(&budget, 0);
    tug__cancel_init(&stop);
    (void)taker_main(&taker);
    cr_assert_not(taker.was_stopped);
    tug__budget_fini(&budget);
}

Test(budget, a_stop_ends_a_long_wait, .timeout = 20)
{
    struct tug__budget budget;
    struct tug__cancel stop;
    struct taker taker = {.budget = &budget, .stop = &stop, .pieces = 2};

    tug__budget_init(&budget, 1); /* over an hour for a piece */
    tug__cancel_init(&stop);
    tug__budget_charge(&budget, PIECE);
    cr_assert_eq(pthread_create(&taker.thread, NULL, taker_main, &taker), 0);
    tug__cancel_set(&stop);
    tug__budget_wake(&budget);
    cr_assert_eq(pthread_join(taker.thread, NULL), 0);
    cr_assert(taker.was_stopped);
    tug__budget_fini(&budget);
}
