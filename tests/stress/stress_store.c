/* SPDX-License-Identifier: Apache-2.0
 *
 * Stress of the store: threads over one open store and over several download the same few blobs and
 * name images, all at once. One at a time holds a partial file, no blob is short or wrong, and no
 * image is lost. Before that, threads make the same new store, again and again.
 */
#include <pthread.h>
#include <string.h>

#include "base/fs.h"
#include "oci/digest.h"
#include "store/store.h"
#include "stress/stress.h"
#include "support/tmpdir.h"

#define THREADS 6
#define STEPS 60
#define NEW_STORES 200
#define BLOBS 4
#define BLOB_BYTES 20000

struct blob {
    char bytes[BLOB_BYTES];
    struct tug_digest digest;
};

struct worker {
    struct tug_store *store;
    const struct blob *blobs;
    uint64_t random;
    unsigned number;
    unsigned images; /* named so far: its own names, in order */
    pthread_t thread;
};

/* Download a blob, or a part of it, from where an earlier one stopped. */
static void download(struct worker *worker, const struct blob *blob)
{
    struct tug__ingest *ingest = NULL;
    struct tug_error err = {0};
    const enum tug_status status =
        tug__ingest_open(worker->store, &blob->digest, BLOB_BYTES, &ingest, &err);
    size_t end;

    if (status == TUG_ERR_BUSY) {
        return;
    }
    REQUIRE(status == TUG_OK);
    end = tug__extents_bytes(&ingest->present) + stress_random(&worker->random, BLOB_BYTES);
    end = end < BLOB_BYTES ? end : BLOB_BYTES;
    REQUIRE(tug__fs_pwrite_all(ingest->fd, blob->bytes + tug__extents_bytes(&ingest->present),
                               end - tug__extents_bytes(&ingest->present),
                               tug__extents_bytes(&ingest->present), &err) == TUG_OK);
    if (end == BLOB_BYTES) {
        REQUIRE(tug__ingest_commit(ingest, &err) == TUG_OK);
    } else {
        tug__ingest_close(ingest);
    }
}

/* What is there must be whole and right. */
static void check_blob(struct tug_store *store, const struct blob *blob, bool must_exist)
{
    uint64_t size_bytes = 0;
    bool is_present = false;
    struct tug__buf buf;

    REQUIRE(tug_store_stat(store, &blob->digest, &is_present, &size_bytes, NULL) == TUG_OK);
    REQUIRE(is_present || !must_exist);
    if (is_present) {
        REQUIRE(size_bytes == BLOB_BYTES);
        tug__buf_init(&buf, BLOB_BYTES);
        REQUIRE(tug__store_read(store, &blob->digest, &buf, NULL) == TUG_OK);
        REQUIRE(memcmp(buf.data, blob->bytes, BLOB_BYTES) == 0);
        tug__buf_fini(&buf);
    }
}

static void name_image(struct worker *worker, const struct blob *blob)
{
    char name[64];
    const struct tug__index_entry entry = {
        .name = name,
        .media_type = "a/b",
        .digest = blob->digest,
        .size_bytes = BLOB_BYTES,
        .source_host = "h",
        .source_repository = "r",
    };

    (void)snprintf(name, sizeof name, "w%u/i:%u", worker->number, worker->images);
    REQUIRE(tug__store_index_put(worker->store, &entry, 1, NULL, NULL) == TUG_OK);
    worker->images++;
}

static void check_images(struct tug_store *store, const struct worker *worker)
{
    for (unsigned i = 0; i < worker->images; i++) {
        struct tug_digest digest;
        bool is_found = false;
        char name[64];

        (void)snprintf(name, sizeof name, "w%u/i:%u", worker->number, i);
        REQUIRE(tug__store_index_find(store, name, &is_found, &digest, NULL) == TUG_OK);
        REQUIRE(is_found);
    }
}

