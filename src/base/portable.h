/* SPDX-License-Identifier: Apache-2.0
 *
 * What glibc has and other C libraries (musl) lack.
 * Threads: any; nothing is shared.
 */
#ifndef TUG_BASE_PORTABLE_H
#define TUG_BASE_PORTABLE_H

#include <semaphore.h>
#include <spawn.h>
#include <stdint.h>

/* Return what an error number means, in English whatever the locale. Static text, never NULL. */
const char *tug__errno_text(int os_errno);

/* Take a semaphore, or wait for it until a deadline of tug__now_ns at most.
 * Returns: 0, or an error number: ETIMEDOUT, EINTR (after a signal; call again). */
int tug__sem_wait_until(sem_t *semaphore, uint64_t deadline_ns);

/* Have a program that is started inherit no descriptor from first on.
 * actions: initialised; used before anybody opens a descriptor that is inherited.
 * Returns: 0 or an error number. */
int tug__spawn_closes_from(posix_spawn_file_actions_t *actions, int first);

#endif
