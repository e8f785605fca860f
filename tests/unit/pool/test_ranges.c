/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The division of a blob: single decisions, and seeded simulations of many workers that fail, stop
 * and overtake each other, after which every byte must have been written exactly once.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "pool/ranges.h"

#define MIB (UINT64_C(1) << 20)

/* Choose a further share and let it run. */
static bool take(struct tug__ranges *ranges, uint64_t length, uint64_t settled,
                 struct tug__share *out_share)
{
    if (!tug__ranges_take(ranges, length, settled, out_share)) {
        return false;
    }
    tug__ranges_join(ranges, out_share);
    return true;
}

static void start(struct tug__ranges *ranges, struct tug__share *first, uint64_t size)
{
    const struct tug__extents nothing = {0};

    tug__ranges_init(ranges, size);
    tug__ranges_take_first(ranges, first);
    tug__ranges_join(ranges, first);
    cr_assert(tug__share_settle(first, &nothing, size));
    cr_assert_eq(tug__ranges_open(ranges, first, &nothing, NULL), TUG_OK);
}

Test(ranges, the_first_share_is_everything)
{
    struct tug__ranges ranges;
    struct tug__share first;
    struct tug__share other;

    start(&ranges, &first, 100 * MIB);
    cr_assert_eq(first.first_byte, 0);
    cr_assert_eq(tug__span_end(first.span), 100 * MIB);
    cr_assert_not(take(&ranges, 16 * MIB, 0, &other), "before an answer came");
    cr_assert_eq(tug__ranges_give_back(&ranges, &first, 100 * MIB, NULL), TUG_OK);
    cr_assert_not(tug__ranges_has_gaps(&ranges));
    cr_assert_eq(tug__ranges_done(&ranges), 100 * MIB);
    tug__ranges_fini(&ranges);
}

Test(ranges, one_trial_before_any_other_and_then_gaps_from_the_front)
{
    struct tug__ranges ranges;
    struct tug__share first;
    struct tug__share trial;
    struct tug__share next;

    start(&ranges, &first, 100 * MIB);
    cr_assert_eq(tug__ranges_flow(&ranges, &first, NULL), TUG_OK);
    cr_assert(take(&ranges, 16 * MIB, 0, &trial));
    cr_assert_eq(trial.first_byte, 16 * MIB);
    cr_assert_eq(trial.victim_span, first.span);
    cr_assert_not(take(&ranges, 16 * MIB, 0, &next), "a second trial");
    cr_assert(tug__span_cut(trial.victim_span, trial.first_byte));
    cr_assert_eq(tug__ranges_flow(&ranges, &trial, NULL), TUG_OK);
    cr_assert(take(&ranges, 16 * MIB, 0, &next));
    cr_assert_eq(next.first_byte, 32 * MIB);
    cr_assert_eq(next.end_byte, 48 * MIB);
    cr_assert_null(next.victim_span);
    tug__ranges_fini(&ranges);
}

Test(ranges, a_trial_that_failed_leaves_everything_to_the_first)
{
    struct tug__ranges ranges;
    struct tug__share first;
    struct tug__share trial;

    start(&ranges, &first, 100 * MIB);
    cr_assert_eq(tug__ranges_flow(&ranges, &first, NULL), TUG_OK);
    cr_assert(take(&ranges, 16 * MIB, 0, &trial));
    cr_assert_eq(tug__ranges_give_back(&ranges, &trial, trial.first_byte, NULL), TUG_OK);
    cr_assert_not(tug__ranges_has_gaps(&ranges));
    cr_assert_eq(tug__span_end(first.span), 100 * MIB);
    tug__ranges_fini(&ranges);
}

Test(ranges, a_single_stream_gives_nothing_away)
{
    struct tug__ranges ranges;
    struct tug__share first;
    struct tug__share other;

    start(&ranges, &first, 100 * MIB);
    cr_assert_eq(tug__ranges_flow(&ranges, &first, NULL), TUG_OK);
    ranges.is_single = true;
    cr_assert_not(take(&ranges, 16 * MIB, 0, &other));
    cr_assert_eq(tug__ranges_give_back(&ranges, &first, 10 * MIB, NULL), TUG_OK);
    cr_assert(take(&ranges, 200 * MIB, 0, &other), "the rest, by one");
    cr_assert_eq(other.first_byte, 10 * MIB);
    cr_assert_eq(other.end_byte, 100 * MIB);
    tug__ranges_fini(&ranges);
}

