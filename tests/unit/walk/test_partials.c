/* SPDX-License-Identifier: Apache-2.0
 *
 * Partial downloads and blobs, as the library lists them.
 */
#include <sys/wait.h>

#include "unit/walk/walk_place.h"

TestSuite(walk_partials, .timeout = 60);

#define MIB ((uint64_t)1024 * 1024)

struct listing {
    struct tug_partial_info infos[4]; /* their holders are not valid */
    char holders[4][100];
    size_t count;
};

static enum tug_status keep(void *context, const struct tug_partial_info *partial,
                            struct tug_error *err)
{
    struct listing *const listing = context;

    (void)err;
    cr_assert_lt(listing->count, 4);
    listing->infos[listing->count] = *partial;
    (void)snprintf(listing->holders[listing->count], sizeof listing->holders[0], "%s",
                   partial->holder != NULL ? partial->holder : "");
    listing->count++;
    return TUG_OK;
}

static struct listing list(const struct place *place)
{
    struct listing listing = {.count = 0};
    struct tug_error err = {0};

    cr_assert_eq(tug_store_each_partial(place->store, keep, &listing, NULL, &err), TUG_OK, "%s",
                 err.message);
    return listing;
}

/* Begin a download of a blob. */
static struct tug__ingest *begin(const struct place *place, const struct item *item, uint64_t size)
{
    struct tug__ingest *ingest = NULL;
    struct tug_error err = {0};

    cr_assert_eq(tug__ingest_open(place->store, &item->digest, size, &ingest, &err), TUG_OK, "%s",
                 err.message);
    return ingest;
}

Test(walk_partials, how_much_is_there)
{
    struct place place = place_create();
    const struct item blob = item_of("blob to be");
    static char bytes[MIB];
    struct tug__ingest *ingest;
    struct listing listing;

    place_open(&place);
    cr_assert_eq(list(&place).count, 0);
    ingest = begin(&place, &blob, 10 * MIB);
    cr_assert_eq(pwrite(ingest->fd, bytes, 1000, 0), 1000);
    listing = list(&place);
    cr_assert_eq(listing.count, 1);
    cr_assert(tug_digest_equal(&listing.infos[0].digest, &blob.digest));
    cr_assert_eq(listing.infos[0].present_bytes, 1000);
    cr_assert_eq(listing.infos[0].size_bytes, 0); /* nobody says it */
    cr_assert_gt(listing.infos[0].disk_bytes, 0);
    cr_assert_gt(listing.infos[0].modified_s, 0);

    /* over several connections: a state file says it */
    cr_assert_eq(tug__ingest_begin_state(ingest, 1000, NULL), TUG_OK);
    cr_assert_eq(pwrite(ingest->fd, bytes, MIB, (off_t)(5 * MIB)), (ssize_t)MIB);
    cr_assert_eq(tug__ingest_note(ingest, 3, 5 * MIB, 6 * MIB, NULL), TUG_OK);
    listing = list(&place);
    cr_assert_eq(listing.count, 1);
    cr_assert_eq(listing.infos[0].present_bytes, 1000 + MIB);
    cr_assert_eq(listing.infos[0].size_bytes, 10 * MIB);
    tug__ingest_close(ingest);
    place_remove(&place);
}

/* A document that nothing leads to says how large the blob is: its image has no name yet. */
Test(walk_partials, size_by_a_document)
{
    struct place place = place_create();
    struct small_image image;
    struct tug__ingest *ingest;
    struct listing listing;

    place_open(&place);
    image = store_image(&place, "one", "amd64");
    drop(&place, &image.layer);
    ingest = begin(&place, &image.layer, image.layer.length);
    cr_assert_eq(write(ingest->fd, "lay", 3), 3);
    listing = list(&place);
    cr_assert_eq(listing.infos[0].present_bytes, 3);
    cr_assert_eq(listing.infos[0].size_bytes, image.layer.length);
    {
        char *const path = tmpdir_join(place.path, "index.json");

        tmpdir_write(path, "?", 1); /* partial downloads do not depend on it */
        free(path);
    }
    cr_assert_eq(list(&place).infos[0].size_bytes, image.layer.length);
    cr_assert_eq(pwrite(ingest->fd, "x", 1, 1000), 1); /* too long: it is begun anew */
    cr_assert_eq(list(&place).infos[0].present_bytes, 0);
    tug__ingest_close(ingest);
    place_remove(&place);
}

Test(walk_partials, who_holds_it)
{
    struct place place = place_create();
    const struct item blob = item_of("blob to be");
    struct listing listing;
    int ready[2];
    int end[2];
    char byte = 0;
    pid_t pid;

    place_open(&place);
    cr_assert_eq(pipe(ready), 0);
    cr_assert_eq(pipe(end), 0);
    pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        struct tug__ingest *ingest = NULL;

        (void)close(end[1]);
        if (tug__ingest_open(place.store, &blob.digest, 100, &ingest, NULL) != TUG_OK ||
            write(ready[1], "x", 1) != 1 || read(end[0], &byte, 1) < 0) {
            _exit(1);
        }
        _exit(0);
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    listing = list(&place);
    cr_assert(listing.infos[0].is_held);
    cr_assert(listing.infos[0].holder_pid == pid || listing.infos[0].holder_pid == 0);
    cr_assert(strstr(listing.holders[0], "process") != NULL);
    (void)close(end[1]);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
    listing = list(&place);
    cr_assert_not(listing.infos[0].is_held);
    cr_assert_null(listing.infos[0].holder);
    (void)close(ready[0]);
    (void)close(ready[1]);
    (void)close(end[0]);
    place_remove(&place);
}

Test(walk_partials, open_blob)
{
    struct place place = place_create();
    struct item item;
    const struct item absent = item_of("absent");
    struct tug_error err = {0};
    uint64_t size_bytes = 0;
    char text[16] = "";
    int fd = -1;

    place_open(&place);
    item = store_item(&place, "content");
    cr_assert_eq(tug_store_open_blob(place.store, &item.digest, &fd, &size_bytes, &err), TUG_OK);
    cr_assert_eq(size_bytes, 7);
    cr_assert_eq(read(fd, text, sizeof text), 7);
    cr_assert_str_eq(text, "content");
    (void)close(fd);
    cr_assert_eq(tug_store_open_blob(place.store, &absent.digest, &fd, NULL, &err),
                 TUG_ERR_NOT_FOUND);
    cr_assert_not_null(strstr(err.message, absent.text));
    cr_assert_eq(tug_store_open_blob(place.store, &(struct tug_digest){0}, &fd, NULL, &err),
                 TUG_ERR_NOT_FOUND);
    cr_assert_not_null(strstr(err.message, "no blob of an unset digest"));
    place_remove(&place);
}
