/* SPDX-License-Identifier: Apache-2.0
 *
 * An index.json that is replaced, places that are cleared, names that are foreign.
 */
#include "store/recover.h"

#include <stdio.h>

#include "unit/store/store_place.h"

#define INDEX "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"}\\\"{\"}]}"

/* Read a file below the store. Returns: owned; NULL: there is none. */
static char *read_file(const struct place *place, const char *name)
{
    char *const path = tmpdir_join(place->path, name);
    FILE *const file = fopen(path, "re");
    char *text = NULL;
    size_t capacity = 0;

    free(path);
    if (file == NULL) {
        return NULL;
    }
    cr_assert_geq(getdelim(&text, &capacity, EOF, file), 0);
    (void)fclose(file);
    return text;
}

static void expect_file(const struct place *place, const char *name, const char *expected)
{
    char *const text = read_file(place, name);

    cr_assert_not_null(text, "%s", name);
    cr_assert_str_eq(text, expected);
    free(text);
}

Test(store_recover, the_old_index_is_kept)
{
    struct place place = place_create();
    struct tug_error err = {0};

    place_open(&place);
    place_put(&place, "index.json", "garbage");
    cr_assert_eq(tug__store_index_restore(place.store, INDEX, strlen(INDEX), NULL, &err), TUG_OK,
                 "%s", err.message);
    expect_file(&place, "index.json", INDEX);
    expect_file(&place, "index.json.damaged", "garbage");
    /* One that can be read was written by somebody meanwhile. */
    cr_assert_eq(tug__store_index_restore(place.store, "{}", 2, NULL, &err), TUG_OK);
    expect_file(&place, "index.json", INDEX);
    place_remove(&place);
}

Test(store_recover, a_missing_or_odd_index_gives_way)
{
    struct place place = place_create();
    struct tug_error err = {0};

    place_open(&place);
    cr_assert_eq(unlinkat(place.fd, "index.json", 0), 0);
    cr_assert_not(tug__store_has_index(place.store));
    cr_assert_eq(tug__store_index_restore(place.store, INDEX, strlen(INDEX), NULL, &err), TUG_OK);
    expect_file(&place, "index.json", INDEX);
    cr_assert_eq(unlinkat(place.fd, "index.json", 0), 0);
    cr_assert_eq(mkdirat(place.fd, "index.json", 0700), 0);
    cr_assert(tug__store_has_index(place.store));
    cr_assert_eq(tug__store_index_restore(place.store, INDEX, strlen(INDEX), NULL, &err), TUG_OK,
                 "%s", err.message);
    expect_file(&place, "index.json", INDEX);
    place_remove(&place);
}

static bool exists(const struct place *place, const char *name)
{
    struct stat info;

    return fstatat(place->fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

Test(store_recover, a_place_is_cleared_and_nothing_is_lost)
{
    struct place place = place_create();
    const struct tug_digest digest = place_digest();

    place_open(&place);
    place_put(&place, PLACE_BLOB, "a file stays");
    cr_assert_eq(tug__store_clear_place(place.store, &digest, NULL), TUG_OK);
    expect_file(&place, PLACE_BLOB, "a file stays");
    cr_assert_eq(tug__store_remove_blob(place.store, &digest, NULL), TUG_OK);
    cr_assert_not(exists(&place, PLACE_BLOB));
    cr_assert_eq(tug__store_remove_blob(place.store, &digest, NULL), TUG_OK);
    cr_assert_eq(symlinkat("elsewhere", place.fd, PLACE_BLOB), 0);
    cr_assert_eq(tug__store_clear_place(place.store, &digest, NULL), TUG_OK);
    cr_assert_not(exists(&place, PLACE_BLOB));
    cr_assert_eq(mkdirat(place.fd, PLACE_BLOB, 0700), 0);
    place_put(&place, PLACE_BLOB "/letter", "dear");
    cr_assert_eq(tug__store_clear_place(place.store, &digest, NULL), TUG_OK);
    cr_assert_not(exists(&place, PLACE_BLOB));
    expect_file(&place, PLACE_BLOB ".damaged/letter", "dear");
    place_remove(&place);
}

static void count_name(void *context, const char *name, bool is_dir)
{
    unsigned *const counts = context;

    (void)name;
    counts[is_dir ? 1 : 0]++;
}

Test(store_recover, names_that_are_no_part_of_a_store)
{
    struct place place = place_create();
    unsigned counts[2] = {0};

    place_open(&place);
    cr_assert_eq(tug__store_list_foreign(place.store, count_name, counts, NULL), TUG_OK);
    cr_assert_eq(counts[0] + counts[1], 0);
    place_put(&place, "notes", "");
    cr_assert_eq(mkdirat(place.fd, "snapshots", 0700), 0);
    cr_assert_eq(tug__store_list_foreign(place.store, count_name, counts, NULL), TUG_OK);
    cr_assert_eq(counts[0], 1);
    cr_assert_eq(counts[1], 1);
    place_remove(&place);
}
