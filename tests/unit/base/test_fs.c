/* SPDX-License-Identifier: Apache-2.0
 *
 * File system calls, on real files: what is in the way, and what a crash leaves.
 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/tmpdir.h"

struct place {
    char *path;
    int fd;
};

static struct place place_open(void)
{
    struct place place = {.path = tmpdir_create()};

    place.fd = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_geq(place.fd, 0);
    return place;
}

static void place_close(struct place *place)
{
    (void)close(place->fd);
    tmpdir_remove(place->path);
}

static void put(const struct place *place, const char *name, const char *text)
{
    char *const path = tmpdir_join(place->path, name);

    tmpdir_write(path, text, strlen(text));
    free(path);
}

static void expect_content(const struct place *place, const char *name, const char *expected)
{
    char *const path = tmpdir_join(place->path, name);
    char *const text = tmpdir_read(path, NULL);

    cr_assert_not_null(text, "'%s' is not there", name);
    cr_assert_str_eq(text, expected);
    free(text);
    free(path);
}

static bool exists(const struct place *place, const char *name)
{
    struct stat info;

    return fstatat(place->fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

static mode_t mode_of(const struct place *place, const char *name)
{
    struct stat info;

    cr_assert_eq(fstatat(place->fd, name, &info, AT_SYMLINK_NOFOLLOW), 0);
    return info.st_mode & 07777;
}

static enum tug_status replace(const struct place *place, const char *text, struct tug_error *err)
{
    const struct tug__fs_replacement replacement = {
        .temporary = "f.tmp",
        .name = "f",
        .mode = 0644,
        .sync = true,
    };

    return tug__fs_replace_bytes(place->fd, &replacement, text, strlen(text), err);
}

Test(base_fs, makes_and_opens_directories)
{
    struct place place = place_open();
    struct tug_error err = {0};
    bool is_new = false;
    int fd = -1;

    (void)umask(0);
    cr_assert_eq(tug__fs_open_dir(place.fd, "d", &fd, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, ENOENT);
    cr_assert_eq(fd, -1);
    cr_assert_eq(tug__fs_make_dir(place.fd, "d", &fd, &is_new, &err), TUG_OK);
    cr_assert(is_new);
    cr_assert_eq(mode_of(&place, "d"), 0700);
    cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    (void)close(fd);
    cr_assert_eq(tug__fs_make_dir(place.fd, "d", &fd, &is_new, &err), TUG_OK);
    cr_assert_not(is_new);
    (void)close(fd);
    cr_assert_eq(tug__fs_open_dir(place.fd, "d", &fd, &err), TUG_OK);
    (void)close(fd);
    place_close(&place);
}

Test(base_fs, t34_directories_are_not_links_or_files)
{
    struct place place = place_open();
    struct tug_error err = {0};
    bool is_new = false;
    int fd = -1;

    cr_assert_eq(mkdirat(place.fd, "real", 0700), 0);
    cr_assert_eq(symlinkat("real", place.fd, "link"), 0);
    cr_assert_eq(symlinkat("nowhere", place.fd, "dangling"), 0);
    cr_assert_eq(mkfifoat(place.fd, "fifo", 0600), 0);
    put(&place, "file", "x");
    cr_assert_eq(tug__fs_open_dir(place.fd, "link", &fd, &err), TUG_ERR_STORE);
    cr_assert_eq(tug__fs_make_dir(place.fd, "link", &fd, &is_new, &err), TUG_ERR_STORE);
    cr_assert_eq(tug__fs_make_dir(place.fd, "dangling", &fd, &is_new, &err), TUG_ERR_STORE);
    cr_assert_not(exists(&place, "nowhere"));
    cr_assert_eq(tug__fs_make_dir(place.fd, "fifo", &fd, &is_new, &err), TUG_ERR_STORE);
    cr_assert_eq(tug__fs_make_dir(place.fd, "file", &fd, &is_new, &err), TUG_ERR_STORE);
    cr_assert_eq(fd, -1);
    place_close(&place);
}

/* A FIFO must not make tug wait for its other end: hence the time limit. */
Test(base_fs, t34_files_are_not_links_fifos_or_directories, .timeout = 10)
{
    static const int flags[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_CREAT,
                                O_WRONLY | O_CREAT | O_TRUNC};
    struct place place = place_open();

    put(&place, "target", "untouched");
    cr_assert_eq(symlinkat("target", place.fd, "link"), 0);
    cr_assert_eq(symlinkat("nowhere", place.fd, "dangling"), 0);
    cr_assert_eq(mkfifoat(place.fd, "fifo", 0600), 0);
    cr_assert_eq(mkdirat(place.fd, "dir", 0700), 0);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        static const char *const names[] = {"link", "dangling", "fifo", "dir"};

        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            struct tug_error err = {0};
            int fd = -1;

            cr_assert_eq(tug__fs_open_file(place.fd, names[n], flags[i], &fd, &err), TUG_ERR_STORE,
                         "'%s' was opened", names[n]);
            cr_assert_eq(err.code, TUG_ERR_STORE);
            cr_assert_eq(fd, -1);
        }
    }
    expect_content(&place, "target", "untouched");
    cr_assert_not(exists(&place, "nowhere"));
    place_close(&place);
}

