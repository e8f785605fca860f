/* SPDX-License-Identifier: Apache-2.0
 *
 * index.json is edited as text: images replaced, all that others wrote kept byte for byte.
 */
#include "unit/store/index_place.h"

#include "base/clock.h"

Test(index_edit, replaces_and_does_not_double)
{
    struct place place = place_create();

    place_open(&place);
    index_put_one(&place, "a/b:1", 1);
    index_put_one(&place, "a/b:2", 2);
    index_put_one(&place, "a/b:1", 3);
    index_put_one(&place, "a/b:1", 3);
    cr_assert_eq(index_count(&place), 2);
    cr_assert_eq(index_find(&place, "a/b:1"), 3);
    cr_assert_eq(index_find(&place, "a/b:2"), 2);
    place_remove(&place);
}

Test(index_edit, one_name_twice_in_one_change_is_one_entry)
{
    struct place place = place_create();
    const struct tug__index_entry entries[] = {
        index_entry_of("a/b:1", 1), index_entry_of("a/b:2", 2), index_entry_of("a/b:1", 3)};

    place_open(&place);
    index_put(&place, entries, 3);
    cr_assert_eq(index_count(&place), 2);
    cr_assert_eq(index_find(&place, "a/b:1"), 3);
    cr_assert_eq(index_find(&place, "a/b:2"), 2);
    place_remove(&place);
}

/* An image that is fetched again unchanged stays where it is, wherever that is: nothing is written
 * for it, and a read-only store will do. */
Test(index_edit, an_entry_that_is_the_same_keeps_its_place)
{
    const struct tug__index_entry all[] = {index_entry_of("a/b:3", 3), index_entry_of("a/b:1", 1)};
    struct place place = place_create();
    struct stat before;
    struct stat after;
    char *first;

    place_open(&place);
    index_put_one(&place, "a/b:1", 1);
    index_put_one(&place, "a/b:2", 2);
    index_put_one(&place, "a/b:3", 3);
    first = place_get(&place, "index.json");
    cr_assert_eq(fstatat(place.fd, "index.json", &before, 0), 0);
    index_put_one(&place, "a/b:1", 1);
    index_put(&place, all, 2);
    cr_assert_eq(fstatat(place.fd, "index.json", &after, 0), 0);
    cr_assert_eq(before.st_ino, after.st_ino, "it was written anew");
    place_expect(&place, "index.json", first);
    index_put_one(&place, "a/b:2", 9); /* one that changes leaves the others where they are */
    cr_assert_eq(index_count(&place), 3);
    cr_assert_eq(index_find(&place, "a/b:2"), 9);
    free(first);
    place_remove(&place);
}

/* The same image twice, as another tool may have left it, becomes one. */
Test(index_edit, of_equal_entries_one_is_left)
{
    struct place place = place_create();
    struct tug__buf twice;
    char *text;
    char *list;

    place_open(&place);
    index_put_one(&place, "a/b:1", 1);
    text = place_get(&place, "index.json");
    list = strchr(text, '[') + 1;
    *strrchr(text, ']') = '\0';
    tug__buf_init(&twice, index_limits.max_bytes);
    cr_assert_eq(tug__buf_printf(&twice, NULL, "{\"manifests\":[%s,%s]}", list, list), TUG_OK);
    place_put(&place, "index.json", twice.data);
    index_put_one(&place, "a/b:1", 1);
    cr_assert_eq(index_count(&place), 1);
    cr_assert_eq(index_find(&place, "a/b:1"), 1);
    tug__buf_fini(&twice);
    free(text);
    place_remove(&place);
}

/* Go writes null for a list without elements. */
Test(index_edit, f52_a_null_list_is_empty)
{
    struct place place = place_create();
    struct tug__index_names names = {0};
    char *text;

    place_open(&place);
    place_put(&place, "index.json", "{\"schemaVersion\":2, \"manifests\" : null , \"x\":1}\n");
    cr_assert_eq(index_find(&place, "a/b:1"), 0);
    cr_assert_eq(tug__store_index_names(place.store, &names, NULL), TUG_OK);
    tug__index_names_fini(&names);
    index_put_one(&place, "a/b:1", 1);
    index_put_one(&place, "a/b:2", 2);
    cr_assert_eq(index_count(&place), 2);
    cr_assert_eq(index_find(&place, "a/b:1"), 1);
    text = place_get(&place, "index.json");
    cr_assert_not_null(strstr(text, "{\"schemaVersion\":2, \"manifests\" : [\n{"), "%s", text);
    cr_assert_not_null(strstr(text, "}\n] , \"x\":1}\n"));
    free(text);
    place_remove(&place);
}

