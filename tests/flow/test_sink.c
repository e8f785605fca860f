/* SPDX-License-Identifier: Apache-2.0
 *
 * A program with a store of its own: what is fetched for it, what is handed to it, and how.
 *
 * Knows: the public API, the work directory. Does not know: queues.
 * Threads: criterion's; callbacks come on those of a run.
 */
#include "delta.h"
#include "keeper.h"

#include <stdlib.h>
#include <string.h>

TestSuite(sink, .timeout = 60);

/* More than one write; several connections; one piece. */
static const uint64_t sizes[] = {3000000, 700000, 60000};

struct scene {
    struct flow flow;
    struct keeper keeper;
    struct build_image_result built;
};

static void open_scene(struct scene *scene)
{
    flow_open(&scene->flow, NULL);
    keeper_init(&scene->keeper);
    scene->flow.sink = &scene->keeper.sink;
    build_image_add(
        scene->flow.registry,
        &(struct build_image){
            .repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = FLOW_COUNT(sizes)},
        &scene->built);
}

static void close_scene(struct scene *scene)
{
    keeper_fini(&scene->keeper);
    flow_close(&scene->flow);
}

/* Everything of the image is with the program, and nothing in the work directory. */
static void expect_kept(struct scene *scene)
{
    struct json_object *const index = flow_index(&scene->flow);

    cr_assert_eq(keeper_count(&scene->keeper), 2 + FLOW_COUNT(sizes));
    cr_assert_not_null(keeper_find(&scene->keeper, scene->built.manifest.digest));
    cr_assert_not_null(keeper_find(&scene->keeper, scene->built.config.digest));
    cr_assert_eq(flow_partial_size(&scene->flow, scene->built.manifest.digest), -1);
    for (size_t i = 0; i < FLOW_COUNT(sizes); i++) {
        cr_assert_not_null(keeper_find(&scene->keeper, scene->built.layers[i].digest));
        cr_assert_eq(flow_partial_size(&scene->flow, scene->built.layers[i].digest), -1);
    }
    cr_assert_eq(flow_blob_count(&scene->flow), 0);
    cr_assert_eq(json_object_array_length(json_object_object_get(index, "manifests")), 0);
    json_object_put(index);
}

static void fetch(struct scene *scene, const char *name)
{
    cr_assert_eq(flow_fetch(&scene->flow, name), TUG_OK, "%s", scene->flow.seen.error.message);
    expect_kept(scene);
}

Test(sink, gets_all_content)
{
    struct scene scene;

    open_scene(&scene);
    fetch(&scene, "app:1");
    cr_assert_eq(scene.keeper.begun, 2 + FLOW_COUNT(sizes));
    cr_assert_eq(scene.keeper.committed, 2 + FLOW_COUNT(sizes));
    cr_assert_eq(scene.keeper.aborted, 0);
    cr_assert_leq(scene.keeper.most_active, 4);
    cr_assert_str_eq(keeper_find(&scene.keeper, scene.built.manifest.digest)->media_type,
                     BUILD_OCI_MANIFEST);
    cr_assert_str_eq(keeper_find(&scene.keeper, scene.built.config.digest)->media_type,
                     BUILD_OCI_CONFIG);
    cr_assert_str_eq(keeper_find(&scene.keeper, scene.built.layers[0].digest)->media_type,
                     BUILD_OCI_LAYER);
    cr_assert_eq(scene.flow.seen.image.blobs, 2 + FLOW_COUNT(sizes));
    cr_assert_eq(scene.flow.seen.image.blobs_done, 2 + FLOW_COUNT(sizes));
    cr_assert_eq(scene.flow.seen.image.bytes_fetched, scene.built.total_bytes);
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_COMMITTED], 2 + FLOW_COUNT(sizes));
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_WARNING], 0, "%s", scene.flow.seen.warning);
    close_scene(&scene);
}

/* Parts come out of order, over several connections, and are handed over in order. */
Test(sink, gets_parts_in_order)
{
    struct scene scene;

    open_scene(&scene);
    scene.flow.options.max_concurrent_downloads = 6;
    scene.flow.options.chunk_size_bytes = 300000;
    fetch(&scene, "app:1");
    close_scene(&scene);
}

/* What the program has is not requested: only what a tag means. */
Test(sink, is_asked_first)
{
    struct scene scene;
    char *name;

    open_scene(&scene);
    fetch(&scene, "app:1");
    keeper_mark(&scene.keeper);
    fake_record_mark(scene.flow.registry);
    fetch(&scene, "app:1");
    cr_assert_eq(flow_requests(&scene.flow, NULL, NULL), 1, "the manifest");
    cr_assert_eq(scene.keeper.begun, 0);
    cr_assert_eq(scene.flow.seen.image.bytes_reused, scene.built.total_bytes);
    cr_assert_eq(scene.flow.seen.image.bytes_fetched, 0);
    name = build_text("app@%s", scene.built.manifest.digest);
    fake_record_mark(scene.flow.registry);
    fetch(&scene, name);
    cr_assert_eq(flow_requests(&scene.flow, NULL, NULL), 0);
    cr_assert_eq(scene.keeper.begun, 0);
    free(name);
    close_scene(&scene);
}

/* Content of another size is not what is wanted. */
Test(sink, damaged_content_is_replaced)
{
    struct scene scene;
    struct kept *kept;

    open_scene(&scene);
    fetch(&scene, "app:1");
    kept = keeper_find(&scene.keeper, scene.built.layers[1].digest);
    kept->size_bytes--;
    kept = keeper_find(&scene.keeper, scene.built.manifest.digest);
    kept->bytes[3] ^= 1; /* documents are hashed */
    keeper_mark(&scene.keeper);
    fetch(&scene, "app:1");
    cr_assert_eq(scene.keeper.committed, 2);
    close_scene(&scene);
}