Test(ranges, what_is_there_already_is_not_asked_for)
{
    struct tug__ranges ranges;
    struct tug__share first;
    struct tug__extents present = {0};

    cr_assert_eq(tug__extents_add(&present, 0, 10 * MIB, NULL), TUG_OK);
    cr_assert_eq(tug__extents_add(&present, 20 * MIB, 30 * MIB, NULL), TUG_OK);
    tug__ranges_init(&ranges, 50 * MIB);
    tug__ranges_take_first(&ranges, &first);
    tug__ranges_join(&ranges, &first);
    cr_assert(tug__share_settle(&first, &present, 50 * MIB));
    cr_assert_eq(first.first_byte, 10 * MIB);
    cr_assert_eq(tug__span_end(first.span), 20 * MIB);
    cr_assert_eq(first.slot, 3);
    cr_assert_eq(tug__ranges_open(&ranges, &first, &present, NULL), TUG_OK);
    cr_assert_eq(tug__ranges_done(&ranges), 20 * MIB);
    cr_assert_eq(ranges.gaps.count, 1);
    cr_assert_eq(ranges.gaps.items[0].first, 30 * MIB);
    tug__extents_fini(&present);
    tug__ranges_fini(&ranges);
}

Test(ranges, nothing_is_handed_out_beyond_the_window)
{
    struct tug__ranges ranges;
    struct tug__share shares[40];
    const uint64_t length = 64 * MIB;
    unsigned count = 0;

    start(&ranges, &shares[count++], 10000 * MIB);
    cr_assert_eq(tug__ranges_flow(&ranges, &shares[0], NULL), TUG_OK);
    while (count < 40 && take(&ranges, length, 0, &shares[count])) {
        struct tug__share *const share = &shares[count++];

        cr_assert_leq(share->first_byte, TUG__WINDOW_BYTES + length);
        if (share->victim_span != NULL) {
            cr_assert(tug__span_cut(share->victim_span, share->first_byte));
        }
        cr_assert_eq(tug__ranges_flow(&ranges, share, NULL), TUG_OK);
    }
    tug__ranges_fini(&ranges);
}

/* --- simulation --- */

#define WORKERS 8
#define UNIT 4096 /* one map element for so many bytes */

struct sim_worker {
    struct tug__share share;
    bool is_busy;
    bool is_answered;
    bool is_stopped;
    uint64_t next;
};

struct sim {
    struct tug__ranges ranges;
    struct sim_worker workers[WORKERS];
    uint8_t *writes; /* per UNIT */
    uint64_t size;
    uint64_t settled;
    unsigned seed;
};

static unsigned roll(struct sim *sim, unsigned sides)
{
    return (unsigned)rand_r(&sim->seed) % sides;
}

static void sim_end(struct sim *sim, struct sim_worker *worker)
{
    cr_assert_eq(tug__ranges_give_back(&sim->ranges, &worker->share, worker->next, NULL), TUG_OK);
    worker->is_busy = false;
}

/* The worker's side: answer, then bytes, as in worker.c. */
static void sim_step(struct sim *sim, struct sim_worker *worker)
{
    const uint64_t wanted = worker->next + UNIT * (1 + roll(sim, 200));
    uint64_t allowed;
    bool is_end = false;

    if (!worker->is_answered) {
        if (roll(sim, 8) == 0 ||
            (worker->share.victim_span != NULL &&
             !tug__span_cut(worker->share.victim_span, worker->share.first_byte))) {
            sim_end(sim, worker); /* no answer, or too late */
            return;
        }
        worker->is_answered = true;
        if (roll(sim, 2) == 0) { /* else the word of it comes late, or never */
            cr_assert_eq(tug__ranges_flow(&sim->ranges, &worker->share, NULL), TUG_OK);
        }
        return;
    }
    allowed = tug__span_claim(worker->share.span, wanted < sim->size ? wanted : sim->size, &is_end);
    for (uint64_t at = worker->next / UNIT; at < allowed / UNIT; at++) {
        sim->writes[at]++;
    }
    worker->next = allowed > worker->next ? allowed : worker->next;
    if (!worker->share.is_flowing) {
        cr_assert_eq(tug__ranges_flow(&sim->ranges, &worker->share, NULL), TUG_OK);
    }
    if (is_end || roll(sim, 300) == 0) {
        sim_end(sim, worker);
    }
}

