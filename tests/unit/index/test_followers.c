/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries for what refers to an image: they go with the last image that they are there for, and
 * only then.
 */
#include "unit/store/index_place.h"

#define ROOT_1 "sha256:0101010101010101010101010101010101010101010101010101010101010101"
#define ROOT_2 "sha256:0202020202020202020202020202020202020202020202020202020202020202"

static struct tug__index_entry follower_of(const char *name, uint8_t number, const char *roots)
{
    struct tug__index_entry entry = index_entry_of(name, number);

    entry.refers_to = roots;
    return entry;
}

static void put_follower(const struct place *place, const char *name, uint8_t number,
                         const char *roots)
{
    const struct tug__index_entry entry = follower_of(name, number, roots);

    index_put(place, &entry, 1);
}

static void remove_one(const struct place *place, const char *name)
{
    const struct tug__index_wanted wanted = {.text = name};
    const struct tug__index_removal removal = {.wanted = &wanted, .count = 1};
    struct tug_error err = {0};

    cr_assert_eq(tug__store_index_remove(place->store, &removal, NULL, &err), TUG_OK, "%s",
                 err.message);
}

Test(index_followers, it_goes_with_the_last_name_of_its_image)
{
    struct place place = place_create();

    place_open(&place);
    index_put_one(&place, "a/b:1", 1);
    index_put_one(&place, "a/b:2", 1);
    index_put_one(&place, "c/d:1", 2);
    put_follower(&place, "a/b:sha256-1", 7, ROOT_1);
    put_follower(&place, "c/d:sha256-2", 8, ROOT_2);
    remove_one(&place, "a/b:1");
    cr_assert_eq(index_count(&place), 4, "another name of the image is left");
    remove_one(&place, "a/b:2");
    cr_assert_eq(index_count(&place), 2);
    cr_assert_eq(index_find(&place, "a/b:sha256-1"), 0);
    cr_assert_eq(index_find(&place, "c/d:sha256-2"), 8);
    place_remove(&place);
}

Test(index_followers, it_goes_when_a_tag_moves_and_stays_with_another_root)
{
    struct place place = place_create();

    place_open(&place);
    index_put_one(&place, "a/b:1", 1);
    put_follower(&place, "a/b:sha256-1", 7, ROOT_1);
    put_follower(&place, "a/b:sha256-2", 8, ROOT_1);
    index_put_one(&place, "a/b:2", 2);
    put_follower(&place, "a/b:sha256-2", 8, ROOT_2);
    index_put_one(&place, "a/b:1", 3);
    cr_assert_eq(index_find(&place, "a/b:sha256-1"), 0);
    cr_assert_eq(index_find(&place, "a/b:sha256-2"), 8, "it is there for the other image, too");
    remove_one(&place, "a/b:2");
    cr_assert_eq(index_count(&place), 1);
    place_remove(&place);
}

/* Named together with its image, as a fetch does it. */
Test(index_followers, it_may_come_with_its_image_in_place_of_an_old_one)
{
    struct place place = place_create();
    const struct tug__index_entry first[] = {index_entry_of("a/b:1", 1),
                                             follower_of("a/b:sha256-1", 7, ROOT_1)};
    const struct tug__index_entry second[] = {index_entry_of("a/b:1", 2),
                                              follower_of("a/b:sha256-2", 8, ROOT_2)};

    place_open(&place);
    index_put(&place, first, 2);
    index_put(&place, second, 2);
    cr_assert_eq(index_count(&place), 2);
    cr_assert_eq(index_find(&place, "a/b:sha256-2"), 8);
    place_remove(&place);
}

/* A tag like sha256-… can be fetched by its name, too. */
Test(index_followers, an_image_stays_an_image)
{
    struct place place = place_create();

    place_open(&place);
    index_put_one(&place, "a/b:1", 1);
    index_put_one(&place, "a/b:sha256-1", 7);
    put_follower(&place, "a/b:sha256-1", 8, ROOT_1);
    cr_assert_eq(index_find(&place, "a/b:sha256-1"), 8);
    remove_one(&place, "a/b:1");
    cr_assert_eq(index_find(&place, "a/b:sha256-1"), 8);
    put_follower(&place, "a/b:sha256-1", 8, ROOT_2);
    index_put_one(&place, "a/b:2", 2);
    cr_assert_eq(index_count(&place), 2);
    place_remove(&place);
}

/* Its name is the specification's only: other programs take what has the full one for an image. */
Test(index_followers, it_has_no_full_name)
{
    struct place place = place_create();
    struct tug__json *json;
    const struct tug__json_value *notes;
    struct stat before;
    struct stat after;

    place_open(&place);
    index_put_one(&place, "a/b:1", 1);
    put_follower(&place, "a/b:sha256-1", 7, ROOT_1);
    json = index_load(&place);
    notes = tug__json_get(tug__json_at(tug__json_get(tug__json_root(json), "manifests"), 1),
                          "annotations");
    cr_assert_null(tug__json_get(notes, INDEX_FULL_NAME));
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, INDEX_NAME)), "a/b:sha256-1");
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, TUG__INDEX_REFERS_TO)), ROOT_1);
    tug__json_destroy(json);
    cr_assert_eq(fstatat(place.fd, "index.json", &before, 0), 0);
    put_follower(&place, "a/b:sha256-1", 7, ROOT_1);
    cr_assert_eq(fstatat(place.fd, "index.json", &after, 0), 0);
    cr_assert_eq(before.st_ino, after.st_ino, "nothing is new, and nothing is written");
    place_remove(&place);
}
