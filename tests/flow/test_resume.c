/* SPDX-License-Identifier: Apache-2.0
 *
 * Downloads that stop in the middle: where they go on, and what is never taken for their rest.
 *
 * Knows: ranges, partial files. Does not know: documents.
 * Threads: criterion's; the cancelled fetch runs on one of its own.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(resume, .timeout = 60);

#define LAYER_BYTES 1500000
#define CUT_BYTES 700001

/* An image of one layer whose first request is cut at CUT_BYTES. */
struct scene {
    struct flow flow;
    struct build_image_result built;
    const char *layer; /* digest */
};

static void open_scene(struct scene *scene, enum fake_cut cut)
{
    static const uint64_t size = LAYER_BYTES;
    const struct build_image image = {
        .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1, .seed = 9};

    flow_open(&scene->flow, NULL);
    build_image_add(scene->flow.registry, &image, &scene->built);
    scene->layer = scene->built.layers[0].digest;
    scene->flow.options.no_retries = false;
    scene->flow.options.retries = 2;
    scene->flow.options.retry_max_wait_ms = 5;
    fake_rule_add(scene->flow.registry, &(struct fake_rule){.match.path = scene->layer,
                                                            .match.times = 1,
                                                            .body.cut = cut,
                                                            .body.cut_at_bytes = CUT_BYTES});
}

/* Add a rule for requests of the layer with a Range header. */
static void on_range(struct scene *scene, struct fake_rule rule)
{
    rule.match.path = scene->layer;
    rule.match.header = "Range: ";
    fake_rule_add(scene->flow.registry, &rule);
}

/* Check the Range header of the nth request for the layer; first 0: it has none. */
static void expect_range(struct scene *scene, size_t nth, uint64_t first)
{
    char *const range = first > 0 ? build_text("bytes=%ju-%d", (uintmax_t)first, LAYER_BYTES - 1)
                                  : build_text("%s", "");
    struct fake_request request;

    cr_assert(fake_record_get(scene->flow.registry, "GET", scene->layer, nth, &request));
    cr_assert_str_eq(request.range, range, "request %zu", nth);
    free(range);
}

static void expect_done(struct scene *scene, size_t requests)
{
    struct flow *const flow = &scene->flow;

    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    cr_assert_eq(flow_requests(flow, "GET", scene->layer), requests);
    cr_assert(flow_has(flow, scene->layer));
    cr_assert_eq(flow_partial_size(flow, scene->layer), -1);
    expect_range(scene, 0, 0);
}

static void check_goes_on(enum fake_cut cut)
{
    struct scene scene;

    open_scene(&scene, cut);
    expect_done(&scene, 2);
    expect_range(&scene, 1, CUT_BYTES);
    cr_assert_eq(scene.flow.seen.resumed_bytes, CUT_BYTES);
    cr_assert_eq(scene.flow.seen.totals.bytes_received, scene.built.total_bytes);
    flow_close(&scene.flow);
}

Test(resume, reset_goes_on_at_the_right_byte)
{
    check_goes_on(FAKE_CUT_RST);
}

Test(resume, t27_close_goes_on_at_the_right_byte)
{
    check_goes_on(FAKE_CUT_CLOSE);
}

Test(resume, stall_goes_on_over_a_new_connection)
{
    struct scene scene;

    open_scene(&scene, FAKE_CUT_STALL);
    scene.flow.options.stall_timeout_ms = 300;
    expect_done(&scene, 2);
    expect_range(&scene, 1, CUT_BYTES);
    flow_close(&scene.flow);
}

/* A server that gives a piece at a time. */
Test(resume, ranges_cut_by_the_server)
{
    struct scene scene;

    open_scene(&scene, FAKE_CUT_RST);
    on_range(&scene, (struct fake_rule){.range.max_bytes = 300000});
    expect_done(&scene, 4);
    expect_range(&scene, 2, CUT_BYTES + 300000);
    expect_range(&scene, 3, CUT_BYTES + 600000);
    flow_close(&scene.flow);
}

