/* SPDX-License-Identifier: Apache-2.0
 *
 * store_calls.so, to be preloaded: records the calls that change a store, or lets one of them fail.
 *
 * Environment: STORE_CALLS_ROOT, the store's path without links. STORE_CALLS_RECORD: file to append
 * records to (store_calls.h). STORE_CALLS_FAIL: "NUMBER:ERRNO", the call of that number (from 1 on)
 * fails so, without being made; ERRNO 0: a write that writes only half. STORE_CALLS_FAIL_STAT:
 * "NAME:ERRNO", looking at that name in the store's directory fails so. STORE_CALLS_ROOM: BYTES, a
 * disk on which no room can be reserved, and that is full after so many more were written. Knows:
 * the C library's names for system calls. Does not know: what the program is. Threads: any; calls
 * are made one at a time, so their order is the order of the records.
 */
#include "store_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int record_fd = -1;
static unsigned long fail_at;
static int fail_errno;
static unsigned long call_number;
static char root[STORE_PATH_MAX];
static char stat_path[STORE_PATH_MAX];
static int stat_errno;
static unsigned long long room = ~0ULL;

#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
    const char *const path = getenv("STORE_CALLS_ROOT");
    const char *const record = getenv("STORE_CALLS_RECORD");
    const char *const fail = getenv("STORE_CALLS_FAIL");

    if (getenv("STORE_CALLS_FAIL_STAT") != NULL) {
        (void)sscanf(getenv("STORE_CALLS_FAIL_STAT"), "%127[^:]:%d", stat_path, &stat_errno);
    }
    if (getenv("STORE_CALLS_ROOM") != NULL) {
        (void)sscanf(getenv("STORE_CALLS_ROOM"), "%llu", &room);
    }
    if (path != NULL && strlen(path) < sizeof root) {
        strcpy(root, path);
    }
    if (record != NULL) {
        record_fd = open(record, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    if (fail != NULL) {
        (void)sscanf(fail, "%lu:%d", &fail_at, &fail_errno);
    }
}

/* The path of an open file below the store. Returns: false when it is elsewhere. */
static int find_path(int fd, char *out_path)
{
    char link[64];
    char path[STORE_PATH_MAX + 64];
    const size_t root_length = strlen(root);
    ssize_t length;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = root_length > 0 ? readlink(link, path, sizeof path - 1) : -1;
    if (length < 0) {
        return 0;
    }
    path[length] = '\0';
    if (strncmp(path, root, root_length) != 0 ||
        (path[root_length] != '\0' && path[root_length] != '/') ||
        (size_t)length - root_length >= STORE_PATH_MAX - 100) {
        return 0;
    }
    strcpy(out_path, path[root_length] == '/' ? path + root_length + 1 : "");
    return 1;
}

/* The path of a name in an open directory. */
static int find_name(int fd, const char *name, char *out_path)
{
    if (name[0] == '/' || strlen(name) > 98 || strcmp(name, ".") == 0 || fd == AT_FDCWD ||
        !find_path(fd, out_path)) {
        return 0;
    }
    if (out_path[0] != '\0') {
        strcat(out_path, "/");
    }
    strcat(out_path, name);
    return 1;
}

static uint64_t inode_of(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 ? info.st_ino : 0;
}

/* Count a call. Returns: whether it is the one that shall fail. */
static int is_to_fail(void)
{
    call_number++;
    return fail_at > 0 && call_number == fail_at;
}

static void note(const struct store_call *call, const void *bytes)
{
    const struct iovec parts[] = {
        {.iov_base = (void *)(uintptr_t)call, .iov_len = sizeof *call},
        {.iov_base = (void *)(uintptr_t)bytes, .iov_len = call->length},
    };
    const int code = errno;

    if (record_fd >= 0 && writev(record_fd, parts, bytes != NULL ? 2 : 1) < 0) {
        abort();
    }
    errno = code;
}

/* Before a write. Returns: how much of it is to be made; 0: none, errno says why. */
static size_t take_room(size_t length)
{
    const int fails = is_to_fail();

    if (fails && fail_errno != 0) {
        errno = fail_errno;
        return 0;
    }
    length = fails && length > 1 ? length / 2 : length;
    length = length < room ? length : (size_t)room;
    if (length == 0) {
        errno = ENOSPC;
    }
    return length;
}

/* A write was made. bytes: NULL when there are none. */
static void note_write(struct store_call *call, int fd, ssize_t result, const void *bytes)
{
    if (result > 0) {
        room -= room == ~0ULL ? 0 : (unsigned long long)result;
        call->inode = inode_of(fd);
        call->length = (uint64_t)result;
        note(call, bytes);
    }
}

/* What follows takes the place of the C library's functions. */
#pragma GCC visibility push(default)

int mkdirat(int fd, const char *name, mode_t mode)
{
    struct store_call call = {.kind = STORE_CALL_MKDIR, .mode = mode};
    int result = -1;

    pthread_mutex_lock(&lock);
    if (!find_name(fd, name, call.path)) {
        result = NEXT(mkdirat)(fd, name, mode);
    } else if (is_to_fail()) {
        errno = fail_errno != 0 ? fail_errno : EIO;
    } else {
        result = NEXT(mkdirat)(fd, name, mode);
        if (result == 0) {
            note(&call, NULL);
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

/* For all names of openat. */
static int open_at(int fd, const char *name, int flags, mode_t mode)
{
    struct store_call call = {.kind = STORE_CALL_OPEN, .mode = mode};
    struct stat info;
    int result = -1;

    pthread_mutex_lock(&lock);
    if (!find_name(fd, name, call.path)) {
        result = NEXT(openat)(fd, name, flags, mode);
    } else if (is_to_fail()) {
        errno = fail_errno != 0 ? fail_errno : EIO;
    } else {
        const int is_new = fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0;

        result = NEXT(openat)(fd, name, flags, mode);
        if (result >= 0) {
            call.kind = is_new ? STORE_CALL_CREATE : STORE_CALL_OPEN;
            call.inode = inode_of(result);
        }
        note(&call, NULL);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

int openat(int fd, const char *name, int flags, ...)
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return open_at(fd, name, flags, mode);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    struct store_call call = {.kind = STORE_CALL_WRITE, .offset = (uint64_t)offset};
    ssize_t result = -1;

    pthread_mutex_lock(&lock);
    if (!find_path(fd, call.path)) {
        result = NEXT(pwrite)(fd, bytes, length, offset);
    } else if (length == 0 || (length = take_room(length)) > 0) {
        result = NEXT(pwrite)(fd, bytes, length, offset);
        note_write(&call, fd, result, bytes);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

/* What was copied is recorded as if it had been written. Both offsets are given. */
ssize_t copy_file_range(int from_fd, off_t *from, int fd, off_t *offset, size_t length,
                        unsigned flags)
{
    struct store_call call = {.kind = STORE_CALL_WRITE, .offset = (uint64_t)*offset};
    const off_t first = *from;
    void *const bytes = malloc(length + 1);
    ssize_t result = -1;

    pthread_mutex_lock(&lock);
    if (bytes == NULL || !find_path(fd, call.path)) {
        result = NEXT(copy_file_range)(from_fd, from, fd, offset, length, flags);
    } else if ((length = take_room(length)) > 0) {
        result = NEXT(copy_file_range)(from_fd, from, fd, offset, length, flags);
        if (result > 0 && pread(from_fd, bytes, (size_t)result, first) != result) {
            abort();
        }
        note_write(&call, fd, result, bytes);
    }
    pthread_mutex_unlock(&lock);
    free(bytes);
    return result;
}

/* Second names, which programs have that are compiled with _FILE_OFFSET_BITS=64. */
#ifdef __GLIBC__
int openat64(int fd, const char *name, int flags, ...)
{
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return open_at(fd, name, flags, mode);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset)
{
    return pwrite(fd, bytes, length, offset);
}
#endif

/* A call on an open file that changes what `kind` says. */
#define ON_FILE(call_kind, extra, name, ...)                                                       \
    struct store_call call = {.kind = call_kind, extra};                                           \
    int result = -1;                                                                               \
                                                                                                   \
    pthread_mutex_lock(&lock);                                                                     \
    if (!find_path(fd, call.path)) {                                                               \
        result = NEXT(name)(__VA_ARGS__);                                                          \
    } else if (is_to_fail()) {                                                                     \
        errno = fail_errno != 0 ? fail_errno : EIO;                                                \
    } else {                                                                                       \
        result = NEXT(name)(__VA_ARGS__);                                                          \
        if (result == 0) {                                                                         \
            call.inode = inode_of(fd);                                                             \
            note(&call, NULL);                                                                     \
        }                                                                                          \
    }                                                                                              \
    pthread_mutex_unlock(&lock);                                                                   \
    return result

int fsync(int fd)
{
    ON_FILE(STORE_CALL_SYNC, .mode = 0, fsync, fd);
}

int syncfs(int fd)
{
    ON_FILE(STORE_CALL_SYNC_ALL, .mode = 0, syncfs, fd);
}

int ftruncate(int fd, off_t length)
{
    ON_FILE(STORE_CALL_TRUNCATE, .offset = (uint64_t)length, ftruncate, fd, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    if (room != ~0ULL) {
        errno = EOPNOTSUPP;
        return -1;
    }
    ON_FILE(STORE_CALL_RESERVE, .offset = (uint64_t)length, fallocate, fd, mode, offset, length);
}

int fchmod(int fd, mode_t mode)
{
    ON_FILE(STORE_CALL_MODE, .mode = mode, fchmod, fd, mode);
}

int renameat(int fd, const char *name, int to_fd, const char *to_name)
{
    struct store_call call = {.kind = STORE_CALL_RENAME};
    int result = -1;

    pthread_mutex_lock(&lock);
    if (!find_name(fd, name, call.path) || !find_name(to_fd, to_name, call.path2)) {
        result = NEXT(renameat)(fd, name, to_fd, to_name);
    } else if (is_to_fail()) {
        errno = fail_errno != 0 ? fail_errno : EIO;
    } else {
        result = NEXT(renameat)(fd, name, to_fd, to_name);
        if (result == 0) {
            note(&call, NULL);
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

int fstatat(int fd, const char *name, struct stat *info, int flags)
{
    char path[STORE_PATH_MAX];

    if (stat_errno != 0 && find_name(fd, name, path) && strcmp(path, stat_path) == 0) {
        errno = stat_errno;
        return -1;
    }
    return NEXT(fstatat)(fd, name, info, flags);
}

int unlinkat(int fd, const char *name, int flags)
{
    struct store_call call = {.kind = STORE_CALL_UNLINK};
    int result = -1;

    pthread_mutex_lock(&lock);
    if (!find_name(fd, name, call.path)) {
        result = NEXT(unlinkat)(fd, name, flags);
    } else if (is_to_fail()) {
        errno = fail_errno != 0 ? fail_errno : EIO;
    } else {
        result = NEXT(unlinkat)(fd, name, flags);
        if (result == 0) {
            note(&call, NULL);
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

#pragma GCC visibility pop

/* The number of calls, for who wants to let each of them fail. */
__attribute__((destructor)) static void end(void)
{
    const char *const path = getenv("STORE_CALLS_COUNT");
    FILE *const file = path != NULL ? fopen(path, "we") : NULL;

    if (file != NULL) {
        fprintf(file, "%lu\n", call_number);
        fclose(file);
    }
}
