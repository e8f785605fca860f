/* SPDX-License-Identifier: Apache-2.0
 *
 * A program with a store of its own: content that it refuses, that is bad, or that is interrupted.
 *
 * Knows: the public API, the work directory. Does not know: queues.
 * Threads: criterion's; callbacks come on those of a run.
 */
#include "cut.h"
#include "keeper.h"

#include <stdlib.h>
#include <string.h>

TestSuite(sink_ends, .timeout = 60);

struct scene {
    struct cut cut; /* an image of one layer, whose first request is cut short */
    struct keeper keeper;
};

static void open_scene(struct scene *scene, enum fake_cut cut)
{
    cut_open(&scene->cut, cut);
    if (cut == FAKE_CUT_NONE) {
        fake_rule_remove(scene->cut.flow.registry, 1); /* which applies once, to no effect */
    }
    keeper_init(&scene->keeper);
    scene->cut.flow.sink = &scene->keeper.sink;
}

static void close_scene(struct scene *scene)
{
    keeper_fini(&scene->keeper);
    flow_close(&scene->cut.flow);
}

/* The work directory has nothing of the layer. */
static void expect_no_file(struct scene *scene)
{
    cr_assert_eq(flow_partial_size(&scene->cut.flow, scene->cut.layer), -1);
    cr_assert_eq(flow_blob_count(&scene->cut.flow), 0);
}

/* Content that is refused in a call, with a status, fails the image at once, and leaves nothing. A
 * later run fetches it again. */
static void refuse(enum keeper_call call, enum tug_status refusal, bool is_layer)
{
    struct flow *flow;
    struct scene scene;

    open_scene(&scene, FAKE_CUT_NONE);
    flow = &scene.cut.flow;
    scene.keeper.refused = call;
    scene.keeper.refusal = refusal;
    scene.keeper.refused_digest = is_layer ? scene.cut.layer : scene.cut.built.manifest.digest;
    cr_assert_eq(flow_fetch(flow, "app:1"),
                 refusal == TUG_ERR_NO_MEMORY ? TUG_ERR_NO_MEMORY : TUG_ERR_STORE, "%s",
                 flow->seen.error.message);
    cr_assert_not_null(strstr(flow->seen.error.message, "the program refused to"));
    cr_assert(!is_layer || strstr(flow->seen.error.message, scene.keeper.refused_digest) != NULL,
              "%s", flow->seen.error.message);
    cr_assert_not_null(strstr(flow->seen.error.message, "the shelf is full"), "%s",
                       flow->seen.error.message);
    cr_assert_eq(flow->seen.counts[TUG_EVENT_RETRY], 0, "%s", flow->seen.retry);
    cr_assert_eq(scene.keeper.begun, scene.keeper.committed + scene.keeper.aborted);
    cr_assert_null(keeper_find(&scene.keeper, scene.keeper.refused_digest));
    cr_assert_leq(flow_requests(flow, "GET", scene.cut.layer), 1);
    expect_no_file(&scene);
    scene.keeper.refused = KEEPER_NONE;
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    cr_assert_eq(keeper_count(&scene.keeper), 3);
    expect_no_file(&scene);
    close_scene(&scene);
}

Test(sink_ends, refused_at_the_beginning)
{
    refuse(KEEPER_BEGIN, TUG_ERR_STORE, true);
}

Test(sink_ends, refused_in_the_middle)
{
    refuse(KEEPER_WRITE, TUG_ERR_STORE, true);
}

Test(sink_ends, refused_at_the_end)
{
    refuse(KEEPER_COMMIT, TUG_ERR_NO_MEMORY, true);
}

Test(sink_ends, refused_when_asked)
{
    refuse(KEEPER_HAVE, TUG_ERR_STORE, true);
}

Test(sink_ends, refused_documents)
{
    refuse(KEEPER_BEGIN, TUG_ERR_STORE, false);
    refuse(KEEPER_WRITE, TUG_ERR_STORE, false);
    refuse(KEEPER_COMMIT, TUG_ERR_STORE, false);
}

/* Whatever a program returns, it is a refusal: not a blob to be requested again or elsewhere, nor
 * one that another process works on, nor the end of the run. */
Test(sink_ends, no_status_means_anything_else)
{
    static const enum tug_status statuses[] = {
        TUG_ERR_CONTENT,   TUG_ERR_BUSY,    TUG_ERR_CANCELLED,  TUG_ERR_NETWORK,
        TUG_ERR_NOT_FOUND, TUG_ERR_TIMEOUT, (enum tug_status)99};

    for (size_t i = 0; i < FLOW_COUNT(statuses); i++) {
        refuse(KEEPER_COMMIT, statuses[i], true);
        refuse(KEEPER_WRITE, statuses[i], false);
    }
}