Test(base_fs, a_missing_file_is_told_by_errno)
{
    struct place place = place_open();
    struct tug_error err = {0};
    struct tug__buf buf;
    int fd = -1;

    tug__buf_init(&buf, 10);
    cr_assert_eq(tug__fs_open_file(place.fd, "f", O_RDONLY, &fd, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, ENOENT);
    err = (struct tug_error){0};
    cr_assert_eq(tug__fs_read_file(place.fd, "f", &buf, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, ENOENT);
    place_close(&place);
}

Test(base_fs, writes_and_reads_at_offsets)
{
    struct place place = place_open();
    struct tug_error err = {0};
    char bytes[8] = "";
    int fd = -1;

    cr_assert_eq(tug__fs_open_file(place.fd, "f", O_RDWR | O_CREAT, &fd, &err), TUG_OK);
    cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    cr_assert_eq(tug__fs_pwrite_all(fd, "world", 5, 6, &err), TUG_OK);
    cr_assert_eq(tug__fs_pwrite_all(fd, "hello ", 6, 0, &err), TUG_OK);
    cr_assert_eq(tug__fs_pread_all(fd, bytes, 7, 4, &err), TUG_OK);
    cr_assert_str_eq(bytes, "o world");
    cr_assert_eq(tug__fs_pread_all(fd, bytes, 2, 10, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, EIO, "an early end of file");
    cr_assert_eq(tug__fs_sync(fd, &err), TUG_OK);
    (void)close(fd);
    expect_content(&place, "f", "hello world");
    cr_assert_eq(tug__fs_sync(place.fd, &err), TUG_OK);
    place_close(&place);
}

Test(base_fs, failing_calls_tell_errno)
{
    struct place place = place_open();
    struct tug_error err = {0};
    char byte;
    int fd = -1;

    put(&place, "f", "x");
    cr_assert_eq(tug__fs_open_file(place.fd, "f", O_RDONLY, &fd, &err), TUG_OK);
    cr_assert_eq(tug__fs_pwrite_all(fd, "x", 1, 0, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, EBADF);
    (void)close(fd);
    err = (struct tug_error){0};
    cr_assert_eq(tug__fs_sync(-1, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, EBADF);
    fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_eq(tug__fs_pwrite_all(fd, "x", 1, 0, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, ENOSPC);
    (void)close(fd);
    cr_assert_eq(tug__fs_pread_all(-1, &byte, 1, 0, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, EBADF);
    place_close(&place);
}

Test(base_fs, reads_a_file_up_to_the_limit)
{
    struct place place = place_open();
    struct tug_error err = {0};
    struct tug__buf buf;
    char *const big = calloc(1, 200001);

    memset(big, 'b', 200000);
    put(&place, "big", big);
    put(&place, "empty", "");
    tug__buf_init(&buf, 200000);
    cr_assert_eq(tug__fs_read_file(place.fd, "empty", &buf, &err), TUG_OK);
    cr_assert_eq(buf.length, 0);
    cr_assert_eq(tug__fs_read_file(place.fd, "big", &buf, &err), TUG_OK);
    cr_assert_eq(buf.length, 200000);
    cr_assert_str_eq(buf.data, big);
    tug__buf_fini(&buf);
    tug__buf_init(&buf, 199999);
    cr_assert_eq(tug__fs_read_file(place.fd, "big", &buf, &err), TUG_ERR_TOO_LARGE);
    tug__buf_fini(&buf);
    free(big);
    place_close(&place);
}

Test(base_fs, replaces_a_file)
{
    struct place place = place_open();
    struct tug_error err = {0};

    (void)umask(022);
    cr_assert_eq(replace(&place, "one", &err), TUG_OK);
    expect_content(&place, "f", "one");
    cr_assert_eq(mode_of(&place, "f"), 0644);
    cr_assert_eq(replace(&place, "2", &err), TUG_OK);
    expect_content(&place, "f", "2");
    cr_assert_not(exists(&place, "f.tmp"));
    place_close(&place);
}

/* A crash may leave a temporary file of any length and mode. */
Test(base_fs, replaces_with_a_torn_temporary_file_about)
{
    struct place place = place_open();
    struct tug_error err = {0};

    put(&place, "f.tmp", "torn, and longer than what comes");
    cr_assert_eq(fchmodat(place.fd, "f.tmp", 0400, 0), 0);
    put(&place, "f", "old");
    cr_assert_eq(replace(&place, "new", &err), TUG_OK, "%s", err.message);
    expect_content(&place, "f", "new");
    place_close(&place);
}

Test(base_fs, t34_the_temporary_file_is_always_a_new_one)
{
    struct place place = place_open();
    struct tug_error err = {0};

    put(&place, "victim", "precious");
    cr_assert_eq(linkat(place.fd, "victim", place.fd, "f.tmp", 0), 0);
    cr_assert_eq(replace(&place, "new", &err), TUG_OK, "%s", err.message);
    expect_content(&place, "victim", "precious");
    expect_content(&place, "f", "new");
    cr_assert_eq(symlinkat("victim", place.fd, "f.tmp"), 0);
    cr_assert_eq(replace(&place, "newer", &err), TUG_OK, "%s", err.message);
    expect_content(&place, "victim", "precious");
    expect_content(&place, "f", "newer");
    place_close(&place);
}

Test(base_fs, t34_a_replaced_link_leaves_its_target_alone)
{
    struct place place = place_open();
    struct tug_error err = {0};
    struct stat info;

    put(&place, "victim", "precious");
    cr_assert_eq(symlinkat("victim", place.fd, "f"), 0);
    cr_assert_eq(replace(&place, "new", &err), TUG_OK);
    expect_content(&place, "victim", "precious");
    cr_assert_eq(fstatat(place.fd, "f", &info, AT_SYMLINK_NOFOLLOW), 0);
    cr_assert(S_ISREG(info.st_mode));
    place_close(&place);
}

Test(base_fs, a_failed_replacement_leaves_everything)
{
    struct place place = place_open();
    struct tug_error err = {0};

    cr_assert_eq(mkdirat(place.fd, "f", 0700), 0);
    cr_assert_eq(replace(&place, "new", &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, EISDIR);
    cr_assert(exists(&place, "f"));
    cr_assert_not(exists(&place, "f.tmp"), "the temporary file was left");
    cr_assert_eq(mkdirat(place.fd, "f.tmp", 0700), 0);
    cr_assert_eq(replace(&place, "new", &err), TUG_ERR_STORE);
    place_close(&place);
}
