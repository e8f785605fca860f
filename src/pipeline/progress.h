/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters that one thread raises and another reads while both run.
 */
#ifndef TUG_PIPELINE_PROGRESS_H
#define TUG_PIPELINE_PROGRESS_H

#include <stdatomic.h>
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

#endif
