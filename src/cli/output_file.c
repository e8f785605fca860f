/* SPDX-License-Identifier: Apache-2.0
 *
 * A file that is there whole or not at all.
 *
 * Knows: files. Does not know: what is written to them. Threads: main.
 *
 * Where the file system can, the file has no name while it is written (O_TMPFILE), so that not even
 * a kill leaves a part of it. Else it has the name PATH.PID.tmp.
 */
#include "output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Before the umask. */
#define MODE 0666

/* Open a file without a name in the directory of the path. Returns: -1: the file system has none.
 */
static int open_anonymous(const char *path)
{
    const char *const slash = strrchr(path, '/');
    struct text dir = {0};
    int fd = -1;

    if (slash != NULL) {
        text_append(&dir, path, (size_t)(slash - path) + 1);
    } else {
        text_puts(&dir, ".");
    }
    if (!dir.has_failed) {
        fd = open(dir.data, O_TMPFILE | O_WRONLY | O_CLOEXEC, MODE);
    }
    text_fini(&dir);
    return fd;
}

/* Open a file under the temporary name; one that an earlier process of that number left is
 * replaced. */
static int open_temporary(const char *name)
{
    (void)unlink(name);
    return open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
}

int output_file_open(struct output_file *file, const char *path)
{
    struct stat info;
    int code;

    *file = (struct output_file){.fd = -1, .path = path};
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        file->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return file->fd >= 0 ? 0 : errno;
    }
    text_printf(&file->temporary, "%s.%ld.tmp", path, (long)getpid());
    if (file->temporary.has_failed) {
        text_fini(&file->temporary);
        return ENOMEM;
    }
    file->fd = open_anonymous(path);
    file->is_anonymous = file->fd >= 0;
    if (!file->is_anonymous) {
        file->fd = open_temporary(file->temporary.data);
    }
    code = errno;
    if (file->fd < 0) {
        text_fini(&file->temporary);
        return code;
    }
    return 0;
}

/* Give a file without a name the temporary one. */
static bool name_file(struct output_file *file)
{
    char self[64];

    if (!file->is_anonymous) {
        return true;
    }
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", file->fd);
    (void)unlink(file->temporary.data);
    if (linkat(AT_FDCWD, self, AT_FDCWD, file->temporary.data, AT_SYMLINK_FOLLOW) != 0) {
        return false;
    }
    file->is_anonymous = false;
    return true;
}

int output_file_commit(struct output_file *file)
{
    int code = 0;

    if (file->temporary.length == 0) {
        code = close(file->fd) == 0 ? 0 : errno;
        return code;
    }
    if (fsync(file->fd) != 0 || !name_file(file) || rename(file->temporary.data, file->path) != 0) {
        code = errno;
        output_file_abort(file);
        return code;
    }
    code = close(file->fd) == 0 ? 0 : errno;
    text_fini(&file->temporary);
    return code;
}

void output_file_abort(struct output_file *file)
{
    (void)close(file->fd);
    if (file->temporary.length > 0 && !file->is_anonymous) {
        (void)unlink(file->temporary.data);
    }
    text_fini(&file->temporary);
}
