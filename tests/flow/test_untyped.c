/* SPDX-License-Identifier: Apache-2.0
 *
 * What is named without saying what it is.
 *
 * Knows: indexes, manifests. Does not know: how documents are parsed.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

TestSuite(untyped, .timeout = 60);

/* Add an index of one entry without a type. more: members of the entry, with a comma before. */
static void add_index(struct flow *flow, const char *tag, const struct build_descriptor *entry,
                      const char *more, struct build_descriptor *out_index)
{
    char *const json = build_text("{\"schemaVersion\":2,\"mediaType\":\"" BUILD_OCI_INDEX
                                  "\",\"manifests\":[{\"digest\":\"%s\",\"size\":%llu%s}]}",
                                  entry->digest, (unsigned long long)entry->size_bytes, more);

    build_manifest_raw(flow->registry, "app", tag, BUILD_OCI_INDEX, json, out_index);
    free(json);
}

static void add_image(struct flow *flow, struct build_image_result *out_image)
{
    static const uint64_t size = 3000;

    build_image_add(flow->registry,
                    &(struct build_image){.repo = "app", .layer_sizes = &size, .layer_count = 1},
                    out_image);
}

static void expect_image(struct flow *flow, const struct build_image_result *image)
{
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    cr_assert(flow_has(flow, image->manifest.digest));
    cr_assert(flow_has(flow, image->config.digest));
    cr_assert(flow_has(flow, image->layers[0].digest));
    cr_assert_eq(flow_requests(flow, NULL, "/manifests/"), flow->seen.image.blobs - 2);
    cr_assert_eq(flow_requests(flow, NULL, "/blobs/"), 2, "no document is asked for as a blob");
}

Test(untyped, f52_entry_with_a_platform)
{
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &image);
    add_index(&flow, "1", &image.manifest,
              ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}", NULL);
    expect_image(&flow, &image);
    flow_close(&flow);
}

Test(untyped, f52_entry_for_another_platform_is_not_asked_for)
{
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &image);
    add_index(&flow, "1", &image.manifest,
              ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}", NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_NOT_FOUND);
    cr_assert_eq(flow_requests(&flow, NULL, image.manifest.digest), 0);
    flow_close(&flow);
}

Test(untyped, f52_entry_without_anything_is_a_manifest)
{
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &image);
    add_index(&flow, "1", &image.manifest, "", NULL);
    expect_image(&flow, &image);
    flow_close(&flow);
}

Test(untyped, f52_entry_without_anything_is_an_index)
{
    struct build_descriptor inner;
    struct build_image_result image;
    struct flow flow;

    flow_open(&flow, NULL);
    add_image(&flow, &image);
    add_index(&flow, NULL, &image.manifest, "", &inner);
    add_index(&flow, "1", &inner, "", NULL);
    expect_image(&flow, &image);
    cr_assert(flow_has(&flow, inner.digest));
    flow_close(&flow);
}
