/* SPDX-License-Identifier: Apache-2.0
 *
 * Set up a download that is cut short, and look at how it went on.
 *
 * Knows: ranges. Does not know: what stands between the cut and the end.
 * Threads: the test's.
 */
#include "cut.h"

#include <stdlib.h>
#include <string.h>

void cut_open(struct cut *scene, enum fake_cut cut)
{
    static const uint64_t size = CUT_LAYER_BYTES;
    const struct build_image image = {
        .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1, .seed = CUT_SEED};

    flow_open(&scene->flow, NULL);
    build_image_add(scene->flow.registry, &image, &scene->built);
    scene->layer = scene->built.layers[0].digest;
    scene->flow.options.no_retries = false;
    scene->flow.options.retries = 2;
    scene->flow.options.retry_max_wait_ms = 5;
    fake_rule_add(scene->flow.registry, &(struct fake_rule){.match.path = scene->layer,
                                                            .match.times = 1,
                                                            .body.cut = cut,
                                                            .body.cut_at_bytes = CUT_AT_BYTES});
}

void cut_on_range(struct cut *scene, struct fake_rule rule)
{
    rule.match.path = scene->layer;
    rule.match.header = "Range: ";
    fake_rule_add(scene->flow.registry, &rule);
}

void cut_expect_range(struct cut *scene, size_t nth, uint64_t first)
{
    char *const range = first > 0
                            ? build_text("bytes=%ju-%d", (uintmax_t)first, CUT_LAYER_BYTES - 1)
                            : build_text("%s", "");
    struct fake_request request;

    cr_assert(fake_record_get(scene->flow.registry, "GET", scene->layer, nth, &request));
    cr_assert_str_eq(request.range, range, "request %zu", nth);
    free(range);
}

void cut_expect_done(struct cut *scene, size_t requests)
{
    struct flow *const flow = &scene->flow;

    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    cr_assert_eq(flow_requests(flow, "GET", scene->layer), requests);
    cr_assert(flow_has(flow, scene->layer));
    cr_assert_eq(flow_partial_size(flow, scene->layer), -1);
    cut_expect_range(scene, 0, 0);
}
