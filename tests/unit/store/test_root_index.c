/* SPDX-License-Identifier: Apache-2.0
 *
 * index.json: images added and replaced, all that others wrote kept byte for byte.
 */
#include "store/internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "unit/store/store_place.h"

#define NAME "org.opencontainers.image.ref.name"
#define FULL_NAME "io.containerd.image.name"
#define OTHER_DIGEST "sha256:" PLACE_HEX

static const struct tug__json_limits limits = {64 * 1024 * 1024, 32, 4000000};

static struct tug__index_entry entry_of(const char *name, uint8_t number)
{
    struct tug__index_entry entry = {
        .name = name,
        .media_type = "application/vnd.oci.image.index.v1+json",
        .digest = {.algorithm = TUG_DIGEST_SHA256},
        .size_bytes = number,
        .source_host = "registry.example:5000",
        .source_repository = "a/b",
    };

    memset(entry.digest.bytes, number, 32);
    return entry;
}

static void put(const struct place *place, const struct tug__index_entry *entries, size_t count)
{
    struct tug_error err = {0};

    cr_assert_eq(tug__store_index_put(place->store, entries, count, NULL, &err), TUG_OK, "%s",
                 err.message);
}

static void put_one(const struct place *place, const char *name, uint8_t number)
{
    const struct tug__index_entry entry = entry_of(name, number);

    put(place, &entry, 1);
}

/* Which entry a name has: 0 for none. */
static uint8_t find(const struct place *place, const char *name)
{
    struct tug_digest digest = {0};
    bool found = true;

    cr_assert_eq(tug__store_index_find(place->store, name, &found, &digest, NULL), TUG_OK);
    return found ? digest.bytes[0] : 0;
}

/* The parsed index.json, which must be valid. */
static struct tug__json *load(const struct place *place)
{
    char *const text = place_get(place, "index.json");
    struct tug_error err = {0};
    struct tug__json *json = NULL;

    cr_assert_eq(tug__json_parse(text, strlen(text), &limits, &json, &err), TUG_OK, "%s: %s",
                 err.message, text);
    free(text);
    return json;
}

static size_t count_entries(const struct place *place)
{
    struct tug__json *const json = load(place);
    const size_t count = tug__json_length(tug__json_get(tug__json_root(json), "manifests"));

    tug__json_destroy(json);
    return count;
}

Test(store_root_index, adds_an_image)
{
    struct place place = place_create();
    static const char *const labels[] = {"k=v=w", "empty=", "dup=1", "quo\"te=\n", "dup=2"};
    struct tug__index_entry entry = entry_of("registry.example:5000/a/b:1", 7);
    struct tug__json *json;
    const struct tug__json_value *element;
    const struct tug__json_value *notes;
    const char *text = NULL;
    uint64_t size = 0;

    entry.labels = labels;
    entry.label_count = sizeof labels / sizeof *labels;
    place_open(&place);
    put(&place, &entry, 1);
    json = load(&place);
    element = tug__json_at(tug__json_get(tug__json_root(json), "manifests"), 0);
    notes = tug__json_get(element, "annotations");
    cr_assert_eq(tug__json_get_string(element, "mediaType", &text, NULL), TUG_OK);
    cr_assert_str_eq(text, entry.media_type);
    cr_assert_eq(tug__json_get_string(element, "digest", &text, NULL), TUG_OK);
    cr_assert_eq(strncmp(text, "sha256:070707", 13), 0);
    cr_assert_eq(tug__json_get_size(element, "size", &size, NULL), TUG_OK);
    cr_assert(size == 7);
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, NAME)), entry.name);
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, FULL_NAME)), entry.name);
    cr_assert_str_eq(
        tug__json_text(tug__json_get(notes, "containerd.io/distribution.source.registry.example")),
        "a/b");
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, "k")), "v=w");
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, "empty")), "");
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, "dup")), "2");
    cr_assert_str_eq(tug__json_text(tug__json_get(notes, "quo\"te")), "\n");
    tug__json_destroy(json);
    cr_assert_eq(find(&place, entry.name), 7);
    cr_assert_eq(find(&place, "registry.example:5000/a/b:2"), 0);
    place_remove(&place);
}

