/* SPDX-License-Identifier: Apache-2.0
 *
 * Many blobs hashed by several threads: each gets its own judgement.
 */
#include "upkeep/hashing.h"

#include <stdio.h>

#include "unit/store/store_place.h"

#define MANY 200

static struct tug__hash_item item_of(uint8_t first_byte)
{
    return (struct tug__hash_item){
        .digest = {.algorithm = TUG_DIGEST_SHA256, .bytes = {first_byte}},
    };
}

/* The item of "{}". */
static struct tug__hash_item right_item(void)
{
    struct tug__hash_item item = {.size_bytes = 2, .has_right_size = true, .right_bytes = 2};

    cr_assert_eq(
        tug_digest_parse("sha256:" PLACE_HEX, strlen("sha256:" PLACE_HEX), &item.digest, NULL),
        TUG_OK);
    return item;
}

/* Where the file of an item is, below the store. */
static void path_of(const struct tug__hash_item *item, char out_path[128])
{
    char text[TUG_DIGEST_TEXT_MAX];

    (void)snprintf(out_path, 128, "blobs/sha256/%s",
                   strchr(tug_digest_format(&item->digest, text), ':') + 1);
}

static void put_item(const struct place *place, const struct tug__hash_item *item, const char *text)
{
    char path[128];

    path_of(item, path);
    place_put(place, path, text);
}

static struct place place_with_blob(void)
{
    struct place place = place_create();

    place_open(&place);
    place_put(&place, PLACE_BLOB, "{}");
    return place;
}

Test(upkeep_hashing, judges_each_blob)
{
    struct place place = place_with_blob();
    struct tug__hash_item items[] = {right_item(), item_of(1), item_of(2),  item_of(3),
                                     item_of(4),   item_of(5), right_item()};
    const struct tug__hashing hashing = {
        .store = place.store, .items = items, .count = 7, .threads = 3};
    struct tug_error err = {0};
    char path[128];
    uint64_t hashed = 0;

    put_item(&place, &items[1], "wrong bytes");
    path_of(&items[3], path);
    cr_assert_eq(symlinkat("/etc/passwd", place.fd, path), 0);
    path_of(&items[4], path);
    cr_assert_eq(mkdirat(place.fd, path, 0700), 0);
    path_of(&items[5], path);
    cr_assert_eq(mkfifoat(place.fd, path, 0600), 0);
    items[6].right_bytes = 3;
    cr_assert_eq(tug__hash_all(&hashing, &hashed, &err), TUG_OK, "%s", err.message);
    cr_assert_eq(items[0].damage, TUG_DAMAGE_NONE);
    cr_assert_eq(items[1].damage, TUG_DAMAGE_CONTENT);
    cr_assert_eq(items[2].damage, TUG_DAMAGE_MISSING);
    cr_assert_eq(items[3].damage, TUG_DAMAGE_NOT_A_FILE);
    cr_assert_eq(items[4].damage, TUG_DAMAGE_NOT_A_FILE);
    cr_assert_eq(items[5].damage, TUG_DAMAGE_NOT_A_FILE);
    cr_assert_eq(items[6].damage, TUG_DAMAGE_SIZE);
    for (size_t i = 0; i < 7; i++) {
        cr_assert(items[i].is_done);
    }
    cr_assert_eq(hashed, 2 + strlen("wrong bytes")); /* what has a wrong size is not read */
    place_remove(&place);
}

Test(upkeep_hashing, a_memo_saves_the_hashing_until_the_file_changes)
{
    struct place place = place_with_blob();
    struct tug__hash_item item = right_item();
    struct tug__memo memo = {.count = 1};
    const struct tug__hashing hashing = {
        .store = place.store, .items = &item, .count = 1, .memo = &memo};
    const struct timespec past[] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    struct tug__memo_entry entry;
    uint64_t hashed;

    memo.entries = &entry;
    memo.count = 0;
    cr_assert_eq(tug__hash_all(&hashing, &hashed, NULL), TUG_OK);
    cr_assert_not(item.is_trusted);
    cr_assert_eq(hashed, 2);
    entry = item.seen;
    memo.count = 1;
    item = right_item();
    cr_assert_eq(tug__hash_all(&hashing, &hashed, NULL), TUG_OK);
    cr_assert(item.is_trusted);
    cr_assert_eq(hashed, 0);
    cr_assert_eq(utimensat(place.fd, PLACE_BLOB, past, 0), 0); /* changes ctime, too */
    item = right_item();
    cr_assert_eq(tug__hash_all(&hashing, &hashed, NULL), TUG_OK);
    cr_assert_not(item.is_trusted);
    cr_assert_eq(hashed, 2);
    place_remove(&place);
}

struct seen {
    unsigned calls;
    struct tug_work_progress last;
};

static void on_progress(void *context, const struct tug_work_progress *progress)
{
    struct seen *const seen = context;

    seen->calls++;
    seen->last = *progress;
}

static bool stops(void *context)
{
    (void)context;
    return true;
}

Test(upkeep_hashing, tells_how_far_it_is)
{
    struct place place = place_with_blob();
    struct tug__hash_item items[MANY];
    struct seen seen = {0};
    const struct tug_watch given = {
        .size = sizeof given, .on_progress = on_progress, .context = &seen};
    struct tug__watch watch;
    const struct tug__hashing hashing = {
        .store = place.store, .items = items, .count = MANY, .watch = &watch};
    uint64_t hashed;

    cr_assert_eq(tug__watch_begin(&watch, &given, NULL), TUG_OK);
    for (size_t i = 0; i < MANY; i++) {
        items[i] = right_item();
    }
    cr_assert_eq(tug__hash_all(&hashing, &hashed, NULL), TUG_OK);
    cr_assert_eq(hashed, 2 * MANY);
    cr_assert_geq(seen.calls, 1);
    cr_assert_eq(seen.last.items_done, MANY);
    cr_assert_eq(seen.last.items_total, MANY);
    cr_assert_eq(seen.last.bytes_done, 2 * MANY);
    cr_assert_eq(seen.last.bytes_total, 2 * MANY);
    place_remove(&place);
}

/* One sparse blob that would take seconds to hash: the first question stops it. */
Test(upkeep_hashing, stops_in_the_middle_of_a_blob)
{
    struct place place = place_with_blob();
    struct tug__hash_item item = item_of(9);
    const struct tug_watch given = {.size = sizeof given, .should_stop = stops};
    struct tug__watch watch;
    const struct tug__hashing hashing = {
        .store = place.store, .items = &item, .count = 1, .watch = &watch};
    struct tug_error err = {0};
    char path[128];
    uint64_t hashed;
    int fd;

    cr_assert_eq(tug__watch_begin(&watch, &given, NULL), TUG_OK);
    put_item(&place, &item, "");
    path_of(&item, path);
    fd = openat(place.fd, path, O_WRONLY);
    cr_assert_eq(ftruncate(fd, (off_t)1 << 40), 0);
    (void)close(fd);
    cr_assert_eq(tug__hash_all(&hashing, &hashed, &err), TUG_ERR_CANCELLED);
    cr_assert_not(item.is_done);
    place_remove(&place);
}

Test(upkeep_hashing, nothing_is_nothing)
{
    struct place place = place_with_blob();
    const struct tug__hashing hashing = {.store = place.store};
    uint64_t hashed = 1;

    cr_assert_eq(tug__hash_all(&hashing, &hashed, NULL), TUG_OK);
    cr_assert_eq(hashed, 0);
    place_remove(&place);
}
