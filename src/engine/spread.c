/* SPDX-License-Identifier: Apache-2.0
 *
 * One step up, one step back: how many connections a measured rate is worth.
 *
 * Knows: rates. Does not know: jobs, clocks.
 * Threads: the resolver.
 */
#include "engine/spread.h"

#define NS_PER_S 1e9
/* More connections must save this much of a blob's time, and their own first answers: they need a
 * state file, and the hash falls behind. */
#define SAVED_SECONDS_MIN 0.1
/* Answers that an additional connection costs before its first byte: to connect, and to ask. */
#define ANSWERS_FIRST 2
/* A run at this rate is fast: more likely bound by this machine than by a cap of connections. */
#define FAST_BYTES_PER_S 250e6
/* A blob of a fast run that needs less time than this at the current rate is left alone. */
#define FAST_SECONDS_MIN 1.5
/* One that needs more time than this gets twice as many at once: every step up costs a sample. */
#define FAST_SECONDS_LONG 8.0
/* An addition pays off when the rate grows by this fraction of what as many capped connections
 * would add: bursts and noise blur the measurement, a saturated link gains nothing or less. */
#define GAIN_SHARE_MIN 0.15
/* One that pays off for less than this fraction of its connections is partly given back. */
#define WORTH_SHARE_MIN 0.5
/* Longest wait for the responses of an addition before it is judged anyway. */
#define ANSWER_WAIT_NS UINT64_C(1500000000)
/* New connections start slowly: they are judged after as many answers' times, at most so long. */
#define SETTLE_ANSWERS 4
#define SETTLE_NS_MAX UINT64_C(500000000)
#define QUIET_START_NS UINT64_C(1000000000)
#define QUIET_MAX_NS UINT64_C(30000000000)

double tug__spread_rate_each(const struct tug__spread *spread)
{
    return spread->rate_connections > 0 ? spread->rate / spread->rate_connections : 0;
}

static void start_sample(struct tug__spread *spread, const struct tug__spread_view *view)
{
    spread->since_ns = view->now_ns;
    spread->since_bytes = view->received_bytes;
    spread->connections = view->connections;
}

/* Tell whether the responses of an addition are still to come, or have just come. Responses that do
 * not arrive are not waited for. */
static bool is_settling(struct tug__spread *spread, const struct tug__spread_view *view)
{
    uint64_t settle_ns = SETTLE_ANSWERS * view->answer_ns;

    settle_ns = settle_ns < SETTLE_NS_MAX ? settle_ns : SETTLE_NS_MAX;
    if (view->now_ns - spread->tried_ns >= ANSWER_WAIT_NS) {
        return false;
    }
    if (view->pending > 0) {
        spread->pending_ns = view->now_ns;
    }
    return view->pending > 0 || view->now_ns - spread->pending_ns < settle_ns;
}

/* Start a pause after an addition that did not pay off; the next one is twice as long. */
static void start_pause(struct tug__spread *spread, uint64_t now_ns)
{
    spread->quiet_ns = spread->quiet_ns == 0 ? QUIET_START_NS : 2 * spread->quiet_ns;
    spread->quiet_ns = spread->quiet_ns < QUIET_MAX_NS ? spread->quiet_ns : QUIET_MAX_NS;
    spread->quiet_until_ns = now_ns + spread->quiet_ns;
}

/* Judge the last addition by the sample that just ended. Returns: how many connections to keep. */
static unsigned judge(struct tug__spread *spread, const struct tug__spread_view *view)
{
    const unsigned before = spread->connections_before;
    const unsigned now = spread->connections;
    const double gain = spread->rate_before > 0 ? spread->rate / spread->rate_before : now;
    const double worth = gain * before; /* as many capped connections would have this rate */
    const double paying = before + GAIN_SHARE_MIN * (now - before);

    if (now <= before) {
        return now; /* other connections ended meanwhile: nothing to compare with */
    }
    if (worth >= paying && worth >= WORTH_SHARE_MIN * now) {
        spread->quiet_ns = 0;
        spread->proven = now > spread->proven ? now : spread->proven;
        return now;
    }
    start_pause(spread, view->now_ns);
    return worth < paying ? before : (unsigned)worth + 1;
}