Test(store_root_index, replaces_and_does_not_double)
{
    struct place place = place_create();

    place_open(&place);
    put_one(&place, "a/b:1", 1);
    put_one(&place, "a/b:2", 2);
    put_one(&place, "a/b:1", 3);
    put_one(&place, "a/b:1", 3);
    cr_assert_eq(count_entries(&place), 2);
    cr_assert_eq(find(&place, "a/b:1"), 3);
    cr_assert_eq(find(&place, "a/b:2"), 2);
    place_remove(&place);
}

Test(store_root_index, one_name_twice_in_one_change_is_one_entry)
{
    struct place place = place_create();
    const struct tug__index_entry entries[] = {entry_of("a/b:1", 1), entry_of("a/b:2", 2),
                                               entry_of("a/b:1", 3)};

    place_open(&place);
    put(&place, entries, 3);
    cr_assert_eq(count_entries(&place), 2);
    cr_assert_eq(find(&place, "a/b:1"), 3);
    cr_assert_eq(find(&place, "a/b:2"), 2);
    place_remove(&place);
}

Test(store_root_index, the_same_again_does_not_write)
{
    struct place place = place_create();
    struct stat before;
    struct stat after;

    place_open(&place);
    put_one(&place, "a/b:1", 1);
    cr_assert_eq(fstatat(place.fd, "index.json", &before, 0), 0);
    put_one(&place, "a/b:1", 1);
    cr_assert_eq(fstatat(place.fd, "index.json", &after, 0), 0);
    cr_assert_eq(before.st_ino, after.st_ino);
    put_one(&place, "a/b:1", 2);
    cr_assert_eq(find(&place, "a/b:1"), 2);
    place_remove(&place);
}

/* An image that is fetched again unchanged stays where it is, wherever that is: nothing is written
 * for it, and a read-only store will do. */
Test(store_root_index, an_entry_that_is_the_same_keeps_its_place)
{
    const struct tug__index_entry all[] = {entry_of("a/b:3", 3), entry_of("a/b:1", 1)};
    struct place place = place_create();
    struct stat before;
    struct stat after;
    char *first;

    place_open(&place);
    put_one(&place, "a/b:1", 1);
    put_one(&place, "a/b:2", 2);
    put_one(&place, "a/b:3", 3);
    first = place_get(&place, "index.json");
    cr_assert_eq(fstatat(place.fd, "index.json", &before, 0), 0);
    put_one(&place, "a/b:1", 1);
    put(&place, all, 2);
    cr_assert_eq(fstatat(place.fd, "index.json", &after, 0), 0);
    cr_assert_eq(before.st_ino, after.st_ino, "it was written anew");
    place_expect(&place, "index.json", first);
    put_one(&place, "a/b:2", 9); /* one that changes leaves the others where they are */
    cr_assert_eq(count_entries(&place), 3);
    cr_assert_eq(find(&place, "a/b:2"), 9);
    free(first);
    place_remove(&place);
}

/* The same image twice, as another tool may have left it, becomes one. */
Test(store_root_index, of_equal_entries_one_is_left)
{
    struct place place = place_create();
    struct tug__buf twice;
    char *text;
    char *list;

    place_open(&place);
    put_one(&place, "a/b:1", 1);
    text = place_get(&place, "index.json");
    list = strchr(text, '[') + 1;
    *strrchr(text, ']') = '\0';
    tug__buf_init(&twice, limits.max_bytes);
    cr_assert_eq(tug__buf_printf(&twice, NULL, "{\"manifests\":[%s,%s]}", list, list), TUG_OK);
    place_put(&place, "index.json", twice.data);
    put_one(&place, "a/b:1", 1);
    cr_assert_eq(count_entries(&place), 1);
    cr_assert_eq(find(&place, "a/b:1"), 1);
    tug__buf_fini(&twice);
    free(text);
    place_remove(&place);
}

