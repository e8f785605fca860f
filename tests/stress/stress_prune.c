/* SPDX-License-Identifier: Apache-2.0
 *
 * Stress of pruning: threads bring images that share layers, name them and forget them again, while
 * another one prunes and drops partial downloads all the time. Content that a run has found or
 * brought stays until the run ends, what a name needs stays as long as the name, and in the end
 * exactly what is not needed is gone.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <tug/tug.h>

#include "base/fs.h"
#include "oci/digest.h"
#include "store/store.h"
#include "stress/stress.h"
#include "support/tmpdir.h"

#define THREADS 5
#define PRUNES 12
#define STEPS_MIN 30
#define LAYERS 6
#define IMAGES 6
#define BLOBS_OF_IMAGE 4 /* manifest, config, two layers */
#define TEXT_BYTES 1024
#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"

struct blob {
    char text[TEXT_BYTES];
    size_t length;
    struct tug_digest digest;
};

struct scene {
    struct blob layers[LAYERS];
    struct blob configs[IMAGES];
    struct blob manifests[IMAGES];
    atomic_bool is_over;
    atomic_bool is_gated; /* no run begins */
};

struct worker {
    struct scene *scene;
    struct tug_store *store;
    uint64_t random;
    unsigned number;
    unsigned named[IMAGES]; /* this worker has the name */
    unsigned steps;
    pthread_t thread;
};

static const struct blob *blob_of(const struct scene *scene, unsigned image, unsigned index)
{
    switch (index) {
    case 0:
        return &scene->layers[image % LAYERS];
    case 1:
        return &scene->layers[(image + 1) % LAYERS];
    case 2:
        return &scene->configs[image];
    default:
        return &scene->manifests[image];
    }
}

static bool is_there(struct tug_store *store, const struct blob *blob)
{
    bool is_present = false;

    REQUIRE(tug_store_stat(store, &blob->digest, &is_present, NULL, NULL) == TUG_OK);
    return is_present;
}

static void nap(uint64_t *random, unsigned most_us)
{
    const struct timespec time = {.tv_nsec = (long)stress_random(random, most_us) * 1000};

    (void)nanosleep(&time, NULL);
}

/* Bring a blob, unless it is there; now and then the download is given up in the middle first. */
static void bring(struct worker *worker, const struct blob *blob)
{
    while (!is_there(worker->store, blob)) {
        struct tug__ingest *ingest = NULL;
        struct tug_error err = {0};
        enum tug_status status =
            tug__ingest_open(worker->store, &blob->digest, blob->length, &ingest, &err);

        if (status == TUG_ERR_BUSY) {
            nap(&worker->random, 200);
            continue;
        }
        REQUIRE(status == TUG_OK);
        REQUIRE(tug__fs_pwrite_all(ingest->fd, blob->text, blob->length, 0, &err) == TUG_OK);
        if (stress_random(&worker->random, 4) == 0) {
            tug__ingest_close(ingest);
            continue;
        }
        status = tug__ingest_commit(ingest, &err);
        REQUIRE(status == TUG_OK);
    }
}

static void check_image(const struct worker *worker, unsigned image)
{
    for (unsigned i = 0; i < BLOBS_OF_IMAGE; i++) {
        REQUIRE(is_there(worker->store, blob_of(worker->scene, image, i)));
    }
}

static void name_of(const struct worker *worker, unsigned image, char out_name[64])
{
    (void)snprintf(out_name, 64, "w%u/i:%u", worker->number, image);
}

/* What a fetch does: hold the store, bring what is missing, name the image. */
static void fetch(struct worker *worker, unsigned image)
{
    const struct blob *const root = &worker->scene->manifests[image];
    char name[64];
    const struct tug__index_entry entry = {
        .name = name,
        .media_type = MANIFEST_TYPE,
        .digest = root->digest,
        .size_bytes = root->length,
    };
    int use_fd = -1;

    name_of(worker, image, name);
    REQUIRE(tug__store_use(worker->store, NULL, &use_fd, NULL) == TUG_OK);
    for (unsigned i = 0; i < BLOBS_OF_IMAGE; i++) {
        bring(worker, blob_of(worker->scene, image, i));
    }
    nap(&worker->random, 500);
    check_image(worker, image);
    REQUIRE(tug__store_index_put(worker->store, &entry, 1, NULL, NULL) == TUG_OK);
    worker->named[image] = 1;
    tug__store_unlock(use_fd);
}

static void forget(struct worker *worker, unsigned image)
{
    char name[64];
    const char *const text = name;

    name_of(worker, image, name);
    REQUIRE(tug_store_remove(worker->store, &text, 1, NULL, NULL, NULL, NULL) == TUG_OK);
    worker->named[image] = 0;
}

static void *work(void *argument)
{
    struct worker *const worker = argument;

    while (!atomic_load(&worker->scene->is_over) || worker->steps < STEPS_MIN) {
        const unsigned image = stress_random(&worker->random, IMAGES);

        worker->steps++;
        if (worker->named[image] == 0 && !atomic_load(&worker->scene->is_gated)) {
            fetch(worker, image);
        } else if (worker->named[image] != 0) {
            check_image(worker, image);
            forget(worker, image);
        }
        nap(&worker->random, 2000);
    }
    return NULL;
}

