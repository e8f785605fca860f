/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening a store: made when missing, finished when half made, refused when it is something else.
 */
#include "store/internal.h"

#include <errno.h>
#include <stdio.h>

#include "unit/store/store_place.h"

#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define INDEX_TEXT                                                                                 \
    "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","              \
    "\"manifests\":[]}"

/* A whole layout is there. */
static void expect_layout(const struct place *place)
{
    place_expect(place, "oci-layout", LAYOUT_TEXT);
    place_expect(place, "index.json", INDEX_TEXT);
    cr_assert(S_ISDIR(place_mode(place, "blobs/sha256")));
    cr_assert(S_ISDIR(place_mode(place, "ingest/sha256")));
    cr_assert_eq(place_mode(place, "index.json.tmp"), 0);
    cr_assert_eq(place_mode(place, "oci-layout.tmp"), 0);
}

/* Opening fails as the store's trouble, says so, and leaves the output alone. */
static void expect_refused(struct place *place, const char *why)
{
    struct tug_error err = {0};

    cr_assert_eq(place_try(place, &err), TUG_ERR_STORE, "%s: opened", why);
    cr_assert_eq(err.code, TUG_ERR_STORE, "%s", why);
    cr_assert_neq(err.message[0], '\0');
    cr_assert_null(place->store);
    cr_assert_eq(tug_store_open(place->path, NULL, &place->store, NULL), TUG_ERR_STORE, "%s", why);
    cr_assert_null(place->store);
}

#define DOUBLED_VERSION "{\"imageLayoutVersion\":\"1.0.0\",\"imageLayoutVersion\":\"1.0.0\"}"

Test(store_layout, makes_a_store_with_its_parents)
{
    struct place place = place_create();
    char *const deep = tmpdir_join(place.path, "a/b/c/");

    (void)umask(0);
    free(place.path);
    place.path = deep;
    place_open(&place);
    expect_layout(&place);
    place_remove(&place);
}

Test(store_layout, t36_a_new_store_is_private)
{
    static const char *const dirs[] = {".", "blobs", "ingest", "blobs/sha256", "ingest/sha256"};
    struct place place = place_create();

    (void)umask(0);
    place_open(&place);
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        cr_assert_eq(place_mode(&place, dirs[i]) & 07777, 0700, "'%s'", dirs[i]);
    }
    cr_assert_eq(place_mode(&place, "lock") & 07777, 0600);
    cr_assert_eq(place_mode(&place, "index.json") & 07777, 0644);
    place_remove(&place);
}

Test(store_layout, opens_again_and_side_by_side)
{
    struct place place = place_create();
    struct tug_store *second = NULL;

    place_open(&place);
    place_put(&place, "index.json", "{\"manifests\":[], \"mine\":1}");
    cr_assert_eq(tug_store_open(place.path, NULL, &second, NULL), TUG_OK);
    tug_store_close(second);
    tug_store_close(NULL);
    place_close(&place);
    place_open(&place);
    place_expect(&place, "index.json", "{\"manifests\":[], \"mine\":1}");
    place_remove(&place);
}

/* A power cut may end the making of a store after any of its steps. */
Test(store_layout, finishes_what_a_crash_left)
{
    for (int steps = 0; steps <= 8; steps++) {
        struct place place = place_create();

        cr_assert_eq(mkdir(place.path, 0700), 0);
        place.fd = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (steps > 0) {
            place_put(&place, "lock", "");
        }
        if (steps > 1) {
            cr_assert_eq(mkdirat(place.fd, "blobs", 0700), 0);
        }
        if (steps > 2) {
            cr_assert_eq(mkdirat(place.fd, "ingest", 0700), 0);
        }
        if (steps > 3) {
            cr_assert_eq(mkdirat(place.fd, "blobs/sha256", 0700), 0);
        }
        if (steps > 4) {
            cr_assert_eq(mkdirat(place.fd, "ingest/sha256", 0700), 0);
        }
        if (steps > 5) {
            place_put(&place, "index.json.tmp", "{\"schemaVer");
        }
        if (steps > 6) {
            cr_assert_eq(unlinkat(place.fd, "index.json.tmp", 0), 0);
            place_put(&place, "index.json", INDEX_TEXT);
        }
        if (steps > 7) {
            place_put(&place, "oci-layout.tmp", "{\"imageLayoutVersion\":\"1.0.0\"} and more");
        }
        place_open(&place);
        expect_layout(&place);
        place_remove(&place);
    }
}

