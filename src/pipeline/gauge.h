/* SPDX-License-Identifier: Apache-2.0
 *
 * The counters of a run's trace: rate of receiving, requests in progress.
 * Threads: the resolver.
 */
#ifndef TUG_PIPELINE_GAUGE_H
#define TUG_PIPELINE_GAUGE_H

#include <stdint.h>

#include "base/trace.h"
#include "engine/engine.h"

/* All zero but trace and engine at first. */
struct tug__gauge {
    struct tug__trace *trace;         /* borrowed; NULL: none */
    const struct tug__engine *engine; /* borrowed */
    uint64_t next_ns;                 /* when it is due */
    uint64_t read_ns, received_bytes; /* the last reading */
    uint64_t rate, asking, receiving; /* reported last */
};

/* Drain the trace and report the counters, if that is due. Returns: when to call again
 * (tug__now_ns); TUG__NEVER_NS without a trace. */
uint64_t tug__gauge_read(struct tug__gauge *gauge);

#endif
