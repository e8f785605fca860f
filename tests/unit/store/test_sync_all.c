/* SPDX-License-Identifier: Apache-2.0 */
/* When many files are synced by one call: the kernels and file systems, and how much it may cost.
 */
#include <criterion/criterion.h>

#include "store/internal.h"

#define EXT4 0xef53
#define XFS 0x58465342
#define BTRFS 0x9123683e
#define NFS 0x6969
#define OVERLAY 0x794c7630
#define FUSE 0x65735546

Test(sync_all, only_where_failed_writes_are_reported)
{
    cr_assert(tug__sync_all_is_sound("6.1.0-18-amd64", EXT4));
    cr_assert(tug__sync_all_is_sound("5.14.0-427.el9.x86_64", XFS));
    cr_assert(tug__sync_all_is_sound("5.8.0", BTRFS));
    cr_assert_not(tug__sync_all_is_sound("5.7.19", EXT4));
    cr_assert_not(tug__sync_all_is_sound("4.18.0-553.el8_10.x86_64", XFS));
    cr_assert_not(tug__sync_all_is_sound("", EXT4));
    cr_assert_not(tug__sync_all_is_sound("6.1", NFS));
    cr_assert_not(tug__sync_all_is_sound("6.1", OVERLAY));
    cr_assert_not(tug__sync_all_is_sound("6.1", FUSE));
}

Test(sync_all, only_for_many_files_and_little_data)
{
    cr_assert(tug__sync_all_is_cheap(4, 0));
    cr_assert(tug__sync_all_is_cheap(64, 60000));
    cr_assert_not(tug__sync_all_is_cheap(3, 0));
    cr_assert_not(tug__sync_all_is_cheap(64, 1000000));
}
