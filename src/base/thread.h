/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads, and conditions with a deadline of the monotonic clock.
 * Threads: any.
 */
#ifndef TUG_BASE_THREAD_H
#define TUG_BASE_THREAD_H

#include <pthread.h>
#include <stdint.h>

#include <tug/error.h>

/* Start a thread with a stack of 256 KiB and all signals blocked: signals belong to the threads of
 * the program. out_thread: to be joined by the caller; untouched on failure.
 * Errors: TUG_ERR_NO_MEMORY (os_errno says what the system lacks). */
enum tug_status tug__thread_start(pthread_t *out_thread, void *(*main)(void *context),
                                  void *context, struct tug_error *err);

/* Make a condition whose deadlines are of CLOCK_MONOTONIC (tug__now_ns).
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__cond_init(pthread_cond_t *condition, struct tug_error *err);

/* Wait for a signal until a deadline at most; TUG__NEVER_NS: without one. Called with the mutex
 * held. The caller checks its own state and the clock to learn why this returned. */
void tug__cond_wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t deadline_ns);

#endif
