/* SPDX-License-Identifier: Apache-2.0
 *
 * Images are labelled in their place, and removed all or none; other entries stay as they are.
 */
#include "unit/store/index_place.h"

#include <stdio.h>

#define DIGEST_1 "sha256:0101010101010101010101010101010101010101010101010101010101010101"
#define DIGEST_2 "sha256:0202020202020202020202020202020202020202020202020202020202020202"
#define ENTRY(name, digest)                                                                        \
    "{ \"digest\":\"" digest "\",\"annotations\" : {\"" INDEX_FULL_NAME "\":\"" name "\"} }"
#define HEAD "{\"a\":1.50,\n\"manifests\": ["
#define TAIL ", \"z\": null }\n"

static enum tug_status label(const struct place *place, const char *text, const char *label,
                             struct tug_error *err)
{
    const struct tug__index_wanted wanted = {.text = text};

    return tug__store_index_label(place->store, &wanted, &label, 1, NULL, err);
}

Test(index_change, a_labelled_entry_keeps_its_place)
{
    struct place place = place_create();
    struct tug_error err = {0};
    struct stat before;
    struct stat after;

    place_open(&place);
    place_put(
        &place, "index.json",
        HEAD ENTRY("a", DIGEST_1) " , " ENTRY("b", DIGEST_1) " ,\t" ENTRY("c", DIGEST_2) "]" TAIL);
    cr_assert_eq(label(&place, "b", "k=v", &err), TUG_OK, "%s", err.message);
    place_expect(&place, "index.json",
                 HEAD "\n" ENTRY("a", DIGEST_1) ",\n"
                                                "{ \"digest\":\"" DIGEST_1
                                                "\",\"annotations\" : {\"" INDEX_FULL_NAME
                                                "\":\"b\",\"k\":\"v\"} },\n" ENTRY(
                                                    "c", DIGEST_2) "\n]" TAIL);
    cr_assert_eq(fstatat(place.fd, "index.json", &before, 0), 0);
    cr_assert_eq(label(&place, "b", "k=v", &err), TUG_OK, "%s", err.message);
    cr_assert_eq(label(&place, "b", "none=", &err), TUG_OK, "%s", err.message);
    cr_assert_eq(fstatat(place.fd, "index.json", &after, 0), 0);
    cr_assert_eq(before.st_ino, after.st_ino, "nothing changes, and nothing is written");
    cr_assert_eq(label(&place, DIGEST_2, "x=y", &err), TUG_OK, "%s", err.message);
    cr_assert_eq(label(&place, "b", "k=", &err), TUG_OK, "%s", err.message);
    place_expect(&place, "index.json",
                 HEAD "\n" ENTRY("a", DIGEST_1) ",\n" ENTRY(
                     "b", DIGEST_1) ",\n"
                                    "{ \"digest\":\"" DIGEST_2
                                    "\",\"annotations\" : {\"" INDEX_FULL_NAME
                                    "\":\"c\",\"x\":\"y\"} }\n]" TAIL);
    place_remove(&place);
}

Test(index_change, a_digest_of_several_names_is_refused)
{
    struct place place = place_create();
    struct tug_error err = {0};

    place_open(&place);
    index_put_one(&place, "a", 1);
    index_put_one(&place, "b", 1);
    cr_assert_eq(label(&place, DIGEST_1, "k=v", &err), TUG_ERR_INVALID_ARGUMENT);
    cr_assert_str_eq(err.message, "'" DIGEST_1 "' has several names, 'a' and 'b' among them: give "
                                  "the name");
    err = (struct tug_error){0};
    cr_assert_eq(label(&place, "c", "k=v", &err), TUG_ERR_NOT_FOUND);
    place_remove(&place);
}

/* What is reported as removed: "NAME NUMBER" each. */
struct told {
    char text[200];
    size_t length;
};

static void on_removed(void *context, const char *name, const struct tug_digest *digest)
{
    struct told *const told = context;

    told->length += (size_t)snprintf(told->text + told->length, sizeof told->text - told->length,
                                     "%s %u\n", name != NULL ? name : "-", digest->bytes[0]);
}

