/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs that are stopped while thousands of references are about to be complete.
 *
 * Knows: the public API, events. Does not know: queues.
 * Threads: criterion's; callbacks run on it, so a run stands still while a test waits in one.
 */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define REFERENCES 3000
#define DOWNLOADS 64
/* Time for all references to wait for the blob. */
#ifdef __SANITIZE_THREAD__
#define TIMEOUT_MS 12000
#else
#define TIMEOUT_MS 3000
#endif

/* Much less than what a stalled answer gets, and more than a busy machine needs for all of them. */
#define END_MS_MAX 10000

enum way {
    BY_CANCEL = 0,
    BY_TIMEOUT,
    BY_FAILURE,
};

struct scene {
    struct flow flow;
    enum way way;
    struct tug_fetch *fetch;
    struct build_image_result built;
    int held_blob;   /* rules of the registry */
    int held_answer; /* BY_FAILURE: to the reference that fails */
    uint64_t began_ns;
    uint64_t struck_ns; /* when the run learnt that it is over, 0: not yet */
    unsigned done;
    unsigned cancelled;
    unsigned failed;
};

static void wait_a_little(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    (void)nanosleep(&pause, NULL);
}

/* Let the blob come, and return when it is in the store. The resolver is in our callback, so it
 * hears of that after it learnt that the run is over. */
static void let_the_blob_come(struct scene *scene)
{
    const uint64_t deadline_ns = tug__deadline_ns(FLOW_WAIT_MS);

    fake_rule_release(scene->flow.registry, scene->held_blob);
    while (!flow_has(&scene->flow, scene->built.layers[0].digest)) {
        cr_assert_lt(tug__now_ns(), deadline_ns, "the blob never came");
        wait_a_little();
    }
}

static void strike(struct scene *scene)
{
    let_the_blob_come(scene);
    if (scene->way == BY_CANCEL) {
        tug_fetch_cancel(scene->fetch);
    }
    while (scene->way == BY_TIMEOUT &&
           tug__now_ns() < scene->began_ns + (TIMEOUT_MS + 10) * TUG__NS_PER_MS) {
        wait_a_little();
    }
    scene->struck_ns = tug__now_ns();
}

static void on_event(void *context, const struct tug_event *event)
{
    struct scene *const scene = context;
    /* Each of them knows its three blobs, and has two. */
    const bool is_time = event->totals->blobs_done == (uint64_t)2 * REFERENCES;

    if (event->kind == TUG_EVENT_IMAGE) {
        scene->done += event->image->status == TUG_OK;
        scene->cancelled +=
            event->image->status == TUG_ERR_CANCELLED || event->image->status == TUG_ERR_TIMEOUT;
        scene->failed += event->image->status == TUG_ERR_NOT_FOUND;
        if (event->image->status == TUG_ERR_NOT_FOUND) {
            strike(scene);
        }
    } else if (is_time && scene->struck_ns == 0 && scene->way == BY_FAILURE) {
        fake_rule_release(scene->flow.registry, scene->held_answer);
    } else if (is_time && scene->struck_ns == 0 && event->kind == TUG_EVENT_TICK) {
        strike(scene);
    }
}

static void add_references(struct scene *scene)
{
    char *const name = build_text("app@%s", scene->built.manifest.digest);
    char *const reference = flow_reference(&scene->flow, name);
    char *const missing = flow_reference(&scene->flow, "app:missing");

    for (unsigned i = 0; i < REFERENCES; i++) {
        cr_assert_eq(tug_fetch_add(scene->fetch, reference, NULL), TUG_OK);
    }
    if (scene->way == BY_FAILURE) {
        cr_assert_eq(tug_fetch_add(scene->fetch, missing, NULL), TUG_OK);
    }
    free(missing);
    free(reference);
    free(name);
}

static void open_scene(struct scene *scene)
{
    static const uint64_t size = 1000;
    char *path;

    flow_open(&scene->flow, NULL);
    build_image_add(
        scene->flow.registry,
        &(struct build_image){.repo = "app", .layer_sizes = &size, .layer_count = 1, .seed = 7},
        &scene->built);
    path = build_text("/blobs/%s$", scene->built.layers[0].digest);
    scene->held_blob = fake_rule_add(scene->flow.registry,
                                     &(struct fake_rule){.match.path = path, .timing.hold = true});
    scene->held_answer =
        fake_rule_add(scene->flow.registry, &(struct fake_rule){.match.path = "/manifests/missing$",
                                                                .timing.hold = true});
    free(path);
    scene->flow.options.max_concurrent_downloads = DOWNLOADS;
    flow_want_default(&scene->flow);
    scene->flow.options.fail_fast = scene->way == BY_FAILURE;
    scene->flow.options.timeout_ms = scene->way == BY_TIMEOUT ? TIMEOUT_MS : 0;
    scene->flow.options.tick_ms = 10;
    scene->flow.options.on_event = on_event;
    scene->flow.options.event_context = scene;
}

/* All references wait for one blob; it comes, and at the same moment the run is over. That the
 * blob is there is told to all of them while nothing but the end is waited for. */
static void stop_by(enum way way, enum tug_status expected)
{
    struct scene scene = {.way = way};
    struct tug_store *store = NULL;
    uint64_t ended_ns;

    open_scene(&scene);
    cr_assert_eq(tug_store_open(scene.flow.store, NULL, &store, NULL), TUG_OK);
    cr_assert_eq(tug_fetch_create(store, &scene.flow.options, &scene.fetch, NULL), TUG_OK);
    add_references(&scene);
    scene.began_ns = tug__now_ns();
    cr_assert_eq(tug_fetch_run(scene.fetch, NULL), expected);
    ended_ns = tug__now_ns();
    tug_fetch_destroy(scene.fetch);
    tug_store_close(store);
    cr_assert_neq(scene.struck_ns, 0, "the references never waited all at once");
    cr_assert_lt(ended_ns - scene.struck_ns, END_MS_MAX * TUG__NS_PER_MS, "it ended too late");
    /* What was complete before the end has its name. */
    cr_assert_eq(scene.done, REFERENCES, "%u done, %u cancelled", scene.done, scene.cancelled);
    cr_assert_eq(scene.failed, way == BY_FAILURE);
    flow_close(&scene.flow);
}

Test(measured, f13_cancelled_while_thousands_wait_for_one_blob, .timeout = 60)
{
    stop_by(BY_CANCEL, TUG_OK);
}

Test(measured, f13_timed_out_while_thousands_wait_for_one_blob, .timeout = 60)
{
    stop_by(BY_TIMEOUT, TUG_OK);
}

Test(measured, f13_failing_fast_while_thousands_wait_for_one_blob, .timeout = 60)
{
    stop_by(BY_FAILURE, TUG_ERR_NOT_FOUND);
}
