/* SPDX-License-Identifier: Apache-2.0
 *
 * Put index.json and places below blobs/ right.
 *
 * Knows: names in a store. Does not know: documents, what the new index.json says, the network.
 * Threads: any.
 */
#include "store/recover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fs.h"
#include "oci/digest.h"
#include "store/internal.h"

#define INDEX_FILE "index.json"
#define DAMAGED ".damaged"

/* --- index.json --- */

bool tug__store_has_index(const struct tug_store *store)
{
    struct stat info;

    return fstatat(store->root_fd, INDEX_FILE, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

enum tug_status tug__store_index_read(struct tug_store *store, struct tug__buf *buf,
                                      struct tug_error *err)
{
    return tug__fs_read_file(store->root_fd, INDEX_FILE, buf, err);
}

static bool can_be_read(struct tug_store *store)
{
    struct tug__buf text;
    bool is_right;

    tug__buf_init(&text, TUG__INDEX_BYTES_MAX);
    is_right = tug__store_index_read(store, &text, NULL) == TUG_OK &&
               tug__index_is_valid(text.data, text.length);
    tug__buf_fini(&text);
    return is_right;
}

/* Give the old file a second name; whatever it is, it loses the first by the rename that follows.
 * A directory cannot have a second name, and is moved. */
static enum tug_status keep_old(const struct tug_store *store, struct tug_error *err)
{
    const int root_fd = store->root_fd;

    (void)unlinkat(root_fd, INDEX_FILE DAMAGED, 0);
    if (linkat(root_fd, INDEX_FILE, root_fd, INDEX_FILE DAMAGED, 0) == 0 || errno == ENOENT ||
        renameat(root_fd, INDEX_FILE, root_fd, INDEX_FILE DAMAGED) == 0) {
        return TUG_OK;
    }
    return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot keep '%s/" INDEX_FILE "'",
                           store->path);
}

enum tug_status tug__store_index_restore(struct tug_store *store, const char *text, size_t length,
                                         const struct tug__lock_wait *wait, struct tug_error *err)
{
    const struct tug__fs_replacement replacement = {
        .temporary = INDEX_FILE ".tmp",
        .name = INDEX_FILE,
        .mode = 0644,
        .sync = store->is_durable,
    };
    int lock_fd = -1;
    enum tug_status status = tug__store_lock(store, wait, &lock_fd, err);

    if (status == TUG_OK && !can_be_read(store)) {
        status = keep_old(store, err);
        if (status == TUG_OK) {
            status = tug__fs_replace_bytes(store->root_fd, &replacement, text, length, err);
        }
    }
    tug__store_unlock(lock_fd);
    return status;
}

/* --- blobs/ --- */

enum tug_status tug__store_clear_place(struct tug_store *store, const struct tug_digest *digest,
                                       struct tug_error *err)
{
    char name[TUG_DIGEST_TEXT_MAX];
    char aside[TUG_DIGEST_TEXT_MAX + sizeof DAMAGED];
    struct tug__algorithm_dirs dirs;
    struct stat info;
    const enum tug_status status = tug__store_dirs(store, digest->algorithm, false, &dirs, err);

    if (status != TUG_OK || dirs.blobs_fd < 0 ||
        fstatat(dirs.blobs_fd, tug__digest_hex(digest, name), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        S_ISREG(info.st_mode)) {
        return status;
    }
    (void)snprintf(aside, sizeof aside, "%s" DAMAGED, name);
    if (unlinkat(dirs.blobs_fd, name, S_ISDIR(info.st_mode) ? AT_REMOVEDIR : 0) != 0 &&
        renameat(dirs.blobs_fd, name, dirs.blobs_fd, aside) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot move '%s' aside", name);
    }
    return TUG_OK;
}

enum tug_status tug__store_remove_blob(struct tug_store *store, const struct tug_digest *digest,
                                       struct tug_error *err)
{
    char name[TUG_DIGEST_TEXT_MAX];
    struct tug__algorithm_dirs dirs;
    const enum tug_status status = tug__store_dirs(store, digest->algorithm, false, &dirs, err);

    if (status != TUG_OK || dirs.blobs_fd < 0) {
        return status;
    }
    if (unlinkat(dirs.blobs_fd, tug__digest_hex(digest, name), 0) != 0 && errno != ENOENT) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot remove '%s'", name);
    }
    tug__store_mark_dirty(store, digest->algorithm);
    return TUG_OK;
}

/* --- the root --- */

enum tug_status tug__store_list_foreign(struct tug_store *store,
                                        void (*on_name)(void *context, const char *name,
                                                        bool is_dir),
                                        void *context, struct tug_error *err)
{
    const int fd = openat(store->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *const dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (dir == NULL) {
        const int os_errno = errno;

        if (fd >= 0) {
            (void)close(fd);
        }
        return tug__fail_errno(err, TUG_ERR_STORE, os_errno, "cannot read the directory '%s'",
                               store->path);
    }
    while ((entry = readdir(dir)) != NULL) {
        struct stat info;

        if (!tug__store_is_own_name(entry->d_name) &&
            fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
            on_name(context, entry->d_name, S_ISDIR(info.st_mode));
        }
    }
    (void)closedir(dir);
    return TUG_OK;
}
