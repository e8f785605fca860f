/* SPDX-License-Identifier: Apache-2.0
 *
 * A limit of the rate at which all workers together receive.
 *
 * Bytes are paid for after they came: who took some waits until all bytes before and these are due.
 * So the rate is smooth, whatever the number of connections, and nobody is favoured.
 */
#ifndef TUG_POOL_BUDGET_H
#define TUG_POOL_BUDGET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* shared: all under mutex, which is held for a few lines; a waiter sleeps on woken. */
struct tug__budget {
    uint64_t bytes_per_s; /* set at init, then read-only; 0: no limit */
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    uint64_t due_ns; /* when everything taken so far is paid for */
};

/* Begin with nothing taken. bytes_per_s: 0 limits nothing. */
void tug__budget_init(struct tug__budget *budget, uint64_t bytes_per_s);
/* Nobody uses it any more. */
void tug__budget_fini(struct tug__budget *budget);
/* Count bytes that came, and do not wait: others will. Threads: any. Blocks: no. */
void tug__budget_charge(struct tug__budget *budget, uint64_t length);
/* Count bytes that came, and wait until they are due.
 * should_stop: looked at before each sleep, with context; tug__budget_wake ends a sleep.
 * Returns: false when should_stop said so. Threads: any. Blocks: as long as the limit demands. */
bool tug__budget_take(struct tug__budget *budget, uint64_t length,
                      bool (*should_stop)(void *context), void *context);
/* Have all that wait look at their should_stop again. Threads: any. */
void tug__budget_wake(struct tug__budget *budget);

#endif
