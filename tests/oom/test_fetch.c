/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole fetches without memory: they end with the right error, and what is in the store is valid
 * and good enough for the next run.
 *
 * Knows: the scene of the flow tests. Does not know: which allocations a fetch makes.
 * Threads: those of a fetch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/extras.h"
#include "flow/registry.h"
#include "oom.h"

TestSuite(oom_fetch, .timeout = 600);

static const uint64_t sizes[] = {300000, 2000};

struct scene {
    struct flow flow;
    unsigned runs;
};

/* One fetch into a new store; unlike flow_fetch(), what comes before the run may fail, too. */
static enum tug_status fetch_once(void *context, struct tug_error *err)
{
    const struct tug_store_options options = {.size = sizeof options,
                                              .durability = TUG_DURABILITY_NONE};
    struct scene *const scene = context;
    struct tug_store *store = NULL;
    struct tug_fetch *fetch = NULL;
    char *const reference = flow_reference(&scene->flow, "app:1");
    char name[32];
    enum tug_status status;

    free(scene->flow.store);
    (void)snprintf(name, sizeof name, "store-%u", scene->runs++);
    scene->flow.store = tmpdir_join(scene->flow.directory, name);
    status = tug_store_open(scene->flow.store, &options, &store, err);
    if (status == TUG_OK) {
        status = tug_fetch_create(store, &scene->flow.options, &fetch, err);
    }
    if (status == TUG_OK) {
        status = tug_fetch_add(fetch, reference, err);
    }
    if (status == TUG_OK) {
        status = tug_fetch_run(fetch, err);
    }
    tug_fetch_destroy(fetch);
    tug_store_close(store);
    free(reference);
    return status;
}

/* The store is valid, and a run with memory completes it. */
static void go_on(void *context)
{
    struct scene *const scene = context;

    flow_check_store(&scene->flow);
    cr_assert_eq(flow_fetch(&scene->flow, "app:1"), TUG_OK, "%s", scene->flow.seen.error.message);
    cr_assert_eq(flow_blob_count(&scene->flow), 2 + sizeof sizes / sizeof *sizes);
}

static void open_scene(struct scene *scene)
{
    scene->runs = 0;
    registry_open(&scene->flow);
    build_image_add(scene->flow.registry,
                    &(struct build_image){.repo = "app",
                                          .tag = "1",
                                          .layer_sizes = sizes,
                                          .layer_count = sizeof sizes / sizeof *sizes},
                    NULL);
    scene->flow.options.max_concurrent_downloads = 2;
}

Test(oom_fetch, of_an_image)
{
    struct scene scene;

    open_scene(&scene);
    oom_each(fetch_once, go_on, &scene, 50);
    flow_close(&scene.flow);
}

Test(oom_fetch, with_a_token)
{
    struct scene scene;

    open_scene(&scene);
    registry_ask_for_token(scene.flow.registry, NULL);
    registry_log_in(&scene.flow);
    oom_each(fetch_once, go_on, &scene, 50);
    flow_close(&scene.flow);
}

/* The store is valid, and a run with memory has the image and all that refers to it. */
static void go_on_with_referrers(void *context)
{
    struct scene *const scene = context;

    flow_check_store(&scene->flow);
    cr_assert_eq(flow_fetch(&scene->flow, "app:1"), TUG_OK, "%s", scene->flow.seen.error.message);
    cr_assert_eq(count_names(&scene->flow), 3, "the image, a list, a tag of Cosign's");
}

Test(oom_fetch, with_what_refers_to_it)
{
    struct scene scene = {.runs = 0};
    struct build_descriptor root;
    struct build_descriptor sbom;
    char *tag;

    registry_open(&scene.flow);
    flow_add_manifest(&scene.flow, "1", NULL, "", &root);
    scene.flow.options.max_concurrent_downloads = 2;
    scene.flow.options.referrers = true;
    sbom = add_referrer(&scene.flow, root.digest, SBOM, "1", NULL);
    answer_one(&scene.flow, root.digest, &sbom, SBOM);
    tag = build_text("sha256-%s.sig", root.digest + strlen("sha256:"));
    (void)add_referrer(&scene.flow, NULL, COSIGN_LAYER, "a payload", tag);
    oom_each(fetch_once, go_on_with_referrers, &scene, 50);
    free(tag);
    flow_close(&scene.flow);
}
