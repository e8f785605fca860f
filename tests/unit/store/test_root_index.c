/* SPDX-License-Identifier: Apache-2.0
 *
 * index.json: read, changed under the lock, and refused when it is not what it should be.
 */
#include "unit/store/index_place.h"

#include <pthread.h>
#include <stdio.h>

Test(store_root_index, the_same_again_does_not_write)
{
    struct place place = place_create();
    struct stat before;
    struct stat after;

    place_open(&place);
    index_put_one(&place, "a/b:1", 1);
    cr_assert_eq(fstatat(place.fd, "index.json", &before, 0), 0);
    index_put_one(&place, "a/b:1", 1);
    cr_assert_eq(fstatat(place.fd, "index.json", &after, 0), 0);
    cr_assert_eq(before.st_ino, after.st_ino);
    index_put_one(&place, "a/b:1", 2);
    cr_assert_eq(index_find(&place, "a/b:1"), 2);
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
        const struct tug__index_entry entry = index_entry_of("a/b:1", 1);
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

Test(store_root_index, a_missing_index_is_an_empty_one)
{
    struct place place = place_create();

    place_open(&place);
    cr_assert_eq(unlinkat(place.fd, "index.json", 0), 0);
    cr_assert_eq(index_find(&place, "a/b:1"), 0);
    index_put_one(&place, "a/b:1", 1);
    cr_assert_eq(index_find(&place, "a/b:1"), 1);
    place_remove(&place);
}

/* A crash while index.json.tmp is written leaves the old index and the torn file. */
Test(store_root_index, torn_temporary_files_are_ignored)
{
    struct place place = place_create();

    place_open(&place);
    index_put_one(&place, "a/b:1", 1);
    place_put(&place, "index.json.tmp",
              "{\"manifests\":[{\"annotations\":{\"" INDEX_NAME "\":\"evil\"}");
    cr_assert_eq(fchmodat(place.fd, "index.json.tmp", 0, 0), 0);
    place_close(&place);
    place_open(&place);
    cr_assert_eq(index_find(&place, "a/b:1"), 1);
    cr_assert_eq(index_find(&place, "evil"), 0);
    index_put_one(&place, "a/b:2", 2);
    cr_assert_eq(index_count(&place), 2);
    cr_assert_eq(place_mode(&place, "index.json.tmp"), 0);
    place_remove(&place);
}

Test(store_root_index, t34_other_files_are_refused, .timeout = 10)
{
    const struct tug__index_entry entry = index_entry_of("a/b:1", 1);
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
    index_put_one(&place, "a/b:1", 1);
    place_expect(&place, "victim", "{\"manifests\":[]}");
    cr_assert_eq(index_find(&place, "a/b:1"), 1);
    place_remove(&place);
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
        struct tug__index_entry entry = index_entry_of(name, 1);

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
    cr_assert_eq(index_count(&place), (size_t)THREADS * IMAGES);
    place_remove(&place);
}
