/* SPDX-License-Identifier: Apache-2.0
 *
 * The stop flag.
 *
 * Knows: atomics. Does not know: threads, clocks, HTTP.
 * Threads: any.
 */
#include "base/cancel.h"

void tug__cancel_init(struct tug__cancel *cancel)
{
    atomic_init(&cancel->is_set, false);
}

void tug__cancel_set(struct tug__cancel *cancel)
{
    /* release: a thread that sees the flag sees everything written before it */
    atomic_store_explicit(&cancel->is_set, true, memory_order_release);
}

bool tug__cancel_is_set(const struct tug__cancel *cancel)
{
    /* acquire: see tug__cancel_set */
    return atomic_load_explicit(&cancel->is_set, memory_order_acquire);
}

bool tug__cancel_take(struct tug__cancel *cancel)
{
    /* acquire: see tug__cancel_set; nothing is published by clearing it */
    return atomic_exchange_explicit(&cancel->is_set, false, memory_order_acquire);
}
