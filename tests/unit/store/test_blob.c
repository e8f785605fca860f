/* SPDX-License-Identifier: Apache-2.0
 *
 * Committed blobs: looked up and read, only when they are regular files.
 */
#include "store/internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "unit/store/store_place.h"

static bool is_present(const struct place *place, uint64_t *out_size)
{
    const struct tug_digest digest = place_digest();
    bool present = false;

    cr_assert_eq(tug_store_stat(place->store, &digest, &present, out_size, NULL), TUG_OK);
    return present;
}

static enum tug_status read_blob(const struct place *place, size_t limit, size_t *out_length,
                                 struct tug_error *err)
{
    const struct tug_digest digest = place_digest();
    struct tug__buf buf;
    enum tug_status status;

    tug__buf_init(&buf, limit);
    status = tug__store_read(place->store, &digest, &buf, err);
    *out_length = buf.length;
    tug__buf_fini(&buf);
    return status;
}

Test(store_blob, tells_size_and_content)
{
    struct place place = place_create();
    struct tug_error err = {0};
    uint64_t size = 4711;
    size_t length = 0;

    place_open(&place);
    cr_assert_not(is_present(&place, &size));
    cr_assert(size == 4711);
    cr_assert_eq(read_blob(&place, 100, &length, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, ENOENT);
    place_put(&place, PLACE_BLOB, "{}");
    cr_assert(is_present(&place, &size));
    cr_assert(size == 2);
    cr_assert(is_present(&place, NULL));
    cr_assert_eq(read_blob(&place, 2, &length, &err), TUG_OK);
    cr_assert_eq(length, 2);
    cr_assert_eq(read_blob(&place, 1, &length, &err), TUG_ERR_TOO_LARGE);
    place_remove(&place);
}

struct syncer {
    struct tug_store *store;
    atomic_bool is_done;
};

static void *sync_blobs(void *argument)
{
    struct syncer *const syncer = argument;

    cr_assert_eq(tug__store_sync_blobs(syncer->store, NULL), TUG_OK);
    atomic_store(&syncer->is_done, true);
    return NULL;
}

/* Names that another thread is just syncing are durable only when it is done, and well. */
Test(store_blob, a_sync_waits_for_one_under_way, .timeout = 10)
{
    struct place place = place_create();
    struct syncer syncer = {0};
    pthread_t thread;

    place_open(&place);
    syncer.store = place.store;
    (void)pthread_mutex_lock(&place.store->sync_lock); /* as that thread does */
    place.store->dirs[TUG_DIGEST_SHA256].is_dirty = false;
    cr_assert_eq(pthread_create(&thread, NULL, sync_blobs, &syncer), 0);
    (void)usleep(50000); /* long enough for one that does not wait */
    cr_assert_not(atomic_load(&syncer.is_done));
    (void)pthread_mutex_unlock(&place.store->sync_lock);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert(atomic_load(&syncer.is_done));
    place_remove(&place);
}

Test(store_blob, takes_algorithms_without_a_directory)
{
    struct place place = place_create();
    struct tug_digest digest = {.algorithm = TUG_DIGEST_SHA512};
    struct tug_error err = {0};
    bool present = true;
    struct tug__buf buf;

    place_open(&place);
    cr_assert_eq(tug_store_stat(place.store, &digest, &present, NULL, &err), TUG_OK);
    cr_assert_not(present);
    tug__buf_init(&buf, 10);
    cr_assert_eq(tug__store_read(place.store, &digest, &buf, &err), TUG_ERR_STORE);
    cr_assert_eq(err.os_errno, ENOENT);
    cr_assert_eq(place_mode(&place, "blobs/sha512"), 0, "looking up made a directory");
    place_remove(&place);
}

/* T-34: what is not a regular file is no blob, and nobody waits for a FIFO. */
Test(store_blob, t34_other_files_are_no_blobs, .timeout = 10)
{
    struct place place = place_create();
    struct tug_error err = {0};
    size_t length = 0;

    place_open(&place);
    place_put(&place, "secret", "secret");
    cr_assert_eq(symlinkat("../../secret", place.fd, PLACE_BLOB), 0);
    cr_assert_not(is_present(&place, NULL));
    cr_assert_eq(read_blob(&place, 100, &length, &err), TUG_ERR_STORE);
    cr_assert_eq(length, 0);
    cr_assert_eq(unlinkat(place.fd, PLACE_BLOB, 0), 0);
    cr_assert_eq(mkfifoat(place.fd, PLACE_BLOB, 0600), 0);
    cr_assert_not(is_present(&place, NULL));
    cr_assert_eq(read_blob(&place, 100, &length, &err), TUG_ERR_STORE);
    cr_assert_eq(unlinkat(place.fd, PLACE_BLOB, 0), 0);
    cr_assert_eq(mkdirat(place.fd, PLACE_BLOB, 0700), 0);
    cr_assert_not(is_present(&place, NULL));
    cr_assert_eq(read_blob(&place, 100, &length, &err), TUG_ERR_STORE);
    place_remove(&place);
}

Test(store_blob, names_are_synced_when_they_changed)
{
    struct place place = place_create();
    struct tug__algorithm_dirs dirs;

    place_open(&place);
    cr_assert_eq(tug__store_sync_blobs(place.store, NULL), TUG_OK);
    tug__store_mark_dirty(place.store, TUG_DIGEST_SHA256);
    cr_assert_eq(tug__store_dirs(place.store, TUG_DIGEST_SHA256, false, &dirs, NULL), TUG_OK);
    cr_assert(dirs.is_dirty);
    cr_assert_eq(tug__store_sync_blobs(place.store, NULL), TUG_OK);
    cr_assert_eq(tug__store_dirs(place.store, TUG_DIGEST_SHA256, false, &dirs, NULL), TUG_OK);
    cr_assert_not(dirs.is_dirty);
    place_remove(&place);
}

/* A blob that was there may be another process's, which has not yet made its name durable. */
Test(store_blob, names_are_synced_before_an_image_is_named)
{
    struct place place = place_create();
    const struct tug__index_entry entry = {
        .name = "registry.example/a:1",
        .media_type = "a/b",
        .digest = place_digest(),
        .size_bytes = 2,
        .source_host = "registry.example",
        .source_repository = "a",
    };

    place_open(&place);
    cr_assert(place.store->dirs[TUG_DIGEST_SHA256].is_dirty);
    cr_assert_eq(tug__store_index_put(place.store, &entry, 1, NULL, NULL), TUG_OK);
    cr_assert_not(place.store->dirs[TUG_DIGEST_SHA256].is_dirty);
    place_remove(&place);
}
