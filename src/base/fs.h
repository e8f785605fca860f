/* SPDX-License-Identifier: Apache-2.0
 *
 * File system calls that finish the job: EINTR, short reads and short writes are handled; links are
 * not followed; descriptors are close-on-exec. Failures are TUG_ERR_STORE with os_errno.
 * Threads: any. Blocks: on the disk only.
 */
#ifndef TUG_BASE_FS_H
#define TUG_BASE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <tug/error.h>

#include "base/buf.h"

/* Open a directory relative to parent_fd (AT_FDCWD allowed), which must not be a link. */
enum tug_status tug__fs_open_dir(int parent_fd, const char *name, int *out_fd,
                                 struct tug_error *err);
/* The same, making it with mode 0700 when it is missing. out_is_new: it was, and the caller may
 * want to fsync the parent. */
enum tug_status tug__fs_make_dir(int parent_fd, const char *name, int *out_fd, bool *out_is_new,
                                 struct tug_error *err);
/* Open a file with flags (O_NOFOLLOW, O_CLOEXEC and O_NONBLOCK are added) and refuse anything that
 * is not a regular file. O_CREAT makes it with mode 0600. Missing file: os_errno is ENOENT. */
enum tug_status tug__fs_open_file(int dir_fd, const char *name, int flags, int *out_fd,
                                  struct tug_error *err);
/* Write all bytes at an offset. */
enum tug_status tug__fs_pwrite_all(int fd, const void *bytes, size_t length, uint64_t offset,
                                   struct tug_error *err);
/* Read exactly length bytes at an offset; an early end of file is an error (os_errno EIO). */
enum tug_status tug__fs_pread_all(int fd, void *bytes, size_t length, uint64_t offset,
                                  struct tug_error *err);
/* Read a whole file into buf (appended; its limit applies: TUG_ERR_TOO_LARGE). Links are refused.
 */
enum tug_status tug__fs_read_file(int dir_fd, const char *name, struct tug__buf *buf,
                                  struct tug_error *err);
/* Read what an open blob has next, up to capacity bytes. out_length: 0 at its end. Errors:
 * TUG_ERR_STORE. */
enum tug_status tug__fs_read_some(int fd, void *buffer, size_t capacity, size_t *out_length,
                                  struct tug_error *err);
/* Read a file that a user names, such as a configuration: links are followed, because such files
 * are often installed as links. buf: appended to, its limit applies. Errors: TUG_ERR_CONFIG
 * ("'path': reason", os_errno; no regular file, too long), TUG_ERR_NO_MEMORY. */
enum tug_status tug__fs_read_config(const char *path, struct tug__buf *buf, struct tug_error *err);
/* How a file is replaced at once. All borrowed for the call. */
struct tug__fs_replacement {
    const char *temporary; /* written first; an old file of that name is removed: the caller makes
                              sure that it is not in use */
    const char *name;
    mode_t mode;    /* of the new file, less the umask */
    bool sync;      /* fsync the file before the rename and the directory after it */
    bool leave_dir; /* but the caller syncs the directory */
    /* Write the content to the empty temporary file; may change its mode and owner, too. */
    enum tug_status (*write)(void *context, int fd, struct tug_error *err);
    void *context;
};

/* Replace a file at once: write the temporary, rename it over name. The temporary file is removed
 * on failure. Errors: what write returns as well. */
enum tug_status tug__fs_replace(int dir_fd, const struct tug__fs_replacement *replacement,
                                struct tug_error *err);
/* The same with content in memory; write and context of replacement are ignored. */
enum tug_status tug__fs_replace_bytes(int dir_fd, const struct tug__fs_replacement *replacement,
                                      const void *bytes, size_t length, struct tug_error *err);
/* fsync a file or a directory. */
enum tug_status tug__fs_sync(int fd, struct tug_error *err);

#endif
