/* SPDX-License-Identifier: Apache-2.0
 *
 * The directories of a layout: opened or created when first needed, created again after they were
 * removed.
 *
 * Knows: the names below blobs/ and ingest/. Does not know: documents, the network.
 * Threads: any.
 *
 * What is created of a layout is not synced at once: nothing depends on it until a blob gets its
 * name, a state file is written or index.json is changed, and each of these syncs it first. A power
 * cut before that leaves no store, or an unfinished or empty one (layout.c), without any content.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fs.h"
#include "oci/digest.h"

/* Create a directory of the layout, or open an existing one; a new one gets its mode and owner from
 * the root. */
static enum tug_status make_dir(struct tug_store *store, int parent_fd, const char *name,
                                int *out_fd, struct tug_error *err)
{
    TUG__AUTO_FD int fd = -1;
    bool is_new = false;
    const enum tug_status status = tug__fs_make_dir(parent_fd, name, &fd, &is_new, err);

    if (status != TUG_OK) {
        return status;
    }
    if (is_new) {
        store->is_unsynced = true;
        tug__store_give_dir(store, fd);
    }
    *out_fd = tug__steal_fd(&fd);
    return TUG_OK;
}

/* Create a directory again that was removed after it was opened. Its descriptor, which other
 * threads may be using, then refers to the new one. */
static enum tug_status renew_dir(struct tug_store *store, int parent_fd, const char *name, int fd,
                                 struct tug_error *err)
{
    TUG__AUTO_FD int renewed = -1;
    struct stat info;
    enum tug_status status;

    if (fstat(fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat the directory '%s'", name);
    }
    if (info.st_nlink > 0) {
        return TUG_OK;
    }
    status = make_dir(store, parent_fd, name, &renewed, err);
    if (status == TUG_OK && dup3(renewed, fd, O_CLOEXEC) < 0) {
        status = tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot open the directory '%s'", name);
    }
    return status;
}

/* Open a directory of the layout; without `make` it may be missing (*fd stays -1). */
static enum tug_status open_dir(struct tug_store *store, int parent_fd, const char *name, bool make,
                                int *fd, struct tug_error *err)
{
    struct stat info;

    if (*fd >= 0) {
        return make ? renew_dir(store, parent_fd, name, *fd, err) : TUG_OK;
    }
    if (parent_fd < 0 && !make) {
        return TUG_OK;
    }
    if (make && store->makes_nothing) {
        return tug__fail_errno(err, TUG_ERR_STORE, EROFS, "cannot create the directory '%s'", name);
    }
    if (make) {
        return make_dir(store, parent_fd, name, fd, err);
    }
    if (fstatat(parent_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) {
        return TUG_OK;
    }
    return tug__fs_open_dir(parent_fd, name, fd, err);
}

/* Open the parents of the algorithms' directories. */
static enum tug_status open_areas(struct tug_store *store, bool make, struct tug_error *err)
{
    const enum tug_status status =
        open_dir(store, store->root_fd, "blobs", make, &store->blobs_fd, err);

    return status == TUG_OK
               ? open_dir(store, store->root_fd, "ingest", make, &store->ingest_fd, err)
               : status;
}

enum tug_status tug__store_dirs(struct tug_store *store, enum tug_digest_algorithm algorithm,
                                bool make, struct tug__algorithm_dirs *out_dirs,
                                struct tug_error *err)
{
    struct tug__algorithm_dirs *const dirs = &store->dirs[algorithm];
    const char *const name = tug__digest_algorithm_name(algorithm);
    enum tug_status status;

    (void)pthread_mutex_lock(&store->lock);
    status = make ? open_areas(store, make, err) : TUG_OK;
    if (status == TUG_OK) {
        status = open_dir(store, store->blobs_fd, name, make, &dirs->blobs_fd, err);
    }
    if (status == TUG_OK) {
        status = open_dir(store, store->ingest_fd, name, make, &dirs->ingest_fd, err);
    }
    *out_dirs = *dirs;
    (void)pthread_mutex_unlock(&store->lock);
    return status;
}

void tug__store_mark_unsynced(struct tug_store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    store->is_unsynced = true;
    (void)pthread_mutex_unlock(&store->lock);
}

enum tug_status tug__store_sync_layout(struct tug_store *store, struct tug_error *err)
{
    enum tug_status status = TUG_OK;
    int fds[3] = {-1, -1, -1}; /* of the directories that have the layout's names */

    (void)pthread_mutex_lock(&store->sync_lock);
    (void)pthread_mutex_lock(&store->lock);
    if (store->is_unsynced && store->is_durable) {
        fds[0] = store->blobs_fd;
        fds[1] = store->ingest_fd;
        fds[2] = store->root_fd;
    }
    store->is_unsynced = false; /* before the sync: what is created meanwhile sets it again */
    (void)pthread_mutex_unlock(&store->lock);
    for (size_t i = 0; status == TUG_OK && i < sizeof fds / sizeof *fds; i++) {
        status = fds[i] >= 0 ? tug__fs_sync(fds[i], err) : TUG_OK;
    }
    if (status != TUG_OK) {
        tug__store_mark_unsynced(store);
    }
    (void)pthread_mutex_unlock(&store->sync_lock);
    return status;
}

void tug__store_mark_dirty(struct tug_store *store, enum tug_digest_algorithm algorithm)
{
    (void)pthread_mutex_lock(&store->lock);
    store->dirs[algorithm].is_dirty = true;
    (void)pthread_mutex_unlock(&store->lock);
}

enum tug_status tug__store_open_dirs(struct tug_store *store, bool make, bool *out_complete,
                                     struct tug_error *err)
{
    struct tug__algorithm_dirs dirs;
    enum tug_status status = open_areas(store, make, err);

    *out_complete = false;
    if (status == TUG_OK && store->blobs_fd >= 0 && store->ingest_fd >= 0) {
        status = tug__store_dirs(store, TUG_DIGEST_SHA256, make, &dirs, err);
        *out_complete = status == TUG_OK && dirs.blobs_fd >= 0 && dirs.ingest_fd >= 0;
    }
    return status;
}