Test(resume, t28_whole_content_for_a_range)
{
    struct scene scene;

    open_scene(&scene, FAKE_CUT_RST);
    on_range(&scene, (struct fake_rule){.range.kind = FAKE_RANGE_IGNORE});
    expect_done(&scene, 2);
    expect_range(&scene, 1, CUT_BYTES);
    flow_close(&scene.flow);
}

/* A range answer that must not be used: all of it comes again, from zero. */
static void check_refused(struct fake_rule rule, const char *text)
{
    struct scene scene;

    open_scene(&scene, FAKE_CUT_RST);
    on_range(&scene, rule);
    expect_done(&scene, 3);
    expect_range(&scene, 1, CUT_BYTES);
    expect_range(&scene, 2, 0);
    cr_assert_not_null(strstr(scene.flow.seen.retry, text), "%s", scene.flow.seen.retry);
    flow_close(&scene.flow);
}

Test(resume, t28_another_range_than_asked_for)
{
    check_refused((struct fake_rule){.range = {.kind = FAKE_RANGE_SHIFT, .shift_bytes = -1}},
                  "asked from 700001");
    check_refused(
        (struct fake_rule){.range = {.kind = FAKE_RANGE_SHIFT, .shift_bytes = -CUT_BYTES}},
        "asked from 700001");
}

Test(resume, t28_right_range_with_wrong_bytes)
{
    check_refused((struct fake_rule){.range = {.kind = FAKE_RANGE_LIE, .shift_bytes = -5}},
                  "its content has the digest");
}

Test(resume, t28_multipart)
{
    check_refused((struct fake_rule){.range.kind = FAKE_RANGE_MULTIPART}, "Content-Range");
}

Test(resume, t28_no_content_range)
{
    check_refused((struct fake_rule){.answer.omit = "Content-Range"}, "no usable Content-Range");
}

Test(resume, t28_another_total)
{
    check_refused(
        (struct fake_rule){.answer.headers = "Content-Range: bytes {first}-{last}/9999999\r\n"},
        "9999999 bytes under this digest");
}

Test(resume, t28_range_longer_than_it_says)
{
    check_refused((struct fake_rule){.body = {.extra_bytes = 1, .chunked = true}},
                  "sends more than");
}

Test(resume, t28_range_refused)
{
    check_refused((struct fake_rule){.range.kind = FAKE_RANGE_REFUSE}, "no byte 700001");
}

/* Fetch without retries, so that a partial file stays, and check that it is a true beginning. */
static void leave_partial(struct scene *scene)
{
    struct flow *const flow = &scene->flow;

    flow->options.no_retries = true;
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_ERR_NETWORK);
    cr_assert_eq(flow_partial_size(flow, scene->layer), CUT_BYTES);
}

static void expect_true_partial(struct scene *scene)
{
    static char expected[CUT_BYTES];
    char *const path = flow_path(&scene->flow, "ingest", scene->layer);
    size_t length = 0;
    char *const bytes = tmpdir_read(path, &length);

    fake_generate(9, 0, expected, sizeof expected);
    cr_assert_not_null(bytes, "the partial file is gone");
    cr_assert_eq(length, CUT_BYTES);
    cr_assert_eq(memcmp(bytes, expected, sizeof expected), 0, "it holds something else");
    free(bytes);
    free(path);
}

/* An error page in answer to a range never gets into the partial file; the next run uses it. */
static void check_error_page(int answer_status, enum tug_status status)
{
    struct scene scene;

    open_scene(&scene, FAKE_CUT_RST);
    leave_partial(&scene);
    on_range(&scene, (struct fake_rule){.match.times = 1,
                                        .answer.status = answer_status,
                                        .answer.headers = "Content-Type: text/html\r\n",
                                        .answer.body = "<html>Something is wrong</html>"});
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), status, "%d: %s", answer_status,
                 scene.flow.seen.error.message);
    expect_true_partial(&scene);
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    expect_range(&scene, 2, CUT_BYTES);
    cr_assert_eq(scene.flow.seen.resumed_bytes, CUT_BYTES);
    flow_close(&scene.flow);
}

