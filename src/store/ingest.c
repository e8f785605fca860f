/* SPDX-License-Identifier: Apache-2.0
 *
 * One partial download, ingest/<alg>/<hex>, until it gets its name under blobs/.
 *
 * Knows: files, flock(2), state.c. Does not know: the network, documents. Threads: an ingest
 * belongs to one thread at a time.
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

/* Between open and lock the file may be renamed or removed by the process that held it, or it may
 * have to be removed here: then it is opened again. */
#define OPEN_TRIES 100

static enum tug_status get_dirs(const struct tug__ingest *ingest,
                                struct tug__algorithm_dirs *out_dirs, struct tug_error *err)
{
    return tug__store_dirs(ingest->store, ingest->digest.algorithm, true, out_dirs, err);
}

/* The same without a look whether they were removed. */
static enum tug_status get_known_dirs(const struct tug__ingest *ingest,
                                      struct tug__algorithm_dirs *out_dirs, struct tug_error *err)
{
    const enum tug_status status =
        tug__store_dirs(ingest->store, ingest->digest.algorithm, false, out_dirs, err);

    return status == TUG_OK && (out_dirs->blobs_fd < 0 || out_dirs->ingest_fd < 0)
               ? get_dirs(ingest, out_dirs, err)
               : status;
}

/* Tell whether a name still refers to the open file. out_is_shared: the file has other names or
 * another owner, so its content is not ours alone. Errors: TUG_ERR_STORE: stat failed. Only ENOENT
 * means that the name is gone. */
static enum tug_status compare_name(int dir_fd, const char *name, int fd, bool *out_is_same,
                                    bool *out_is_shared, struct tug_error *err)
{
    struct stat by_name = {0};
    struct stat by_fd;

    if (fstat(fd, &by_fd) != 0 ||
        (fstatat(dir_fd, name, &by_name, AT_SYMLINK_NOFOLLOW) != 0 && errno != ENOENT)) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat '%s'", name);
    }
    *out_is_same = by_name.st_dev == by_fd.st_dev && by_name.st_ino == by_fd.st_ino;
    *out_is_shared = by_fd.st_nlink > 1 || (by_fd.st_uid != geteuid() && geteuid() != 0);
    return TUG_OK;
}

/* Remove the name of another user's file, so that the download starts over: that file could never
 * become a blob, because only its owner can make it read-only. */
static enum tug_status remove_foreign(const struct tug_store *store, int dir_fd, const char *name,
                                      struct tug_error *err)
{
    struct stat info = {0};
    int code;

    if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT) {
        return TUG_OK;
    }
    code = errno;
    if (fstatat(dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || info.st_uid == geteuid()) {
        return tug__fail_errno(err, TUG_ERR_STORE, code, "cannot remove '%s'", name);
    }
    return tug__fail_errno(err, TUG_ERR_STORE, code,
                           "the partial download '%s' in the store '%s' belongs to user %u; "
                           "only that user can resume or remove it",
                           name, store->path, info.st_uid);
}

/* Clear the name after permission was denied. A partial file that we cannot even read belongs to
 * another user, and only /proc/locks can tell whether a process still writes it; a process that
 * does not show there (in another container) starts over when it finds its file gone. err: in: the
 * refusal; kept when the directory caused it. */
static enum tug_status clear_name(const struct tug_store *store, int dir_fd, const char *name,
                                  struct tug_error *err)
{
    struct stat info;

    if (fstatat(dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        const bool is_renamed =
            errno == ENOENT && faccessat(dir_fd, ".", W_OK | X_OK, AT_EACCESS) == 0;

        return is_renamed ? TUG_OK : TUG_ERR_STORE;
    }
    *err = (struct tug_error){0};
    return tug__holder_find(&info) != 0
               ? tug__fail(err, TUG_ERR_BUSY, "another process is downloading this blob")
               : remove_foreign(store, dir_fd, name, err);
}

/* Open the partial file once. A read-only one (between sync and rename, or left by a crash) is
 * opened for reading, which is enough to find out whether a process holds it. */
static enum tug_status open_partial(int dir_fd, const char *name, int *out_fd,
                                    struct tug_error *err)
{
    enum tug_status status = tug__fs_open_file(dir_fd, name, O_RDWR | O_CREAT, out_fd, err);

