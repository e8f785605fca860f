/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores that are cleaned up by somebody else while an image is fetched into them.
 *
 * Knows: the layout's directories. Does not know: when they are opened.
 * Threads: criterion's; a fetch runs on one of its own.
 */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

TestSuite(removed, .timeout = 60);

#define LAYER_BYTES 6000000
/* Of it, when the partial file is removed. */
#define HELD_AT_BYTES 1000000

static const uint64_t sizes[] = {LAYER_BYTES, 5000};

struct scene {
    struct flow flow;
    struct build_image_result built;
    unsigned removals; /* still to be made, at each commit of the second layer */
};

static void open_scene(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    flow_open(&scene->flow, NULL);
    build_image_add(scene->flow.registry,
                    &(struct build_image){.repo = "app",
                                          .tag = "1",
                                          .layer_sizes = sizes,
                                          .layer_count = FLOW_COUNT(sizes),
                                          .seed = 3},
                    &scene->built);
}

/* rm -rf STORE/NAME/SUB */
static void remove_below(const struct flow *flow, const char *name)
{
    char *const path = tmpdir_join(flow->store, name);

    tmpdir_remove(path);
}

static void wait_for(const struct flow *flow, const char *digest)
{
    const uint64_t deadline_ns = tug__deadline_ns(FLOW_WAIT_MS);

    while (!flow_has(flow, digest)) {
        const struct timespec pause = {.tv_nsec = 1000000};

        cr_assert_lt(tug__now_ns(), deadline_ns, "%s never came", digest);
        (void)nanosleep(&pause, NULL);
    }
}

static void remove_blob(const struct flow *flow, const char *digest)
{
    char *const path = flow_path(flow, "blobs", digest);

    cr_assert_eq(unlink(path), 0, "%s", path);
    free(path);
}

/* A part of the layer is there, and nothing else under way, when all of ingest/ goes. The rest of
 * that answer is of no use. */
Test(removed, f50_partial_files_during_a_fetch)
{
    struct scene scene;
    const char *digest;
    int rule;

    open_scene(&scene);
    digest = scene.built.layers[0].digest;
    rule = fake_rule_add(scene.flow.registry,
                         &(struct fake_rule){.match = {.path = digest, .times = 1},
                                             .body.cut = FAKE_CUT_HOLD,
                                             .body.cut_at_bytes = HELD_AT_BYTES});
    scene.flow.options.never_split = true;
    scene.flow.options.tick_ms = 10;
    scene.flow.signal_bytes = HELD_AT_BYTES;
    flow_start(&scene.flow, "app:1");
    flow_wait_reached(&scene.flow);
    wait_for(&scene.flow, scene.built.manifest.digest);
    wait_for(&scene.flow, scene.built.config.digest);
    wait_for(&scene.flow, scene.built.layers[1].digest);
    remove_below(&scene.flow, "ingest/sha256");
    fake_rule_release(scene.flow.registry, rule);
    cr_assert_eq(flow_wait(&scene.flow), TUG_OK, "%s", scene.flow.seen.error.message);
    cr_assert_eq(flow_requests(&scene.flow, "GET", digest), 2);
    cr_assert_lt(scene.flow.seen.totals.bytes_received, LAYER_BYTES + 2 * HELD_AT_BYTES,
                 "it did not begin anew at once");
    cr_assert_not_null(strstr(scene.flow.seen.retry, "removed"), "%s", scene.flow.seen.retry);
    cr_assert(flow_has(&scene.flow, digest));
    flow_close(&scene.flow);
}

/* What is committed already goes while the last layer is awaited: manifest, config and a layer,
 * with their directories. */
Test(removed, f14_blobs_before_the_image_is_named)
{
    struct scene scene;
    char *path;
    int rule;

    open_scene(&scene);
    path = build_text("/blobs/%s$", scene.built.layers[0].digest);
    rule = fake_rule_add(scene.flow.registry,
                         &(struct fake_rule){.match.path = path, .timing.hold = true});
    free(path);
    flow_start(&scene.flow, "app:1");
    wait_for(&scene.flow, scene.built.manifest.digest);
    wait_for(&scene.flow, scene.built.config.digest);
    wait_for(&scene.flow, scene.built.layers[1].digest);
    remove_below(&scene.flow, "blobs");
    fake_rule_release(scene.flow.registry, rule);
    cr_assert_eq(flow_wait(&scene.flow), TUG_OK, "%s", scene.flow.seen.error.message);
    cr_assert(flow_has(&scene.flow, scene.built.manifest.digest));
    cr_assert(flow_has(&scene.flow, scene.built.config.digest));
    cr_assert(flow_has(&scene.flow, scene.built.layers[0].digest));
    cr_assert(flow_has(&scene.flow, scene.built.layers[1].digest));
    cr_assert_eq(flow_requests(&scene.flow, "GET", scene.built.layers[1].digest), 2);
    cr_assert_not_null(strstr(scene.flow.seen.warning, "fetching it again"), "%s",
                       scene.flow.seen.warning);
    cr_assert_eq(scene.flow.seen.totals.blobs_done, scene.flow.seen.totals.blobs);
    cr_assert_eq(scene.flow.seen.totals.bytes_done, scene.flow.seen.totals.bytes_known);
    flow_close(&scene.flow);
}

static void remove_at_commit(void *context, const struct tug_event *event)
{
    struct scene *const scene = context;

    scene->flow.seen.totals = *event->totals;
    if (event->kind == TUG_EVENT_COMMITTED && event->size_bytes == sizes[1] &&
        scene->removals > 0) {
        scene->removals--;
        remove_blob(&scene->flow, scene->built.layers[1].digest);
    }
}

/* The second layer is removed as often as it is committed. */
static enum tug_status fetch_against(struct scene *scene, unsigned removals,
                                     struct tug_error *out_error)
{
    char *const reference = flow_reference(&scene->flow, "app:1");
    struct tug_store *store = NULL;
    struct tug_fetch *fetch = NULL;
    enum tug_status status;

    scene->removals = removals;
    scene->flow.options.on_event = remove_at_commit;
    scene->flow.options.event_context = scene;
    cr_assert_eq(tug_store_open(scene->flow.store, NULL, &store, NULL), TUG_OK);
    cr_assert_eq(tug_fetch_create(store, &scene->flow.options, &fetch, NULL), TUG_OK);
    cr_assert_eq(tug_fetch_add(fetch, reference, NULL), TUG_OK);
    status = tug_fetch_run(fetch, out_error);
    tug_fetch_destroy(fetch);
    tug_store_close(store);
    free(reference);
    return status;
}

Test(removed, f14_again_and_again)
{
    struct tug_error error = {0};
    struct scene scene;

    open_scene(&scene);
    cr_assert_eq(fetch_against(&scene, 3, &error), TUG_OK, "%s", error.message);
    cr_assert(flow_has(&scene.flow, scene.built.layers[1].digest));
    flow_close(&scene.flow);
}

Test(removed, f14_not_for_ever)
{
    struct tug_error error = {0};
    struct json_object *index;
    struct scene scene;

    open_scene(&scene);
    cr_assert_eq(fetch_against(&scene, 100, &error), TUG_ERR_STORE);
    cr_assert_not_null(strstr(error.message, scene.built.layers[1].digest), "%s", error.message);
    cr_assert_eq(scene.removals, 100 - 4);
    index = flow_index(&scene.flow);
    cr_assert_eq(json_object_array_length(json_object_object_get(index, "manifests")), 0,
                 "an image without its layer was named");
    json_object_put(index);
    flow_close(&scene.flow);
}
