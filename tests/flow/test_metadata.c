/* SPDX-License-Identifier: Apache-2.0
 *
 * --all-platforms, --all-metadata, --skip-metadata, --metadata-only: how much of an image.
 *
 * Knows: the options, as library options and as words of the command. Does not know: platforms.
 * Threads: criterion's.
 */
#include "flow.h"

#include <string.h>

TestSuite(metadata, .timeout = 60);

static const char *const platforms[] = {"linux/amd64", "linux/arm64", "linux/s390x"};

/* An index "app:1" of three images with attestations, for the options of one test. */
struct shelf {
    struct flow flow;
    struct build_image_result images[3];
};

static void open_shelf(struct shelf *shelf)
{
    static const uint64_t size = 3000;
    const struct build_multi multi = {
        .image = {.repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1},
        .platforms = platforms,
        .platform_count = 3,
        .attestations = true};

    flow_open(&shelf->flow, NULL);
    build_multi_add(shelf->flow.registry, &multi, shelf->images, NULL);
}

/* What of an image is there: 0 nothing, 1 manifest and config, 2 layers too. */
static int taken(const struct shelf *shelf, size_t image)
{
    const struct build_image_result *const built = &shelf->images[image];
    const bool has_manifest = flow_has(&shelf->flow, built->manifest.digest);
    const bool has_layer = flow_has(&shelf->flow, built->layers[0].digest);

    cr_assert_eq(has_manifest, flow_has(&shelf->flow, built->config.digest));
    cr_assert(has_manifest || !has_layer);
    return has_manifest + has_layer;
}

static void fetch(struct shelf *shelf)
{
    cr_assert_eq(flow_fetch(&shelf->flow, "app:1"), TUG_OK, "%s", shelf->flow.seen.error.message);
}

Test(metadata, one_platform_by_default)
{
    struct shelf shelf;

    open_shelf(&shelf);
    fetch(&shelf);
    cr_assert_eq(taken(&shelf, 0), 2);
    cr_assert_eq(taken(&shelf, 1), 0);
    cr_assert_eq(taken(&shelf, 2), 0);
    cr_assert_eq(flow_blob_count(&shelf.flow), 4, "attestations are not asked for");
    flow_close(&shelf.flow);
}

Test(metadata, all_platforms)
{
    struct shelf shelf;

    open_shelf(&shelf);
    shelf.flow.options.all_platforms = true;
    fetch(&shelf);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(taken(&shelf, i), 2);
    }
    /* index, 3 x (manifest, config, layer), 3 x (attestation, statement), their one config */
    cr_assert_eq(flow_blob_count(&shelf.flow), 1 + 9 + 6 + 1);
    cr_assert_eq(shelf.flow.seen.counts[TUG_EVENT_WARNING], 0, "%s", shelf.flow.seen.warning);
    flow_close(&shelf.flow);
}

Test(metadata, all_metadata)
{
    struct shelf shelf;

    open_shelf(&shelf);
    shelf.flow.options.all_metadata = true;
    fetch(&shelf);
    cr_assert_eq(taken(&shelf, 0), 2);
    cr_assert_eq(taken(&shelf, 1), 1);
    cr_assert_eq(taken(&shelf, 2), 1);
    /* index, 3 x (manifest, config), one layer, 3 attestations, their one config */
    cr_assert_eq(flow_blob_count(&shelf.flow), 1 + 6 + 1 + 3 + 1);
    flow_close(&shelf.flow);
}

Test(metadata, metadata_only)
{
    struct shelf shelf;

    open_shelf(&shelf);
    shelf.flow.options.metadata_only = true;
    fetch(&shelf);
    cr_assert_eq(taken(&shelf, 0), 1);
    cr_assert_eq(taken(&shelf, 1), 0);
    cr_assert_eq(taken(&shelf, 2), 0);
    flow_close(&shelf.flow);
}

/* Nobody asked for a platform: all of them. */
Test(metadata, f48_metadata_only_of_every_platform)
{
    struct shelf shelf;

    open_shelf(&shelf);
    shelf.flow.options.metadata_only = true;
    shelf.flow.options.platforms = NULL;
    shelf.flow.options.platform_count = 0;
    fetch(&shelf);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(taken(&shelf, i), 1);
    }
    flow_close(&shelf.flow);
}

Test(metadata, metadata_only_of_all_platforms)
{
    struct shelf shelf;

    open_shelf(&shelf);
    shelf.flow.options.metadata_only = true;
    shelf.flow.options.all_platforms = true;
    fetch(&shelf);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(taken(&shelf, i), 1);
    }
    flow_close(&shelf.flow);
}

Test(metadata, layers_follow_metadata)
{
    struct shelf shelf;

    open_shelf(&shelf);
    shelf.flow.options.metadata_only = true;
    fetch(&shelf);
    shelf.flow.options.metadata_only = false;
    fake_record_mark(shelf.flow.registry);
    fetch(&shelf);
    cr_assert_eq(taken(&shelf, 0), 2);
    cr_assert_eq(flow_requests(&shelf.flow, "GET", NULL), 1, "only the layer is to be asked for");
    flow_close(&shelf.flow);
}

/* The words of the command: what is there of each image afterwards. */
static void check_words(const char *const *words, const int *expected)
{
    struct run_result result;
    struct shelf shelf;

    open_shelf(&shelf);
    cr_assert_eq(flow_command(&shelf.flow, "app:1", words, &result), 0, "%s", result.err);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(taken(&shelf, i), expected[i], "image %zu with %s", i, words[0]);
    }
    run_result_fini(&result);
    flow_close(&shelf.flow);
}

Test(metadata, command_words)
{
    check_words((const char *const[]){"--skip-metadata", NULL}, (const int[]){2, 0, 0});
    check_words((const char *const[]){"--all-metadata", NULL}, (const int[]){2, 1, 1});
    check_words((const char *const[]){"--metadata-only", NULL}, (const int[]){1, 0, 0});
    check_words((const char *const[]){"--platform", "linux/s390x", NULL}, (const int[]){2, 0, 2});
}

/* On a single manifest only --metadata-only makes a difference. */
static size_t blobs_of_single(bool all_platforms, bool all_metadata, bool metadata_only)
{
    static const uint64_t size = 3000;
    const struct build_image image = {
        .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1};
    struct flow flow;
    size_t count;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &image, NULL);
    flow.options.all_platforms = all_platforms;
    flow.options.all_metadata = all_metadata;
    flow.options.metadata_only = metadata_only;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    count = flow_blob_count(&flow);
    flow_close(&flow);
    return count;
}

Test(metadata, single_manifest)
{
    cr_assert_eq(blobs_of_single(false, false, false), 3);
    cr_assert_eq(blobs_of_single(true, false, false), 3);
    cr_assert_eq(blobs_of_single(false, true, false), 3);
    cr_assert_eq(blobs_of_single(false, false, true), 2);
    cr_assert_eq(blobs_of_single(true, true, true), 2);
}
