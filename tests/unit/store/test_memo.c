/* SPDX-License-Identifier: Apache-2.0
 *
 * STORE/verified: what it keeps, and what makes it worth nothing.
 */
#include "store/memo.h"

#include "unit/store/store_place.h"

#define DAY_NS (INT64_C(86400) * 1000000000)

static struct tug__memo_entry entry_of(uint8_t first_byte)
{
    return (struct tug__memo_entry){
        .digest = {.algorithm = TUG_DIGEST_SHA256, .bytes = {first_byte}},
        .size_bytes = 1000U + first_byte,
        .modified_ns = DAY_NS + first_byte,
        .changed_ns = DAY_NS + 7,
        .inode = UINT64_MAX,
    };
}

static struct tug__memo load(const struct place *place)
{
    struct tug__memo memo = {0};
    struct tug_error err = {0};

    cr_assert_eq(tug__memo_load(place->store, &memo, &err), TUG_OK, "%s", err.message);
    return memo;
}

/* A store whose memo has three entries, saved in no order. */
static struct place place_with_memo(void)
{
    struct place place = place_create();
    struct tug__memo_entry entries[] = {entry_of(3), entry_of(1), entry_of(2)};
    struct tug_error err = {0};

    place_open(&place);
    cr_assert_eq(tug__memo_save(place.store, entries, 3, &err), TUG_OK, "%s", err.message);
    return place;
}

Test(store_memo, keeps_entries)
{
    struct place place = place_with_memo();
    struct tug__memo memo = load(&place);

    cr_assert_eq(memo.count, 3);
    for (uint8_t i = 1; i <= 3; i++) {
        const struct tug__memo_entry entry = entry_of(i);

        cr_assert(tug__memo_has(&memo, &entry));
    }
    tug__memo_fini(&memo);
    place_remove(&place);
}

Test(store_memo, any_difference_counts)
{
    struct place place = place_with_memo();
    struct tug__memo memo = load(&place);
    struct tug__memo_entry entry = entry_of(1);

    entry.size_bytes++;
    cr_assert_not(tug__memo_has(&memo, &entry));
    entry = entry_of(1);
    entry.modified_ns++;
    cr_assert_not(tug__memo_has(&memo, &entry));
    entry = entry_of(1);
    entry.changed_ns++;
    cr_assert_not(tug__memo_has(&memo, &entry));
    entry = entry_of(1);
    entry.inode--;
    cr_assert_not(tug__memo_has(&memo, &entry));
    entry = entry_of(4);
    cr_assert_not(tug__memo_has(&memo, &entry));
    tug__memo_fini(&memo);
    place_remove(&place);
}

static void expect_empty(const struct place *place)
{
    struct tug__memo memo = load(place);
    const struct tug__memo_entry entry = entry_of(1);

    cr_assert_eq(memo.count, 0);
    cr_assert_not(tug__memo_has(&memo, &entry));
    tug__memo_fini(&memo);
}

Test(store_memo, a_damaged_one_is_empty)
{
    struct place place = place_with_memo();
    char *const path = tmpdir_join(place.path, "verified");
    const int fd = open(path, O_RDWR);
    const off_t length = lseek(fd, 0, SEEK_END);
    char byte;

    cr_assert_geq(fd, 0);
    for (off_t at = 0; at < length; at++) { /* each byte flipped once */
        cr_assert_eq(pread(fd, &byte, 1, at), 1);
        byte ^= 1;
        cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
        expect_empty(&place);
        byte ^= 1;
        cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
    }
    for (off_t left = length - 1; left >= 0; left--) { /* torn anywhere */
        cr_assert_eq(ftruncate(fd, left), 0);
        expect_empty(&place);
    }
    (void)close(fd);
    cr_assert_eq(unlink(path), 0);
    expect_empty(&place);
    free(path);
    place_remove(&place);
}

Test(store_memo, a_fresh_file_is_not_kept)
{
    struct tug__memo_entry entry = entry_of(1);

    cr_assert(tug__memo_may_keep(&entry, DAY_NS + 100 * 1000 * 1000));
    cr_assert_not(tug__memo_may_keep(&entry, DAY_NS + 1000 * 1000)); /* within a tick */
    cr_assert_not(tug__memo_may_keep(&entry, DAY_NS - 1));           /* changed meanwhile */
    entry.changed_ns = DAY_NS; /* a file system that counts seconds */
    cr_assert_not(tug__memo_may_keep(&entry, DAY_NS + INT64_C(1500000000)));
    cr_assert(tug__memo_may_keep(&entry, DAY_NS + INT64_C(4000000000)));
    entry.modified_ns = -1; /* before 1970 */
    cr_assert_not(tug__memo_may_keep(&entry, DAY_NS + INT64_C(4000000000)));
}
