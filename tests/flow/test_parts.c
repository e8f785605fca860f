/* SPDX-License-Identifier: Apache-2.0
 *
 * One blob over several connections: when further ones are asked for, and what comes of it when
 * their answers are of no use.
 *
 * Knows: ranges. Does not know: when more connections pay.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

TestSuite(parts, .timeout = 60);

#define LAYER_BYTES (UINT64_C(6) << 20)
/* The layer then takes four seconds in one stream: long enough for others to join in. */
#define RATE_BYTES_PER_S 1500000
/* Two connections have met somewhere, so a little may have been received twice. What a server had
 * sent beyond that, when its connection was closed, does not count: that depends on who was
 * quicker.
 */
#define SLACK_BYTES (UINT64_C(1) << 20)

struct parts {
    struct flow flow;
    struct build_image_result built;
    const char *layer;
};

static void open_scene(struct parts *scene)
{
    static const uint64_t size = LAYER_BYTES;

    flow_open(&scene->flow, &(struct fake_options){.rate_bytes_per_s = RATE_BYTES_PER_S});
    build_image_add(
        scene->flow.registry,
        &(struct build_image){
            .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1, .seed = 4},
        &scene->built);
    scene->layer = scene->built.layers[0].digest;
    scene->flow.options.max_concurrent_downloads = 4;
    scene->flow.options.chunk_size_bytes = 1 << 20;
}

/* Add a rule for requests of the layer with a Range header. */
static void on_range(struct parts *scene, struct fake_rule rule)
{
    rule.match.path = scene->layer;
    rule.match.header = "Range: ";
    fake_rule_add(scene->flow.registry, &rule);
}

/* Fetch: it goes well, without a retry, and the layer came about once. */
static void expect_done(struct parts *scene)
{
    struct flow *const flow = &scene->flow;
    struct fake_request request;

    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    cr_assert_eq(flow->seen.counts[TUG_EVENT_RETRY], 0, "%s", flow->seen.retry);
    cr_assert(flow_has(flow, scene->layer));
    cr_assert_eq(flow_partial_size(flow, scene->layer), -1);
    cr_assert_leq(flow->seen.totals.bytes_received, scene->built.total_bytes + SLACK_BYTES);
    cr_assert(fake_record_get(flow->registry, "GET", scene->layer, 0, &request));
    cr_assert_str_empty(request.range, "the first request has a range");
}

Test(parts, a_slow_blob_comes_over_several_connections)
{
    struct parts scene;
    struct fake_request request;

    open_scene(&scene);
    expect_done(&scene);
    cr_assert_geq(flow_requests(&scene.flow, "GET", scene.layer), 3);
    cr_assert(fake_record_get(scene.flow.registry, "GET", scene.layer, 1, &request));
    cr_assert_eq(strncmp(request.range, "bytes=", 6), 0);
    cr_assert_neq(request.range[strlen(request.range) - 1], '-', "an open range");
    flow_close(&scene.flow);
}

Test(parts, never_split)
{
    struct parts scene;

    open_scene(&scene);
    scene.flow.options.never_split = true;
    expect_done(&scene);
    cr_assert_eq(flow_requests(&scene.flow, "GET", scene.layer), 1);
    flow_close(&scene.flow);
}

/* A cache that has to get the blob first is not asked for parts of it before it has begun to
 * answer.
 */
Test(parts, cold_cache_gets_one_request)
{
    static const unsigned delay_ms = 1200;
    struct parts scene;
    struct fake_request first;
    struct fake_request second;

    open_scene(&scene);
    fake_rule_add(scene.flow.registry, &(struct fake_rule){.match.path = scene.layer,
                                                           .match.times = 1,
                                                           .timing.delay_ms = delay_ms});
    expect_done(&scene);
    cr_assert(fake_record_get(scene.flow.registry, "GET", scene.layer, 0, &first));
    cr_assert(fake_record_get(scene.flow.registry, "GET", scene.layer, 1, &second));
    cr_assert_geq(second.start_ns, first.start_ns + delay_ms * UINT64_C(1000000));
    flow_close(&scene.flow);
}

/* Every answer beside the first is of no use: the first stream brings the blob, and the host is not
 * asked for ranges again and again. */
static void check_useless(struct fake_rule rule, size_t requests_max)
{
    struct parts scene;

    open_scene(&scene);
    on_range(&scene, rule);
    expect_done(&scene);
    cr_assert_geq(flow_requests(&scene.flow, "GET", scene.layer), 2, "no other was tried");
    cr_assert_leq(flow_requests(&scene.flow, "GET", scene.layer), requests_max);
    flow_close(&scene.flow);
}

