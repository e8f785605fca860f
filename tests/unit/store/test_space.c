/* SPDX-License-Identifier: Apache-2.0
 *
 * Disk space: what is free, what is held, what is taken in advance.
 */
#include "store/internal.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "base/fs.h"
#include "unit/store/store_place.h"

#define MIB (UINT64_C(1) << 20)

static struct tug__ingest *open_sized(const struct place *place, uint64_t size_bytes)
{
    const struct tug_digest digest = place_digest();
    struct tug__ingest *ingest = NULL;

    cr_assert_eq(tug__ingest_open(place->store, &digest, size_bytes, &ingest, NULL), TUG_OK);
    return ingest;
}

Test(store_space, free_is_what_the_system_says)
{
    struct place place = place_create();
    uint64_t found = 0;
    struct statvfs info;

    place_open(&place);
    cr_assert_eq(tug__store_free_bytes(place.store, &found, NULL), TUG_OK);
    cr_assert_eq(fstatvfs(place.fd, &info), 0);
    const uint64_t expected = (uint64_t)info.f_bavail * info.f_frsize;

    /* Others write to this disk as well. */
    cr_assert(found > expected / 2 && found / 2 < expected);
    place_remove(&place);
}

Test(store_space, reserved_space_is_held_and_not_shown_as_data)
{
    struct place place = place_create();
    const struct tug_digest digest = place_digest();
    struct tug__ingest *ingest;
    struct stat info;

    place_open(&place);
    cr_assert_eq(tug__store_partial_bytes(place.store, &digest), 0, "there is none");
    ingest = open_sized(&place, 3 * MIB);
    cr_assert_eq(tug__store_partial_bytes(place.store, &digest), 0, "it is empty");
    cr_assert_eq(tug__ingest_reserve(ingest, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_reserve(ingest, NULL), TUG_OK, "a second time");
    cr_assert_eq(fstat(ingest->fd, &info), 0);
    cr_assert_eq(info.st_size, 0, "space is no content");
    cr_assert_geq(tug__store_partial_bytes(place.store, &digest), 3 * MIB);
    tug__ingest_close(ingest);
    ingest = open_sized(&place, 3 * MIB);
    cr_assert_eq(tug__extents_bytes(&ingest->present), 0);
    tug__ingest_close(ingest);
    place_remove(&place);
}

Test(store_space, t41_too_much_is_refused_and_nothing_taken)
{
    struct place place = place_create();
    const struct tug_digest digest = place_digest();
    struct tug_error err = {0};
    struct tug__ingest *ingest;
    uint64_t free_bytes = 0;

    place_open(&place);
    cr_assert_eq(tug__store_free_bytes(place.store, &free_bytes, NULL), TUG_OK);
    ingest = open_sized(&place, 2 * free_bytes + MIB);
    cr_assert_eq(tug__fs_pwrite_all(ingest->fd, "{", 1, 0, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_reserve(ingest, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, ENOSPC);
    cr_assert_not_null(strstr(err.message, "lacks "), "%s", err.message);
    cr_assert_leq(tug__store_partial_bytes(place.store, &digest), MIB, "space was taken");
    tug__ingest_close(ingest);
    place_expect(&place, PLACE_INGEST, "{");
    place_remove(&place);
}

/* What is not a file holds nothing of ours. */
Test(store_space, t34_link_as_partial_holds_nothing)
{
    struct place place = place_create();
    const struct tug_digest digest = place_digest();

    place_open(&place);
    tug__ingest_close(open_sized(&place, 2));
    cr_assert_eq(unlinkat(place.fd, PLACE_INGEST, 0), 0);
    cr_assert_eq(symlinkat("../../index.json", place.fd, PLACE_INGEST), 0);
    cr_assert_eq(tug__store_partial_bytes(place.store, &digest), 0);
    place_remove(&place);
}