static void *work(void *argument)
{
    struct worker *const worker = argument;

    for (unsigned step = 0; step < STEPS; step++) {
        const struct blob *const blob = &worker->blobs[stress_random(&worker->random, BLOBS)];
        const unsigned what = stress_random(&worker->random, 10);

        if (what < 6) {
            download(worker, blob);
        } else if (what < 8) {
            check_blob(worker->store, blob, false);
        } else if (what < 9) {
            name_image(worker, blob);
        } else {
            check_images(worker->store, worker);
        }
    }
    return NULL;
}

struct maker {
    const char *path;
    pthread_barrier_t *start;
    pthread_t thread;
};

/* Make a store that all others make at this moment too. */
static void *make_store(void *argument)
{
    const struct maker *const maker = argument;
    const struct tug_store_options options = {.size = sizeof options,
                                              .durability = TUG_DURABILITY_NONE};
    struct tug_store *store = NULL;
    struct tug_error err = {0};

    (void)pthread_barrier_wait(maker->start);
    if (tug_store_open(maker->path, &options, &store, &err) != TUG_OK) {
        fprintf(stderr, "stress-store: %s\n", err.message);
        exit(1);
    }
    tug_store_close(store);
    return NULL;
}

static void make_stores(void)
{
    struct maker makers[THREADS];
    pthread_barrier_t start;

    REQUIRE(pthread_barrier_init(&start, NULL, THREADS) == 0);
    for (unsigned round = 0; round < NEW_STORES; round++) {
        char *const path = tmpdir_create();

        for (unsigned i = 0; i < THREADS; i++) {
            makers[i] = (struct maker){.path = path, .start = &start};
            REQUIRE(pthread_create(&makers[i].thread, NULL, make_store, &makers[i]) == 0);
        }
        for (unsigned i = 0; i < THREADS; i++) {
            REQUIRE(pthread_join(makers[i].thread, NULL) == 0);
        }
        tmpdir_remove(path);
    }
    (void)pthread_barrier_destroy(&start);
}

/* Bring every blob to its end, now that nobody else is at it. */
static void finish(struct worker *worker)
{
    for (unsigned i = 0; i < BLOBS; i++) {
        bool is_present = false;

        while (!is_present) {
            download(worker, &worker->blobs[i]);
            REQUIRE(tug_store_stat(worker->store, &worker->blobs[i].digest, &is_present, NULL,
                                   NULL) == TUG_OK);
        }
        check_blob(worker->store, &worker->blobs[i], true);
    }
}

static void make_blobs(struct blob *blobs, uint64_t *random)
{
    for (unsigned i = 0; i < BLOBS; i++) {
        for (unsigned at = 0; at < BLOB_BYTES; at++) {
            blobs[i].bytes[at] = (char)stress_random(random, 256);
        }
        REQUIRE(tug__digest_of(i % 2 == 0 ? TUG_DIGEST_SHA256 : TUG_DIGEST_SHA512, blobs[i].bytes,
                               BLOB_BYTES, &blobs[i].digest, NULL) == TUG_OK);
    }
}

int main(int argc, char **argv)
{
    uint64_t random = stress_seed(argc, argv);
    const struct tug_store_options options = {.size = sizeof options,
                                              .durability = TUG_DURABILITY_NONE};
    struct tug_store *stores[2] = {NULL, NULL};
    struct worker workers[THREADS] = {0};
    struct blob *const blobs = calloc(BLOBS, sizeof *blobs);
    char *const path = tmpdir_create();

    REQUIRE(blobs != NULL);
    make_stores();
    make_blobs(blobs, &random);
    for (unsigned i = 0; i < 2; i++) {
        REQUIRE(tug_store_open(path, &options, &stores[i], NULL) == TUG_OK);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.store = stores[i % 2],
                                     .blobs = blobs,
                                     .random = random + i * UINT64_C(1000003),
                                     .number = i};
        REQUIRE(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        REQUIRE(pthread_join(workers[i].thread, NULL) == 0);
    }
    finish(&workers[0]);
    for (unsigned i = 0; i < THREADS; i++) {
        check_images(stores[0], &workers[i]);
    }
    tug_store_close(stores[0]);
    tug_store_close(stores[1]);
    tmpdir_remove(path);
    free(blobs);
    puts("stress-store: blobs whole, images kept");
    return 0;
}
