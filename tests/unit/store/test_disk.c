/* SPDX-License-Identifier: Apache-2.0
 *
 * Disks that turn, and partitions of them, as /sys/dev/block shows them.
 */
#include "store/internal.h"

#include "unit/store/store_place.h"

Test(store_disk, a_partition_is_as_its_disk)
{
    struct place place = place_create();

    place_open(&place);
    cr_assert_eq(mkdirat(place.fd, "sda", 0700), 0);
    cr_assert_eq(mkdirat(place.fd, "sda/queue", 0700), 0);
    cr_assert_eq(mkdirat(place.fd, "sda/sda1", 0700), 0);
    cr_assert_eq(symlinkat("sda", place.fd, "8:0"), 0);
    cr_assert_eq(symlinkat("sda/sda1", place.fd, "8:1"), 0);
    place_put(&place, "sda/queue/rotational", "1\n");
    cr_assert(tug__disk_is_rotating(place.fd, 8, 0));
    cr_assert(tug__disk_is_rotating(place.fd, 8, 1));
    cr_assert_not(tug__disk_is_rotating(place.fd, 8, 16)); /* unknown */
    place_put(&place, "sda/queue/rotational", "0\n");
    cr_assert_not(tug__disk_is_rotating(place.fd, 8, 0));
    cr_assert_not(tug__disk_is_rotating(place.fd, 8, 1));
    place_remove(&place);
}
