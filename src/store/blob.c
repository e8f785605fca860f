/* SPDX-License-Identifier: Apache-2.0
 *
 * Committed blobs: stat and read them, make their names durable.
 *
 * Knows: blobs/<alg>/<hex>. Does not know: documents, the network, partial downloads.
 * Threads: any.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fs.h"
#include "oci/digest.h"

enum tug_status tug_store_stat(struct tug_store *store, const struct tug_digest *digest,
                               bool *out_is_present, uint64_t *out_size_bytes,
                               struct tug_error *err)
{
    char name[TUG_DIGEST_TEXT_MAX];
    struct tug__algorithm_dirs dirs;
    struct stat info = {0};
    enum tug_status status;

    if (tug__store_has_sink(store)) {
        return tug__sink_stat(store, digest, out_is_present, out_size_bytes, err);
    }
    status = tug__store_dirs(store, digest->algorithm, false, &dirs, err);
    if (status != TUG_OK) {
        return status;
    }
    if (dirs.blobs_fd >= 0 &&
        fstatat(dirs.blobs_fd, tug__digest_hex(digest, name), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT) {
            return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat '%s'", name);
        }
        info.st_mode = 0;
    }
    *out_is_present = dirs.blobs_fd >= 0 && S_ISREG(info.st_mode);
    if (*out_is_present && out_size_bytes != NULL) {
        *out_size_bytes = (uint64_t)info.st_size;
    }
    return TUG_OK;
}

enum tug_status tug__store_read(struct tug_store *store, const struct tug_digest *digest,
                                struct tug__buf *buf, struct tug_error *err)
{
    char name[TUG_DIGEST_TEXT_MAX];
    struct tug__algorithm_dirs dirs;
    enum tug_status status;

    if (tug__store_has_sink(store)) {
        return tug__sink_read(store, digest, buf, err);
    }
    status = tug__store_dirs(store, digest->algorithm, false, &dirs, err);
    if (status != TUG_OK) {
        return status;
    }
    if (dirs.blobs_fd < 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, ENOENT, "cannot open '%s'",
                               tug__digest_hex(digest, name));
    }
    return tug__fs_read_file(dirs.blobs_fd, tug__digest_hex(digest, name), buf, err);
}

enum tug_status tug__store_open_blob(struct tug_store *store, const struct tug_digest *digest,
                                     int *out_fd, struct tug_error *err)
{
    char name[TUG_DIGEST_TEXT_MAX];
    struct tug__algorithm_dirs dirs;
    enum tug_status status;

    if (tug__store_has_sink(store)) {
        return tug__fail(err, TUG_ERR_UNSUPPORTED, "the program keeps the content, not this store");
    }
    status = tug__store_dirs(store, digest->algorithm, false, &dirs, err);
    if (status != TUG_OK) {
        return status;
    }
    if (dirs.blobs_fd < 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, ENOENT, "cannot open '%s'",
                               tug__digest_hex(digest, name));
    }
    return tug__fs_open_file(dirs.blobs_fd, tug__digest_hex(digest, name), O_RDONLY, out_fd, err);
}

/* Sync one directory if names in it changed. The flag is cleared before the sync, so that a name
 * added meanwhile sets it again; it is also set again when the sync fails. */
static enum tug_status sync_dir(struct tug_store *store, enum tug_digest_algorithm algorithm,
                                struct tug_error *err)
{
    struct tug__algorithm_dirs *const dirs = &store->dirs[algorithm];
    enum tug_status status;
    bool is_dirty;
    int fd;

    (void)pthread_mutex_lock(&store->lock);
    is_dirty = dirs->is_dirty;
    fd = dirs->blobs_fd;
    dirs->is_dirty = fd < 0;
    (void)pthread_mutex_unlock(&store->lock);
    if (!is_dirty || fd < 0) {
        return TUG_OK;
    }
    status = tug__fs_sync(fd, err);
    if (status != TUG_OK) {
        tug__store_mark_dirty(store, algorithm);
    }
    return status;
}

enum tug_status tug__store_sync_blobs(struct tug_store *store, struct tug_error *err)
{
    enum tug_status status = tug__store_sync_layout(store, err);

    (void)pthread_mutex_lock(&store->sync_lock);
    for (int algorithm = TUG_DIGEST_SHA256;
         store->is_durable && status == TUG_OK && algorithm <= TUG_DIGEST_SHA512; algorithm++) {
        status = sync_dir(store, (enum tug_digest_algorithm)algorithm, err);
    }
    (void)pthread_mutex_unlock(&store->sync_lock);
    return status;
}

enum tug_status tug_store_open_blob(struct tug_store *store, const struct tug_digest *digest,
                                    int *out_fd, uint64_t *out_size_bytes, struct tug_error *err)
{
    struct tug_error error = {0};
    struct stat info;
    char text[TUG_DIGEST_TEXT_MAX];
    TUG__AUTO_FD int fd = -1;
    enum tug_status status = tug__store_open_blob(store, digest, &fd, &error);

    if (status == TUG_OK && fstat(fd, &info) != 0) {
        status = tug__fail_errno(&error, TUG_ERR_STORE, errno, "cannot stat a blob");
    }
    if (status == TUG_OK) {
        *out_fd = tug__steal_fd(&fd);
        if (out_size_bytes != NULL) {
            *out_size_bytes = (uint64_t)info.st_size;
        }
        return TUG_OK;
    }
    if (tug__store_is_removed(&error)) {
        return tug__fail(err, TUG_ERR_NOT_FOUND, "the store '%s' has no blob %s", store->path,
                         digest->algorithm != TUG_DIGEST_NONE ? tug_digest_format(digest, text)
                                                              : "of an unset digest");
    }
    if (err != NULL) {
        *err = error;
    }
    return tug__wrap(err, status, "the store '%s'", store->path);
}
