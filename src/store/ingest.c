/* SPDX-License-Identifier: Apache-2.0
 *
 * Partial downloads: ingest/<alg>/<hex>, one at a time, until they get their name under blobs/.
 *
 * Knows: files and flock(2). Does not know: where the bytes come from.
 * Threads: an ingest belongs to one thread at a time.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fs.h"
#include "oci/digest.h"

/* The file may be renamed or removed between opening and locking it, by the process that had it:
 * then it is opened anew. */
#define OPEN_TRIES 100

static enum tug_status get_dirs(const struct tug__ingest *ingest,
                                struct tug__algorithm_dirs *out_dirs, struct tug_error *err)
{
    return tug__store_dirs(ingest->store, ingest->digest.algorithm, true, out_dirs, err);
}

/* Tell whether a name still means the file that is open. */
static bool is_same_file(int dir_fd, const char *name, int fd)
{
    struct stat by_name;
    struct stat by_fd;

    return fstatat(dir_fd, name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &by_fd) == 0 &&
           by_name.st_dev == by_fd.st_dev && by_name.st_ino == by_fd.st_ino;
}

/* Open the file for writing, or just for its lock when it is read-only: somebody is about to rename
 * it, or crashed before that. *out_fd stays -1 when it is neither: it was renamed just now, or the
 * directory denies us. */
static enum tug_status open_partial(int dir_fd, const char *name, int *out_fd,
                                    bool *out_is_writable, struct tug_error *err)
{
    enum tug_status status = tug__fs_open_file(dir_fd, name, O_RDWR | O_CREAT, 0600, out_fd, err);

    *out_is_writable = status == TUG_OK;
    if (status != TUG_OK && err->os_errno == EACCES) {
        *err = (struct tug_error){0};
        status = tug__fs_open_file(dir_fd, name, O_RDONLY, 0, out_fd, err);
        if (status != TUG_OK && err->os_errno == ENOENT) {
            *err = (struct tug_error){0};
            return TUG_OK;
        }
    }
    return status;
}

static enum tug_status lock_partial(int fd, const char *name, struct tug_error *err)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return tug__fail(err, TUG_ERR_BUSY, "another process is downloading this blob");
        }
        if (errno != EINTR) {
            return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot lock '%s'", name);
        }
    }
    return TUG_OK;
}

/* Open and lock it. The mode and the name are touched under the lock only: until then they are
 * another's, who may be about to publish the file with them. */
static enum tug_status open_locked(int dir_fd, const char *name, int *out_fd, struct tug_error *err)
{
    bool is_denied = false;

    for (int tries = 0; tries < OPEN_TRIES; tries++) {
        TUG__AUTO_FD int fd = -1;
        bool is_writable = false;
        enum tug_status status = open_partial(dir_fd, name, &fd, &is_writable, err);

        is_denied = status == TUG_OK && fd < 0;
        if (is_denied) {
            continue;
        }
        if (status == TUG_OK) {
            status = lock_partial(fd, name, err);
        }
        if (status != TUG_OK) {
            return status;
        }
        if (!is_same_file(dir_fd, name, fd)) {
            continue;
        }
        if (fchmod(fd, 0600) != 0 && !is_writable && unlinkat(dir_fd, name, 0) != 0) {
            return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot write to '%s'", name);
        }
        if (is_writable) {
            *out_fd = tug__steal_fd(&fd);
            return TUG_OK;
        }
    }
    return is_denied ? tug__fail_errno(err, TUG_ERR_STORE, EACCES, "cannot open '%s'", name)
                     : tug__fail(err, TUG_ERR_BUSY, "another process is downloading this blob");
}

/* Empty a file that cannot be a beginning of the blob; tell what there is. */
static enum tug_status take_stock(struct tug__ingest *ingest, uint64_t size_bytes,
                                  struct tug_error *err)
{
    struct stat info;