    if (status != TUG_OK && err->os_errno == EACCES) {
        *err = (struct tug_error){0};
        status = tug__fs_open_file(dir_fd, name, O_RDONLY, out_fd, err);
    }
    if (status != TUG_OK && err->os_errno == ENOENT) { /* it was renamed meanwhile */
        *err = (struct tug_error){0};
        status = tug__fs_open_file(dir_fd, name, O_RDWR | O_CREAT, out_fd, err);
    }
    return status;
}

/* Claim a file after it was locked. *out_is_ours: it can be used; otherwise the name must be opened
 * again: it now refers to another file, or was made writable, or was removed. */
static enum tug_status claim(const struct tug_store *store, int dir_fd, const char *name, int fd,
                             bool *out_is_ours, struct tug_error *err)
{
    const bool is_read_only = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
    bool is_same = false;
    bool is_shared = false;
    const enum tug_status status = compare_name(dir_fd, name, fd, &is_same, &is_shared, err);

    *out_is_ours = false;
    if (status != TUG_OK || !is_same) {
        return status;
    }
    if (!is_shared && (fchmod(fd, 0600) == 0 || !is_read_only)) {
        tug__store_give_file(store, fd);
        *out_is_ours = !is_read_only;
        return TUG_OK;
    }
    /* A hard link to another file, which must not be overwritten; or another user's download, which
     * we could not make read-only; or a file that we can neither write nor make writable. */
    return remove_foreign(store, dir_fd, name, err);
}

/* Open and lock the file. Its mode and name are changed only under the lock: until then they may
 * belong to another process that is about to publish the file with them. */
static enum tug_status open_locked(const struct tug_store *store, int dir_fd, const char *name,
                                   int *out_fd, struct tug_error *err)
{
    for (int tries = 0; tries < OPEN_TRIES; tries++) {
        TUG__AUTO_FD int fd = -1;
        enum tug_status status = open_partial(dir_fd, name, &fd, err);
        bool is_ours = false;

        if (status != TUG_OK && err->os_errno == EACCES) {
            status = clear_name(store, dir_fd, name, err);
            if (status != TUG_OK) {
                return status;
            }
            *err = (struct tug_error){0};
            continue;
        }
        while (status == TUG_OK && flock(fd, LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) {
                return tug__fail(err, TUG_ERR_BUSY, "another process is downloading this blob");
            }
            if (errno != EINTR) {
                return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot lock '%s'", name);
            }
        }
        if (status == TUG_OK) {
            status = claim(store, dir_fd, name, fd, &is_ours, err);
        }
        if (status != TUG_OK) {
            return status;
        }
        if (is_ours) {
            *out_fd = tug__steal_fd(&fd);
            return TUG_OK;
        }
    }
    return tug__fail(err, TUG_ERR_BUSY, "another process is downloading this blob");
}

/* Tell whether a state file could not be read for a reason that may pass or that the user can fix:
 * then the downloaded data is not discarded. */
static bool is_passing(const struct tug_error *error)
{
    switch (error->os_errno) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EIO:
    case ESTALE:
        return true;
    default:
        return false;
    }
}

/* Find which parts are present; empty a file that cannot be part of the blob. */
static enum tug_status find_present(struct tug__ingest *ingest, int dir_fd, struct tug_error *err)
{
    struct tug_error state_error = {0};
    bool is_valid = false;
    uint64_t data_bytes;
    struct stat info;
    enum tug_status status;

