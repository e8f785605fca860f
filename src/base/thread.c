/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads and conditions.
 *
 * Knows: pthreads, the clock. Does not know: pipeline, the store, HTTP.
 * Threads: any.
 */
#include "base/thread.h"

#include <signal.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"

/* The deepest is libcurl with OpenSSL below it. */
#define STACK_BYTES ((size_t)256 * 1024)

enum tug_status tug__thread_start(pthread_t *out_thread, void *(*main)(void *context),
                                  void *context, struct tug_error *err)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    int code = pthread_attr_init(&attributes);

    if (code != 0) {
        return tug__fail_errno(err, TUG_ERR_NO_MEMORY, code, "cannot start a thread");
    }
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES); /* else the default, which will do */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* a thread inherits the mask */
    code = pthread_create(&thread, &attributes, main, context);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    if (code != 0) {
        return tug__fail_errno(err, TUG_ERR_NO_MEMORY, code, "cannot start a thread");
    }
    *out_thread = thread;
    return TUG_OK;
}

enum tug_status tug__cond_init(pthread_cond_t *condition, struct tug_error *err)
{
    pthread_condattr_t attributes;
    int code = pthread_condattr_init(&attributes);

    if (code == 0) {
        code = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        if (code == 0) {
            code = pthread_cond_init(condition, &attributes);
        }
        (void)pthread_condattr_destroy(&attributes);
    }
    return code == 0 ? TUG_OK : tug__fail_memory(err);
}

void tug__cond_wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t deadline_ns)
{
    const struct timespec deadline = tug__timespec(deadline_ns);

    if (deadline_ns == TUG__NEVER_NS) {
        (void)pthread_cond_wait(condition, mutex);
    } else {
        (void)pthread_cond_timedwait(condition, mutex, &deadline);
    }
}
