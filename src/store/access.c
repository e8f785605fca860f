/* SPDX-License-Identifier: Apache-2.0
 *
 * Modes, groups and owners of everything created below the store's root: they follow the root's.
 *
 * Knows: modes, owners, groups. Does not know: documents, the network.
 * Threads: any.
 *
 * A root that tug creates has mode 0700, and so has everything below it. An existing root may be
 * shared (0755, 2775) or belong to another user (sudo): new directories get its mode and group and,
 * when running as root, its owner too. Not every file system or user allows that, so failures are
 * not errors; a file that cannot get the root's group gives its own group no more rights than
 * others have.
 */
#include "store/internal.h"

#include <sys/stat.h>
#include <unistd.h>

mode_t tug__access_dir_mode(mode_t root_mode)
{
    return (root_mode & 03777) | 0700;
}

mode_t tug__access_file_mode(mode_t root_mode)
{
    const mode_t group = (root_mode & 0020) != 0 ? 0060 : 0;
    const mode_t others = (root_mode & 0002) != 0 ? 0006 : 0;

    return 0600 | group | others;
}

mode_t tug__access_without_group(mode_t mode)
{
    return (mode & ~(mode_t)02070) | (mode & 0007) << 3;
}

/* Set what differs from what the file has. */
static void give(int fd, const struct stat *info, uid_t new_owner, gid_t group, mode_t mode)
{
    struct stat renewed = *info;

    if ((new_owner != (uid_t)-1 && info->st_uid != new_owner) || info->st_gid != group) {
        if (fchown(fd, new_owner, group) != 0 || fstat(fd, &renewed) != 0) {
            mode = tug__access_without_group(mode);
        }
    }
    if ((renewed.st_mode & 07777) != mode) {
        (void)fchmod(fd, mode);
    }
}

void tug__access_give(int fd, uid_t owner, gid_t group, mode_t mode)
{
    const uid_t new_owner = geteuid() == 0 ? owner : (uid_t)-1;
    struct stat info;

    if (fstat(fd, &info) == 0) {
        give(fd, &info, new_owner, group, mode);
    }
}

void tug__store_give_dir(const struct tug_store *store, int fd)
{
    tug__access_give(fd, store->root_owner, store->root_group,
                     tug__access_dir_mode(store->root_mode));
}

void tug__store_give_file(const struct tug_store *store, int fd)
{
    tug__access_give(fd, store->root_owner, store->root_group,
                     tug__access_file_mode(store->root_mode));
}

void tug__store_give_new_file(const struct tug_store *store, int fd, const struct stat *info)
{
    /* Its owner is us: the effective user. */
    const uid_t new_owner = info->st_uid == 0 ? store->root_owner : (uid_t)-1;

    give(fd, info, new_owner, store->root_group, tug__access_file_mode(store->root_mode));
}
