/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's two lock files: `lock` around changes of index.json, `lock.use` held by every run
 * that adds content.
 *
 * Knows: flock(2). Does not know: the network, what the locks protect.
 * Threads: any; each call opens its own descriptor, so threads exclude each other, too.
 *
 * flock(2) has no timeout, and a signal interrupts it in one thread only, so a wait that may be
 * given up polls at short intervals.
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

#define POLL_NS (5 * TUG__NS_PER_MS)
/* How long to wait before on_busy is called. */
#define REPORT_NS TUG__NS_PER_S

/* Attempts to open a lock file that other processes create and remove at the same time. */
#define OPEN_TRIES 10

/* Which file to lock, and how. */
struct lock {
    const struct tug_store *store;
    const char *name;
    int open_mode; /* O_RDWR or O_RDONLY */
    int operation; /* LOCK_EX or LOCK_SH */
    const struct tug__lock_wait *wait;
};

/* Report which lock is waited for. */
static void report_wait(const struct lock *lock, int fd)
{
    char holder[320];
    char text[TUG_ERROR_MESSAGE_MAX];

    if (lock->wait->on_busy != NULL) {
        tug__holder_describe(fd, holder, sizeof holder);
        (void)snprintf(text, sizeof text, "waiting for %s, which holds '%.400s/%s'", holder,
                       lock->store->path, lock->name);
        lock->wait->on_busy(lock->wait->context, text);
    }
}

/* Lock an open file. Returns: 0, or an errno; ECANCELED when the wait was given up. */
static int lock_file(const struct lock *lock, int fd)
{
    const struct tug__lock_wait *const wait = lock->wait;
    const int operation = lock->operation | (wait != NULL ? LOCK_NB : 0);
    const struct timespec interval = {.tv_nsec = POLL_NS};
    const uint64_t report_ns = tug__now_ns() + REPORT_NS;
    bool is_reported = false;

    while (flock(fd, operation) != 0) {
        if (errno == EWOULDBLOCK) {
            if (wait->should_give_up != NULL && wait->should_give_up(wait->context)) {
                return ECANCELED;
            }
            if (!is_reported && tug__now_ns() >= report_ns) {
                is_reported = true;
                report_wait(lock, fd);
            }
            (void)nanosleep(&interval, NULL);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* Open the lock file; a new one gets its mode and owner from the root. An existing one is opened
 * without O_CREAT, which fs.protected_regular (proc(5)) refuses for another user's file in a sticky
 * directory. */
static enum tug_status open_lock(const struct lock *lock, int *out_fd, struct tug_error *err)
{
    const int root_fd = lock->store->root_fd;
    struct tug_error error = {0};
    enum tug_status status = TUG_OK;

    for (int tries = 0; tries < OPEN_TRIES; tries++) {
        error = (struct tug_error){0};
        status = tug__fs_open_file(root_fd, lock->name, lock->open_mode | O_CREAT | O_EXCL, out_fd,
                                   &error);
        if (status == TUG_OK) {
            tug__store_give_file(lock->store, *out_fd);
            return TUG_OK;
        }
        if (error.os_errno == EEXIST) {
            error = (struct tug_error){0};
            status = tug__fs_open_file(root_fd, lock->name, lock->open_mode, out_fd, &error);
        }
        if (error.os_errno != ENOENT) {
            break;
        }
    }
    if (status != TUG_OK && err != NULL) {
        *err = error;
    }
    return status;
}

static enum tug_status hold(const struct lock *lock, int *out_fd, struct tug_error *err)
{
    TUG__AUTO_FD int fd = -1;
    int code;
    const enum tug_status status = open_lock(lock, &fd, err);

    if (status != TUG_OK) {
        return status;
    }
    code = lock_file(lock, fd);
    if (code == ECANCELED) {
        char holder[320];

        tug__holder_describe(fd, holder, sizeof holder);
        return tug__fail(err, TUG_ERR_CANCELLED, "%s holds '%s/%s'", holder, lock->store->path,
                         lock->name);
    }
    if (code != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, code, "cannot lock '%s/%s'", lock->store->path,
                               lock->name);
    }
    *out_fd = tug__steal_fd(&fd);
    return TUG_OK;
}

enum tug_status tug__store_lock(struct tug_store *store, const struct tug__lock_wait *wait,
                                int *out_fd, struct tug_error *err)
{
    const struct lock lock = {
        .store = store,
        .name = "lock",
        .open_mode = O_RDWR,
        .operation = LOCK_EX,
        .wait = wait,
    };

    return hold(&lock, out_fd, err);
}

/* Tell whether the store cannot be changed: its root is read-only or not writable for us. */
static bool is_read_only(const struct tug_store *store)
{
    return faccessat(store->root_fd, ".", W_OK, AT_EACCESS) != 0;
}

enum tug_status tug__store_use(struct tug_store *store, const struct tug__lock_wait *wait,
                               int *out_fd, struct tug_error *err)
{
    const struct lock lock = {
        .store = store,
        .name = "lock.use",
        .open_mode = O_RDONLY, /* enough for a shared lock, on network file systems too */
        .operation = LOCK_SH,
        .wait = wait,
    };
    struct tug_error error = {0};
    enum tug_status status;

    *out_fd = -1;
    if (store->root_fd < 0 || store->makes_nothing) {
        return TUG_OK;
    }
    status = hold(&lock, out_fd, &error);
    if ((error.os_errno == EROFS || error.os_errno == EACCES) && is_read_only(store)) {
        return TUG_OK;
    }
    if (status == TUG_OK) {
        return TUG_OK;
    }
    if (err != NULL) {
        *err = error;
    }
    return tug__wrap(err, status, "the store '%s'", store->path);
}

enum tug_status tug__store_use_alone(struct tug_store *store, const struct tug__lock_wait *wait,
                                     int *out_fd, struct tug_error *err)
{
    const struct lock lock = {
        .store = store,
        .name = "lock.use",
        .open_mode = O_RDWR, /* network file systems want that for an exclusive lock */
        .operation = LOCK_EX,
        .wait = wait,
    };
    enum tug_status status = hold(&lock, out_fd, err);

    if (status == TUG_ERR_CANCELLED) {
        status = TUG_ERR_BUSY;
        if (err != NULL) {
            err->code = status;
        }
    }
    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "the store '%s'", store->path);
}

void tug__store_unlock(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}
