/* SPDX-License-Identifier: Apache-2.0
 *
 * Disk space: free, already used by a partial download, reserved in advance.
 *
 * Knows: statvfs(3), fallocate(2). Does not know: the network, why space is needed.
 * Threads: any for the store; an ingest's owner for the ingest.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "oci/digest.h"

#define STAT_BLOCK_BYTES UINT64_C(512) /* unit of st_blocks */

enum tug_status tug__store_free_bytes(struct tug_store *store, uint64_t *out_bytes,
                                      struct tug_error *err)
{
    struct statvfs info;

    if (tug__store_has_sink(store)) { /* it holds what is in progress, and not whole images */
        *out_bytes = UINT64_MAX;
        return TUG_OK;
    }
    if (fstatvfs(store->root_fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot determine the free space of '%s'",
                               store->path);
    }
    if (info.f_blocks == 0) { /* a file system that does not report it, such as ramfs */
        *out_bytes = UINT64_MAX;
        return TUG_OK;
    }
    *out_bytes = (uint64_t)info.f_bavail * (uint64_t)info.f_frsize;
    return TUG_OK;
}

uint64_t tug__store_partial_bytes(struct tug_store *store, const struct tug_digest *digest)
{
    char name[TUG_DIGEST_TEXT_MAX];
    struct tug__algorithm_dirs dirs;
    struct stat info;

    if (tug__store_dirs(store, digest->algorithm, false, &dirs, NULL) != TUG_OK ||
        dirs.ingest_fd < 0 ||
        fstatat(dirs.ingest_fd, tug__digest_hex(digest, name), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(info.st_mode)) {
        return 0;
    }
    return (uint64_t)info.st_blocks * STAT_BLOCK_BYTES;
}

static enum tug_status fail_full(const struct tug__ingest *ingest, uint64_t missing,
                                 struct tug_error *err)
{
    return tug__fail_errno(err, TUG_ERR_STORE, ENOSPC,
                           "the store '%s' lacks %" PRIu64 " bytes of disk space",
                           ingest->store->path, missing);
}

enum tug_status tug__ingest_reserve(struct tug__ingest *ingest, struct tug_error *err)
{
    uint64_t free_bytes = 0;
    uint64_t held_bytes;
    struct stat info;
    enum tug_status status = tug__store_free_bytes(ingest->store, &free_bytes, err);

    if (status != TUG_OK) {
        return status;
    }
    if (fstat(ingest->fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat a partial download");
    }
    held_bytes = (uint64_t)info.st_blocks * STAT_BLOCK_BYTES;
    if (ingest->size_bytes <= held_bytes) {
        return TUG_OK;
    }
    /* Check first: a fallocate that fails half way leaves the disk full. */
    if (ingest->size_bytes - held_bytes > free_bytes) {
        return fail_full(ingest, ingest->size_bytes - held_bytes - free_bytes, err);
    }
    while (fallocate(ingest->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)ingest->size_bytes) != 0) {
        const int code = errno;

        if (code == ENOSPC || code == EDQUOT || code == EFBIG) {
            const bool is_released = ftruncate(ingest->fd, info.st_size) == 0;

            return tug__fail_errno(err, TUG_ERR_STORE, code,
                                   "cannot reserve %" PRIu64 " bytes of disk space in '%s'%s",
                                   ingest->size_bytes - held_bytes, ingest->store->path,
                                   is_released ? "" : ", nor release the part reserved");
        }
        if (code != EINTR) {
            return TUG_OK; /* not supported by this file system */
        }
    }
    return TUG_OK;
}