/* Go writes null for a list without elements. */
Test(store_root_index, f52_a_null_list_is_empty)
{
    struct place place = place_create();
    struct tug__index_names names = {0};
    char *text;

    place_open(&place);
    place_put(&place, "index.json", "{\"schemaVersion\":2, \"manifests\" : null , \"x\":1}\n");
    cr_assert_eq(find(&place, "a/b:1"), 0);
    cr_assert_eq(tug__store_index_names(place.store, &names, NULL), TUG_OK);
    tug__index_names_fini(&names);
    put_one(&place, "a/b:1", 1);
    put_one(&place, "a/b:2", 2);
    cr_assert_eq(count_entries(&place), 2);
    cr_assert_eq(find(&place, "a/b:1"), 1);
    text = place_get(&place, "index.json");
    cr_assert_not_null(strstr(text, "{\"schemaVersion\":2, \"manifests\" : [\n{"), "%s", text);
    cr_assert_not_null(strstr(text, "}\n] , \"x\":1}\n"));
    free(text);
    place_remove(&place);
}

/* Both files of a layout: refused in words, not as "no object at byte 0". */
Test(store_root_index, f36_a_byte_order_mark_is_named)
{
    struct place place = place_create();
    struct tug_error err = {0};
    struct tug_digest digest;
    bool found;

    place_open(&place);
    place_put(&place, "index.json", "\xEF\xBB\xBF{\"manifests\":[]}");
    cr_assert_eq(tug__store_index_find(place.store, "x", &found, &digest, &err), TUG_ERR_STORE);
    cr_assert_not_null(strstr(err.message, "begins with a byte order mark"), "%s", err.message);
    cr_assert_not_null(strstr(err.message, "index.json"));
    place_close(&place);
    place_put(&place, "oci-layout", "\xEF\xBB\xBF{\"imageLayoutVersion\":\"1.0.0\"}");
    cr_assert_eq(place_try(&place, &err), TUG_ERR_STORE);
    cr_assert_not_null(strstr(err.message, "begins with a byte order mark"), "%s", err.message);
    cr_assert_not_null(strstr(err.message, "oci-layout"));
    place_remove(&place);
}

/* What a foreign tool wrote, in its own way, with things tug does not know. */
#define FOREIGN_ONE                                                                                \
    "{ \"digest\" : \"" OTHER_DIGEST "\",\n\t\"size\": 2, \"future\":[1.50, {\"x\":null}],"        \
    " \"annotations\": {\"org.opencontainers.image.ref.name\":\"latest\", \"\\u00e9\":\"\\/\"} }"
#define FOREIGN_TWO "{\"mediaType\":\"x\",\"annotations\":{\"vendor.key\":\"kept\"}}"
#define FOREIGN_HEAD                                                                               \
    "{\n  \"annotations\" : {\"a\":\"b\"}, \"schemaVersion\":2,\n  \"manifests\": ["
#define FOREIGN_TAIL                                                                               \
    "], \"subject\": {\"manifests\":[1]}, \"big\":123456789012345678901234567890 }\n"

Test(store_root_index, keeps_what_others_wrote)
{
    struct place place = place_create();
    char *text;

    place_open(&place);
    place_put(&place, "index.json",
              FOREIGN_HEAD " " FOREIGN_ONE " , 17, \"odd\", " FOREIGN_TWO " " FOREIGN_TAIL);
    put_one(&place, "a/b:1", 1);
    text = place_get(&place, "index.json");
    cr_assert_eq(strncmp(text, FOREIGN_HEAD, strlen(FOREIGN_HEAD)), 0);
    cr_assert_str_eq(text + strlen(text) - strlen(FOREIGN_TAIL), FOREIGN_TAIL);
    cr_assert_not_null(strstr(text, "\n" FOREIGN_ONE " , 17, \"odd\", " FOREIGN_TWO ",\n"));
    free(text);
    cr_assert_eq(count_entries(&place), 5);
    put_one(&place, "a/b:1", 2);
    cr_assert_eq(count_entries(&place), 5);
    cr_assert_eq(find(&place, "a/b:1"), 2);
    cr_assert_eq(find(&place, "latest"), 0x44);
    place_remove(&place);
}

