/* SPDX-License-Identifier: Apache-2.0
 *
 * Read a layout that is a directory.
 *
 * Knows: files, index.json's name. Does not know: tar, HTTP. Threads: the calling one.
 *
 * Nothing is listed: what its documents name is opened, by names made of digests, without following
 * links.
 */
#include "archive/import_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/limits.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/fs.h"
#include "oci/digest.h"

/* A link, directory or device in the place of a file is no failure of the disk but of the layout.
 */
static enum tug_status judge(enum tug_status status, struct tug_error *err)
{
    if (status == TUG_ERR_STORE && err != NULL &&
        (err->os_errno == 0 || err->os_errno == ELOOP || err->os_errno == ENOTDIR)) {
        err->code = TUG_ERR_CONTENT;
        return TUG_ERR_CONTENT;
    }
    return status;
}

/* The directory of one algorithm's blobs. */
static enum tug_status open_blobs(int root_fd, enum tug_digest_algorithm algorithm, int *out_fd,
                                  struct tug_error *err)
{
    TUG__AUTO_FD int blobs_fd = -1;
    enum tug_status status = tug__fs_open_dir(root_fd, "blobs", &blobs_fd, err);

    return status == TUG_OK
               ? tug__fs_open_dir(blobs_fd, tug__digest_algorithm_name(algorithm), out_fd, err)
               : status;
}

static enum tug_status read_file(void *context, void *buffer, size_t capacity, size_t *out_length,
                                 struct tug_error *err)
{
    return tug__fs_read_some(*(const int *)context, buffer, capacity, out_length, err);
}

static enum tug_status copy_blob(struct tug__import *import, int fd,
                                 const struct tug_digest *digest, struct tug_error *err)
{
    const struct tug__source source = {.read = read_file, .context = &fd};
    char text[TUG_DIGEST_TEXT_MAX];
    enum tug_status status;
    struct stat info;

    if (fstat(fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot stat a blob");
    }
    import->intake.real_bytes = (uint64_t)info.st_size;
    status = tug__intake_blob(&import->intake, digest, (uint64_t)info.st_size, &source, err);
    import->work->progress.items_done++;
    import->work->progress.bytes_done += (uint64_t)info.st_size;
    return status == TUG_OK ? TUG_OK
                            : tug__wrap(err, status, "%s", tug_digest_format(digest, text));
}

/* Bring a blob that the store may lack. One that the directory lacks shows later. */
static enum tug_status bring(struct tug__import *import, int root_fd,
                             const struct tug_digest *digest, struct tug_error *err)
{
    TUG__AUTO_FD int blobs_fd = -1;
    TUG__AUTO_FD int fd = -1;
    struct tug_error reason = {0};
    char hex[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = open_blobs(root_fd, digest->algorithm, &blobs_fd, &reason);

    if (status == TUG_OK) {
        status = tug__fs_open_file(blobs_fd, tug__digest_hex(digest, hex), O_RDONLY, &fd, &reason);
    }
    if (status == TUG_OK) {
        return copy_blob(import, fd, digest, err);
    }
    if (reason.os_errno == ENOENT) {
        return TUG_OK;
    }
    status = judge(status, &reason);
    if (err != NULL) {
        *err = reason;
    }
    return status;
}

static enum tug_status bring_blob(void *context, const struct tug_digest *digest,
                                  uint64_t size_bytes, struct tug_error *err)
{
    const struct tug__import *const import = context;
    bool is_present = false;
    uint64_t present_bytes = 0;
    const enum tug_status status =
        tug_store_stat(import->store, digest, &is_present, &present_bytes, err);

    if (status != TUG_OK) {
        return status;
    }
    if (is_present && present_bytes == size_bytes) {
        return TUG_OK;
    }
    return bring(context, import->source_fd, digest, err);
}

/* Read a file of the layout. Errors: TUG_ERR_CONTENT: there is none, too. */
static enum tug_status read_list(int fd, const char *name, struct tug__buf *buf,
                                 struct tug_error *err)
{
    struct tug_error reason = {0};
    enum tug_status status = judge(tug__fs_read_file(fd, name, buf, &reason), &reason);

    if (status != TUG_OK && reason.os_errno == ENOENT) {
        return tug__fail(err, TUG_ERR_CONTENT, "no OCI layout: it has no %s", name);
    }
    if (status != TUG_OK && err != NULL) {
        *err = reason;
    }
    return status;
}

enum tug_status tug__import_dir(struct tug__import *import, int fd, struct tug_error *err)
{
    struct tug__buf layout;
    struct tug__buf index;
    enum tug_status status;

    tug__buf_init(&layout, TUG__ARCHIVE_LAYOUT_BYTES_MAX);
    tug__buf_init(&index, TUG__ARCHIVE_LIST_BYTES_MAX);
    status = read_list(fd, "oci-layout", &layout, err);
    if (status == TUG_OK) {
        status = tug__images_check_layout(layout.data, layout.length, err);
    }
    if (status == TUG_OK) {
        status = read_list(fd, "index.json", &index, err);
    }
    if (status == TUG_OK) {
        status = tug__images_read_index(&import->images, index.data, index.length, err);
    }
    tug__buf_fini(&layout);
    tug__buf_fini(&index);
    import->source_fd = fd;
    import->completing.bring = bring_blob;
    import->completing.context = import;
    return status;
}
