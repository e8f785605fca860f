/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers shared by threads.
 *
 * Knows: atomics. Does not know: images, the meaning of the numbers.
 * Threads: see progress.h.
 */
#include "pool/progress.h"

void tug__counter_set(struct tug__counter *counter, uint64_t value)
{
    atomic_store_explicit(&counter->value, value, memory_order_relaxed); /* a mere number */
}

void tug__counter_add(struct tug__counter *counter, uint64_t amount)
{
    /* A single writer needs no read-modify-write. */
    tug__counter_set(counter, tug__counter_get(counter) + amount);
}

uint64_t tug__counter_get(const struct tug__counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed); /* a mere number */
}

void tug__gate_init(struct tug__gate *gate)
{
    atomic_init(&gate->is_open, false);
}

void tug__gate_open(struct tug__gate *gate)
{
    /* release: a thread that sees it open sees everything done before */
    atomic_store_explicit(&gate->is_open, true, memory_order_release);
}

bool tug__gate_is_open(const struct tug__gate *gate)
{
    /* acquire: see tug__gate_open */
    return atomic_load_explicit(&gate->is_open, memory_order_acquire);
}

/* Claiming and cutting are Dekker's handshake: each side stores its own number, then loads the
 * other's. With sequential consistency at least one of them sees the other, so that a cut that
 * reports success is seen by every later claim. */

void tug__span_set(struct tug__span *span, uint64_t first, uint64_t end)
{
    atomic_store_explicit(&span->claimed, first, memory_order_seq_cst); /* see above */
    atomic_store_explicit(&span->end, end, memory_order_seq_cst);
}

uint64_t tug__span_claim(struct tug__span *span, uint64_t wanted, bool *out_is_end)
{
    const uint64_t before = tug__span_claimed(span);
    uint64_t end;

    atomic_store_explicit(&span->claimed, wanted, memory_order_seq_cst); /* see above */
    end = tug__span_end(span);
    *out_is_end = wanted >= end;
    if (wanted <= end) {
        return wanted;
    }
    /* Cut at or after what was claimed before, else the cut would have failed. */
    end = end > before ? end : before;
    atomic_store_explicit(&span->claimed, end,
                          memory_order_seq_cst); /* withdraws the rest of the claim */
    return end;
}

bool tug__span_cut(struct tug__span *span, uint64_t position)
{
    const uint64_t before = tug__span_end(span);

    atomic_store_explicit(&span->end, position, memory_order_seq_cst); /* see above */
    if (tug__span_claimed(span) <= position) {
        return true;
    }
    atomic_store_explicit(&span->end, before, memory_order_seq_cst); /* too late: undo the cut */
    return false;
}

uint64_t tug__span_end(const struct tug__span *span)
{
    return atomic_load_explicit(&span->end, memory_order_seq_cst); /* see above */
}

uint64_t tug__span_claimed(const struct tug__span *span)
{
    return atomic_load_explicit(&span->claimed, memory_order_seq_cst); /* see above */
}
