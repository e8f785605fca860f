/* SPDX-License-Identifier: Apache-2.0
 *
 * What kind of disk a store is on.
 *
 * Knows: /sys/dev/block. Does not know: the network, what is done with the answer.
 * Threads: any.
 */
#include "store/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Room for "MAJOR:MINOR/../queue/rotational". */
#define PATH_BYTES 64

/* Read the first character of a file; 0: there is none. */
static char first_character(int dir_fd, const char *path)
{
    TUG__AUTO_FD int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
    char c = '\0';

    return fd >= 0 && read(fd, &c, 1) == 1 ? c : '\0';
}

bool tug__disk_is_rotating(int blocks_fd, unsigned device_major, unsigned device_minor)
{
    static const char *const places[] = {"queue/rotational", "../queue/rotational"};
    char path[PATH_BYTES];
    char answer = '\0';

    for (size_t i = 0; answer == '\0' && i < sizeof places / sizeof *places; i++) {
        (void)snprintf(path, sizeof path, "%u:%u/%s", device_major, device_minor, places[i]);
        answer = first_character(blocks_fd, path);
    }
    return answer == '1';
}

bool tug__store_is_on_rotating_disk(const struct tug_store *store)
{
    TUG__AUTO_FD int blocks_fd = open("/sys/dev/block", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat info;

    return blocks_fd >= 0 && fstat(store->root_fd, &info) == 0 &&
           tug__disk_is_rotating(blocks_fd, major(info.st_dev), minor(info.st_dev));
}
