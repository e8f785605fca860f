/* SPDX-License-Identifier: Apache-2.0
 *
 * The usual case of opening a partial download: nothing of it is there.
 *
 * Knows: files, flock(2). Does not know: the network, documents, state files. Threads: as the
 * ingest.
 *
 * A file that this thread creates needs few looks: it is ours if it is still empty and has its name
 * once it is locked. Everything else is left to ingest.c.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

/* Tell whether a file that we created and then locked can be used. In between, another process may
 * have locked it first, and then have filled, renamed or removed it, or have put a file of its own
 * in its place. */
static bool is_untouched(const struct stat *info)
{
    return info->st_size == 0 && info->st_nlink == 1;
}

enum tug_status tug__ingest_create(const struct tug_store *store, int dir_fd, const char *name,
                                   int *out_fd, struct tug_error *err)
{
    TUG__AUTO_FD int fd =
        openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct stat info;

    if (fd < 0) {
        return errno == EEXIST
                   ? TUG_OK
                   : tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot create '%s'", name);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK || errno == EINTR
                   ? TUG_OK
                   : tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot lock '%s'", name);
    }
    if (fstat(fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat '%s'", name);
    }
    if (is_untouched(&info)) {
        tug__store_give_new_file(store, fd, &info);
        *out_fd = tug__steal_fd(&fd);
    }
    return TUG_OK;
}