Test(store_layout, completes_a_foreign_layout)
{
    struct place place = place_create();

    cr_assert_eq(mkdir(place.path, 0755), 0);
    place_put(&place, "oci-layout", " { \"imageLayoutVersion\" : \"1.1.0\", \"x\": [] }\n");
    place_put(&place, "README", "somebody's");
    place_open(&place);
    place_expect(&place, "index.json", INDEX_TEXT);
    place_expect(&place, "README", "somebody's");
    cr_assert_eq(place_mode(&place, ".") & 07777, 0755, "the mode of what was there was changed");
    place_remove(&place);
}

Test(store_layout, refuses_other_directories)
{
    struct place place = place_create();

    cr_assert_eq(mkdir(place.path, 0700), 0);
    place_put(&place, "holiday.jpg", "x");
    expect_refused(&place, "a directory with other files");
    place.fd = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_eq(place_mode(&place, "blobs"), 0, "something was made in it");
    cr_assert_eq(place_mode(&place, "lock"), 0, "something was made in it");
    place_remove(&place);
}

Test(store_layout, refuses_what_is_no_directory, .timeout = 10)
{
    struct place place = place_create();

    tmpdir_write(place.path, "x", 1);
    expect_refused(&place, "a file");
    cr_assert_eq(unlink(place.path), 0);
    cr_assert_eq(mkfifo(place.path, 0600), 0);
    expect_refused(&place, "a FIFO");
    cr_assert_eq(unlink(place.path), 0);
    cr_assert_eq(symlink("nowhere", place.path), 0);
    expect_refused(&place, "a dangling link");
    place_remove(&place);
}

Test(store_layout, must_exist_makes_nothing)
{
    const struct tug_store_options options = {.size = sizeof options, .must_exist = true};
    struct place place = place_create();

    cr_assert_eq(tug_store_open(place.path, &options, &place.store, NULL), TUG_ERR_STORE);
    cr_assert_neq(access(place.path, F_OK), 0);
    cr_assert_eq(mkdir(place.path, 0700), 0);
    cr_assert_eq(tug_store_open(place.path, &options, &place.store, NULL), TUG_ERR_STORE);
    place_open(&place);
    place_close(&place);
    cr_assert_eq(tug_store_open(place.path, &options, &place.store, NULL), TUG_OK);
    place_remove(&place);
}

Test(store_layout, refuses_a_broken_oci_layout)
{
    static const char *const bad[] = {"",
                                      "{",
                                      "{}",
                                      "[]",
                                      "not json",
                                      "{\"imageLayoutVersion\":1}",
                                      "{\"imageLayoutVersion\":null}",
                                      "{\"imageLayoutVersion\":\"\"}",
                                      "{\"imageLayoutVersion\":\"2.0.0\"}",
                                      "{\"imageLayoutVersion\":\"10.0.0\"}",
                                      "{\"imageLayoutVersion\":\"1.0.0\"}x",
                                      DOUBLED_VERSION};
    char big[5000];

    memset(big, ' ', sizeof big - 1);
    memcpy(big, LAYOUT_TEXT, strlen(LAYOUT_TEXT));
    big[sizeof big - 1] = '\0';
    for (size_t i = 0; i <= sizeof bad / sizeof *bad; i++) {
        const char *const text = i < sizeof bad / sizeof *bad ? bad[i] : big;
        struct place place = place_create();

        cr_assert_eq(mkdir(place.path, 0700), 0);
        place_put(&place, "oci-layout", text);
        expect_refused(&place, text);
        place_expect(&place, "oci-layout", text);
        place_remove(&place);
    }
}

/* What may be put in the place of a name in a store that others can write to. */
enum hostile { SYMLINK, DANGLING, FIFO, DIRECTORY_OR_FILE, HOSTILE_COUNT };

static void put_hostile(const struct place *place, enum hostile what, const char *name)
{
    const bool wants_file = strchr(name, '/') == NULL && strchr(name, '.') == NULL &&
                            strncmp(name, "oci", 3) != 0 && strcmp(name, "lock") != 0;

    switch (what) {
    case SYMLINK:
        cr_assert_eq(mkdirat(place->fd, "elsewhere", 0700), 0);
        cr_assert_eq(symlinkat("elsewhere", place->fd, name), 0);
        break;
    case DANGLING:
        cr_assert_eq(symlinkat("nowhere", place->fd, name), 0);
        break;
    case FIFO:
        cr_assert_eq(mkfifoat(place->fd, name, 0600), 0);
        break;
    case DIRECTORY_OR_FILE:
    case HOSTILE_COUNT:
        if (wants_file || strchr(name, '/') != NULL) {
            place_put(place, name, "");
        } else {
            cr_assert_eq(mkdirat(place->fd, name, 0700), 0);
        }
        break;
    }
}

