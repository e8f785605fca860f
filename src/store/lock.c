/* SPDX-License-Identifier: Apache-2.0
 *
 * The lock around index.json.
 *
 * Knows: flock(2). Does not know: what it protects.
 * Threads: any; each takes its own descriptor, so threads exclude each other too.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fs.h"

enum tug_status tug__store_lock(struct tug_store *store, int *out_fd, struct tug_error *err)
{
    TUG__AUTO_FD int fd = -1;
    const enum tug_status status =
        tug__fs_open_file(store->root_fd, "lock", O_RDWR | O_CREAT, 0600, &fd, err);

    if (status != TUG_OK) {
        return status;
    }
    while (flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot lock '%s/lock'", store->path);
        }
    }
    *out_fd = tug__steal_fd(&fd);
    return TUG_OK;
}

void tug__store_unlock(int fd)
{
    (void)close(fd);
}