/* Only what has the name is replaced: a tag alone is another name. */
Test(store_root_index, foreign_entries_are_replaced_by_name_only)
{
    struct place place = place_create();

    place_open(&place);
    place_put(&place, "index.json",
              "{\"manifests\":[{\"annotations\":{\"" NAME "\":\"1\"}},"
              "{\"annotations\":{\"" NAME "\":\"x/y:1\"}},"
              "{\"annotations\":{\"" FULL_NAME "\":\"z:1\",\"" NAME "\":\"x/y:1\"}},"
              "{\"annotations\":{\"other\":\"x/y:1\"}},"
              "{\"annotations\":\"x/y:1\"},"
              "{\"annotations\":{\"" NAME "\":[\"x/y:1\"]}}]}");
    put_one(&place, "x/y:1", 9);
    cr_assert_eq(count_entries(&place), 6);
    cr_assert_eq(find(&place, "x/y:1"), 9);
    place_remove(&place);
}

Test(store_root_index, t42_names_are_escaped_and_checked)
{
    static const char *const names[] = {"a\"b\\c\n", "-a",    "a//b",      "a b",
                                        "a/",        "a---b", "../../etc", "\xff\xfe"};
    struct place place = place_create();
    struct tug__json *json;

    place_open(&place);
    for (uint8_t i = 0; i < sizeof names / sizeof *names; i++) {
        put_one(&place, names[i], (uint8_t)(i + 1));
    }
    json = load(&place);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct tug__json_value *const notes = tug__json_get(
            tug__json_at(tug__json_get(tug__json_root(json), "manifests"), i), "annotations");

        cr_assert_not(tug__json_has(notes, NAME), "'%s' against the grammar of ref.name", names[i]);
        cr_assert(tug__json_has(notes, FULL_NAME));
    }
    tug__json_destroy(json);
    cr_assert_eq(find(&place, names[0]), 1);
    cr_assert_eq(find(&place, "../../etc"), 7);
    put_one(&place, "a--b_c.d@e+f/g:h", 77);
    json = load(&place);
    cr_assert(tug__json_has(
        tug__json_get(tug__json_at(tug__json_get(tug__json_root(json), "manifests"), 8),
                      "annotations"),
        NAME));
    tug__json_destroy(json);
    place_remove(&place);
}

Test(store_root_index, a_broken_index_is_left_as_it_is)
{
    static const char *const bad[] = {"",
                                      "{",
                                      "{}",
                                      "[]",
                                      "null",
                                      "{\"manifests\":{}}",
                                      "{\"manifests\":nul}",
                                      "{\"manifests\":0}",
                                      "{\"manifests\":[}",
                                      "{\"manifests\":[]}x",
                                      "{\"manifests\":[],\"manifests\":[]}",
                                      "{\"manifests\":[NaN]}",
                                      "{\"manifests\":[\"\xff\"]}"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct tug__index_entry entry = entry_of("a/b:1", 1);
        struct place place = place_create();
        struct tug_error err = {0};
        struct tug_digest digest;
        bool found = true;

        place_open(&place);
        place_put(&place, "index.json", bad[i]);
        cr_assert_eq(tug__store_index_put(place.store, &entry, 1, NULL, &err), TUG_ERR_STORE,
                     "'%s'", bad[i]);
        cr_assert_eq(err.code, TUG_ERR_STORE);
        cr_assert_not_null(strstr(err.message, "index.json"));
        cr_assert_eq(tug__store_index_put(place.store, &entry, 1, NULL, NULL), TUG_ERR_STORE);
        cr_assert_eq(tug__store_index_find(place.store, "x", &found, &digest, NULL), TUG_ERR_STORE);
        place_expect(&place, "index.json", bad[i]);
        place_remove(&place);
    }
}

/* Go's tools would read the other one. */
Test(store_root_index, f10_manifests_in_another_case)
{
    const struct tug__index_entry entry = entry_of("a/b:1", 1);
    struct place place = place_create();
    struct tug_error err = {0};

    place_open(&place);
    place_put(&place, "index.json", "{\"manifests\":[],\"Manifests\":[]}");
    cr_assert_eq(tug__store_index_put(place.store, &entry, 1, NULL, &err), TUG_ERR_STORE);
    cr_assert_not_null(strstr(err.message, "in case only"), "%s", err.message);
    place_remove(&place);
}