Test(store_layout, t34_hostile_names_are_refused, .timeout = 20)
{
    static const char *const names[] = {"oci-layout", "lock",         "blobs",
                                        "ingest",     "blobs/sha256", "ingest/sha256"};

    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        for (int what = SYMLINK; what < HOSTILE_COUNT; what++) {
            struct place place = place_create();

            place_open(&place);
            place_close(&place);
            if (strcmp(names[n], "blobs") == 0 || strcmp(names[n], "ingest") == 0) {
                cr_assert_eq(renameat(place.fd, names[n], place.fd, "away"), 0);
            } else {
                cr_assert(unlinkat(place.fd, names[n], 0) == 0 ||
                          unlinkat(place.fd, names[n], AT_REMOVEDIR) == 0);
            }
            put_hostile(&place, (enum hostile)what, names[n]);
            expect_refused(&place, names[n]);
            cr_assert_eq(place_mode(&place, "nowhere"), 0, "made through a link");
            cr_assert_eq(place_mode(&place, "elsewhere/sha256"), 0, "made through a link");
            place_remove(&place);
        }
    }
}

/* A link to the file of another is a regular file; it is read, never changed. */
Test(store_layout, t34_hard_links_are_not_written)
{
    struct place place = place_create();

    place_open(&place);
    place_close(&place);
    place_put(&place, "victim", "precious");
    cr_assert_eq(unlinkat(place.fd, "index.json", 0), 0);
    cr_assert_eq(unlinkat(place.fd, "lock", 0), 0);
    cr_assert_eq(linkat(place.fd, "victim", place.fd, "index.json.tmp", 0), 0);
    cr_assert_eq(linkat(place.fd, "victim", place.fd, "lock", 0), 0);
    place_open(&place);
    place_expect(&place, "victim", "precious");
    place_expect(&place, "index.json", INDEX_TEXT);
    place_remove(&place);
}

/* An empty index.json in place of one that was lost would forget all images. */
Test(store_layout, a_lost_index_is_not_made_beside_blobs)
{
    struct place place = place_create();
    const struct tug_store_options must_exist = {.size = sizeof must_exist, .must_exist = true};
    struct tug_error err = {0};

    place_open(&place);
    place_close(&place);
    place_put(&place, PLACE_BLOB, "{}");
    cr_assert_eq(unlinkat(place.fd, "index.json", 0), 0);
    cr_assert_eq(place_try(&place, &err), TUG_ERR_STORE);
    cr_assert_not_null(strstr(err.message, "verify --repair"), "%s", err.message);
    cr_assert_eq(place_mode(&place, "index.json"), 0);
    cr_assert_eq(tug_store_open(place.path, &must_exist, &place.store, &err), TUG_OK);
    place_close(&place);
    cr_assert_eq(unlinkat(place.fd, PLACE_BLOB, 0), 0);
    place_open(&place);
    place_expect(&place, "index.json", INDEX_TEXT);
    place_remove(&place);
}

/* The directories of the other algorithms are made when first needed. */
Test(store_layout, t34_late_directories_are_not_links)
{
    struct place place = place_create();
    struct tug__algorithm_dirs dirs;
    struct tug_error err = {0};

    place_open(&place);
    cr_assert_eq(mkdirat(place.fd, "elsewhere", 0700), 0);
    cr_assert_eq(symlinkat("../elsewhere", place.fd, "blobs/sha512"), 0);
    cr_assert_eq(tug__store_dirs(place.store, TUG_DIGEST_SHA512, true, &dirs, &err), TUG_ERR_STORE);
    cr_assert_eq(tug__store_dirs(place.store, TUG_DIGEST_SHA512, false, &dirs, &err),
                 TUG_ERR_STORE);
    cr_assert_eq(tug__store_dirs(place.store, TUG_DIGEST_SHA384, false, &dirs, &err), TUG_OK);
    cr_assert_eq(dirs.blobs_fd, -1);
    cr_assert_eq(place_mode(&place, "blobs/sha384"), 0);
    cr_assert_eq(tug__store_dirs(place.store, TUG_DIGEST_SHA384, true, &dirs, &err), TUG_OK);
    cr_assert_geq(dirs.blobs_fd, 0);
    cr_assert(S_ISDIR(place_mode(&place, "blobs/sha384")));
    place_remove(&place);
}

/* The user's own link to the store is followed. */
Test(store_layout, the_path_itself_may_be_a_link)
{
    struct place place = place_create();
    char *const link = tmpdir_join(place.root, "link");
    struct tug_store *store = NULL;

    place_open(&place);
    cr_assert_eq(symlink("store", link), 0);
    cr_assert_eq(tug_store_open(link, NULL, &store, NULL), TUG_OK);
    tug_store_close(store);
    free(link);
    place_remove(&place);
}