Test(sink, may_read_the_file_itself)
{
    struct scene scene;

    open_scene(&scene);
    scene.keeper.sink.write = NULL;
    fetch(&scene, "app:1");
    cr_assert_eq(scene.keeper.writes, 0);
    close_scene(&scene);
}

Test(measured, a_slow_program_is_no_slow_server, .timeout = 60)
{
    struct scene scene;

    open_scene(&scene);
    scene.keeper.slow_ms = 1500;
    scene.keeper.slow_digest = scene.built.layers[1].digest;
    scene.flow.options.max_concurrent_downloads = 2;
    scene.flow.options.chunk_size_bytes = 300000;
    scene.flow.options.stall_timeout_ms = 1000;
    scene.flow.options.no_retries = false;
    fetch(&scene, "app:1");
    cr_assert_eq(scene.flow.seen.counts[TUG_EVENT_RETRY], 0, "%s", scene.flow.seen.retry);
    close_scene(&scene);
}

/* Content that the program deletes before the image is complete is fetched again. */
Test(sink, lost_content_is_fetched_again)
{
    struct scene scene;

    open_scene(&scene);
    scene.keeper.lost_digest = scene.built.layers[2].digest;
    scene.keeper.lost_after = 1;
    fetch(&scene, "app:1");
    cr_assert_eq(scene.keeper.committed, 2 + FLOW_COUNT(sizes) + 1);
    cr_assert_eq(flow_requests(&scene.flow, "GET", scene.built.layers[2].digest), 2);
    close_scene(&scene);
}

/* Docker's documents become OCI ones, which no registry has. */
Test(sink, gets_what_is_converted)
{
    static const uint64_t size = 60000;
    char made[TUG_DIGEST_TEXT_MAX];
    struct scene scene;

    open_scene(&scene);
    build_image_add(scene.flow.registry,
                    &(struct build_image){.repo = "app",
                                          .tag = "docker",
                                          .family = BUILD_DOCKER,
                                          .layer_sizes = &size,
                                          .layer_count = 1},
                    &scene.built);
    scene.flow.options.convert = "oci";
    cr_assert_eq(flow_fetch(&scene.flow, "app:docker"), TUG_OK, "%s",
                 scene.flow.seen.error.message);
    cr_assert_not_null(keeper_find(&scene.keeper, scene.built.layers[0].digest));
    cr_assert_str_eq(
        keeper_find(&scene.keeper, tug_digest_format(&scene.flow.seen.image.digest, made))
            ->media_type,
        BUILD_OCI_MANIFEST);
    close_scene(&scene);
}

/* A layer is put together out of one in another store, and handed over like any other. */
Test(sink, gets_what_is_put_together)
{
    struct delta_scene scene;
    struct tug_store *donor = NULL;
    struct keeper keeper;

    delta_open_update(&scene, TOC_ZSTD);
    keeper_init(&keeper);
    cr_assert_eq(tug_store_open(scene.flow.store, NULL, &donor, NULL), TUG_OK);
    free(scene.flow.store);
    scene.flow.store = tmpdir_join(scene.flow.directory, "work");
    scene.flow.sink = &keeper.sink;
    scene.flow.options.donors = &donor;
    scene.flow.options.donor_count = 1;
    cr_assert_eq(flow_fetch(&scene.flow, "app:2"), TUG_OK, "%s", scene.flow.seen.error.message);
    cr_assert_not_null(keeper_find(&keeper, scene.layers[2].digest));
    cr_assert_leq(delta_sent_bytes(&scene, 2), scene.layers[2].size / 10);
    tug_store_close(donor);
    keeper_fini(&keeper);
    flow_close(&scene.flow);
}

#define FETCHES 3

struct one_fetch {
    struct scene *scene;
    struct tug_store *store;
    pthread_t thread;
    enum tug_status status;
    struct tug_error error;
};

static void *fetch_main(void *argument)
{
    struct one_fetch *const one = argument;
    char *const reference = flow_reference(&one->scene->flow, "app:1");
    struct tug_fetch *run = NULL;

    one->status = tug_fetch_create(one->store, &one->scene->flow.options, &run, &one->error);
    if (one->status == TUG_OK) {
        one->status = tug_fetch_add(run, reference, &one->error);
    }
    if (one->status == TUG_OK) {
        one->status = tug_fetch_run(run, &one->error);
    }
    tug_fetch_destroy(run);
    free(reference);
    return NULL;
}

/* Three runs at once, on two handles of one work directory: nothing is handed over twice. */
Test(sink, serves_several_runs_at_once)
{
    struct tug_store_options options = TUG_STORE_OPTIONS_INIT;
    struct one_fetch fetches[FETCHES] = {0};
    struct tug_store *stores[2] = {0};
    struct scene scene;

    open_scene(&scene);
    options.sink = &scene.keeper.sink;
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(tug_store_open(scene.flow.store, &options, &stores[i], NULL), TUG_OK);
    }
    for (size_t i = 0; i < FETCHES; i++) {
        fetches[i].scene = &scene;
        fetches[i].store = stores[i / 2];
        cr_assert_eq(pthread_create(&fetches[i].thread, NULL, fetch_main, &fetches[i]), 0);
    }
    for (size_t i = 0; i < FETCHES; i++) {
        cr_assert_eq(pthread_join(fetches[i].thread, NULL), 0);
        cr_assert_eq(fetches[i].status, TUG_OK, "%zu: %s", i, fetches[i].error.message);
    }
    expect_kept(&scene);
    cr_assert_eq(scene.keeper.committed, 2 + FLOW_COUNT(sizes));
    for (size_t i = 0; i < 2; i++) {
        tug_store_close(stores[i]);
    }
    close_scene(&scene);
}