    if (fstat(ingest->fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat a partial download");
    }
    data_bytes = (uint64_t)info.st_size;
    status = tug__state_load(ingest, dir_fd, data_bytes, &is_valid, &state_error);
    if (status != TUG_OK && is_passing(&state_error)) {
        *err = state_error;
        return status;
    }
    if (status != TUG_OK && state_error.os_errno == ENOENT) {
        is_valid = data_bytes <= ingest->size_bytes; /* no state: one piece from the start */
        return is_valid ? tug__extents_add(&ingest->present, 0, data_bytes, err)
                        : tug__ingest_reset(ingest, err);
    }
    return is_valid ? TUG_OK : tug__ingest_reset(ingest, err);
}

/* Open the file, created or found, and find out what is in it. */
static enum tug_status open_in(struct tug__ingest *ingest, int dir_fd, struct tug_error *err)
{
    char name[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = tug__ingest_create(
        ingest->store, dir_fd, tug__digest_hex(&ingest->digest, name), &ingest->fd, err);

    if (status == TUG_OK && ingest->fd >= 0 && ingest->size_bytes <= TUG__INGEST_WHOLE_BYTES) {
        return TUG_OK;
    }
    if (status == TUG_OK && ingest->fd < 0) {
        status = open_locked(ingest->store, dir_fd, name, &ingest->fd, err);
    }
    return status == TUG_OK ? find_present(ingest, dir_fd, err) : status;
}

enum tug_status tug__ingest_open(struct tug_store *store, const struct tug_digest *digest,
                                 uint64_t size_bytes, struct tug__ingest **out_ingest,
                                 struct tug_error *err)
{
    struct tug__ingest *const ingest = calloc(1, sizeof *ingest);
    struct tug_error scratch = {0};
    struct tug__algorithm_dirs dirs;
    enum tug_status status;

