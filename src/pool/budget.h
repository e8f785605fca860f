/* SPDX-License-Identifier: Apache-2.0
 *
 * A limit on the rate at which all workers together receive.
 *
 * Bytes are paid for after they have arrived: a thread that received some waits until these and all
 * bytes before them are due. So the rate is smooth, whatever the number of connections, and none is
 * favoured.
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
    uint64_t due_ns; /* when everything received so far is paid for */
};

/* Decide when bytes that are received now are due, if those before them are due at due_ns: at the
 * rate of bytes_per_s, and a pause before them is made up for, but only a short one. */
uint64_t tug__budget_due(uint64_t due_ns, uint64_t now_ns, uint64_t bytes_per_s, uint64_t length);
/* Start with nothing received. bytes_per_s: 0: no limit. */
void tug__budget_init(struct tug__budget *budget, uint64_t bytes_per_s);
/* Destroy a budget that no thread uses any more. */
void tug__budget_fini(struct tug__budget *budget);
/* Count received bytes without waiting; others will wait longer. Threads: any. Blocks: no. */
void tug__budget_charge(struct tug__budget *budget, uint64_t length);
/* Count received bytes, and wait until they are due. should_stop: called before each sleep, with
 * context; tug__budget_wake ends a sleep. Returns: false when should_stop returned true. Threads:
 * any. Blocks: as long as the limit demands. */
bool tug__budget_spend(struct tug__budget *budget, uint64_t length,
                       bool (*should_stop)(void *context), void *context);
/* Wake every waiter so that it checks should_stop. Threads: any. */
void tug__budget_wake(struct tug__budget *budget);

#endif
