/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters across threads.
 *
 * Knows: atomics. Does not know: what is counted.
 * Threads: see progress.h.
 */
#include "pipeline/progress.h"

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