/* Another image that lacks nothing is complete all the same. */
Test(sink_ends, other_images_go_on)
{
    static const char *const names[] = {"app:1", "tool:1"};
    static const uint64_t size = 50000;
    struct build_image_result other;
    struct scene scene;

    open_scene(&scene, FAKE_CUT_NONE);
    build_image_add(
        scene.cut.flow.registry,
        &(struct build_image){.repo = "tool", .tag = "1", .layer_sizes = &size, .layer_count = 1},
        &other);
    scene.keeper.refused = KEEPER_WRITE;
    scene.keeper.refused_digest = scene.cut.layer;
    cr_assert_eq(flow_fetch_all(&scene.cut.flow, names, FLOW_COUNT(names)), TUG_ERR_STORE);
    cr_assert_eq(scene.cut.flow.seen.totals.images_done, 1);
    cr_assert_eq(scene.cut.flow.seen.totals.images_failed, 1);
    cr_assert_not_null(keeper_find(&scene.keeper, other.layers[0].digest));
    close_scene(&scene);
}

/* Content that cannot be read back counts as missing. */
Test(sink_ends, unreadable_documents_are_fetched_again)
{
    struct scene scene;

    open_scene(&scene, FAKE_CUT_NONE);
    cr_assert_eq(flow_fetch(&scene.cut.flow, "app:1"), TUG_OK);
    scene.keeper.refused = KEEPER_READ;
    keeper_mark(&scene.keeper);
    cr_assert_eq(flow_fetch(&scene.cut.flow, "app:1"), TUG_OK, "%s",
                 scene.cut.flow.seen.error.message);
    cr_assert_eq(scene.keeper.committed, 1, "the manifest");
    close_scene(&scene);
}

/* Bytes of another digest are not handed over at all. */
Test(sink_ends, bad_content_is_not_handed_over)
{
    struct scene scene;

    open_scene(&scene, FAKE_CUT_NONE);
    fake_rule_add(scene.cut.flow.registry, &(struct fake_rule){.match.path = scene.cut.layer,
                                                               .body.flip_mask = 1,
                                                               .body.flip_offset = 1400000});
    cr_assert_eq(flow_fetch(&scene.cut.flow, "app:1"), TUG_ERR_CONTENT, "%s",
                 scene.cut.flow.seen.error.message);
    cr_assert_eq(scene.keeper.begun, 2, "manifest and config");
    cr_assert_eq(keeper_count(&scene.keeper), 2);
    expect_no_file(&scene);
    close_scene(&scene);
}

/* A transfer that breaks goes on where it broke, in the same run and in a later one. */
Test(sink_ends, broken_transfers_go_on)
{
    struct scene scene;

    open_scene(&scene, FAKE_CUT_RST);
    cr_assert_eq(flow_fetch(&scene.cut.flow, "app:1"), TUG_OK, "%s",
                 scene.cut.flow.seen.error.message);
    cr_assert_eq(flow_requests(&scene.cut.flow, "GET", scene.cut.layer), 2);
    cr_assert_not_null(keeper_find(&scene.keeper, scene.cut.layer));
    cr_assert_eq(scene.keeper.aborted, 0);
    expect_no_file(&scene);
    close_scene(&scene);
}

Test(sink_ends, a_later_run_goes_on)
{
    struct scene scene;

    open_scene(&scene, FAKE_CUT_RST);
    scene.cut.flow.options.no_retries = true;
    cr_assert_eq(flow_fetch(&scene.cut.flow, "app:1"), TUG_ERR_NETWORK);
    cr_assert_null(keeper_find(&scene.keeper, scene.cut.layer));
    cr_assert_gt(flow_partial_size(&scene.cut.flow, scene.cut.layer), 0);
    cr_assert_eq(flow_fetch(&scene.cut.flow, "app:1"), TUG_OK, "%s",
                 scene.cut.flow.seen.error.message);
    cr_assert_gt(scene.cut.flow.seen.resumed_bytes, 0);
    cr_assert_not_null(keeper_find(&scene.keeper, scene.cut.layer));
    expect_no_file(&scene);
    close_scene(&scene);
}

/* Add the image tool:1, whose layer never ends. The rest of it is kept by an earlier run, so that
 * its layer is requested whatever the threads that hand content over are busy with. */
static void add_endless(struct scene *scene, struct build_image_result *out_endless)
{
    static const uint64_t size = 50000;
    struct fake_rule rule = {.body.cut = FAKE_CUT_RST, .body.cut_at_bytes = 100, .match.times = 1};

    build_image_add(
        scene->cut.flow.registry,
        &(struct build_image){.repo = "tool", .tag = "1", .layer_sizes = &size, .layer_count = 1},
        out_endless);
    rule.match.path = out_endless->layers[0].digest;
    fake_rule_add(scene->cut.flow.registry, &rule);
    scene->cut.flow.options.no_retries = true;
    cr_assert_eq(flow_fetch(&scene->cut.flow, "tool:1"), TUG_ERR_NETWORK);
    scene->cut.flow.options.no_retries = false;
    rule.body.cut = FAKE_CUT_STALL;
    rule.match.times = 0;
    fake_rule_add(scene->cut.flow.registry, &rule);
    fake_record_mark(scene->cut.flow.registry);
}

