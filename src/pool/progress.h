/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that threads share while they run: counters, gates, and the spans that workers divide
 * among themselves.
 */
#ifndef TUG_POOL_PROGRESS_H
#define TUG_POOL_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* shared: single writer, any readers. Relaxed: a reader may lag, nothing else hangs on the value.
 */
struct tug__counter {
    _Atomic uint64_t value;
};

/* Set the value, before another thread looks at it or as the single writer. */
void tug__counter_set(struct tug__counter *counter, uint64_t value);
/* Raise the value. Threads: the single writer. */
void tug__counter_add(struct tug__counter *counter, uint64_t amount);
/* Read the value. Threads: any. */
uint64_t tug__counter_get(const struct tug__counter *counter);

/* shared: opens once; writer: one; readers: any. Who sees it open sees all that its opener did
 * before. */
struct tug__gate {
    atomic_bool is_open;
};

/* Close the gate, before another thread looks at it. */
void tug__gate_init(struct tug__gate *gate);
/* Open it. Threads: one. */
void tug__gate_open(struct tug__gate *gate);
/* Look at it. Threads: any. */
bool tug__gate_is_open(const struct tug__gate *gate);

/* The bytes that one worker may write: from where it is up to `end`. Another worker may take the
 * tail away from it while it runs; neither ever writes what the other has.
 * shared: claimed: single writer, the worker that has the span; end: lowered by one cutter at a
 * time (the resolver sees to that); both sequentially consistent, because each side writes its own
 * and then reads the other's. */
struct tug__span {
    _Atomic uint64_t claimed; /* the worker may have written everything before this */
    _Atomic uint64_t end;
};

/* Set a span, before another thread looks at it. */
void tug__span_set(struct tug__span *span, uint64_t first, uint64_t end);
/* Claim the bytes up to `wanted` before writing them.
 * out_is_end: the worker ends there. It is so whenever it gets less than it wanted, also when the
 * cut is given back a moment later: the bytes behind have gone by. Returns: up to where the worker
 * may write: wanted, or less when the span was cut. Threads: the worker that has the span. */
uint64_t tug__span_claim(struct tug__span *span, uint64_t wanted, bool *out_is_end);
/* Take [position, end) away.
 * Returns: false when the worker is past the position already; then nothing is taken (but a worker
 * that looked meanwhile may stop at the position, as if it had been: its result says how far it
 * got). Threads: one cutter at a time, while the span is in use or after. */
bool tug__span_cut(struct tug__span *span, uint64_t position);
/* Where the span ends now. Threads: any. */
uint64_t tug__span_end(const struct tug__span *span);
/* Where the worker is, at most. Threads: any. */
uint64_t tug__span_claimed(const struct tug__span *span);

#endif
