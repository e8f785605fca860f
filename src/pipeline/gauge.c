/* SPDX-License-Identifier: Apache-2.0
 *
 * The counters of a run's trace.
 *
 * Knows: the engine's numbers. Does not know: threads, images.
 * Threads: the resolver.
 */
#include "pipeline/gauge.h"

#include "base/clock.h"

/* How long a rate is averaged: a few pieces of each connection. */
#define RATE_NS (20 * TUG__NS_PER_MS)

static void read_rate(struct tug__gauge *gauge, uint64_t now_ns)
{
    const uint64_t received_bytes = tug__engine_load(gauge->engine).received_bytes;
    const uint64_t passed_ns = now_ns - gauge->read_ns;
    const double bytes = (double)(received_bytes - gauge->received_bytes);

    if (gauge->read_ns != 0 && passed_ns < RATE_NS) {
        return;
    }
    if (gauge->read_ns != 0) {
        tug__trace_count(gauge->trace, "bytes received per second",
                         (uint64_t)(bytes * (double)TUG__NS_PER_S / (double)passed_ns),
                         &gauge->rate);
    }
    gauge->read_ns = now_ns;
    gauge->received_bytes = received_bytes;
}

uint64_t tug__gauge_read(struct tug__gauge *gauge)
{
    unsigned asking;
    unsigned receiving;
    uint64_t now_ns;

    if (gauge->trace == NULL) {
        return TUG__NEVER_NS;
    }
    now_ns = tug__now_ns();
    if (now_ns < gauge->next_ns) {
        return gauge->next_ns;
    }
    tug__engine_count_requests(gauge->engine, &asking, &receiving);
    tug__trace_count(gauge->trace, "requests waiting for the first byte", asking, &gauge->asking);
    tug__trace_count(gauge->trace, "transfers", receiving, &gauge->receiving);
    read_rate(gauge, now_ns);
    gauge->next_ns = tug__trace_drain(gauge->trace);
    return gauge->next_ns;
}