    if (fstat(ingest->fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot look at a partial download");
    }
    ingest->resumed_bytes = (uint64_t)info.st_size;
    if (ingest->resumed_bytes > size_bytes) {
        return tug__ingest_reset(ingest, err);
    }
    return TUG_OK;
}

enum tug_status tug__ingest_open(struct tug_store *store, const struct tug_digest *digest,
                                 uint64_t size_bytes, struct tug__ingest **out_ingest,
                                 struct tug_error *err)
{
    struct tug__ingest *const ingest = calloc(1, sizeof *ingest);
    struct tug_error scratch = {0};
    struct tug__algorithm_dirs dirs;
    char name[TUG_DIGEST_TEXT_MAX];
    enum tug_status status;

    err = err != NULL ? err : &scratch;
    if (ingest == NULL) {
        return tug__fail_memory(err);
    }
    ingest->store = store;
    ingest->digest = *digest;
    ingest->fd = -1;
    status = get_dirs(ingest, &dirs, err);
    if (status == TUG_OK) {
        status = open_locked(dirs.ingest_fd, tug__digest_hex(digest, name), &ingest->fd, err);
    }
    if (status == TUG_OK) {
        status = take_stock(ingest, size_bytes, err);
    }
    if (status != TUG_OK) {
        tug__ingest_close(ingest);
        return status;
    }
    *out_ingest = ingest;
    return TUG_OK;
}

void tug__ingest_write_back(const struct tug__ingest *ingest, uint64_t offset, uint64_t length)
{
    if (ingest->store->is_durable) {
        (void)sync_file_range(ingest->fd, (off_t)offset, (off_t)length, SYNC_FILE_RANGE_WRITE);
    }
}

enum tug_status tug__ingest_sync(struct tug__ingest *ingest, struct tug_error *err)
{
    /* The mode first, so that the sync covers it. */
    if (fchmod(ingest->fd, 0444) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot make a blob read-only");
    }
    return ingest->store->is_durable ? tug__fs_sync(ingest->fd, err) : TUG_OK;
}

enum tug_status tug__ingest_publish(struct tug__ingest *ingest, struct tug_error *err)
{
    struct tug__algorithm_dirs dirs;
    char name[TUG_DIGEST_TEXT_MAX];
    const enum tug_status status = get_dirs(ingest, &dirs, err);

    if (status != TUG_OK) {
        return status;
    }
    (void)tug__digest_hex(&ingest->digest, name);
    /* What was hashed is the open file: the name must still mean that one. */
    if (!is_same_file(dirs.ingest_fd, name, ingest->fd)) {
        return tug__fail(err, TUG_ERR_STORE, "somebody replaced the partial download of '%s'",
                         name);
    }
    if (renameat(dirs.ingest_fd, name, dirs.blobs_fd, name) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot move '%s' to blobs", name);
    }
    tug__store_mark_dirty(ingest->store, ingest->digest.algorithm);
    return TUG_OK;
}

enum tug_status tug__ingest_reset(struct tug__ingest *ingest, struct tug_error *err)
{
    if (ftruncate(ingest->fd, 0) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot empty a partial download");
    }
    ingest->resumed_bytes = 0;
    return TUG_OK;
}

enum tug_status tug__ingest_remove(struct tug__ingest *ingest, struct tug_error *err)
{
    struct tug__algorithm_dirs dirs;
    char name[TUG_DIGEST_TEXT_MAX];
    const enum tug_status status = get_dirs(ingest, &dirs, err);

    if (status != TUG_OK) {
        return status;
    }
    (void)tug__digest_hex(&ingest->digest, name);
    if (is_same_file(dirs.ingest_fd, name, ingest->fd) && unlinkat(dirs.ingest_fd, name, 0) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot remove '%s'", name);
    }
    return TUG_OK;
}

void tug__ingest_close(struct tug__ingest *ingest)
{
    if (ingest == NULL) {
        return;
    }
    if (ingest->fd >= 0) {
        (void)close(ingest->fd); /* gives the lock back too */
    }
    free(ingest);
}