static void sim_settle(struct sim *sim)
{
    while (sim->settled < sim->size && sim->writes[sim->settled / UNIT] > 0) {
        sim->settled += UNIT;
    }
}

static void simulate(unsigned seed)
{
    struct sim sim = {.size = 96 * MIB, .seed = seed};
    struct tug__extents present = {0};

    sim.writes = calloc(sim.size / UNIT, 1);
    if (roll(&sim, 2) == 0) { /* a left-over of two parts */
        cr_assert_eq(tug__extents_add(&present, 8 * MIB, 20 * MIB, NULL), TUG_OK);
        cr_assert_eq(tug__extents_add(&present, 40 * MIB, 41 * MIB, NULL), TUG_OK);
        memset(sim.writes + 8 * MIB / UNIT, 1, 12 * MIB / UNIT);
        memset(sim.writes + 40 * MIB / UNIT, 1, MIB / UNIT);
    }
    tug__ranges_init(&sim.ranges, sim.size);
    tug__ranges_take_first(&sim.ranges, &sim.workers[0].share);
    tug__ranges_join(&sim.ranges, &sim.workers[0].share);
    cr_assert(tug__share_settle(&sim.workers[0].share, &present, sim.size));
    cr_assert_eq(tug__ranges_open(&sim.ranges, &sim.workers[0].share, &present, NULL), TUG_OK);
    sim.workers[0].is_busy = true;
    sim.workers[0].next = sim.workers[0].share.first_byte;
    for (int steps = 0; tug__ranges_done(&sim.ranges) < sim.size || sim.ranges.share_count > 0;
         steps++) {
        struct sim_worker *const worker = &sim.workers[roll(&sim, WORKERS)];

        cr_assert_lt(steps, 1000000);
        sim_settle(&sim);
        if (worker->is_busy) {
            sim_step(&sim, worker);
        } else if (take(&sim.ranges, (1 + roll(&sim, 20)) * MIB, sim.settled, &worker->share)) {
            worker->is_busy = true;
            worker->is_answered = false;
            worker->next = worker->share.first_byte;
        }
    }
    for (uint64_t at = 0; at < sim.size / UNIT; at++) {
        cr_assert_eq(sim.writes[at], 1, "seed %u: byte %llu was written %d times", seed,
                     (unsigned long long)(at * UNIT), sim.writes[at]);
    }
    cr_assert_not(tug__ranges_has_gaps(&sim.ranges));
    tug__extents_fini(&present);
    tug__ranges_fini(&sim.ranges);
    free(sim.writes);
}

Test(ranges, every_byte_is_written_once_whatever_happens, .timeout = 60)
{
    for (unsigned seed = 1; seed <= 300; seed++) {
        simulate(seed);
    }
}

/* More parts than the state file has slots are refused, wherever they come from. */
Test(ranges, parts_without_a_slot_are_refused)
{
    for (unsigned count = TUG__INGEST_SLOTS - 2; count < TUG__INGEST_SLOTS; count++) {
        const uint64_t size_bytes = 2 * (uint64_t)count * UNIT;
        struct tug__extents present = {0};
        struct tug__ranges ranges;
        struct tug__share share;

        for (uint64_t i = 0; i < count; i++) {
            cr_assert_eq(tug__extents_add(&present, (2 * i + 1) * UNIT, (2 * i + 2) * UNIT, NULL),
                         TUG_OK);
        }
        tug__ranges_init(&ranges, size_bytes);
        tug__ranges_take_first(&ranges, &share);
        tug__ranges_join(&ranges, &share);
        cr_assert(tug__share_settle(&share, &present, size_bytes));
        cr_assert_eq(tug__ranges_open(&ranges, &share, &present, NULL),
                     count < TUG__INGEST_SLOTS - 1 ? TUG_OK : TUG_ERR_INTERNAL, "%u", count);
        tug__ranges_fini(&ranges);
        tug__extents_fini(&present);
    }
}
