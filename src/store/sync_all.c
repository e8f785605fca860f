/* SPDX-License-Identifier: Apache-2.0
 *
 * Make many small files durable with one call, where that is safe and cheap.
 *
 * Knows: syncfs(2), which file systems keep its promise. Does not know: documents, the network,
 * partial downloads.
 * Threads: any.
 *
 * An fsync for each of many small files costs a wait for the disk each time. syncfs waits once, but
 * for everything that is to be written to the file system, by anybody: so it is called only while
 * that is little. Since Linux 5.8 it reports failed writes, once for each open descriptor: after
 * such a report every file is synced by itself again, which says what it concerns.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Fewer files are synced one by one. */
#define FILES_MIN 4
/* Most data waiting to be written, by anybody, that is worth waiting for. */
#define DIRTY_KIB_MAX (64UL * 1024)

/* By statfs(2). */
#define MAGIC_EXT4 0xef53
#define MAGIC_XFS 0x58465342
#define MAGIC_BTRFS 0x9123683e

bool tug__sync_all_is_sound(const char *release, long file_system)
{
    unsigned major = 0;
    unsigned minor = 0;

    return sscanf(release, "%u.%u", &major, &minor) == 2 &&
           (major > 5 || (major == 5 && minor >= 8)) &&
           (file_system == MAGIC_EXT4 || file_system == MAGIC_XFS || file_system == MAGIC_BTRFS);
}

bool tug__sync_all_is_cheap(size_t file_count, unsigned long dirty_kib)
{
    return file_count >= FILES_MIN && dirty_kib <= DIRTY_KIB_MAX;
}

bool tug__store_may_sync_all(int root_fd)
{
    struct utsname system;
    struct statfs info;

    return uname(&system) == 0 && fstatfs(root_fd, &info) == 0 &&
           tug__sync_all_is_sound(system.release, (long)info.f_type);
}

/* Get how much data waits to be written, or is being written. Returns: false when nobody knows. */
static bool read_dirty_kib(unsigned long *out_kib)
{
    FILE *const file = fopen("/proc/meminfo", "re");
    unsigned long dirty = 0;
    unsigned long writeback = 0;
    unsigned found = 0;
    char line[128];

    while (file != NULL && found < 2 && fgets(line, sizeof line, file) != NULL) {
        found += sscanf(line, "Dirty: %lu", &dirty) == 1;
        found += sscanf(line, "Writeback: %lu", &writeback) == 1;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    *out_kib = dirty + writeback;
    return found == 2;
}

bool tug__store_sync_all(struct tug_store *store, size_t file_count)
{
    unsigned long dirty_kib;
    bool is_done = false;

    if (file_count < FILES_MIN || !store->is_durable) {
        return false;
    }
    (void)pthread_mutex_lock(&store->sync_lock);
    if (store->may_sync_all && read_dirty_kib(&dirty_kib) &&
        tug__sync_all_is_cheap(file_count, dirty_kib)) {
        is_done = syncfs(store->root_fd) == 0;
        store->may_sync_all = is_done; /* the failed write may be another thread's */
    }
    (void)pthread_mutex_unlock(&store->sync_lock);
    return is_done;
}
