/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Temporary directories and small files for tests.
 * Knows: the file system. Does not know: anything else. Threads: any.
 */
#include "tmpdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Noreturn static void give_up(const char *what, const char *path)
{
    fprintf(stderr, "test support: cannot %s '%s': %s\n", what, path, strerror(errno));
    abort();
}

char *tmpdir_create(void)
{
    const char *const base = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/tug-test-XXXXXX", base != NULL && *base != '\0' ? base : "/tmp") < 0 ||
        mkdtemp(path) == NULL) {
        give_up("make a directory under", base != NULL ? base : "/tmp");
    }
    char *const real = realpath(path, NULL);
    if (real == NULL) {
        give_up("resolve", path);
    }
    free(path);
    return real;
}

/* Delete all that is in a directory; takes its descriptor. Depth is that of what tests make. */
static void empty_directory(int fd, const char *path)
{
    DIR *const directory = fdopendir(fd);
    if (directory == NULL) {
        give_up("list", path);
    }
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        struct stat info;
        if (fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
            give_up("look at", entry->d_name);
        }
        const bool is_directory = S_ISDIR(info.st_mode);
        if (is_directory) {
            if (fchmodat(fd, entry->d_name, 0700, 0) != 0) {
                give_up("make accessible", entry->d_name);
            }
            const int child =
                openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (child < 0) {
                give_up("open", entry->d_name);
            }
            empty_directory(child, entry->d_name);
        }
        if (unlinkat(fd, entry->d_name, is_directory ? AT_REMOVEDIR : 0) != 0) {
            give_up("delete", entry->d_name);
        }
    }
    closedir(directory);
}

void tmpdir_remove(char *path)
{
    if (path == NULL) {
        return;
    }
    chmod(path, 0700);
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        give_up("open", path);
    }
    empty_directory(fd, path);
    if (rmdir(path) != 0) {
        give_up("delete", path);
    }
    free(path);
}

char *tmpdir_join(const char *directory, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        give_up("join", name);
    }
    return path;
}

char *tmpdir_read(const char *path, size_t *out_len)
{
    FILE *const file = fopen(path, "re");
    if (file == NULL && errno == ENOENT) {
        return NULL;
    }
    struct stat info;
    if (file == NULL || fstat(fileno(file), &info) != 0) {
        give_up("read", path);
    }
    char *const data = calloc(1, (size_t)info.st_size + 1);
    if (data == NULL) {
        give_up("hold", path);
    }
    const size_t len = fread(data, 1, (size_t)info.st_size, file);
    if (ferror(file)) {
        give_up("read", path);
    }
    fclose(file);
    if (out_len != NULL) {
        *out_len = len;
    }
    return data;
}

void tmpdir_write(const char *path, const void *data, size_t len)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        give_up("create", path);
    }
    const char *at = data;
    while (len > 0) {
        const ssize_t done = write(fd, at, len);
        if (done < 0) {
            give_up("write", path);
        }
        at += done;
        len -= (size_t)done;
    }
    close(fd);
}
