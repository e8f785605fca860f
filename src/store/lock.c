/* SPDX-License-Identifier: Apache-2.0
 *
 * The lock around index.json.
 *
 * Knows: flock(2). Does not know: what it protects.
 * Threads: any; each takes its own descriptor, so threads exclude each other too.
 *
 * flock(2) knows no time limit, and a signal ends it in one thread only: who may have to give up
 * looks again and again, in small steps.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fs.h"

#define LOOK_NS (5 * TUG__NS_PER_MS)
/* How long nobody is told. */
#define TELL_NS TUG__NS_PER_S

/* Say what is waited for. */
static void tell(const struct tug_store *store, int fd, const struct tug__lock_wait *wait)
{
    char holder[320];
    char text[TUG_ERROR_MESSAGE_MAX];

    if (wait->on_busy != NULL) {
        tug__holder_describe(fd, holder, sizeof holder);
        (void)snprintf(text, sizeof text, "waiting for %s, which holds '%.400s/lock'", holder,
                       store->path);
        wait->on_busy(wait->context, text);
    }
}

/* Lock a file. Returns: 0, or an errno; ECANCELED when the wait was given up. */
static int lock_file(const struct tug_store *store, int fd, const struct tug__lock_wait *wait)
{
    const struct timespec look = {.tv_nsec = LOOK_NS};
    const uint64_t tell_ns = tug__now_ns() + TELL_NS;
    bool is_told = false;

    while (flock(fd, wait != NULL ? LOCK_EX | LOCK_NB : LOCK_EX) != 0) {
        if (errno == EWOULDBLOCK) {
            if (wait->should_give_up != NULL && wait->should_give_up(wait->context)) {
                return ECANCELED;
            }
            if (!is_told && tug__now_ns() >= tell_ns) {
                is_told = true;
                tell(store, fd, wait);
            }
            (void)nanosleep(&look, NULL);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* Open the lock file; a new one is for those whom the root is for. */
static enum tug_status open_lock(const struct tug_store *store, int *out_fd, struct tug_error *err)
{
    struct tug_error error = {0};
    enum tug_status status =
        tug__fs_open_file(store->root_fd, "lock", O_RDWR | O_CREAT | O_EXCL, 0600, out_fd, &error);

    if (status == TUG_OK) {
        tug__store_give_file(store, *out_fd);
        return TUG_OK;
    }
    return tug__fs_open_file(store->root_fd, "lock", O_RDWR | O_CREAT, 0600, out_fd, err);
}

enum tug_status tug__store_lock(struct tug_store *store, const struct tug__lock_wait *wait,
                                int *out_fd, struct tug_error *err)
{
    TUG__AUTO_FD int fd = -1;
    int code;
    const enum tug_status status = open_lock(store, &fd, err);

    if (status != TUG_OK) {
        return status;
    }
    code = lock_file(store, fd, wait);
    if (code == ECANCELED) {
        return tug__fail(err, TUG_ERR_CANCELLED, "another process holds '%s/lock'", store->path);
    }
    if (code != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, code, "cannot lock '%s/lock'", store->path);
    }
    *out_fd = tug__steal_fd(&fd);
    return TUG_OK;
}

void tug__store_unlock(int fd)
{
    (void)close(fd);
}
