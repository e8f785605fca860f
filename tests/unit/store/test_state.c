/* SPDX-License-Identifier: Apache-2.0
 *
 * State files: what was noted is found again, and whatever does not check out to the last bit makes
 * the partial download start over.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "base/fs.h"
#include "unit/store/store_place.h"

#define STATE PLACE_INGEST ".state"
#define SIZE_BYTES UINT64_C(10000)
#define HEADER_BYTES 128
#define SLOT_BYTES 32

static struct tug__ingest *open_sized(const struct place *place, uint64_t size_bytes)
{
    const struct tug_digest digest = place_digest();
    struct tug__ingest *ingest = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__ingest_open(place->store, &digest, size_bytes, &ingest, &err), TUG_OK, "%s",
                 err.message);
    return ingest;
}

static struct tug__ingest *open_ingest(const struct place *place)
{
    return open_sized(place, SIZE_BYTES);
}

/* Leave a partial download of [0, 1000) and [4000, 6000), data of 6000 bytes. */
static struct place leave_parts(void)
{
    static const char zeros[6000];
    struct place place = place_create();
    struct tug__ingest *ingest;

    place_open(&place);
    ingest = open_ingest(&place);
    cr_assert_eq(tug__fs_pwrite_all(ingest->fd, zeros, sizeof zeros, 0, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_begin_state(ingest, 500, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_note(ingest, 0, 0, 1000, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_note(ingest, TUG__INGEST_SLOTS - 1, 4000, 6000, NULL), TUG_OK);
    tug__ingest_close(ingest);
    return place;
}

/* Open it again: `bytes` are there; 0: it was thrown away, with the state file. */
static void expect_present(const struct place *place, uint64_t size_bytes, uint64_t bytes)
{
    struct tug__ingest *const ingest = open_sized(place, size_bytes);

    cr_assert_eq(tug__extents_bytes(&ingest->present), bytes);
    if (bytes == 0) {
        cr_assert_eq(lseek(ingest->fd, 0, SEEK_END), 0, "the data is still there");
        cr_assert_eq(ingest->state_fd, -1);
        cr_assert_eq(place_mode(place, STATE), 0, "the state is still there");
    }
    tug__ingest_close(ingest);
}

/* Change bytes of the state file. */
static void damage(const struct place *place, off_t offset, const void *bytes, size_t length)
{
    const int fd = openat(place->fd, STATE, O_WRONLY | O_CLOEXEC);

    cr_assert_geq(fd, 0);
    cr_assert_eq(pwrite(fd, bytes, length, offset), (ssize_t)length);
    close(fd);
}

Test(store_state, what_was_noted_is_there)
{
    struct place place = leave_parts();
    struct tug__ingest *ingest = open_ingest(&place);

    cr_assert_eq(ingest->present.count, 2);
    cr_assert_eq(ingest->present.items[0].end, 1000);
    cr_assert_eq(ingest->present.items[1].first, 4000);
    cr_assert_eq(ingest->present.items[1].end, 6000);
    /* Cleared slots claim nothing; parts that touch become one. */
    cr_assert_eq(tug__ingest_note(ingest, TUG__INGEST_SLOTS - 1, 0, 0, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_note(ingest, 7, 1000, 2000, NULL), TUG_OK);
    tug__ingest_close(ingest);
    ingest = open_ingest(&place);
    cr_assert_eq(ingest->present.count, 1);
    cr_assert_eq(ingest->present.items[0].end, 2000);
    tug__ingest_close(ingest);
    place_remove(&place);
}

Test(store_state, begin_takes_over_what_is_present)
{
    struct place place = leave_parts();
    struct tug__ingest *ingest = open_ingest(&place);

    cr_assert_eq(tug__ingest_begin_state(ingest, 0, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_begin_state(ingest, 0, NULL), TUG_OK, "a second time");
    tug__ingest_close(ingest);
    expect_present(&place, SIZE_BYTES, 3000);
    cr_assert_eq(place_mode(&place, STATE ".tmp"), 0);
    cr_assert_eq(place_mode(&place, STATE) & 0777, 0600, "t36: nobody else's");
    place_remove(&place);
}

/* A state file that cannot be opened at the moment says nothing against the data. */
Test(store_state, no_descriptor_left_throws_nothing_away)
{
    struct place place = leave_parts();
    const struct tug_digest digest = place_digest();
    struct tug__ingest *ingest = NULL;
    struct tug_error err = {0};
    struct rlimit limit;
    int next;

    next = dup(0);
    cr_assert_geq(next, 0);
    close(next);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    /* one for the data file, none for the state file */
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)next + 1, limit.rlim_max}), 0);
    cr_assert_eq(tug__ingest_open(place.store, &digest, SIZE_BYTES, &ingest, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, EMFILE);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    expect_present(&place, SIZE_BYTES, 3000);
    place_remove(&place);
}

/* Every part has a slot, and every download to come needs one too. */
Test(store_state, more_parts_than_can_be_told_apart_are_left_out)
{
    static const char zeros[SIZE_BYTES];
    struct place place = place_create();
    struct tug__ingest *ingest;

    place_open(&place);
    ingest = open_ingest(&place);
    cr_assert_eq(tug__fs_pwrite_all(ingest->fd, zeros, sizeof zeros, 0, NULL), TUG_OK);
    cr_assert_eq(tug__ingest_begin_state(ingest, 0, NULL), TUG_OK);
    for (unsigned i = 0; i < TUG__INGEST_SLOTS; i++) {
        const uint64_t first = UINT64_C(20) * i;

        cr_assert_eq(tug__ingest_note(ingest, i, first, first + 10, NULL), TUG_OK);
    }
    tug__ingest_close(ingest);
    ingest = open_ingest(&place);
    cr_assert_eq(ingest->present.count, TUG__INGEST_SLOTS / 2);
    cr_assert_eq(ingest->present.items[127].first, 127 * 20, "the first ones stay");
    tug__ingest_close(ingest);
    place_remove(&place);
}

Test(store_state, t39_torn_slot)
{
    static const char halves[SLOT_BYTES / 2] = "torn";
    struct place place = leave_parts();

    damage(&place, HEADER_BYTES, halves, sizeof halves);
    expect_present(&place, SIZE_BYTES, 0);
    place_remove(&place);
}

/* Each slot has a check sum over its place too. */
Test(store_state, t39_slot_in_another_place)
{
    struct place place = leave_parts();
    char slot[SLOT_BYTES];
    const int fd = openat(place.fd, STATE, O_RDONLY | O_CLOEXEC);

    cr_assert_eq(pread(fd, slot, sizeof slot, HEADER_BYTES), (ssize_t)sizeof slot);
    close(fd);
    damage(&place, HEADER_BYTES + 9 * SLOT_BYTES, slot, sizeof slot);
    expect_present(&place, SIZE_BYTES, 0);
    place_remove(&place);
}

Test(store_state, t39_another_version)
{
    struct place place = leave_parts();

    damage(&place, 7, "2", 1);
    expect_present(&place, SIZE_BYTES, 0);
    place_remove(&place);
}

Test(store_state, t39_any_flipped_bit)
{
    for (off_t at = 0; at < HEADER_BYTES + SLOT_BYTES; at += 5) {
        struct place place = leave_parts();
        const int fd = openat(place.fd, STATE, O_RDONLY | O_CLOEXEC);
        char byte;

        cr_assert_eq(pread(fd, &byte, 1, at), 1);
        close(fd);
        byte ^= 0x10;
        damage(&place, at, &byte, 1);
        expect_present(&place, SIZE_BYTES, 0);
        place_remove(&place);
    }
}

Test(store_state, t39_random_bytes_and_wrong_lengths)
{
    static const size_t lengths[] = {0, 1, 128, 8319, 8321, 20000};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct place place = leave_parts();
        char *const path = tmpdir_join(place.path, STATE);
        char *const bytes = malloc(lengths[i] + 1);

        memset(bytes, 0x5a, lengths[i]);
        tmpdir_write(path, bytes, lengths[i]);
        expect_present(&place, SIZE_BYTES, 0);
        free(bytes);
        free(path);
        place_remove(&place);
    }
}

/* The blob is said to have another size now: the state is of something else. */
Test(store_state, t39_of_another_blob)
{
    struct place place = leave_parts();

    expect_present(&place, SIZE_BYTES + 1, 0);
    place_remove(&place);
}

Test(store_state, t39_claims_more_than_the_data_has)
{
    struct place place = leave_parts();
    char *const path = tmpdir_join(place.path, PLACE_INGEST);

    cr_assert_eq(truncate(path, 5999), 0);
    expect_present(&place, SIZE_BYTES, 0);
    free(path);
    place_remove(&place);
}

/* A link in its place is neither followed nor written through. */
Test(store_state, t34_link_in_its_place)
{
    struct place place = leave_parts();

    place_put(&place, "victim", "other people's");
    cr_assert_eq(unlinkat(place.fd, STATE, 0), 0);
    cr_assert_eq(symlinkat("../../victim", place.fd, STATE), 0);
    expect_present(&place, SIZE_BYTES, 0);
    place_expect(&place, "victim", "other people's");

    struct tug__ingest *const ingest = open_ingest(&place);

    cr_assert_eq(symlinkat("../../victim", place.fd, STATE ".tmp"), 0);
    cr_assert_eq(tug__ingest_begin_state(ingest, 0, NULL), TUG_OK);
    tug__ingest_close(ingest);
    place_expect(&place, "victim", "other people's");
    place_remove(&place);
}

/* A FIFO would block a careless open. */
Test(store_state, t34_fifo_in_its_place, .timeout = 10)
{
    struct place place = leave_parts();

    cr_assert_eq(unlinkat(place.fd, STATE, 0), 0);
    cr_assert_eq(mkfifoat(place.fd, STATE, 0600), 0);
    expect_present(&place, SIZE_BYTES, 0);
    place_remove(&place);
}