Test(store_root_index, a_missing_index_is_an_empty_one)
{
    struct place place = place_create();

    place_open(&place);
    cr_assert_eq(unlinkat(place.fd, "index.json", 0), 0);
    cr_assert_eq(find(&place, "a/b:1"), 0);
    put_one(&place, "a/b:1", 1);
    cr_assert_eq(find(&place, "a/b:1"), 1);
    place_remove(&place);
}

/* A crash while index.json.tmp is written leaves the old index and the torn file. */
Test(store_root_index, torn_temporary_files_are_ignored)
{
    struct place place = place_create();

    place_open(&place);
    put_one(&place, "a/b:1", 1);
    place_put(&place, "index.json.tmp", "{\"manifests\":[{\"annotations\":{\"" NAME "\":\"evil\"}");
    cr_assert_eq(fchmodat(place.fd, "index.json.tmp", 0, 0), 0);
    place_close(&place);
    place_open(&place);
    cr_assert_eq(find(&place, "a/b:1"), 1);
    cr_assert_eq(find(&place, "evil"), 0);
    put_one(&place, "a/b:2", 2);
    cr_assert_eq(count_entries(&place), 2);
    cr_assert_eq(place_mode(&place, "index.json.tmp"), 0);
    place_remove(&place);
}

Test(store_root_index, t34_other_files_are_refused, .timeout = 10)
{
    const struct tug__index_entry entry = entry_of("a/b:1", 1);
    struct place place = place_create();

    place_open(&place);
    place_put(&place, "victim", "{\"manifests\":[]}");
    for (int what = 0; what < 3; what++) {
        struct tug_error err = {0};

        (void)unlinkat(place.fd, "index.json", 0);
        if (what == 0) {
            cr_assert_eq(symlinkat("victim", place.fd, "index.json"), 0);
        } else if (what == 1) {
            cr_assert_eq(mkfifoat(place.fd, "index.json", 0600), 0);
        } else {
            cr_assert_eq(mkdirat(place.fd, "index.json", 0700), 0);
        }
        cr_assert_eq(tug__store_index_put(place.store, &entry, 1, NULL, &err), TUG_ERR_STORE, "%d",
                     what);
        place_expect(&place, "victim", "{\"manifests\":[]}");
    }
    place_remove(&place);
}

Test(store_root_index, t34_hard_links_are_not_written)
{
    struct place place = place_create();

    place_open(&place);
    place_put(&place, "victim", "{\"manifests\":[]}");
    cr_assert_eq(unlinkat(place.fd, "index.json", 0), 0);
    cr_assert_eq(linkat(place.fd, "victim", place.fd, "index.json", 0), 0);
    cr_assert_eq(linkat(place.fd, "victim", place.fd, "index.json.tmp", 0), 0);
    put_one(&place, "a/b:1", 1);
    place_expect(&place, "victim", "{\"manifests\":[]}");
    cr_assert_eq(find(&place, "a/b:1"), 1);
    place_remove(&place);
}

/* Write an index of that many entries and time one change of it, the best of three. */
static uint64_t time_change(size_t count)
{
    struct place place = place_create();
    uint64_t best_ns = UINT64_MAX;
    struct tug__buf buf;

    tug__buf_init(&buf, limits.max_bytes);
    cr_assert_eq(tug__buf_printf(&buf, NULL, "{\"manifests\":["), TUG_OK);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(tug__buf_printf(&buf, NULL,
                                     "%s{\"digest\":\"" OTHER_DIGEST "\",\"size\":2,"
                                     "\"annotations\":{\"" FULL_NAME "\":\"r/i:%zu\"}}",
                                     i > 0 ? "," : "", i),
                     TUG_OK);
    }
    cr_assert_eq(tug__buf_printf(&buf, NULL, "]}"), TUG_OK);
    place_open(&place);
    place_put(&place, "index.json", buf.data);
    tug__buf_fini(&buf);
    for (uint8_t round = 1; round <= 3; round++) {
        const uint64_t began_ns = tug__now_ns();
        uint64_t took_ns;

        put_one(&place, "r/i:5", round);
        took_ns = tug__now_ns() - began_ns;
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    cr_assert_eq(count_entries(&place), count);
    cr_assert_eq(find(&place, "r/i:5"), 3);
    place_remove(&place);
    return best_ns;
}

