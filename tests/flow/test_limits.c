/* SPDX-License-Identifier: Apache-2.0
 *
 * Images that are too large: for the user's limit, and for the disk. Nothing of them is fetched.
 *
 * Knows: sizes. Does not know: how a disk is filled.
 * Threads: criterion's.
 */
#include "flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

TestSuite(limits, .timeout = 60);

static const uint64_t sizes[] = {50000, 30000, 50000};

/* An image of layers of those sizes, seed 1: all of them differ. */
static void open_scene(struct flow *flow, struct build_image_result *out_built)
{
    flow_open(flow, NULL);
    build_image_add(flow->registry,
                    &(struct build_image){.repo = "app",
                                          .tag = "1",
                                          .layer_sizes = sizes,
                                          .layer_count = FLOW_COUNT(sizes),
                                          .seed = 1},
                    out_built);
}

Test(limits, max_size_refuses_before_any_blob)
{
    struct flow flow;
    struct build_image_result built;

    open_scene(&flow, &built);
    /* A root asked for by its tag has no descriptor that tells its size. */
    flow.options.max_size_bytes = built.total_bytes - built.manifest.size_bytes - 1;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_TOO_LARGE, "%s", flow.seen.error.message);
    cr_assert_not_null(strstr(flow.seen.error.message, "over the limit of"), "%s",
                       flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, "GET", "/blobs/"), 0);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_RETRY], 0);
    flow.options.max_size_bytes++;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    flow_close(&flow);
}

/* What the store has counts as well: the limit is about images, not about transfers. */
Test(limits, max_size_counts_what_is_there)
{
    struct flow flow;
    struct build_image_result built;

    open_scene(&flow, &built);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    flow.options.max_size_bytes = 100000;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_TOO_LARGE, "%s", flow.seen.error.message);
    flow.options.metadata_only = true;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    flow_close(&flow);
}

/* A layer that is named twice is there once. */
Test(limits, max_size_counts_each_digest_once)
{
    struct flow flow;

    flow_open(&flow, NULL);
    const struct build_descriptor layer = flow_add_blob(&flow, BUILD_OCI_LAYER, "0123456789");
    const struct build_descriptor config = flow_add_config(&flow);
    char *const one = build_descriptor_json(&layer, NULL);
    char *const three = build_text("%s,%s,%s", one, one, one);

    flow_add_manifest(&flow, "1", &config, three, NULL);
    flow.options.max_size_bytes = config.size_bytes + layer.size_bytes;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    free(one);
    free(three);
    flow_close(&flow);
}

Test(limits, max_size_by_the_command)
{
    static const char *const more[] = {"-q", "--max-size", "100K", NULL};
    struct flow flow;
    struct build_image_result built;
    struct run_result result;

    open_scene(&flow, &built);
    cr_assert_eq(flow_command(&flow, "app:1", more, &result), 6, "%s", result.err);
    cr_assert_not_null(strstr(result.err, "over the limit of 102400"), "%s", result.err);
    cr_assert_eq(flow_requests(&flow, "GET", "/blobs/"), 0);
    run_result_fini(&result);
    flow_close(&flow);
}

static uint64_t free_space(const struct flow *flow)
{
    struct statvfs info;

    cr_assert_eq(statvfs(flow->directory, &info), 0);
    return (uint64_t)info.f_bavail * info.f_frsize;
}

/* A layer that no disk has room for, so its bytes need not exist. */
static void add_huge(struct flow *flow, uint64_t size_bytes)
{
    char *const layers =
        build_text("{\"mediaType\":\"" BUILD_OCI_LAYER "\",\"size\":%ju,\"digest\":\"sha256:"
                   "1111111111111111111111111111111111111111111111111111111111111111\"}",
                   (uintmax_t)size_bytes);

    flow_add_manifest(flow, "huge", NULL, layers, NULL);
    free(layers);
}

Test(limits, full_disk_is_found_before_any_blob)
{
    struct flow flow;

    flow_open(&flow, NULL);
    const uint64_t free_bytes = free_space(&flow);

    add_huge(&flow, 2 * free_bytes);
    cr_assert_eq(flow_fetch(&flow, "app:huge"), TUG_ERR_STORE, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.error.os_errno, ENOSPC);
    const char *const lacks = strstr(flow.seen.error.message, "the store lacks ");
    cr_assert_not_null(lacks, "%s", flow.seen.error.message);
    const uint64_t missing = strtoull(lacks + strlen("the store lacks "), NULL, 10);
    /* Others use this disk too, but not half of it. */
    cr_assert(missing > free_bytes / 2 && missing < free_bytes + free_bytes / 2, "%s",
              flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, "GET", "/blobs/"), 0);
    flow_expect_exit(&flow, "app:huge", 7, "bytes of disk space");
    flow_close(&flow);
}

/* Images beside it go on. */
Test(limits, full_disk_fails_the_large_image_only)
{
    static const char *const names[] = {"app:huge", "app:1"};
    struct flow flow;
    struct build_image_result built;

    open_scene(&flow, &built);
    add_huge(&flow, 2 * free_space(&flow));
    cr_assert_eq(flow_fetch_all(&flow, names, FLOW_COUNT(names)), TUG_ERR_STORE);
    cr_assert_eq(flow.seen.totals.images_done, 1);
    cr_assert(flow_has(&flow, built.layers[0].digest));
    flow_close(&flow);
}
