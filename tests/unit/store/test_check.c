/* SPDX-License-Identifier: Apache-2.0
 *
 * Committed blobs hashed again: whole, damaged, missing, unreadable.
 */
#include "store/internal.h"

#include <errno.h>

#include "unit/store/store_place.h"

static bool stops(void *context)
{
    unsigned *const questions = context;

    return ++*questions == 2;
}

/* Check the blob of "{}" with a buffer of one byte. */
static enum tug_status check_blob(const struct place *place, bool *out_is_damaged,
                                  unsigned *stop_at_second)
{
    const struct tug_digest digest = place_digest();
    char byte;
    const struct tug__check check = {.buffer = &byte,
                                     .buffer_bytes = 1,
                                     .should_stop = stop_at_second != NULL ? stops : NULL,
                                     .context = stop_at_second};

    return tug__store_check(place->store, &digest, 2, &check, out_is_damaged, NULL);
}

static void expect_damaged(const struct place *place, bool expected)
{
    bool is_damaged = !expected;

    cr_assert_eq(check_blob(place, &is_damaged, NULL), TUG_OK);
    cr_assert_eq(is_damaged, expected);
}

Test(store_check, f20_tells_what_is_damaged)
{
    struct place place = place_create();

    place_open(&place);
    expect_damaged(&place, true); /* missing */
    place_put(&place, PLACE_BLOB, "{}");
    expect_damaged(&place, false);
    place_put(&place, PLACE_BLOB, "[]");
    expect_damaged(&place, true);
    place_put(&place, PLACE_BLOB, "{} ");
    expect_damaged(&place, true);
    place_put(&place, PLACE_BLOB, "");
    expect_damaged(&place, true);
    place_remove(&place);
}

Test(store_check, stops_when_it_is_told_to)
{
    struct place place = place_create();
    unsigned questions = 0;
    bool is_damaged = true;

    place_open(&place);
    place_put(&place, PLACE_BLOB, "{}");
    cr_assert_eq(check_blob(&place, &is_damaged, &questions), TUG_ERR_CANCELLED);
    cr_assert_eq(questions, 2);
    cr_assert(is_damaged, "touched");
    place_remove(&place);
}

/* Only lost content is mended by new: a file in the way, or without permission, is no damage. */
Test(store_check, what_cannot_be_opened_is_an_error)
{
    struct place place = place_create();
    bool is_damaged = false;

    place_open(&place);
    cr_assert_eq(mkdirat(place.fd, PLACE_BLOB, 0700), 0);
    cr_assert_eq(check_blob(&place, &is_damaged, NULL), TUG_ERR_STORE);
    cr_assert_not(is_damaged);
    place_remove(&place);
}

Test(store_check, hashes_from_the_beginning_whatever_the_offset_is)
{
    struct place place = place_create();
    const struct tug_digest digest = place_digest();
    struct tug_digest found = {0};
    char buffer[16];
    const struct tug__check check = {.buffer = buffer, .buffer_bytes = sizeof buffer};
    uint64_t bytes = 0;
    int fd;

    place_open(&place);
    place_put(&place, "file", "{}");
    fd = openat(place.fd, "file", O_RDONLY | O_CLOEXEC);
    cr_assert_eq(lseek(fd, 1, SEEK_SET), 1);
    cr_assert_eq(tug__file_digest(fd, TUG_DIGEST_SHA256, &check, &found, &bytes, NULL), TUG_OK);
    cr_assert(tug_digest_equal(&found, &digest));
    cr_assert_eq(bytes, 2);
    (void)close(fd);
    place_remove(&place);
}