/* Prune once. A run may always be under way: then no further one begins for a while. */
static void prune(struct worker *pruner)
{
    struct tug_prune_options options = TUG_PRUNE_OPTIONS_INIT;
    struct tug_error err = {0};
    enum tug_status status;

    options.wait_ms = 100;
    status = tug_store_prune(pruner->store, &options, NULL, NULL, &err);
    if (status == TUG_ERR_BUSY) {
        atomic_store(&pruner->scene->is_gated, true);
        options.wait_ms = 100000;
        status = tug_store_prune(pruner->store, &options, NULL, NULL, &err);
        atomic_store(&pruner->scene->is_gated, false);
    }
    if (status != TUG_OK) {
        fprintf(stderr, "stress-prune: %s\n", err.message);
        exit(1);
    }
}

static void drop_partials(struct worker *pruner)
{
    struct tug_prune_options options = TUG_PRUNE_OPTIONS_INIT;

    options.partials = true;
    REQUIRE(tug_store_prune(pruner->store, &options, NULL, NULL, NULL) == TUG_OK);
}

static void *work_prune(void *argument)
{
    struct worker *const pruner = argument;

    for (unsigned i = 0; i < PRUNES; i++) {
        prune(pruner);
        drop_partials(pruner);
        nap(&pruner->random, 3000);
    }
    atomic_store(&pruner->scene->is_over, true);
    return NULL;
}

static void make_blob(struct blob *blob)
{
    blob->length = strlen(blob->text);
    REQUIRE(tug__digest_of(TUG_DIGEST_SHA256, blob->text, blob->length, &blob->digest, NULL) ==
            TUG_OK);
}

/* A descriptor as JSON. Returns: static text. */
static const char *descriptor(const struct blob *blob, const char *kind, char out_text[256])
{
    char digest[TUG_DIGEST_TEXT_MAX];

    (void)snprintf(
        out_text, 256,
        "{\"mediaType\":\"application/vnd.oci.image.%s\",\"digest\":\"%s\",\"size\":%zu}", kind,
        tug_digest_format(&blob->digest, digest), blob->length);
    return out_text;
}

static void make_scene(struct scene *scene)
{
    char texts[3][256];

    for (unsigned i = 0; i < LAYERS; i++) {
        (void)snprintf(scene->layers[i].text, TEXT_BYTES, "layer %u", i);
        make_blob(&scene->layers[i]);
    }
    for (unsigned i = 0; i < IMAGES; i++) {
        (void)snprintf(scene->configs[i].text, TEXT_BYTES, "{\"os\":\"linux\",\"number\":%u}", i);
        make_blob(&scene->configs[i]);
        (void)snprintf(scene->manifests[i].text, TEXT_BYTES,
                       "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE
                       "\",\"config\":%s,\"layers\":[%s,%s]}",
                       descriptor(&scene->configs[i], "config.v1+json", texts[0]),
                       descriptor(blob_of(scene, i, 0), "layer.v1.tar", texts[1]),
                       descriptor(blob_of(scene, i, 1), "layer.v1.tar", texts[2]));
        make_blob(&scene->manifests[i]);
    }
}

/* Exactly what the names need is there. */
static void check_end(struct worker *workers, struct tug_store *store)
{
    const struct scene *const scene = workers[0].scene;

    prune(&workers[0]);
    for (unsigned i = 0; i < IMAGES; i++) {
        bool is_named = false;

        for (unsigned j = 0; j < THREADS; j++) {
            is_named = is_named || workers[j].named[i] != 0;
        }
        REQUIRE(is_there(store, &scene->manifests[i]) == is_named);
        REQUIRE(is_there(store, &scene->configs[i]) == is_named);
        REQUIRE(!is_named ||
                (is_there(store, blob_of(scene, i, 0)) && is_there(store, blob_of(scene, i, 1))));
    }
}

int main(int argc, char **argv)
{
    const uint64_t random = stress_seed(argc, argv);
    const struct tug_store_options options = {.size = sizeof options,
                                              .durability = TUG_DURABILITY_NONE};
    struct scene *const scene = calloc(1, sizeof *scene);
    struct worker workers[THREADS + 1] = {0};
    struct tug_store *stores[2] = {NULL, NULL};
    char *const path = tmpdir_create();
    unsigned steps = 0;

    REQUIRE(scene != NULL);
    make_scene(scene);
    for (unsigned i = 0; i < 2; i++) {
        REQUIRE(tug_store_open(path, &options, &stores[i], NULL) == TUG_OK);
    }
    for (unsigned i = 0; i <= THREADS; i++) {
        workers[i] = (struct worker){.scene = scene,
                                     .store = stores[i % 2],
                                     .random = random + i * UINT64_C(1000003),
                                     .number = i};
        REQUIRE(pthread_create(&workers[i].thread, NULL, i < THREADS ? work : work_prune,
                               &workers[i]) == 0);
    }
    for (unsigned i = 0; i <= THREADS; i++) {
        REQUIRE(pthread_join(workers[i].thread, NULL) == 0);
        steps += workers[i].steps;
    }
    check_end(workers, stores[0]);
    tug_store_close(stores[0]);
    tug_store_close(stores[1]);
    tmpdir_remove(path);
    free(scene);
    printf("stress-prune: %u steps beside %u prunes\n", steps, PRUNES);
    return 0;
}
