/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run tells while it works, and its result.
 *
 * Knows: tug/fetch.h. Does not know: how the command shows it.
 * Threads: criterion's.
 */
#include "flow.h"

#include <string.h>

TestSuite(events, .timeout = 60);

static const uint64_t sizes[] = {100, 200000};

static void open_with_image(struct flow *flow, struct build_image_result *out_built)
{
    flow_open(flow, NULL);
    build_image_add(
        flow->registry,
        &(struct build_image){.repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = 2},
        out_built);
}

Test(events, of_a_fetch)
{
    struct build_image_result built;
    struct flow flow;

    open_with_image(&flow, &built);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    const struct flow_seen *const seen = &flow.seen;
    cr_assert_eq(seen->counts[TUG_EVENT_RESOLVED], 1);
    cr_assert_eq(seen->counts[TUG_EVENT_STARTED], 3, "config and two layers");
    cr_assert_eq(seen->counts[TUG_EVENT_COMMITTED], 4, "these and the manifest");
    cr_assert_eq(seen->counts[TUG_EVENT_REUSED], 0);
    cr_assert_eq(seen->counts[TUG_EVENT_RETRY], 0);
    cr_assert_eq(seen->counts[TUG_EVENT_WARNING], 0);
    cr_assert_eq(seen->counts[TUG_EVENT_IMAGE], 1);
    cr_assert_geq(seen->counts[TUG_EVENT_TICK], 1);
    cr_assert(!seen->is_out_of_order);
    cr_assert_eq(seen->totals.images, 1);
    cr_assert_eq(seen->totals.images_done, 1);
    cr_assert_eq(seen->totals.blobs, 4);
    cr_assert_eq(seen->totals.blobs_done, 4);
    cr_assert_eq(seen->totals.blobs_active, 0);
    cr_assert_eq(seen->totals.bytes_known, built.total_bytes);
    cr_assert_eq(seen->totals.bytes_done, built.total_bytes);
    cr_assert_eq(seen->totals.bytes_received, built.total_bytes);
    cr_assert_eq(seen->image.status, TUG_OK);
    cr_assert_eq(seen->image.blobs, 4);
    cr_assert(seen->image.seconds > 0 && seen->totals.seconds >= seen->image.seconds);
    flow_close(&flow);
}

Test(events, of_a_second_fetch)
{
    struct build_image_result built;
    struct flow flow;

    open_with_image(&flow, &built);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_RESOLVED], 1);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_STARTED], 0);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_COMMITTED], 0);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_REUSED], 4);
    cr_assert_eq(flow.seen.totals.bytes_known, built.total_bytes);
    cr_assert_eq(flow.seen.totals.bytes_done, built.total_bytes);
    cr_assert_eq(flow.seen.totals.bytes_received, 0);
    flow_close(&flow);
}

Test(events, of_a_failure)
{
    struct build_image_result built;
    struct flow flow;

    open_with_image(&flow, &built);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = built.layers[1].digest, .answer.status = 403});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_AUTH);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_IMAGE], 1);
    cr_assert_eq(flow.seen.image.status, TUG_ERR_AUTH);
    cr_assert_eq(flow.seen.image.error.http_status, 403);
    cr_assert_eq(flow.seen.totals.images_failed, 1);
    cr_assert_eq(flow.seen.totals.images_done, 0);
    cr_assert_str_eq(flow.seen.media_type, BUILD_OCI_MANIFEST, "the root was known");
    flow_close(&flow);
}

/* Each reference has its own result, also when two are the same image. */
Test(events, of_the_same_image_twice)
{
    static const char *const names[] = {"app:1", "app:1", "app:2"};
    struct build_image_result built;
    struct flow flow;

    open_with_image(&flow, &built);
    fake_tag_set(flow.registry, "app", "2", built.manifest.digest);
    cr_assert_eq(flow_fetch_all(&flow, names, FLOW_COUNT(names)), TUG_OK, "%s",
                 flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_IMAGE], 3);
    cr_assert_eq(flow.seen.totals.images_done, 3);
    cr_assert_eq(flow_requests(&flow, "GET", "/blobs/"), 3);
    struct json_object *const index = flow_index(&flow);
    (void)flow_index_entry(&flow, index, "app:1");
    (void)flow_index_entry(&flow, index, "app:2");
    (void)json_object_put(index);
    flow_close(&flow);
}

