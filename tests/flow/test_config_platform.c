/* SPDX-License-Identifier: Apache-2.0
 *
 * What a config says of the platform: against what was asked for, and against an index.
 *
 * Knows: single manifests, indexes, the public options. Does not know: the choice of an index.
 * Threads: criterion's.
 */
#include "flow.h"

#include <string.h>

TestSuite(config_platform, .timeout = 60);

/* An image "app:1" with one layer. */
static void add_single(struct flow *flow, const char *platform, struct build_image_result *built)
{
    static const uint64_t size = 3000;
    const struct build_image image = {
        .repo = "app", .tag = "1", .platform = platform, .layer_sizes = &size, .layer_count = 1};

    build_image_add(flow->registry, &image, built);
}

/* Its config says so, and is all that is fetched. */
Test(config_platform, f17_single_manifest_of_another_platform_than_asked_for)
{
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_single(&flow, "linux/arm64", &built);
    flow_expect_exit(&flow, "app:1", 3,
                     "platform linux/amd64 not found; the image is for linux/arm64");
    cr_assert(flow_has(&flow, built.config.digest));
    cr_assert_eq(flow_requests(&flow, NULL, built.layers[0].digest), 0);
    flow_close(&flow);
}

/* The layers come after the config; what the limit forbids is refused before both. */
Test(config_platform, f17_single_manifest_of_the_platform_asked_for)
{
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    add_single(&flow, "linux/amd64", &built);
    flow.options.max_size_bytes = 3000;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_TOO_LARGE);
    cr_assert_eq(flow_requests(&flow, NULL, "/blobs/"), 0);
    flow.options.max_size_bytes = 0;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(flow_has(&flow, built.layers[0].digest));
    cr_assert_str_eq(flow.seen.platform, "linux/amd64");
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.image.bytes_fetched, 0, "all is there");
    flow_close(&flow);
}

/* Nobody asked for a platform: it may be what the user wants. */
Test(config_platform, t32_f17_single_manifest_for_another_platform)
{
    const struct build_image image = {.repo = "app", .tag = "1", .platform = "plan9/mips"};
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &image, &built);
    flow_want_default(&flow);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(strncmp(flow.seen.warning, "the image is for plan9/mips, not ", 33), 0, "%s",
                 flow.seen.warning);
    cr_assert_str_eq(flow.seen.platform, "plan9/mips");
    cr_assert(flow_has(&flow, built.config.digest));
    flow_close(&flow);
}

/* The index says one thing, the config under it another. */
static void fetch_mislabelled(const char *says, const char *is, const char *warning)
{
    const struct build_image image = {.repo = "app", .platform = is};
    struct build_image_result built;
    const struct build_entry entry = {.descriptor = &built.manifest, .platform = says};
    const struct build_index index = {
        .repo = "app", .tag = "1", .entries = &entry, .entry_count = 1};
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &image, &built);
    build_index_add(flow.registry, &index, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_str_eq(flow.seen.warning, warning);
    cr_assert_str_eq(flow.seen.platform, is, "the config knows better");
    flow_close(&flow);
}

Test(config_platform, t32_entry_and_config_differ)
{
    fetch_mislabelled("linux/amd64", "linux/arm64",
                      "the index says linux/amd64, but the image is for linux/arm64");
}

Test(config_platform, single_manifest_for_this_platform_warns_of_nothing)
{
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_WARNING], 0, "%s", flow.seen.warning);
    flow_close(&flow);
}