static enum tug_status remove_texts(const struct place *place, const char *const *texts,
                                    size_t count, struct told *told, struct tug_error *err)
{
    struct tug__index_wanted wanted[8] = {{0}};
    const struct tug__index_removal removal = {
        .wanted = wanted,
        .count = count,
        .on_removed = on_removed,
        .context = told,
    };

    for (size_t i = 0; i < count; i++) {
        wanted[i].text = texts[i];
    }
    *told = (struct told){0};
    return tug__store_index_remove(place->store, &removal, NULL, err);
}

Test(index_change, images_are_removed_with_all_entries_of_their_name)
{
    static const char *const texts[] = {"d", "b", "b", DIGEST_2};
    struct place place = place_create();
    struct tug_error err = {0};
    struct told told;

    place_open(&place);
    place_put(&place, "index.json",
              HEAD ENTRY("a", DIGEST_1) "," ENTRY("b", DIGEST_1) ", 7 ,\"x\"," ENTRY(
                  "c", DIGEST_1) "," ENTRY("b", DIGEST_1) ",{\"digest\":\"" DIGEST_2
                                                          "\"}," ENTRY("d", DIGEST_1) "]" TAIL);
    cr_assert_eq(remove_texts(&place, texts, 4, &told, &err), TUG_OK, "%s", err.message);
    cr_assert_str_eq(told.text, "b 1\nb 1\n- 2\nd 1\n");
    place_expect(&place, "index.json",
                 HEAD "\n" ENTRY("a", DIGEST_1) ",\n7 ,\"x\"," ENTRY("c", DIGEST_1) "\n]" TAIL);
    place_remove(&place);
}

Test(index_change, the_last_one_leaves_an_empty_list)
{
    static const char *const texts[] = {"a"};
    struct place place = place_create();
    struct tug_error err = {0};
    struct told told;

    place_open(&place);
    index_put_one(&place, "a", 1);
    cr_assert_eq(remove_texts(&place, texts, 1, &told, &err), TUG_OK, "%s", err.message);
    cr_assert_eq(index_count(&place), 0);
    index_put_one(&place, "a", 2);
    cr_assert_eq(index_find(&place, "a"), 2);
    place_remove(&place);
}

Test(index_change, all_or_none)
{
    static const char *const texts[] = {"a", "x"};
    struct place place = place_create();
    struct tug_error err = {0};
    struct told told;
    char *before;

    place_open(&place);
    index_put_one(&place, "a", 1);
    index_put_one(&place, "b", 1);
    before = place_get(&place, "index.json");
    cr_assert_eq(remove_texts(&place, texts, 2, &told, &err), TUG_ERR_NOT_FOUND);
    cr_assert_not_null(strstr(err.message, "'x'"), "%s", err.message);
    cr_assert_eq(told.length, 0);
    err = (struct tug_error){0};
    cr_assert_eq(remove_texts(&place, (const char *const[]){"a", DIGEST_1}, 2, &told, &err),
                 TUG_ERR_INVALID_ARGUMENT);
    place_expect(&place, "index.json", before);
    free(before);
    place_remove(&place);
}

/* A change may wait for another process that changes index.json, and gives up when told to. */
static bool give_up(void *context)
{
    (void)context;
    return true;
}

Test(index_change, waits_for_the_lock)
{
    const struct tug__lock_wait wait = {.should_give_up = give_up};
    const struct tug__index_wanted wanted = {.text = "a"};
    const char *const text = "k=v";
    struct place place = place_create();
    int lock_fd = -1;

    place_open(&place);
    index_put_one(&place, "a", 1);
    cr_assert_eq(tug__store_lock(place.store, NULL, &lock_fd, NULL), TUG_OK);
    cr_assert_eq(tug__store_index_label(place.store, &wanted, &text, 1, &wait, NULL),
                 TUG_ERR_CANCELLED);
    tug__store_unlock(lock_fd);
    cr_assert_eq(tug__store_index_label(place.store, &wanted, &text, 1, &wait, NULL), TUG_OK);
    place_remove(&place);
}