/* A run is stopped while the layer is handed over: it stays, and the next run needs no request for
 * it. timeout_ms: of the run; 0: it is cancelled. */
static void stop_in_the_middle(uint64_t timeout_ms)
{
    static const char *const names[] = {"tool:1", "app:1"};
    const enum tug_status expected = timeout_ms > 0 ? TUG_ERR_TIMEOUT : TUG_ERR_CANCELLED;
    struct build_image_result endless;
    struct scene scene;

    open_scene(&scene, FAKE_CUT_NONE);
    add_endless(&scene, &endless);
    scene.keeper.cancel.digest = scene.cut.layer;
    scene.keeper.cancel.flow = &scene.cut.flow;
    scene.keeper.cancel.endless_digest = endless.layers[0].digest;
    scene.cut.flow.options.timeout_ms = timeout_ms;
    cr_assert_eq(flow_fetch_all(&scene.cut.flow, names, FLOW_COUNT(names)), expected, "%s",
                 scene.cut.flow.seen.error.message);
    cr_assert_eq(scene.cut.flow.seen.image.status, expected);
    cr_assert_eq(scene.cut.flow.seen.totals.images_failed, 2);
    cr_assert_not(scene.keeper.cancel.has_failed);
    cr_assert_eq(scene.keeper.aborted, 1);
    cr_assert_eq(scene.keeper.why, TUG_ERR_CANCELLED);
    cr_assert_null(keeper_find(&scene.keeper, scene.cut.layer));
    cr_assert_eq(flow_partial_size(&scene.cut.flow, scene.cut.layer), CUT_LAYER_BYTES);
    scene.keeper.cancel.digest = NULL;
    scene.cut.flow.options.timeout_ms = 0;
    fake_record_mark(scene.cut.flow.registry);
    cr_assert_eq(flow_fetch(&scene.cut.flow, "app:1"), TUG_OK, "%s",
                 scene.cut.flow.seen.error.message);
    cr_assert_eq(flow_requests(&scene.cut.flow, NULL, scene.cut.layer), 0);
    cr_assert_not_null(keeper_find(&scene.keeper, scene.cut.layer));
    expect_no_file(&scene);
    close_scene(&scene);
}

Test(sink_ends, cancelled_in_the_middle)
{
    stop_in_the_middle(0);
}

Test(measured, timed_out_while_content_is_handed_over, .timeout = 60)
{
    stop_in_the_middle(3000);
}

/* --- what a store with a sink does not do --- */

Test(sink_ends, other_calls_on_such_a_store)
{
    struct tug_store_options options = TUG_STORE_OPTIONS_INIT;
    struct tug_fetch_options fetch_options = TUG_FETCH_OPTIONS_INIT;
    struct tug_archive_result result = TUG_ARCHIVE_RESULT_INIT;
    struct tug_store *store = NULL;
    struct tug_fetch *fetch = NULL;
    struct tug_digest digest;
    struct tug_sink partial;
    struct scene scene;
    uint64_t size_bytes = 0;
    bool is_present = false;
    int fd = -1;

    open_scene(&scene, FAKE_CUT_NONE);
    cr_assert_eq(flow_fetch(&scene.cut.flow, "app:1"), TUG_OK);
    options.sink = &scene.keeper.sink;
    cr_assert_eq(tug_store_open(scene.cut.flow.store, &options, &store, NULL), TUG_OK);
    cr_assert_eq(tug_digest_parse(scene.cut.layer, strlen(scene.cut.layer), &digest, NULL), TUG_OK);
    cr_assert_eq(tug_store_stat(store, &digest, &is_present, &size_bytes, NULL), TUG_OK);
    cr_assert(is_present);
    cr_assert_eq(size_bytes, CUT_LAYER_BYTES);
    cr_assert_eq(tug_store_open_blob(store, &digest, &fd, NULL, NULL), TUG_ERR_UNSUPPORTED);
    cr_assert_eq(tug_store_import(store, 0, NULL, NULL, &result, NULL), TUG_ERR_UNSUPPORTED);
    fetch_options.recheck = true;
    cr_assert_eq(tug_fetch_create(store, &fetch_options, &fetch, NULL), TUG_ERR_INVALID_ARGUMENT);
    tug_store_close(store);
    partial = scene.keeper.sink;
    partial.read = NULL;
    options.sink = &partial;
    cr_assert_eq(tug_store_open(scene.cut.flow.store, &options, &store, NULL),
                 TUG_ERR_INVALID_ARGUMENT);
    close_scene(&scene);
}
