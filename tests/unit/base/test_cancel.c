/* SPDX-License-Identifier: Apache-2.0
 *
 * The stop flag.
 */
#include "base/cancel.h"

#include <pthread.h>
#include <sched.h>

#include <criterion/criterion.h>

Test(base_cancel, stays_set)
{
    struct tug__cancel cancel;

    tug__cancel_init(&cancel);
    cr_assert_not(tug__cancel_is_set(&cancel));
    tug__cancel_set(&cancel);
    cr_assert(tug__cancel_is_set(&cancel));
    tug__cancel_set(&cancel);
    cr_assert(tug__cancel_is_set(&cancel));
    tug__cancel_init(&cancel);
    cr_assert_not(tug__cancel_is_set(&cancel));
}

struct shared {
    struct tug__cancel cancel;
    int written_before;
};

static void *set_flag(void *argument)
{
    struct shared *const shared = argument;

    shared->written_before = 42;
    tug__cancel_set(&shared->cancel);
    return NULL;
}

/* Who sees the flag sees what was done before it was set. */
Test(base_cancel, orders_what_was_done_before, .timeout = 20)
{
    for (int round = 0; round < 200; round++) {
        struct shared shared = {0};
        pthread_t thread;

        tug__cancel_init(&shared.cancel);
        cr_assert_eq(pthread_create(&thread, NULL, set_flag, &shared), 0);
        while (!tug__cancel_is_set(&shared.cancel)) {
            (void)sched_yield();
        }
        cr_assert_eq(shared.written_before, 42);
        cr_assert_eq(pthread_join(thread, NULL), 0);
    }
}
