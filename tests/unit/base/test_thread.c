/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads and conditions.
 */
#include "base/thread.h"

#include <signal.h>

#include <criterion/criterion.h>

#include "base/clock.h"

/* What a thread of its own finds out. */
struct seen {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    sigset_t mask;
    bool has_run;
};

static void *look(void *context)
{
    struct seen *const seen = context;

    (void)pthread_mutex_lock(&seen->mutex);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &seen->mask);
    seen->has_run = true;
    (void)pthread_cond_signal(&seen->changed);
    (void)pthread_mutex_unlock(&seen->mutex);
    return NULL;
}

Test(base_thread, a_thread_gets_no_signals)
{
    struct seen seen = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    sigset_t own;
    pthread_t thread;

    cr_assert_eq(tug__cond_init(&seen.changed, NULL), TUG_OK);
    (void)pthread_mutex_lock(&seen.mutex);
    cr_assert_eq(tug__thread_start(&thread, look, &seen, NULL), TUG_OK);
    while (!seen.has_run) {
        tug__cond_wait_until(&seen.changed, &seen.mutex, TUG__NEVER_NS);
    }
    (void)pthread_mutex_unlock(&seen.mutex);
    (void)pthread_join(thread, NULL);
    cr_assert_eq(sigismember(&seen.mask, SIGINT), 1);
    cr_assert_eq(sigismember(&seen.mask, SIGTERM), 1);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &own);
    cr_assert_eq(sigismember(&own, SIGTERM), 0, "the caller's mask has changed");
    (void)pthread_cond_destroy(&seen.changed);
}

Test(base_thread, a_wait_ends_at_its_deadline)
{
    struct seen seen = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    const uint64_t deadline_ns = tug__deadline_ns(5);

    cr_assert_eq(tug__cond_init(&seen.changed, NULL), TUG_OK);
    (void)pthread_mutex_lock(&seen.mutex);
    while (tug__now_ns() < deadline_ns) {
        tug__cond_wait_until(&seen.changed, &seen.mutex, deadline_ns);
    }
    (void)pthread_mutex_unlock(&seen.mutex);
    (void)pthread_cond_destroy(&seen.changed);
}
