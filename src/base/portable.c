/* SPDX-License-Identifier: Apache-2.0
 *
 * What glibc has, and what does the same elsewhere.
 *
 * Knows: the C library. Does not know: the store, the network, what it is used for.
 * Threads: any.
 */
#include "base/portable.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

#ifdef __GLIBC__

const char *tug__errno_text(int os_errno)
{
    const char *const text = strerrordesc_np(os_errno);

    return text != NULL ? text : "unknown error";
}

int tug__sem_wait_until(sem_t *semaphore, uint64_t deadline_ns)
{
    const struct timespec deadline = tug__timespec(deadline_ns);

    return sem_clockwait(semaphore, CLOCK_MONOTONIC, &deadline) == 0 ? 0 : errno;
}

int tug__spawn_closes_from(posix_spawn_file_actions_t *actions, int first)
{
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

#else

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>

/* The wall clock may be set while we wait: look at the other one this often. */
#define WAIT_MAX_NS TUG__NS_PER_S

const char *tug__errno_text(int os_errno)
{
    return strerror(os_errno); /* of a table that never changes */
}

int tug__sem_wait_until(sem_t *semaphore, uint64_t deadline_ns)
{
    for (;;) {
        const uint64_t now_ns = tug__now_ns();
        const uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
        const uint64_t wait_ns = left_ns < WAIT_MAX_NS ? left_ns : WAIT_MAX_NS;
        struct timespec until = {0};

        (void)clock_gettime(CLOCK_REALTIME, &until);
        until = tug__timespec((uint64_t)until.tv_sec * TUG__NS_PER_S + (uint64_t)until.tv_nsec +
                              wait_ns);
        if (sem_timedwait(semaphore, &until) == 0) {
            return 0;
        }
        if (errno != ETIMEDOUT || wait_ns == left_ns) {
            return errno;
        }
    }
}

/* Descriptors that are closed by exec anyway need no action; so one that another thread opens
 * meanwhile with O_CLOEXEC does no harm. */
int tug__spawn_closes_from(posix_spawn_file_actions_t *actions, int first)
{
    DIR *const open_ones = opendir("/proc/self/fd");
    const struct dirent *entry;
    int failure = 0;

    if (open_ones == NULL) {
        return errno;
    }
    while (failure == 0 && (entry = readdir(open_ones)) != NULL) {
        const int fd = entry->d_name[0] != '.' ? (int)strtol(entry->d_name, NULL, 10) : -1;
        const int flags = fd >= first ? fcntl(fd, F_GETFD) : -1;

        if (flags >= 0 && (flags & FD_CLOEXEC) == 0) {
            failure = posix_spawn_file_actions_addclose(actions, fd);
        }
    }
    (void)closedir(open_ones);
    return failure;
}

#endif
