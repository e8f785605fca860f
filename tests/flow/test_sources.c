/* SPDX-License-Identifier: Apache-2.0
 *
 * Several repositories have the same content: what one fails to give, another gives.
 *
 * Knows: the fake registry's record. Does not know: which repository is asked first.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>

TestSuite(sources, .timeout = 60);

static const uint64_t one_layer[] = {200000};

/* The same image in two repositories. "second" gives its manifest 100 ms late: the layer is asked
 * for in "first". An answer there that comes LATE_MS late finds both images waiting for it. */
#define LATE_MS 400

static void add_twice(struct flow *flow, struct build_image_result *out_built)
{
    fake_rule_add(flow->registry,
                  &(struct fake_rule){.match.path = "/second/manifests/", .timing.delay_ms = 100});
    for (int i = 0; i < 2; i++) {
        build_image_add(flow->registry,
                        &(struct build_image){.repo = i == 0 ? "first" : "second",
                                              .tag = "1",
                                              .layer_sizes = one_layer,
                                              .layer_count = 1},
                        out_built);
    }
}

static void refuse_layer(struct flow *flow, const char *repo,
                         const struct build_image_result *built, unsigned delay_ms,
                         struct fake_rule rule)
{
    char *const path = build_text("/%s/blobs/%s", repo, built->layers[0].digest);

    rule.match.path = path;
    rule.timing.delay_ms = delay_ms;
    fake_rule_add(flow->registry, &rule);
    free(path);
}

static size_t layer_requests(const struct flow *flow, const char *repo,
                             const struct build_image_result *built)
{
    char *const path = build_text("/%s/blobs/%s", repo, built->layers[0].digest);
    const size_t count = fake_record_count(flow->registry, "GET", path);

    free(path);
    return count;
}

Test(sources, what_one_repository_lacks_another_gives)
{
    static const char *const names[] = {"first:1", "second:1"};
    static const struct fake_rule faults[] = {
        {.answer.status = 404},
        {.answer.status = 403},
        {.answer.status = 500},
        {.body = {.flip_mask = 1, .flip_offset = 5}},
        {.body = {.cut = FAKE_CUT_RST, .cut_at_bytes = 1000}},
    };

    for (size_t i = 0; i < FLOW_COUNT(faults); i++) {
        struct build_image_result built;
        struct flow flow;

        flow_open(&flow, NULL);
        add_twice(&flow, &built);
        refuse_layer(&flow, "first", &built, LATE_MS, faults[i]);
        cr_assert_eq(flow_fetch_all(&flow, names, 2), TUG_OK, "fault %zu: %s", i,
                     flow.seen.error.message);
        cr_assert_eq(flow.seen.totals.images_done, 2);
        cr_assert_eq(layer_requests(&flow, "second", &built), 1);
        flow_close(&flow);
    }
}

Test(sources, what_no_repository_gives_fails_all_that_need_it)
{
    static const char *const names[] = {"first:1", "second:1"};
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_twice(&flow, &built);
    refuse_layer(&flow, "first", &built, LATE_MS, (struct fake_rule){.answer.status = 404});
    refuse_layer(&flow, "second", &built, 0, (struct fake_rule){.answer.status = 403});
    cr_assert_eq(flow_fetch_all(&flow, names, 2), TUG_ERR_NOT_FOUND, "the first one's own error");
    cr_assert_eq(flow.seen.totals.images_failed, 2);
    cr_assert_eq(layer_requests(&flow, "first", &built), 1);
    cr_assert_eq(layer_requests(&flow, "second", &built), 1);
    flow_close(&flow);
}

/* What failed before an image came to need it is no reason not to ask its own repository. */
Test(sources, a_later_image_asks_its_own_repository)
{
    static const char *const names[] = {"first:1", "first:1", "second:1", "first:1"};
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    flow.released_by_image =
        fake_rule_add(flow.registry,
                      &(struct fake_rule){.match.path = "/second/manifests/", .timing.hold = true});
    add_twice(&flow, &built);
    refuse_layer(&flow, "first", &built, 0, (struct fake_rule){.answer.status = 404});
    flow.options.max_concurrent_downloads = 2;
    cr_assert_eq(flow_fetch_all(&flow, names, 4), TUG_ERR_NOT_FOUND);
    cr_assert_geq(flow.seen.totals.images_done, 1, "second:1 is there");
    cr_assert_eq(layer_requests(&flow, "first", &built), 1, "a failure is remembered");
    cr_assert_eq(layer_requests(&flow, "second", &built), 1);
    cr_assert(flow_has(&flow, built.layers[0].digest));
    flow_close(&flow);
}

/* A manifest that lies about a layer's size spoils only its own image, whichever comes first. */
Test(sources, a_lie_about_a_size_spoils_one_image)
{
    static const char *const orders[2][2] = {{"app:bad", "app:good"}, {"app:good", "app:bad"}};

    for (size_t i = 0; i < 2; i++) {
        struct build_descriptor layer = {.media_type = BUILD_OCI_LAYER, .size_bytes = 50000};
        struct build_descriptor config;
        struct flow flow;
        char *text;

        flow_open(&flow, NULL);
        config = flow_add_config(&flow);
        fake_blob_add_generated(flow.registry, "app", NULL, layer.size_bytes, 1, layer.digest);
        text = build_descriptor_json(&layer, NULL);
        flow_add_manifest(&flow, "good", &config, text, NULL);
        free(text);
        layer.size_bytes += 77;
        text = build_descriptor_json(&layer, NULL);
        flow_add_manifest(&flow, "bad", &config, text, NULL);
        free(text);
        cr_assert_eq(flow_fetch_all(&flow, orders[i], 2), TUG_ERR_CONTENT);
        cr_assert_eq(flow.seen.totals.images_done, 1, "order %zu", i);
        cr_assert_eq(flow.seen.totals.images_failed, 1, "order %zu", i);
        cr_assert(flow_has(&flow, layer.digest));
        flow_close(&flow);
    }
}
