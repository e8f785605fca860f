/* SPDX-License-Identifier: Apache-2.0
 *
 * The elements of index.json and their names, however they are written.
 */
#include "unit/store/index_place.h"

#include <stdio.h>

/* Only what has the name is replaced: a tag alone is another name. */
Test(index_scan, foreign_entries_are_replaced_by_name_only)
{
    struct place place = place_create();

    place_open(&place);
    place_put(&place, "index.json",
              "{\"manifests\":[{\"annotations\":{\"" INDEX_NAME "\":\"1\"}},"
              "{\"annotations\":{\"" INDEX_NAME "\":\"x/y:1\"}},"
              "{\"annotations\":{\"" INDEX_FULL_NAME "\":\"z:1\",\"" INDEX_NAME "\":\"x/y:1\"}},"
              "{\"annotations\":{\"other\":\"x/y:1\"}},"
              "{\"annotations\":\"x/y:1\"},"
              "{\"annotations\":{\"" INDEX_NAME "\":[\"x/y:1\"]}}]}");
    index_put_one(&place, "x/y:1", 9);
    cr_assert_eq(index_count(&place), 6);
    cr_assert_eq(index_find(&place, "x/y:1"), 9);
    place_remove(&place);
}

/* Go's tools would read the other one. */
Test(index_scan, f10_manifests_in_another_case)
{
    const struct tug__index_entry entry = index_entry_of("a/b:1", 1);
    struct place place = place_create();
    struct tug_error err = {0};

    place_open(&place);
    place_put(&place, "index.json", "{\"manifests\":[],\"Manifests\":[]}");
    cr_assert_eq(tug__store_index_put(place.store, &entry, 1, NULL, &err), TUG_ERR_STORE);
    cr_assert_not_null(strstr(err.message, "in case only"), "%s", err.message);
    place_remove(&place);
}

Test(index_scan, all_names_are_read_at_once)
{
    struct place place = place_create();
    struct tug__index_names names = {0};

    place_open(&place);
    cr_assert_eq(tug__store_index_names(place.store, &names, NULL), TUG_OK);
    cr_assert_not(tug__index_names_has(&names, "r/i:1"), "there is none yet");
    tug__index_names_fini(&names);
    for (uint8_t i = 0; i < 100; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "r/i:%d", i);
        index_put_one(&place, name, i);
    }
    cr_assert_eq(tug__store_index_names(place.store, &names, NULL), TUG_OK);
    for (uint8_t i = 0; i < 100; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "r/i:%d", i);
        cr_assert(tug__index_names_has(&names, name), "%s", name);
    }
    cr_assert_not(tug__index_names_has(&names, "r/i:100"));
    cr_assert_not(tug__index_names_has(&names, ""));
    tug__index_names_fini(&names);
    cr_assert_not(tug__index_names_has(&names, "r/i:1"));
    place_remove(&place);
}

/* However a name is spelled, and whatever looks like one elsewhere. */
Test(index_scan, names_are_found_as_json_means_them)
{
    static const char *const there[] = {"r/full:1", "r/plain:1", "r/slash:1", "r/key:1"};
    static const char *const absent[] = {"r/shadowed:1", "r/deep:1", "r/top:1", "r/number:1"};
    struct place place = place_create();
    struct tug__index_names names = {0};

    place_open(&place);
    place_put(&place, "index.json",
              "{\"schemaVersion\":2,\"annotations\":{\"" INDEX_FULL_NAME
              "\":\"r/top:1\"},\"manifests\":["
              "{\"digest\":\"" INDEX_OTHER_DIGEST "\",\"annotations\":{\"" INDEX_NAME
              "\":\"r/shadowed:1\",\"" INDEX_FULL_NAME "\":\"r/full:1\"}},"
              "{\"digest\":\"" INDEX_OTHER_DIGEST "\",\"annotations\":{\"" INDEX_NAME
              "\":\"r/plain:1\",\"" INDEX_FULL_NAME "\":7}},"
              "{\"digest\":\"" INDEX_OTHER_DIGEST "\",\"annotations\":{\"" INDEX_NAME
              "\":\"r\\/slash:1\"}},"
              "{\"digest\":\"" INDEX_OTHER_DIGEST
              "\",\"annotations\":{\"io.containerd.image.nam\\u0065\":\"r/key:1\"}},"
              "{\"digest\":\"" INDEX_OTHER_DIGEST "\",\"more\":{\"annotations\":{\"" INDEX_NAME
              "\":\"r/deep:1\"}}},"
              "{\"annotations\":[\"" INDEX_NAME "\",\"r/number:1\"]}, 5, \"r/text:1\"]}");
    cr_assert_eq(tug__store_index_names(place.store, &names, NULL), TUG_OK);
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) {
        cr_assert(tug__index_names_has(&names, there[i]), "%s", there[i]);
        index_put_one(&place, there[i], 9);
        cr_assert_eq(index_find(&place, there[i]), 9, "%s", there[i]);
    }
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        cr_assert_not(tug__index_names_has(&names, absent[i]), "%s", absent[i]);
    }
    tug__index_names_fini(&names);
    cr_assert_eq(index_count(&place), 8, "each was replaced, none added");
    place_remove(&place);
}
