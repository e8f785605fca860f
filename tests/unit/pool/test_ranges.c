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
    if (!tug__ranges_choose(ranges, length, settled, out_share)) {
        return false;
    }
    tug__ranges_join(ranges, out_share);
    return true;
}

static void start(struct tug__ranges *ranges, struct tug__share *first, uint64_t size)
{
    const struct tug__extents nothing = {0};

    tug__ranges_init(ranges, size);
    tug__ranges_choose_first(ranges, 0, first);
    tug__ranges_join(ranges, first);
    cr_assert(tug__share_place(first, &nothing, size));
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
    cr_assert(tug__ranges_is_waiting(&ranges));
    (void)tug__span_claim(first.span, 100 * MIB, &(bool){false});
    cr_assert_not(tug__ranges_is_waiting(&ranges), "all of it is claimed");
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

/* A response takes a while, in which the share goes on: its tail begins beyond that. */
Test(ranges, a_trial_begins_where_its_response_is_in_time)
{
    struct tug__ranges ranges;
    struct tug__share first;
    struct tug__share trial;

    start(&ranges, &first, 100 * MIB);
    cr_assert_eq(tug__ranges_flow(&ranges, &first, NULL), TUG_OK);
    ranges.lead_bytes = 20 * MIB;
    (void)tug__span_claim(first.span, 10 * MIB, &(bool){false});
    cr_assert(take(&ranges, 4 * MIB, 0, &trial));
    cr_assert_eq(trial.first_byte, 30 * MIB);
    cr_assert_eq(trial.end_byte, 34 * MIB);
    cr_assert_eq(tug__ranges_give_back(&ranges, &trial, trial.first_byte, NULL), TUG_OK);
    (void)tug__span_claim(first.span, 60 * MIB, &(bool){false});
    cr_assert(take(&ranges, 4 * MIB, 0, &trial));
    cr_assert_eq(trial.first_byte, 80 * MIB);
    cr_assert_eq(tug__ranges_give_back(&ranges, &trial, trial.first_byte, NULL), TUG_OK);
    (void)tug__span_claim(first.span, 60 * MIB + 1, &(bool){false});
    cr_assert_not(take(&ranges, 4 * MIB, 0, &trial), "it ends soon");
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
    tug__ranges_choose_first(&ranges, 0, &first);
    tug__ranges_join(&ranges, &first);
    cr_assert(tug__share_place(&first, &present, 50 * MIB));
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

/* A blob of 100 MiB with two parts missing, [10, 20) and [40, 60) MiB, and nobody at work. */
static void start_with_gaps(struct tug__ranges *ranges)
{
    struct tug__share first;
    struct tug__share second;

    start(ranges, &first, 100 * MIB);
    cr_assert_eq(tug__ranges_flow(ranges, &first, NULL), TUG_OK);
    cr_assert(take(ranges, 20 * MIB, 0, &second)); /* [20, 40) */
    cr_assert(tug__span_cut(second.victim_span, second.first_byte));
    cr_assert_eq(tug__ranges_flow(ranges, &second, NULL), TUG_OK);
    cr_assert_eq(tug__extents_remove(&ranges->gaps, 60 * MIB, 100 * MIB, NULL), TUG_OK);
    cr_assert_eq(tug__ranges_give_back(ranges, &first, 10 * MIB, NULL), TUG_OK);
    cr_assert_eq(tug__ranges_give_back(ranges, &second, 40 * MIB, NULL), TUG_OK);
}

static bool take_at(struct tug__ranges *ranges, uint64_t first, uint64_t end,
                    struct tug__share *out_share)
{
    uint64_t bytes;

    cr_assert_eq(tug__ranges_keep(ranges, first, end, &bytes, NULL), TUG_OK);
    if (!tug__ranges_choose_at(ranges, first, end, 0, out_share)) {
        return false;
    }
    tug__ranges_join(ranges, out_share);
    return true;
}

Test(ranges, a_given_stretch_is_taken_where_it_is_missing)
{
    struct tug__ranges ranges;
    struct tug__share shares[3];
    struct tug__share other;

    start_with_gaps(&ranges);
    cr_assert_not(take_at(&ranges, 0, 10 * MIB, &other), "it is there");
    cr_assert_not(take_at(&ranges, 20 * MIB, 40 * MIB, &other), "it is there");
    cr_assert_not(take_at(&ranges, 45 * MIB, 45 * MIB, &other), "it is empty");
    cr_assert(take_at(&ranges, 15 * MIB, 50 * MIB, &shares[0]));
    cr_assert_eq(shares[0].first_byte, 15 * MIB);
    cr_assert_eq(tug__span_end(shares[0].span), 20 * MIB);
    cr_assert(shares[0].is_local);
    cr_assert(take_at(&ranges, 15 * MIB, 50 * MIB, &shares[1]));
    cr_assert_eq(shares[1].first_byte, 40 * MIB);
    cr_assert_eq(tug__span_end(shares[1].span), 50 * MIB);
    cr_assert_neq(shares[1].slot, shares[0].slot);
    cr_assert_not(take_at(&ranges, 15 * MIB, 50 * MIB, &other), "others have it");
    cr_assert_eq(tug__ranges_give_back(&ranges, &shares[1], 42 * MIB, NULL), TUG_OK);
    cr_assert(take_at(&ranges, 0, 100 * MIB, &shares[2]));
    cr_assert_eq(shares[2].first_byte, 10 * MIB);
    cr_assert_eq(shares[2].end_byte, 15 * MIB);
    cr_assert(take_at(&ranges, 41 * MIB, 100 * MIB, &other), "what was given back");
    cr_assert_eq(other.first_byte, 42 * MIB);
    tug__ranges_fini(&ranges);
}

Test(ranges, a_given_stretch_is_within_the_window)
{
    struct tug__ranges ranges;
    struct tug__share first;
    struct tug__share other;

    start(&ranges, &first, 4 * TUG__WINDOW_BYTES);
    cr_assert_eq(tug__ranges_give_back(&ranges, &first, MIB, NULL), TUG_OK);
    cr_assert_not(take_at(&ranges, TUG__WINDOW_BYTES + 2 * MIB, 2 * TUG__WINDOW_BYTES, &other));
    cr_assert(take_at(&ranges, TUG__WINDOW_BYTES, 2 * TUG__WINDOW_BYTES, &other));
    tug__ranges_fini(&ranges);
}

/* Local bytes are no answer of a server: whether that knows ranges is asked as if they were not. */
Test(ranges, local_bytes_prove_nothing_about_the_server)
{
    struct tug__ranges ranges;
    struct tug__share first;
    struct tug__share local;
    struct tug__share late;
    struct tug__share asked;
    struct tug__share other;

    start(&ranges, &first, 100 * MIB);
    cr_assert_eq(tug__ranges_give_back(&ranges, &first, 10 * MIB, NULL), TUG_OK);
    cr_assert(take_at(&ranges, 50 * MIB, 60 * MIB, &local));
    cr_assert_eq(tug__ranges_flow(&ranges, &local, NULL), TUG_OK);
    cr_assert_not(ranges.is_flowing);
    cr_assert(take(&ranges, 10 * MIB, 0, &asked), "no request is out");
    cr_assert_eq(asked.first_byte, 10 * MIB);
    cr_assert_not(take(&ranges, 10 * MIB, 0, &other), "a second request before an answer");
    cr_assert_eq(tug__ranges_flow(&ranges, &asked, NULL), TUG_OK);
    cr_assert_not(ranges.has_ranges, "one request shows nothing");
    cr_assert(take_at(&ranges, 70 * MIB, 80 * MIB, &late), "not begun yet");
    cr_assert(take(&ranges, 10 * MIB, 0, &other), "a trial");
    cr_assert_eq(other.first_byte, 20 * MIB);
    cr_assert_not(take(&ranges, 10 * MIB, 0, &first), "a second trial");
    cr_assert_eq(tug__ranges_flow(&ranges, &other, NULL), TUG_OK);
    cr_assert(ranges.has_ranges);
    tug__ranges_fini(&ranges);
}

/* A local share that does not move is no tail for others: it is faster than they are. */
Test(ranges, no_request_takes_the_tail_of_a_local_share)
{
    struct tug__ranges ranges;
    struct tug__share first;
    struct tug__share local;
    struct tug__share other;

    start(&ranges, &first, 100 * MIB);
    cr_assert_eq(tug__ranges_flow(&ranges, &first, NULL), TUG_OK);
    cr_assert_eq(tug__ranges_give_back(&ranges, &first, 10 * MIB, NULL), TUG_OK);
    cr_assert(take_at(&ranges, 0, 100 * MIB, &local));
    cr_assert_eq(tug__ranges_flow(&ranges, &local, NULL), TUG_OK);
    cr_assert_not(take(&ranges, 10 * MIB, 0, &other));
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

/* Choose a share for an idle worker: now and then a stretch that is to be copied. */
static bool sim_take(struct sim *sim, struct tug__share *out_share)
{
    const uint64_t first = roll(sim, 96) * MIB;
    const uint64_t length = (1 + roll(sim, 20)) * MIB;

    uint64_t bytes;
    bool is_taken;

    if (roll(sim, 8) != 0) {
        return tug__ranges_choose(&sim->ranges, length, sim->settled, out_share);
    }
    cr_assert_eq(tug__ranges_keep(&sim->ranges, first, first + length, &bytes, NULL), TUG_OK);
    cr_assert_eq(tug__ranges_has_kept(&sim->ranges, 0, sim->size), bytes > 0);
    is_taken = tug__ranges_choose_at(&sim->ranges, first, first + length, sim->settled, out_share);
    cr_assert_eq(tug__ranges_release(&sim->ranges, 0, sim->size, NULL), TUG_OK);
    cr_assert_not(tug__ranges_has_kept(&sim->ranges, 0, sim->size));
    return is_taken;
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
    tug__ranges_choose_first(&sim.ranges, 0, &sim.workers[0].share);
    tug__ranges_join(&sim.ranges, &sim.workers[0].share);
    cr_assert(tug__share_place(&sim.workers[0].share, &present, sim.size));
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
        } else if (sim_take(&sim, &worker->share)) {
            tug__ranges_join(&sim.ranges, &worker->share);
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
        tug__ranges_choose_first(&ranges, 0, &share);
        tug__ranges_join(&ranges, &share);
        cr_assert(tug__share_place(&share, &present, size_bytes));
        cr_assert_eq(tug__ranges_open(&ranges, &share, &present, NULL),
                     count < TUG__INGEST_SLOTS - 1 ? TUG_OK : TUG_ERR_INTERNAL, "%u", count);
        tug__ranges_fini(&ranges);
        tug__extents_fini(&present);
    }
}
