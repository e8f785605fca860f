/* SPDX-License-Identifier: Apache-2.0
 *
 * List the directories of a layout, as they are.
 *
 * Knows: blobs/<alg>/ and ingest/<alg>/. Does not know: documents, what a name should hold.
 * Threads: any.
 */
#include "store/list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fs.h"
#include "oci/digest.h"
#include "store/internal.h"

/* A listing of one area, blobs/ or ingest/. */
struct listing {
    const struct tug_store *store;
    const char *area;
    tug__store_file_fn on_file;
    void *context;
};

/* Open a directory again to list it: a descriptor in use by others shares its offset with them. */
static enum tug_status open_names(const struct tug_store *store, int fd, DIR **out_dir,
                                  struct tug_error *err)
{
    const int own_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    *out_dir = own_fd >= 0 ? fdopendir(own_fd) : NULL;
    if (*out_dir == NULL) {
        const int code = errno;

        if (own_fd >= 0) {
            (void)close(own_fd);
        }
        return tug__fail_errno(err, TUG_ERR_STORE, code, "cannot list the store '%s'", store->path);
    }
    return TUG_OK;
}

/* Get the digest in a name, without the suffix that starts at the first '.'. */
static void read_name(enum tug_digest_algorithm algorithm, const char *name,
                      struct tug_digest *out_digest, const char **out_suffix)
{
    const size_t length = strcspn(name, ".");
    char text[TUG_DIGEST_TEXT_MAX];
    char *const hex = stpcpy(stpcpy(text, tug__digest_algorithm_name(algorithm)), ":");

    *out_digest = (struct tug_digest){0};
    *out_suffix = "";
    if (length != 2 * tug__digest_length(algorithm)) {
        return;
    }
    memcpy(hex, name, length);
    if (tug_digest_parse(text, (size_t)(hex - text) + length, out_digest, NULL) == TUG_OK) {
        *out_suffix = name + length;
    }
}

/* Report one name, unless the file is gone meanwhile. */
static enum tug_status take_name(const struct listing *listing, int dir_fd, const char *folder,
                                 enum tug_digest_algorithm algorithm, const char *name,
                                 struct tug_error *err)
{
    struct tug__store_file file = {.area = listing->area, .folder = folder, .name = name};

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return TUG_OK;
    }
    if (fstatat(dir_fd, name, &file.info, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT
                   ? TUG_OK
                   : tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat '%s'", name);
    }
    file.suffix = "";
    if (algorithm != TUG_DIGEST_NONE) {
        read_name(algorithm, name, &file.digest, &file.suffix);
    }
    return listing->on_file(listing->context, &file, err);
}

/* Report all names in one directory. */
static enum tug_status list_dir(const struct listing *listing, int dir_fd, const char *folder,
                                enum tug_digest_algorithm algorithm, struct tug_error *err)
{
    const struct dirent *entry;
    DIR *dir = NULL;
    enum tug_status status = open_names(listing->store, dir_fd, &dir, err);

    while (status == TUG_OK) {
        errno = 0;
        entry = readdir(dir);
        if (entry == NULL) {
            break;
        }
        status = take_name(listing, dir_fd, folder, algorithm, entry->d_name, err);
    }
    if (status == TUG_OK && errno != 0) {
        status = tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot list the store '%s'",
                                 listing->store->path);
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return status;
}

/* Report the names in blobs/ or ingest/ itself, except for the directories of algorithms. */
static enum tug_status take_top(void *context, const struct tug__store_file *file,
                                struct tug_error *err)
{
    const struct listing *const listing = context;

    for (int algorithm = TUG_DIGEST_SHA256; algorithm <= TUG_DIGEST_SHA512; algorithm++) {
        const char *const name = tug__digest_algorithm_name((enum tug_digest_algorithm)algorithm);

        if (S_ISDIR(file->info.st_mode) && strcmp(file->name, name) == 0) {
            return TUG_OK;
        }
    }
    return listing->on_file(listing->context, file, err);
}

static enum tug_status list_area(struct tug_store *store, const char *area,
                                 tug__store_file_fn on_file, void *context, struct tug_error *err)
{
    const bool is_blobs = strcmp(area, "blobs") == 0;
    const int area_fd = is_blobs ? store->blobs_fd : store->ingest_fd;
    struct listing listing = {.store = store, .area = area, .on_file = on_file, .context = context};
    const struct listing top = {
        .store = store, .area = area, .on_file = take_top, .context = &listing};
    enum tug_status status =
        area_fd >= 0 ? list_dir(&top, area_fd, "", TUG_DIGEST_NONE, err) : TUG_OK;

    for (int i = TUG_DIGEST_SHA256; status == TUG_OK && i <= TUG_DIGEST_SHA512; i++) {
        const enum tug_digest_algorithm algorithm = (enum tug_digest_algorithm)i;
        struct tug__algorithm_dirs dirs;
        int fd;

        status = tug__store_dirs(store, algorithm, false, &dirs, err);
        fd = is_blobs ? dirs.blobs_fd : dirs.ingest_fd;
        if (status == TUG_OK && fd >= 0) {
            status = list_dir(&listing, fd, tug__digest_algorithm_name(algorithm), algorithm, err);
        }
    }
    return status;
}

enum tug_status tug__store_list_blobs(struct tug_store *store, tug__store_file_fn on_file,
                                      void *context, struct tug_error *err)
{
    return list_area(store, "blobs", on_file, context, err);
}

enum tug_status tug__store_list_partials(struct tug_store *store, tug__store_file_fn on_file,
                                         void *context, struct tug_error *err)
{
    return list_area(store, "ingest", on_file, context, err);
}