    err = err != NULL ? err : &scratch;
    if (ingest == NULL) {
        return tug__fail_memory(err);
    }
    ingest->store = store;
    ingest->digest = *digest;
    ingest->size_bytes = size_bytes;
    ingest->fd = -1;
    ingest->state_fd = -1;
    status = get_known_dirs(ingest, &dirs, err);
    if (status == TUG_OK) {
        status = open_in(ingest, dirs.ingest_fd, err);
    }
    if (status != TUG_OK && ingest->fd < 0 && tug__store_is_removed(err)) {
        *err = (struct tug_error){0};
        status = get_dirs(ingest, &dirs, err); /* made again */
        if (status == TUG_OK) {
            status = open_in(ingest, dirs.ingest_fd, err);
        }
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

static enum tug_status fail_removed(const struct tug__ingest *ingest, struct tug_error *err)
{
    char name[TUG_DIGEST_TEXT_MAX];

    return tug__fail_errno(err, TUG_ERR_STORE, ENOENT,
                           "the partial download of '%s' was removed or replaced",
                           tug__digest_hex(&ingest->digest, name));
}

enum tug_status tug__ingest_check_name(const struct tug__ingest *ingest, struct tug_error *err)
{
    struct stat info;

    if (fstat(ingest->fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat a partial download");
    }
    return info.st_nlink > 0 ? TUG_OK : fail_removed(ingest, err);
}

bool tug__store_is_removed(const struct tug_error *error)
{
    return error->code == TUG_ERR_STORE && error->os_errno == ENOENT;
}

enum tug_status tug__ingest_seal(struct tug__ingest *ingest, struct tug_error *err)
{
    struct stat info;

    if (fstat(ingest->fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat a partial download");
    }
    if ((uint64_t)info.st_size != ingest->size_bytes) {
        return tug__fail(err, TUG_ERR_STORE,
                         "another program changed the length of a partial download");
    }
    if (fchmod(ingest->fd, 0444) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot make a blob read-only");
    }
    ingest->is_sealed = true;
    return TUG_OK;
}

enum tug_status tug__ingest_sync(struct tug__ingest *ingest, struct tug_error *err)
{
    /* The mode first, so that the sync covers it. */
    if (!ingest->is_sealed && tug__ingest_seal(ingest, err) != TUG_OK) {
        return TUG_ERR_STORE;
    }
    return ingest->store->is_durable ? tug__fs_sync(ingest->fd, err) : TUG_OK;
}

/* Rename the file into blobs/, a directory that may have been removed since it was opened. */
static enum tug_status rename_to_blobs(struct tug__ingest *ingest, const char *name,
                                       struct tug__algorithm_dirs *dirs, struct tug_error *err)
{
    int result = renameat(dirs->ingest_fd, name, dirs->blobs_fd, name);

    if (result != 0 && errno == ENOENT) {
        if (get_dirs(ingest, dirs, err) != TUG_OK) {
            return TUG_ERR_STORE;
        }
        result = renameat(dirs->ingest_fd, name, dirs->blobs_fd, name);
    }
    return result == 0
               ? TUG_OK
               : tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot move '%s' to blobs", name);
}

enum tug_status tug__ingest_publish(struct tug__ingest *ingest, struct tug_error *err)
{
    struct tug__algorithm_dirs dirs;
    char name[TUG_DIGEST_TEXT_MAX];
    bool is_same = false;
    bool is_shared = false;
    enum tug_status status = get_known_dirs(ingest, &dirs, err);

    (void)tug__digest_hex(&ingest->digest, name);
    if (status == TUG_OK) {
        status = compare_name(dirs.ingest_fd, name, ingest->fd, &is_same, &is_shared, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    /* The open file was hashed: the name must still refer to it. */
    if (!is_same) {
        return fail_removed(ingest, err);
    }
    /* A complete file needs no state; a leftover one would be taken for the next partial file's. */
    if (ingest->state_fd >= 0 && tug__state_remove(ingest, dirs.ingest_fd, err) != TUG_OK) {
        return TUG_ERR_STORE;
    }
    if (rename_to_blobs(ingest, name, &dirs, err) != TUG_OK) {
        return TUG_ERR_STORE;
    }
    tug__store_mark_dirty(ingest->store, ingest->digest.algorithm);
    return TUG_OK;
}

enum tug_status tug__ingest_reset(struct tug__ingest *ingest, struct tug_error *err)
{
    struct tug__algorithm_dirs dirs;
    enum tug_status status = get_dirs(ingest, &dirs, err);

    if (status != TUG_OK) {
        return status;
    }
    tug__extents_fini(&ingest->present);
    /* The data first: a state file that claims more than the data file holds is rejected. */
    if (ftruncate(ingest->fd, 0) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot empty a partial download");
    }
    return tug__state_remove(ingest, dirs.ingest_fd, err);
}

enum tug_status tug__ingest_remove(struct tug__ingest *ingest, struct tug_error *err)
{
    struct tug__algorithm_dirs dirs;
    char name[TUG_DIGEST_TEXT_MAX];
    bool is_same = false;
    bool is_shared = false;
    enum tug_status status = get_dirs(ingest, &dirs, err);

    (void)tug__digest_hex(&ingest->digest, name);
    if (status == TUG_OK) {
        status = compare_name(dirs.ingest_fd, name, ingest->fd, &is_same, &is_shared, err);
    }
    if (status != TUG_OK || !is_same) {
        return status; /* not the same: name and state file belong to another process */
    }
    /* The name last: once it is gone, another process may start over with a state file of its own.
     */
    if (ftruncate(ingest->fd, 0) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot empty a partial download");
    }
    if (tug__state_remove(ingest, dirs.ingest_fd, err) != TUG_OK) {
        return TUG_ERR_STORE;
    }
    return unlinkat(dirs.ingest_fd, name, 0) == 0
               ? TUG_OK
               : tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot remove '%s'", name);
}

void tug__ingest_close(struct tug__ingest *ingest)
{
    if (ingest == NULL) {
        return;
    }
    if (ingest->fd >= 0) {
        (void)close(ingest->fd); /* releases the lock, too */
    }
    if (ingest->state_fd >= 0) {
        (void)close(ingest->state_fd);
    }
    tug__extents_fini(&ingest->present);
    free(ingest);
}