/* What a foreign tool wrote, in its own way, with things tug does not know. */
#define FOREIGN_ONE                                                                                \
    "{ \"digest\" : \"" INDEX_OTHER_DIGEST "\",\n\t\"size\": 2, \"future\":[1.50, {\"x\":null}],"  \
    " \"annotations\": {\"org.opencontainers.image.ref.name\":\"latest\", \"\\u00e9\":\"\\/\"} }"
#define FOREIGN_TWO "{\"mediaType\":\"x\",\"annotations\":{\"vendor.key\":\"kept\"}}"
#define FOREIGN_HEAD                                                                               \
    "{\n  \"annotations\" : {\"a\":\"b\"}, \"schemaVersion\":2,\n  \"manifests\": ["
#define FOREIGN_TAIL                                                                               \
    "], \"subject\": {\"manifests\":[1]}, \"big\":123456789012345678901234567890 }\n"

Test(index_edit, keeps_what_others_wrote)
{
    struct place place = place_create();
    char *text;

    place_open(&place);
    place_put(&place, "index.json",
              FOREIGN_HEAD " " FOREIGN_ONE " , 17, \"odd\", " FOREIGN_TWO " " FOREIGN_TAIL);
    index_put_one(&place, "a/b:1", 1);
    text = place_get(&place, "index.json");
    cr_assert_eq(strncmp(text, FOREIGN_HEAD, strlen(FOREIGN_HEAD)), 0);
    cr_assert_str_eq(text + strlen(text) - strlen(FOREIGN_TAIL), FOREIGN_TAIL);
    cr_assert_not_null(strstr(text, "\n" FOREIGN_ONE " , 17, \"odd\", " FOREIGN_TWO ",\n"));
    free(text);
    cr_assert_eq(index_count(&place), 5);
    index_put_one(&place, "a/b:1", 2);
    cr_assert_eq(index_count(&place), 5);
    cr_assert_eq(index_find(&place, "a/b:1"), 2);
    cr_assert_eq(index_find(&place, "latest"), 0x44);
    place_remove(&place);
}

/* CPU time of this thread: others may take theirs meanwhile. */
static uint64_t cpu_ns(void)
{
    struct timespec now;

    cr_assert_eq(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return (uint64_t)now.tv_sec * TUG__NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Write an index of that many entries and time one change of it, the best of three. */
static uint64_t time_change(size_t count)
{
    struct place place = place_create();
    uint64_t best_ns = UINT64_MAX;
    struct tug__buf buf;

    tug__buf_init(&buf, index_limits.max_bytes);
    cr_assert_eq(tug__buf_printf(&buf, NULL, "{\"manifests\":["), TUG_OK);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(tug__buf_printf(&buf, NULL,
                                     "%s{\"digest\":\"" INDEX_OTHER_DIGEST "\",\"size\":2,"
                                     "\"annotations\":{\"" INDEX_FULL_NAME "\":\"r/i:%zu\"}}",
                                     i > 0 ? "," : "", i),
                     TUG_OK);
    }
    cr_assert_eq(tug__buf_printf(&buf, NULL, "]}"), TUG_OK);
    place_open(&place);
    place_put(&place, "index.json", buf.data);
    tug__buf_fini(&buf);
    for (uint8_t round = 1; round <= 3; round++) {
        const uint64_t began_ns = cpu_ns();
        uint64_t took_ns;

        index_put_one(&place, "r/i:5", round);
        took_ns = cpu_ns() - began_ns;
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    cr_assert_eq(index_count(&place), count);
    cr_assert_eq(index_find(&place, "r/i:5"), 3);
    place_remove(&place);
    return best_ns;
}

/* Ten times the entries take about ten times as long, not a hundred times. */
Test(index_edit, large_indexes_are_not_quadratic, .timeout = 60)
{
    const uint64_t small_ns = time_change(2000);
    const uint64_t large_ns = time_change(20000);

    cr_assert(large_ns < 40 * small_ns, "2000 entries: %.1f ms, 20000: %.1f ms",
              (double)small_ns / 1e6, (double)large_ns / 1e6);
}
