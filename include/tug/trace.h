/* SPDX-License-Identifier: Apache-2.0
 *
 * Traces: which thread of a run did what, when, and for how long (tug_fetch_options.on_trace,
 * tug_verify_options.on_trace).
 *
 * Each thread has a row. A thread notes a span when the span ends, in a buffer of its own, which
 * the thread that started the run empties every few milliseconds by calling on_trace. So a trace
 * costs the other threads a few nanoseconds for each span, memory is bounded, and a program needs
 * no lock. What does not fit into a buffer is left out, and reported as such.
 */
#ifndef TUG_TRACE_H
#define TUG_TRACE_H

#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What is reported. Later versions add kinds: ignore unknown ones. */
enum tug_trace_kind {
    TUG_TRACE_NONE = 0,
    TUG_TRACE_ROW,     /* row, name: a thread's row begins; the first event about it */
    TUG_TRACE_SPAN,    /* row, name, begin_ns, duration_ns, and what is known of: digest, offset,
                          length, text (the host), status. Spans of one row are nested or apart. */
    TUG_TRACE_IMAGE,   /* begin_ns, duration_ns, text (the reference), status: one image, from its
                          first request to its result; images overlap */
    TUG_TRACE_COUNTER, /* name, begin_ns, value: from now on */
    TUG_TRACE_DROPPED, /* row, begin_ns, value: so many spans of a row were left out */
    TUG_TRACE_FLUSH,   /* nothing more for the moment: a program that gathers reports may write them
                        */
};

/* One report. Pointers are borrowed: valid during the callback only. Members that are not listed
 * with the kind are zero or NULL. */
struct tug_trace_event {
    enum tug_trace_kind kind;
    unsigned row;      /* from 0 */
    const char *name;  /* a few words; the set of names is not fixed */
    uint64_t begin_ns; /* of CLOCK_MONOTONIC */
    uint64_t duration_ns;
    struct tug_digest digest; /* of the blob or document; unset: of none */
    uint64_t offset;          /* in the blob */
    uint64_t length;          /* bytes; 0: unknown, or not about bytes */
    uint64_t value;
    enum tug_status status; /* how it ended */
    const char *text;       /* host ("HOST:PORT") or reference; never a URL */
};

/* Receives what happened. Spans of one row come in the order of their ends; rows are not in order
 * with each other. It is called on the thread that started the run, must not call any function on
 * the same fetch, and should return quickly. */
typedef void (*tug_trace_fn)(void *context, const struct tug_trace_event *event);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
