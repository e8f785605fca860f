/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs that are not what was named: of other bytes, or of another length.
 *
 * Knows: what a hostile or broken registry may send. Does not know: ranges, connections.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

TestSuite(content, .timeout = 60);

#define LAYER_BYTES 400000

static void add_image(struct flow *flow, struct build_image_result *out_built)
{
    static const uint64_t size = LAYER_BYTES;
    const struct build_image image = {
        .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1};

    build_image_add(flow->registry, &image, out_built);
}

/* Damage the layer's body, and expect the image to be refused with this text. */
static void check_body(struct fake_body_fault fault, const char *text)
{
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &built);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = built.layers[0].digest, .body = fault});
    flow_expect_exit(&flow, "app:1", 6, text);
    cr_assert(!flow_has(&flow, built.layers[0].digest));
    cr_assert_eq(flow_partial_size(&flow, built.layers[0].digest), -1,
                 "bytes known to be bad were kept");
    cr_assert_leq(flow_requests(&flow, "GET", built.layers[0].digest), 2);
    flow_close(&flow);
}

Test(content, t22_blob_of_other_bytes)
{
    check_body((struct fake_body_fault){.flip_mask = 1, .flip_offset = LAYER_BYTES - 1},
               "its content has the digest sha256:");
}

Test(content, t26_blob_longer_than_its_size)
{
    check_body((struct fake_body_fault){.extra_bytes = 10}, "has 400010 bytes under this digest");
}

Test(content, t26_blob_longer_in_chunks)
{
    check_body((struct fake_body_fault){.extra_bytes = 1, .chunked = true},
               "sends more than the 400000 bytes");
}

Test(content, t26_blob_without_end)
{
    check_body((struct fake_body_fault){.extra_bytes = FAKE_ENDLESS, .chunked = true},
               "sends more than the 400000 bytes");
}

Test(content, t27_blob_shorter_than_its_size)
{
    check_body((struct fake_body_fault){.cut = FAKE_CUT_END, .cut_at_bytes = 399999},
               "has 399999 bytes under this digest");
}

Test(content, t27_blob_shorter_in_chunks)
{
    check_body((struct fake_body_fault){.cut = FAKE_CUT_END, .cut_at_bytes = 1000, .chunked = true},
               "has 1000 bytes under this digest");
}

/* Cut short: a fault of the network, not of the content. What came stays, nothing is published. */
Test(content, t27_connection_closed_in_mid_blob)
{
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &built);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = built.layers[0].digest,
                                                     .body.cut = FAKE_CUT_CLOSE,
                                                     .body.cut_at_bytes = 150000});
    flow_expect_exit(&flow, "app:1", 5, built.layers[0].digest);
    cr_assert(!flow_has(&flow, built.layers[0].digest));
    cr_assert_eq(flow_partial_size(&flow, built.layers[0].digest), 150000);
    flow_close(&flow);
}

Test(content, bad_bytes_once_are_fetched_again)
{
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &built);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = built.layers[0].digest,
                                                     .match.times = 1,
                                                     .body.flip_mask = 0x80});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_not_null(strstr(flow.seen.retry, "its content has the digest"), "%s",
                       flow.seen.retry);
    cr_assert_eq(flow_requests(&flow, "GET", built.layers[0].digest), 2);
    cr_assert_eq(flow_requests(&flow, "GET", "range"), 0);
    flow_close(&flow);
}

/* An empty blob under the digest of something else. */
Test(content, t22_empty_blob_that_is_none)
{
    struct build_descriptor layer = {.media_type = BUILD_OCI_LAYER};
    struct flow flow;

    flow_open(&flow, NULL);
    fake_digest(NULL, "x", 1, layer.digest);
    char *const layers = build_descriptor_json(&layer, NULL);
    flow_add_manifest(&flow, "1", NULL, layers, NULL);
    flow_expect_exit(&flow, "app:1", 6, "its content has the digest sha256:e3b0c442");
    free(layers);
    flow_close(&flow);
}