Test(parts, t28_server_without_ranges)
{
    check_useless((struct fake_rule){.range.kind = FAKE_RANGE_IGNORE}, 2);
}

Test(parts, t28_another_range_than_asked_for)
{
    check_useless((struct fake_rule){.range = {.kind = FAKE_RANGE_SHIFT, .shift_bytes = 4096}}, 8);
}

Test(parts, t28_range_refused)
{
    check_useless((struct fake_rule){.range.kind = FAKE_RANGE_REFUSE}, 8);
}

Test(parts, t28_multipart)
{
    check_useless((struct fake_rule){.range.kind = FAKE_RANGE_MULTIPART}, 8);
}

Test(parts, t28_another_total)
{
    check_useless(
        (struct fake_rule){.answer.headers = "Content-Range: bytes {first}-{last}/9999999\r\n"}, 8);
}

Test(parts, trial_refused)
{
    check_useless((struct fake_rule){.answer.status = 503}, 8);
    check_useless((struct fake_rule){.answer.status = 403}, 8);
}

Test(parts, trial_reset)
{
    check_useless((struct fake_rule){.refuse = FAKE_REFUSE_RST}, 8);
}

/* Ranges that come to an end: 206 first, then 200. */
Test(parts, t28_ranges_only_at_first)
{
    struct parts scene;

    open_scene(&scene);
    on_range(&scene, (struct fake_rule){.match.skip = 1, .range.kind = FAKE_RANGE_IGNORE});
    cr_assert_eq(flow_fetch(&scene.flow, "app:1"), TUG_OK, "%s", scene.flow.seen.error.message);
    cr_assert(flow_has(&scene.flow, scene.layer));
    flow_close(&scene.flow);
}

/* A part with the right headers and wrong bytes: all of it once more, in one stream. */
Test(parts, t28_right_range_with_wrong_bytes)
{
    struct parts scene;
    struct flow *const flow = &scene.flow;
    struct fake_request last;

    open_scene(&scene);
    flow->options.no_retries = false;
    flow->options.retries = 2;
    flow->options.retry_max_wait_ms = 5;
    on_range(&scene, (struct fake_rule){.range = {.kind = FAKE_RANGE_LIE, .shift_bytes = -5}});
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    cr_assert_not_null(strstr(flow->seen.retry, "its content has the digest"), "%s",
                       flow->seen.retry);
    const size_t count = flow_requests(flow, "GET", scene.layer);

    cr_assert(fake_record_get(flow->registry, "GET", scene.layer, count - 1, &last));
    cr_assert_str_empty(last.range);
    cr_assert_eq(last.body_bytes, LAYER_BYTES);
    flow_close(flow);
}

/* One of several connections is lost: only its part is asked for again. */
Test(parts, t27_lost_connection_beside_others)
{
    struct parts scene;
    struct flow *const flow = &scene.flow;

    open_scene(&scene);
    flow->options.no_retries = false;
    flow->options.retries = 2;
    flow->options.retry_max_wait_ms = 5;
    on_range(&scene, (struct fake_rule){
                         .match.times = 1, .body.cut = FAKE_CUT_RST, .body.cut_at_bytes = 300000});
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    cr_assert_leq(flow->seen.totals.bytes_received, scene.built.total_bytes + SLACK_BYTES);
    flow_close(flow);
}

/* Where the first answer came from is known to those that follow while it still comes. */
Test(parts, ranges_go_straight_to_where_the_blob_is)
{
    struct fake_registry *const other =
        fake_registry_create(&(struct fake_options){.rate_bytes_per_s = RATE_BYTES_PER_S});
    char *const location = build_text("%s{path}", fake_registry_url(other));
    static const uint64_t size = LAYER_BYTES;
    struct parts scene;

    open_scene(&scene);
    build_image_add(
        other,
        &(struct build_image){
            .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1, .seed = 4},
        NULL);
    fake_rule_add(scene.flow.registry,
                  &(struct fake_rule){.match.path = scene.layer, .answer.location = location});
    expect_done(&scene);
    cr_assert_gt(fake_record_count(other, "GET", scene.layer), 1, "it was not split");
    cr_assert_eq(flow_requests(&scene.flow, "GET", scene.layer), 1);
    flow_close(&scene.flow);
    fake_registry_destroy(other);
    free(location);
}