/* A fast run: few more connections, and only for a blob with much left. */
static unsigned choose_few(const struct tug__spread *spread, const struct tug__spread_view *view)
{
    const double seconds = (double)view->rest_bytes / spread->rate;

    if (seconds < FAST_SECONDS_MIN) {
        return 0;
    }
    return seconds > FAST_SECONDS_LONG ? 2 * view->connections : view->connections;
}

/* All, if that saves enough, should each bring what one brought until now. */
static unsigned choose_all(const struct tug__spread *spread, const struct tug__spread_view *view)
{
    const double each = tug__spread_rate_each(spread);
    const double saved_bytes = (double)view->each_bytes - (double)view->each_bytes_after;
    const double cost = ANSWERS_FIRST * (double)view->answer_ns / NS_PER_S + SAVED_SECONDS_MIN;

    return each > 0 && saved_bytes / each < cost ? 0 : view->can_join;
}

/* How many connections more, at most as many as can join in. */
static unsigned choose_count(const struct tug__spread *spread, const struct tug__spread_view *view)
{
    const bool is_fast = spread->rate >= FAST_BYTES_PER_S && view->connections >= spread->proven;
    unsigned count;

    if (view->now_ns < spread->quiet_until_ns || view->can_join == 0) {
        return 0;
    }
    count = is_fast ? choose_few(spread, view) : choose_all(spread, view);
    return count < view->can_join ? count : view->can_join;
}

/* Connections have ended, with their blobs: as many as were there before may go on elsewhere
 * without a measurement. */
static enum tug__spread_advice refill(const struct tug__spread *spread,
                                      const struct tug__spread_view *view, unsigned *out_count)
{
    const unsigned missing =
        view->connections < spread->held ? spread->held - view->connections : 0;
    const unsigned count = missing > 0 && !spread->is_trying ? choose_count(spread, view) : 0;

    *out_count = count < missing ? count : missing;
    return *out_count > 0 ? TUG__SPREAD_ADD : TUG__SPREAD_STAY;
}

/* A sample is complete: judge, then choose. */
static enum tug__spread_advice end_sample(struct tug__spread *spread,
                                          const struct tug__spread_view *view, unsigned *out_count)
{
    const double seconds = (double)(view->now_ns - spread->since_ns) / NS_PER_S;
    unsigned kept = spread->connections;

    spread->rate = (double)(view->received_bytes - spread->since_bytes) / seconds;
    spread->rate_connections = spread->connections;
    if (spread->is_trying) {
        kept = judge(spread, view);
        spread->is_trying = false;
    }
    start_sample(spread, view);
    if (kept < spread->connections) {
        spread->held = kept;
        spread->proven = kept < spread->proven ? kept : spread->proven;
        *out_count = spread->connections - kept;
        return TUG__SPREAD_RETURN;
    }
    if (kept > spread->held && view->now_ns >= spread->quiet_until_ns) {
        spread->held = kept; /* within a pause some are still there that were given back */
    }
    *out_count = choose_count(spread, view);
    if (*out_count == 0) {
        return TUG__SPREAD_STAY;
    }
    spread->is_trying = true;
    spread->tried_ns = view->now_ns;
    spread->pending_ns = view->now_ns;
    spread->rate_before = spread->rate;
    spread->connections_before = view->connections;
    return TUG__SPREAD_ADD;
}

enum tug__spread_advice tug__spread_advise(struct tug__spread *spread,
                                           const struct tug__spread_view *view, unsigned *out_count)
{
    /* A sample has a constant number of connections, all of them with a response. */
    if (spread->since_ns == 0 || view->connections != spread->connections ||
        (spread->is_trying && is_settling(spread, view))) {
        start_sample(spread, view);
        return refill(spread, view, out_count);
    }
    if (view->now_ns - spread->since_ns < TUG__SPREAD_SAMPLE_NS) {
        return TUG__SPREAD_STAY;
    }
    return end_sample(spread, view, out_count);
}
