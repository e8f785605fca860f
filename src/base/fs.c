/* SPDX-License-Identifier: Apache-2.0
 *
 * File system calls that finish the job.
 *
 * Knows: POSIX files. Does not know: the store, OCI, HTTP.
 * Threads: any.
 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

#define READ_PIECE_BYTES 65536

enum tug_status tug__fs_open_dir(int parent_fd, const char *name, int *out_fd,
                                 struct tug_error *err)
{
    const int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot open the directory '%s'", name);
    }
    *out_fd = fd;
    return TUG_OK;
}

enum tug_status tug__fs_make_dir(int parent_fd, const char *name, int *out_fd, bool *out_is_new,
                                 struct tug_error *err)
{
    const bool is_new = mkdirat(parent_fd, name, 0700) == 0;

    if (!is_new && errno != EEXIST) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot create the directory '%s'", name);
    }
    *out_is_new = is_new;
    return tug__fs_open_dir(parent_fd, name, out_fd, err);
}

enum tug_status tug__fs_open_file(int dir_fd, const char *name, int flags, int *out_fd,
                                  struct tug_error *err)
{
    struct stat info;
    TUG__AUTO_FD int fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);

    if (fd < 0 || fstat(fd, &info) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot open '%s'", name);
    }
    if (!S_ISREG(info.st_mode)) {
        return tug__fail(err, TUG_ERR_STORE, "'%s' is not a regular file", name);
    }
    *out_fd = tug__steal_fd(&fd);
    return TUG_OK;
}

enum tug_status tug__fs_pwrite_all(int fd, const void *bytes, size_t length, uint64_t offset,
                                   struct tug_error *err)
{
    const char *rest = bytes;

    while (length > 0) {
        const ssize_t written = pwrite(fd, rest, length, (off_t)offset);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot write to the store");
        }
        if (written == 0) {
            return tug__fail_errno(err, TUG_ERR_STORE, ENOSPC, "cannot write to the store");
        }
        rest += written;
        offset += (uint64_t)written;
        length -= (size_t)written;
    }
    return TUG_OK;
}

enum tug_status tug__fs_pread_all(int fd, void *bytes, size_t length, uint64_t offset,
                                  struct tug_error *err)
{
    char *rest = bytes;

    while (length > 0) {
        const ssize_t count = pread(fd, rest, length, (off_t)offset);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return tug__fail_errno(err, TUG_ERR_STORE, count < 0 ? errno : EIO,
                                   "cannot read from the store");
        }
        rest += count;
        offset += (uint64_t)count;
        length -= (size_t)count;
    }
    return TUG_OK;
}

enum tug_status tug__fs_read_file(int dir_fd, const char *name, struct tug__buf *buf,
                                  struct tug_error *err)
{
    char piece[READ_PIECE_BYTES];
    struct stat info;
    TUG__AUTO_FD int fd = -1;
    enum tug_status status = tug__fs_open_file(dir_fd, name, O_RDONLY, &fd, err);

    if (status == TUG_OK && fstat(fd, &info) == 0 && (uint64_t)info.st_size > sizeof piece) {
        status = tug__buf_reserve(buf, (size_t)info.st_size, err); /* no more than the file */
    }
    while (status == TUG_OK) {
        const ssize_t count = read(fd, piece, sizeof piece);

        if (count == 0) {
            break;
        }
        if (count > 0) {
            status = tug__buf_append(buf, piece, (size_t)count, err);
        } else if (errno != EINTR) {
            status = tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot read '%s'", name);
        }
    }
    return status;
}

enum tug_status tug__fs_read_some(int fd, void *buffer, size_t capacity, size_t *out_length,
                                  struct tug_error *err)
{
    ssize_t length;

    do {
        length = read(fd, buffer, capacity);
    } while (length < 0 && errno == EINTR);
    if (length < 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot read a blob");
    }
    *out_length = (size_t)length;
    return TUG_OK;
}

/* Read the rest of an open file. */
static enum tug_status read_rest(int fd, const char *path, struct tug__buf *buf,
                                 struct tug_error *err)
{
    char piece[16 * 1024];

    for (;;) {
        const ssize_t got = read(fd, piece, sizeof piece);
        enum tug_status status;

        if (got == 0) {
            return TUG_OK;
        }
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return tug__fail_errno(err, TUG_ERR_CONFIG, errno, "'%s'", path);
        }
        status = tug__buf_append(buf, piece, (size_t)got, err);
        if (status == TUG_ERR_TOO_LARGE) {
            return tug__fail(err, TUG_ERR_CONFIG, "'%s': over the limit of %zu bytes", path,
                             buf->limit);
        }
        if (status != TUG_OK) {
            return status;
        }
    }
}

enum tug_status tug__fs_read_config(const char *path, struct tug__buf *buf, struct tug_error *err)
{
    /* links are followed: configuration is often installed as links */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat about;
    enum tug_status status;

    if (fd < 0) {
        return tug__fail_errno(err, TUG_ERR_CONFIG, errno, "'%s'", path);
    }
    if (fstat(fd, &about) != 0) {
        status = tug__fail_errno(err, TUG_ERR_CONFIG, errno, "'%s'", path);
    } else if (!S_ISREG(about.st_mode)) {
        status = tug__fail(err, TUG_ERR_CONFIG, "'%s': not a regular file", path);
    } else {
        status = read_rest(fd, path, buf, err);
    }
    (void)close(fd);
    return status;
}

enum tug_status tug__fs_replace(int dir_fd, const struct tug__fs_replacement *replacement,
                                struct tug_error *err)
{
    const char *const temporary = replacement->temporary;
    const char *const name = replacement->name;
    TUG__AUTO_FD int fd = -1;
    enum tug_status status;

    /* Left by an interrupted run, or planted: a link must not be written through. */
    (void)unlinkat(dir_fd, temporary, 0);
    fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, replacement->mode);
    if (fd < 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot open '%s'", temporary);
    }
    status = replacement->write(replacement->context, fd, err);
    if (status == TUG_OK && replacement->sync) {
        status = tug__fs_sync(fd, err);
    }
    if (status == TUG_OK && renameat(dir_fd, temporary, dir_fd, name) != 0) {
        status = tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot replace '%s'", name);
    }
    if (status != TUG_OK) {
        (void)unlinkat(dir_fd, temporary, 0);
        return tug__wrap(err, status, "'%s'", name);
    }
    return replacement->sync && !replacement->leave_dir ? tug__fs_sync(dir_fd, err) : TUG_OK;
}

/* The content of a file, all of it in memory. */
struct content {
    const void *bytes;
    size_t length;
};

static enum tug_status write_content(void *context, int fd, struct tug_error *err)
{
    const struct content *const content = context;

    return tug__fs_pwrite_all(fd, content->bytes, content->length, 0, err);
}

enum tug_status tug__fs_replace_bytes(int dir_fd, const struct tug__fs_replacement *replacement,
                                      const void *bytes, size_t length, struct tug_error *err)
{
    struct content content = {.bytes = bytes, .length = length};
    struct tug__fs_replacement own = *replacement;

    own.write = write_content;
    own.context = &content;
    return tug__fs_replace(dir_fd, &own, err);
}

enum tug_status tug__fs_sync(int fd, struct tug_error *err)
{
    if (fsync(fd) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot make it durable (fsync)");
    }
    return TUG_OK;
}