Test(resume, t51_error_page_for_a_range)
{
    check_error_page(403, TUG_ERR_AUTH);
    check_error_page(429, TUG_ERR_RATE_LIMITED);
    check_error_page(503, TUG_ERR_NETWORK);
}

/* A login page with status 200, with and without a length. */
static void check_login_page(bool chunked)
{
    struct scene scene;

    open_scene(&scene, FAKE_CUT_RST);
    leave_partial(&scene);
    on_range(&scene, (struct fake_rule){.match.times = 1,
                                        .answer.status = 200,
                                        .answer.headers = "Content-Type: text/html\r\n",
                                        .answer.body = "<html>Please log in</html>",
                                        .body.chunked = chunked});
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    cr_assert_not_null(strstr(scene.flow.seen.retry, "bytes under this digest"), "%s",
                       scene.flow.seen.retry);
    flow_close(&scene.flow);
}

Test(resume, t51_login_page_for_a_range)
{
    check_login_page(false);
    check_login_page(true);
}

Test(resume, cancel_keeps_what_came)
{
    struct scene scene;
    struct flow *const flow = &scene.flow;

    open_scene(&scene, FAKE_CUT_STALL);
    flow->signal_bytes = CUT_BYTES;
    flow->options.tick_ms = 5;
    flow_start(flow, "app:1");
    flow_wait_reached(flow);
    tug_fetch_cancel(flow->fetch);
    tug_fetch_cancel(flow->fetch);
    cr_assert_eq(flow_wait(flow), TUG_ERR_CANCELLED, "%s", flow->seen.error.message);
    expect_true_partial(&scene);
    fake_record_mark(flow->registry);
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    expect_range(&scene, 0, CUT_BYTES);
    cr_assert_eq(flow->seen.resumed_bytes, CUT_BYTES);
    cr_assert_eq(fake_record_totals(flow->registry).blob_bytes, LAYER_BYTES - CUT_BYTES);
    flow_close(flow);
}

Test(resume, cancel_before_the_run)
{
    struct scene scene;
    struct tug_error error = {0};
    struct tug_fetch *fetch = NULL;
    struct tug_store *store = NULL;

    open_scene(&scene, FAKE_CUT_NONE);
    cr_assert_eq(tug_store_open(scene.flow.store, NULL, &store, &error), TUG_OK);
    cr_assert_eq(tug_fetch_create(store, &scene.flow.options, &fetch, &error), TUG_OK);
    char *const reference = flow_reference(&scene.flow, "app:1");
    cr_assert_eq(tug_fetch_add(fetch, reference, &error), TUG_OK);
    tug_fetch_cancel(fetch);
    cr_assert_eq(tug_fetch_run(fetch, &error), TUG_ERR_CANCELLED);
    free(reference);
    tug_fetch_destroy(fetch);
    tug_store_close(store);
    flow_close(&scene.flow);
}

/* A crash between making the file read-only and renaming it; root may write to it all the same. */
Test(resume, read_only_partial)
{
    struct scene scene;

    flow_drop_root();
    open_scene(&scene, FAKE_CUT_RST);
    leave_partial(&scene);
    char *const path = flow_path(&scene.flow, "ingest", scene.layer);
    cr_assert_eq(chmod(path, 0444), 0);
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    cr_assert_eq(scene.flow.seen.resumed_bytes, CUT_BYTES);
    free(path);
    flow_close(&scene.flow);
}

/* A partial file of other bytes, and one that is too long: found out, and fetched from zero. */
static void check_bad_partial(size_t length)
{
    static char zeros[LAYER_BYTES + 1];
    struct scene scene;

    open_scene(&scene, FAKE_CUT_RST);
    leave_partial(&scene);
    char *const path = flow_path(&scene.flow, "ingest", scene.layer);
    tmpdir_write(path, zeros, length);
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    free(path);
    flow_close(&scene.flow);
}

Test(resume, t39_damaged_partial)
{
    check_bad_partial(CUT_BYTES);
    check_bad_partial(LAYER_BYTES);
    check_bad_partial(LAYER_BYTES + 1);
}