/* Ten times the entries take about ten times as long, not a hundred times. */
Test(store_root_index, large_indexes_are_not_quadratic, .timeout = 60)
{
    const uint64_t small_ns = time_change(2000);
    const uint64_t large_ns = time_change(20000);

    cr_assert(large_ns < 40 * small_ns, "2000 entries: %.1f ms, 20000: %.1f ms",
              (double)small_ns / 1e6, (double)large_ns / 1e6);
}

#define THREADS 4
#define IMAGES 10

struct writer {
    const char *path;
    int number;
};

static void *write_images(void *argument)
{
    const struct tug_store_options options = {.size = sizeof options,
                                              .durability = TUG_DURABILITY_NONE};
    const struct writer *const writer = argument;
    struct tug_store *store = NULL;

    cr_assert_eq(tug_store_open(writer->path, &options, &store, NULL), TUG_OK);
    for (int i = 0; i < IMAGES; i++) {
        char name[32];
        struct tug__index_entry entry = entry_of(name, 1);

        (void)snprintf(name, sizeof name, "w%d/i:%d", writer->number, i);
        cr_assert_eq(tug__store_index_put(store, &entry, 1, NULL, NULL), TUG_OK);
    }
    tug_store_close(store);
    return NULL;
}

Test(store_root_index, writers_do_not_lose_each_others_images, .timeout = 60)
{
    struct place place = place_create();
    struct writer writers[THREADS];
    pthread_t threads[THREADS];

    place_open(&place);
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){.path = place.path, .number = i};
        cr_assert_eq(pthread_create(&threads[i], NULL, write_images, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    }
    cr_assert_eq(count_entries(&place), (size_t)THREADS * IMAGES);
    place_remove(&place);
}

Test(store_root_index, all_names_are_read_at_once)
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
        put_one(&place, name, i);
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
Test(store_root_index, names_are_found_as_json_means_them)
{
    static const char *const there[] = {"r/full:1", "r/plain:1", "r/slash:1", "r/key:1"};
    static const char *const absent[] = {"r/shadowed:1", "r/deep:1", "r/top:1", "r/number:1"};
    struct place place = place_create();
    struct tug__index_names names = {0};

    place_open(&place);
    place_put(&place, "index.json",
              "{\"schemaVersion\":2,\"annotations\":{\"" FULL_NAME "\":\"r/top:1\"},\"manifests\":["
              "{\"digest\":\"" OTHER_DIGEST "\",\"annotations\":{\"" NAME
              "\":\"r/shadowed:1\",\"" FULL_NAME "\":\"r/full:1\"}},"
              "{\"digest\":\"" OTHER_DIGEST "\",\"annotations\":{\"" NAME
              "\":\"r/plain:1\",\"" FULL_NAME "\":7}},"
              "{\"digest\":\"" OTHER_DIGEST "\",\"annotations\":{\"" NAME "\":\"r\\/slash:1\"}},"
              "{\"digest\":\"" OTHER_DIGEST
              "\",\"annotations\":{\"io.containerd.image.nam\\u0065\":\"r/key:1\"}},"
              "{\"digest\":\"" OTHER_DIGEST "\",\"more\":{\"annotations\":{\"" NAME
              "\":\"r/deep:1\"}}},"
              "{\"annotations\":[\"" NAME "\",\"r/number:1\"]}, 5, \"r/text:1\"]}");
    cr_assert_eq(tug__store_index_names(place.store, &names, NULL), TUG_OK);
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) {
        cr_assert(tug__index_names_has(&names, there[i]), "%s", there[i]);
        put_one(&place, there[i], 9);
        cr_assert_eq(find(&place, there[i]), 9, "%s", there[i]);
    }
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        cr_assert_not(tug__index_names_has(&names, absent[i]), "%s", absent[i]);
    }
    tug__index_names_fini(&names);
    cr_assert_eq(count_entries(&place), 8, "each was replaced, none added");
    place_remove(&place);
}
