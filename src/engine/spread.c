/* SPDX-License-Identifier: Apache-2.0
 *
 * Hill climbing on the number of connections.
 *
 * Knows: rates. Does not know: blobs, jobs, clocks.
 * Threads: the resolver.
 */
#include "engine/spread.h"

#define NS_PER_S 1e9
/* A blob that needs less time than this at the current rate is left alone. */
#define REST_SECONDS_MIN 1.5
/* One that needs more time than this gets several at once: every step up costs a sample. */
#define REST_SECONDS_LONG 8.0
/* An addition pays off when the rate grows by this fraction of what as many capped connections
 * would add: bursts and noise blur the measurement, a saturated link gains nothing or less. */
#define GAIN_SHARE_MIN 0.15
/* Longest wait for the responses of an addition before it is judged anyway. */
#define ANSWER_WAIT_NS UINT64_C(1500000000)
#define QUIET_START_NS UINT64_C(1000000000)
#define QUIET_MAX_NS UINT64_C(30000000000)

static void start_sample(struct tug__spread *spread, const struct tug__spread_view *view)
{
    spread->since_ns = view->now_ns;
    spread->since_bytes = view->received_bytes;
    spread->connections = view->connections;
}

/* Judge the last addition by the sample that just ended. */
static bool has_paid(const struct tug__spread *spread)
{
    const double more = (double)spread->connections / spread->connections_before - 1;

    return spread->rate >= spread->rate_before * (1 + GAIN_SHARE_MIN * more);
}

static enum tug__spread_advice judge(struct tug__spread *spread,
                                     const struct tug__spread_view *view)
{
    spread->is_trying = false;
    if (spread->connections <= spread->connections_before) {
        return TUG__SPREAD_STAY; /* other connections ended meanwhile: nothing to compare with */
    }
    if (has_paid(spread)) {
        spread->quiet_ns = 0;
        return TUG__SPREAD_STAY;
    }
    spread->quiet_ns = spread->quiet_ns == 0 ? QUIET_START_NS : 2 * spread->quiet_ns;
    spread->quiet_ns = spread->quiet_ns < QUIET_MAX_NS ? spread->quiet_ns : QUIET_MAX_NS;
    spread->quiet_until_ns = view->now_ns + spread->quiet_ns;
    return TUG__SPREAD_RETURN;
}

static unsigned choose_count(const struct tug__spread *spread, const struct tug__spread_view *view)
{
    const double rest_seconds =
        spread->rate > 0 ? (double)view->rest_bytes / spread->rate : REST_SECONDS_LONG + 1;
    const unsigned count =
        rest_seconds > REST_SECONDS_LONG ? 2 * view->connections : view->connections;

    if (rest_seconds < REST_SECONDS_MIN || view->now_ns < spread->quiet_until_ns) {
        return 0;
    }
    return count < view->idle_workers ? count : view->idle_workers;
}

enum tug__spread_advice tug__spread_advise(struct tug__spread *spread,
                                           const struct tug__spread_view *view, unsigned *out_count)
{
    const uint64_t age_ns = view->now_ns - spread->since_ns;
    enum tug__spread_advice advice = TUG__SPREAD_STAY;

    /* A sample has a constant number of connections, all of them with a response. An addition whose
     * responses do not arrive is judged by those that did. */
    if (spread->since_ns == 0 || view->connections != spread->connections ||
        (spread->is_trying && view->pending > 0 &&
         view->now_ns - spread->tried_ns < ANSWER_WAIT_NS)) {
        start_sample(spread, view);
        return TUG__SPREAD_STAY;
    }
    if (age_ns < TUG__SPREAD_SAMPLE_NS) {
        return TUG__SPREAD_STAY;
    }
    spread->rate = (double)(view->received_bytes - spread->since_bytes) * NS_PER_S / (double)age_ns;
    if (spread->is_trying) {
        advice = judge(spread, view);
    }
    start_sample(spread, view);
    if (advice == TUG__SPREAD_RETURN) {
        return advice;
    }
    *out_count = choose_count(spread, view);
    if (*out_count == 0) {
        return TUG__SPREAD_STAY;
    }
    spread->is_trying = true;
    spread->tried_ns = view->now_ns;
    spread->rate_before = spread->rate;
    spread->connections_before = view->connections;
    return TUG__SPREAD_ADD;
}
