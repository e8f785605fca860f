/* SPDX-License-Identifier: Apache-2.0
 *
 * The rate limit.
 *
 * Knows: the clock. Does not know: images, connections.
 * Threads: any.
 */
#include "pool/budget.h"

#include "base/clock.h"
#include "base/thread.h"

/* Time that may be made up for after a pause: too little for a burst, but enough that a thread
 * woken late does not lose rate. */
#define CREDIT_NS (50 * TUG__NS_PER_MS)

void tug__budget_init(struct tug__budget *budget, uint64_t bytes_per_s)
{
    *budget = (struct tug__budget){.bytes_per_s = bytes_per_s};
    (void)pthread_mutex_init(&budget->mutex, NULL);
    (void)tug__cond_init(&budget->woken, NULL);
}

void tug__budget_fini(struct tug__budget *budget)
{
    (void)pthread_cond_destroy(&budget->woken);
    (void)pthread_mutex_destroy(&budget->mutex);
}

uint64_t tug__budget_due(uint64_t due_ns, uint64_t now_ns, uint64_t bytes_per_s, uint64_t length)
{
    const double cost_ns = (double)length * (double)TUG__NS_PER_S / (double)bytes_per_s;

    if (due_ns + CREDIT_NS < now_ns) {
        due_ns = now_ns - CREDIT_NS;
    }
    return due_ns + (uint64_t)cost_ns;
}

/* Add the time that length bytes take. Returns: when they are due. */
static uint64_t add_locked(struct tug__budget *budget, uint64_t length)
{
    budget->due_ns = tug__budget_due(budget->due_ns, tug__now_ns(), budget->bytes_per_s, length);
    return budget->due_ns;
}

void tug__budget_charge(struct tug__budget *budget, uint64_t length)
{
    if (budget->bytes_per_s == 0) {
        return;
    }
    (void)pthread_mutex_lock(&budget->mutex);
    (void)add_locked(budget, length);
    (void)pthread_mutex_unlock(&budget->mutex);
}

bool tug__budget_spend(struct tug__budget *budget, uint64_t length,
                       bool (*should_stop)(void *context), void *context)
{
    uint64_t due_ns;
    bool is_stopped = false;

    if (budget->bytes_per_s == 0) {
        return true;
    }
    (void)pthread_mutex_lock(&budget->mutex);
    due_ns = add_locked(budget, length);
    while (tug__now_ns() < due_ns) {
        is_stopped = should_stop(context);
        if (is_stopped) {
            break;
        }
        tug__cond_wait_until(&budget->woken, &budget->mutex, due_ns);
    }
    (void)pthread_mutex_unlock(&budget->mutex);
    return !is_stopped;
}

void tug__budget_wake(struct tug__budget *budget)
{
    if (budget->bytes_per_s == 0) {
        return;
    }
    (void)pthread_mutex_lock(
        &budget->mutex); /* a waiter has either not checked should_stop yet, or sleeps */
    (void)pthread_cond_broadcast(&budget->woken);
    (void)pthread_mutex_unlock(&budget->mutex);
}
