/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that running threads share: counters, gates, and the spans that workers divide among
 * themselves.
 */
#ifndef TUG_POOL_PROGRESS_H
#define TUG_POOL_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* shared: single writer, any readers. Relaxed: a reader may lag, and nothing else depends on the
 * value. */
struct tug__counter {
    _Atomic uint64_t value;
};

/* Set the value, before other threads read it or as the single writer. */
void tug__counter_set(struct tug__counter *counter, uint64_t value);
/* Raise the value. Threads: the single writer. */
void tug__counter_add(struct tug__counter *counter, uint64_t amount);
/* Read the value. Threads: any. */
uint64_t tug__counter_get(const struct tug__counter *counter);

/* shared: opens once; writer: one; readers: any. A thread that sees it open also sees everything
 * that its opener did before. */
struct tug__gate {
    atomic_bool is_open;
};

/* Close the gate, before other threads check it. */
void tug__gate_init(struct tug__gate *gate);
/* Open it. Threads: one. */
void tug__gate_open(struct tug__gate *gate);
/* Check it. Threads: any. */
bool tug__gate_is_open(const struct tug__gate *gate);

/* The bytes that one worker may write: from its position up to `end`. Another worker may cut off
 * the tail while it runs; neither ever writes bytes of the other.
 * shared: claimed: single writer, the worker that has the span; end: lowered by one cutter at a
 * time (the resolver ensures that); both sequentially consistent, because each side writes its own
 * and then reads the other's. */
struct tug__span {
    _Atomic uint64_t claimed; /* the worker may have written everything before this */
    _Atomic uint64_t end;
};

/* Set a span, before other threads use it. */
void tug__span_set(struct tug__span *span, uint64_t first, uint64_t end);
/* Claim the bytes up to `wanted` before writing them.
 * out_is_end: the worker ends there. That is so whenever it gets less than it wanted, even if the
 * cut is undone a moment later: it has already skipped the bytes after that. Returns: how far the
 * worker may write: wanted, or less when the span was cut. Threads: the span's worker. */
uint64_t tug__span_claim(struct tug__span *span, uint64_t wanted, bool *out_is_end);
/* Cut off [position, end). Returns: false when the worker is past the position already; then
 * nothing is cut (but a worker that claimed meanwhile may still stop at the position, as if cut:
 * its result says how far it got). Threads: one cutter at a time, while the span is in use or
 * after. */
bool tug__span_cut(struct tug__span *span, uint64_t position);
/* Current end of the span. Threads: any. */
uint64_t tug__span_end(const struct tug__span *span);
/* Upper bound of the worker's position. Threads: any. */
uint64_t tug__span_claimed(const struct tug__span *span);

#endif