/* Their manifest comes for all of them at once, and only one may write it. */
Test(events, of_many_names_of_one_image)
{
    static const char *const names[] = {"app:1", "app:2", "app:3", "app:4",
                                        "app:5", "app:6", "app:7", "app:8"};
    struct build_image_result built;
    struct flow flow;

    flow_drop_root();
    open_with_image(&flow, &built);
    for (size_t i = 0; i < FLOW_COUNT(names); i++) {
        fake_tag_set(flow.registry, "app", names[i] + strlen("app:"), built.manifest.digest);
    }
    flow.options.max_concurrent_downloads = FLOW_COUNT(names);
    cr_assert_eq(flow_fetch_all(&flow, names, FLOW_COUNT(names)), TUG_OK, "%s",
                 flow.seen.error.message);
    cr_assert_eq(flow.seen.totals.images_done, FLOW_COUNT(names));
    cr_assert_eq(flow_blob_count(&flow), 4);
    flow_close(&flow);
}

/* Displays name the image at work and say how far it is. */
Test(events, f34_how_far_an_image_is)
{
    struct build_image_result built;
    struct flow flow;

    open_with_image(&flow, &built);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = built.layers[1].digest, .timing.hold = true});
    flow.cancel_blobs = 3;
    flow.options.tick_ms = 10;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_CANCELLED, "%s", flow.seen.error.message);
    const struct tug_image_result *const progress = &flow.seen.progress;
    cr_assert_eq(progress->blobs, 4);
    cr_assert_eq(progress->blobs_done, 3);
    cr_assert_eq(progress->bytes_known, built.total_bytes);
    cr_assert_eq(progress->bytes_done, built.total_bytes - sizes[1]);
    cr_assert(tug_digest_equal(&progress->digest, &flow.seen.image.digest));
    cr_assert_eq(flow.seen.committed_refs, flow.seen.counts[TUG_EVENT_COMMITTED]);
    flow.cancel_blobs = 0;
    fake_rule_remove(flow.registry, 1);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.image.blobs_done, 4);
    cr_assert_eq(flow.seen.image.bytes_known, built.total_bytes);
    cr_assert_eq(flow.seen.image.bytes_done, built.total_bytes);
    flow_close(&flow);
}

/* Which attempt failed, and how many may. */
Test(events, f33_number_of_an_attempt)
{
    struct flow flow;

    open_with_image(&flow, NULL);
    fake_rule_add(flow.registry, &(struct fake_rule){.match = {.path = "/manifests/", .times = 2},
                                                     .answer.status = 503});
    flow.options.no_retries = false;
    flow.options.retries = 2;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_RETRY], 2);
    cr_assert_eq(flow.seen.attempt, 2);
    cr_assert_eq(flow.seen.attempts_max, 3);
    flow_close(&flow);
}

/* A download that goes on after a failure is heard of as before. */
Test(events, f33_progress_after_a_retry)
{
    struct build_image_result built;
    struct flow flow;

    open_with_image(&flow, &built);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match = {.path = built.layers[1].digest, .times = 1},
                                      .body = {.cut = FAKE_CUT_RST, .cut_at_bytes = 1000}});
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = built.layers[1].digest,
                                      .body = {.cut = FAKE_CUT_STALL, .cut_at_bytes = 1000}});
    flow.cancel_retried = true;
    flow.options.no_retries = false;
    flow.options.tick_ms = 10;
    flow.options.timeout_ms = 10000;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_CANCELLED, "%s", flow.seen.error.message);
    flow_close(&flow);
}

Test(events, run_out_of_time)
{
    struct build_image_result built;
    struct flow flow;

    open_with_image(&flow, &built);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = built.layers[1].digest, .timing.hold = true});
    flow.options.timeout_ms = 200;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_TIMEOUT, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.image.status, TUG_ERR_TIMEOUT);
    flow_close(&flow);
}

Test(events, fail_fast_stops_the_others)
{
    static const char *const names[] = {"app:none", "app:1"};
    struct flow flow;

    open_with_image(&flow, NULL);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = "/blobs/", .timing.hold = true});
    flow.options.fail_fast = true;
    cr_assert_eq(flow_fetch_all(&flow, names, FLOW_COUNT(names)), TUG_ERR_NOT_FOUND);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_IMAGE], 2);
    cr_assert_eq(flow.seen.totals.images_failed, 2);
    flow_close(&flow);
}
