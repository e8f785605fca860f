/* SPDX-License-Identifier: Apache-2.0
 *
 * Which process holds a lock, as far as the system tells.
 *
 * Knows: the text of /proc/locks. Does not know: the network, why a lock is held.
 * Threads: any.
 */
#include "store/internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Most lines of /proc/locks that are read; a busy machine has a few hundred. */
#define LINES_MAX 100000

bool tug__holder_parse(const char *line, uint64_t device_major, uint64_t device_minor,
                       uint64_t inode, long *out_pid)
{
    unsigned line_major = 0;
    unsigned line_minor = 0;
    uint64_t line_inode = 0;
    long pid = 0;

    /* 1: FLOCK  ADVISORY  WRITE 4711 08:01:42 0 EOF; "->" before the kind marks a waiter */
    if (sscanf(line, "%*d: FLOCK %*s %*s %ld %x:%x:%" SCNu64, &pid, &line_major, &line_minor,
               &line_inode) != 4 ||
        line_major != device_major || line_minor != device_minor || line_inode != inode) {
        return false;
    }
    *out_pid = pid;
    return true;
}

long tug__holder_find(const struct stat *file)
{
    FILE *const locks = fopen("/proc/locks", "re");
    char line[256];
    long pid = 0;

    if (locks == NULL) {
        return 0;
    }
    for (unsigned i = 0; pid == 0 && i < LINES_MAX && fgets(line, sizeof line, locks) != NULL;
         i++) {
        (void)tug__holder_parse(line, major(file->st_dev), minor(file->st_dev), file->st_ino, &pid);
    }
    (void)fclose(locks);
    return pid > 0 ? pid : 0;
}

void tug__holder_describe(int fd, char *out_text, size_t capacity)
{
    struct stat file;
    const long pid = fstat(fd, &file) == 0 ? tug__holder_find(&file) : 0;
    char path[64];
    char name[64] = "";
    char shown[256];
    TUG__AUTO_FD int comm_fd = -1;
    ssize_t length;

    if (pid == 0) {
        (void)snprintf(out_text, capacity, "another process");
        return;
    }
    (void)snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    comm_fd = open(path, O_RDONLY | O_CLOEXEC);
    length = comm_fd >= 0 ? read(comm_fd, name, sizeof name) : 0;
    length = length > 0 && name[length - 1] == '\n' ? length - 1 : length;
    if (length <= 0) { /* it has exited, and a child of it still has the file open */
        (void)snprintf(out_text, capacity, "process %ld", pid);
        return;
    }
    (void)tug_text_escape(shown, sizeof shown, name, (size_t)length);
    (void)snprintf(out_text, capacity, "process %ld (%s)", pid, shown);
}
