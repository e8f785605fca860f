/* SPDX-License-Identifier: Apache-2.0
 *
 * Which images of an index are fetched for which platform.
 *
 * Knows: indexes, the public options. Does not know: how documents are parsed.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

TestSuite(platforms, .timeout = 60);

#define PLATFORMS_MAX 6

/* An index "app:1" with one image a platform. */
struct shelf {
    struct flow flow;
    struct build_image_result images[PLATFORMS_MAX];
    size_t count;
};

static void open_shelf(struct shelf *shelf, const char *const *platforms, size_t count)
{
    static const uint64_t size = 3000;
    const struct build_multi multi = {
        .image = {.repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1},
        .platforms = platforms,
        .platform_count = count};

    flow_open(&shelf->flow, NULL);
    build_multi_add(shelf->flow.registry, &multi, shelf->images, NULL);
    shelf->count = count;
}

/* Fetch for the wanted platforms and check which images are there: taken[i] is '1' or '0'. */
static void expect_taken(struct shelf *shelf, const char *const *wanted, size_t wanted_count,
                         const char *taken)
{
    struct tug_platform platforms[PLATFORMS_MAX];
    struct flow *const flow = &shelf->flow;

    for (size_t i = 0; i < wanted_count; i++) {
        cr_assert_eq(tug_platform_parse(wanted[i], &platforms[i], NULL), TUG_OK);
    }
    flow->options.platforms = platforms;
    flow->options.platform_count = wanted_count;
    cr_assert_eq(flow_fetch(flow, "app:1"), TUG_OK, "%s", flow->seen.error.message);
    for (size_t i = 0; i < shelf->count; i++) {
        const bool is_wanted = taken[i] == '1';

        cr_assert_eq(flow_has(flow, shelf->images[i].manifest.digest), is_wanted, "image %zu", i);
        cr_assert_eq(flow_has(flow, shelf->images[i].config.digest), is_wanted, "image %zu", i);
        cr_assert_eq(flow_has(flow, shelf->images[i].layers[0].digest), is_wanted, "image %zu", i);
    }
}

static void check_choice(const char *const *offered, size_t count, const char *wanted,
                         const char *taken)
{
    struct shelf shelf;

    open_shelf(&shelf, offered, count);
    expect_taken(&shelf, &wanted, 1, taken);
    flow_close(&shelf.flow);
}

Test(platforms, exact_wherever_it_stands)
{
    static const char *const offered[] = {"linux/arm64", "windows/amd64", "linux/amd64"};

    check_choice(offered, 3, "linux/amd64", "001");
    check_choice(offered, 3, "linux/arm64", "100");
    check_choice(offered, 3, "windows/amd64", "010");
}

Test(platforms, ladder_of_arm)
{
    static const char *const offered[] = {"linux/arm/v5", "linux/arm/v7", "linux/arm/v6",
                                          "linux/amd64"};

    check_choice(offered, 4, "linux/arm/v8", "0100");
    check_choice(offered, 4, "linux/arm/v6", "0010");
    check_choice(offered, 4, "linux/arm64", "0100");
}

Test(platforms, ladder_of_amd64)
{
    static const char *const offered[] = {"linux/amd64/v3", "linux/386", "linux/amd64",
                                          "linux/amd64/v2"};

    check_choice(offered, 4, "linux/amd64", "0010");
    check_choice(offered, 4, "linux/amd64/v2", "0001");
    check_choice(offered, 4, "linux/amd64/v4", "1000");
    check_choice(offered, 4, "linux/386", "0100");
}

Test(platforms, substitute_of_other_architecture_is_told)
{
    static const char *const offered[] = {"linux/386", "linux/arm64"};
    static const char *const wanted[] = {"linux/amd64"};
    struct shelf shelf;

    open_shelf(&shelf, offered, 2);
    expect_taken(&shelf, wanted, 1, "10");
    cr_assert_not_null(strstr(shelf.flow.seen.warning, "no entry for linux/amd64"), "%s",
                       shelf.flow.seen.warning);
    flow_close(&shelf.flow);
}

Test(platforms, first_of_equals)
{
    static const char *const offered[] = {"linux/amd64", "linux/amd64"};

    check_choice(offered, 2, "linux/amd64", "10");
}

Test(platforms, one_best_image_for_each_platform)
{
    static const char *const offered[] = {"linux/arm/v6", "linux/amd64", "linux/arm/v7",
                                          "linux/arm64", "linux/s390x"};
    static const char *const wanted[] = {"linux/amd64", "linux/arm/v7"};
    struct shelf shelf;

    open_shelf(&shelf, offered, 5);
    expect_taken(&shelf, wanted, 2, "01100");
    flow_close(&shelf.flow);
}

Test(platforms, choice_goes_through_nested_indexes)
{
    struct build_image_result near;
    struct build_image_result far;
    struct build_descriptor inner;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry,
                    &(struct build_image){.repo = "app", .platform = "linux/amd64/v1"}, &near);
    build_image_add(flow.registry,
                    &(struct build_image){.repo = "app", .platform = "linux/amd64/v2"}, &far);
    const struct build_entry leaf = {.descriptor = &far.manifest, .platform = "linux/amd64/v2"};
    build_index_add(flow.registry,
                    &(struct build_index){.repo = "app", .entries = &leaf, .entry_count = 1},
                    &inner);
    const struct build_entry top[] = {{.descriptor = &near.manifest, .platform = "linux/amd64"},
                                      {.descriptor = &inner}};
    build_index_add(
        flow.registry,
        &(struct build_index){.repo = "app", .tag = "1", .entries = top, .entry_count = 2}, NULL);
    cr_assert_eq(tug_platform_parse("linux/amd64/v3", &flow.platform, NULL), TUG_OK);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(flow_has(&flow, far.manifest.digest));
    cr_assert(!flow_has(&flow, near.manifest.digest));
    flow_close(&flow);
}

Test(platforms, missing_one_lists_what_is_there)
{
    static const char *const offered[] = {"linux/arm64", "windows/amd64", "linux/arm/v7"};
    struct shelf shelf;

    open_shelf(&shelf, offered, 3);
    flow_expect_exit(&shelf.flow, "app:1", 3,
                     "platform linux/amd64 not found; the index has linux/arm64, "
                     "windows/amd64, linux/arm/v7");
    cr_assert_eq(flow_requests(&shelf.flow, NULL, "/blobs/"), 0);
    flow_close(&shelf.flow);
}

/* One of two is missing: nothing is named, the message is about the missing one. */
Test(platforms, one_of_two_missing)
{
    static const char *const offered[] = {"linux/amd64"};
    struct tug_platform wanted[2];
    struct shelf shelf;

    open_shelf(&shelf, offered, 1);
    cr_assert_eq(tug_platform_parse("linux/amd64", &wanted[0], NULL), TUG_OK);
    cr_assert_eq(tug_platform_parse("linux/s390x", &wanted[1], NULL), TUG_OK);
    shelf.flow.options.platforms = wanted;
    shelf.flow.options.platform_count = 2;
    cr_assert_eq(flow_fetch(&shelf.flow, "app:1"), TUG_ERR_NOT_FOUND);
    cr_assert_not_null(strstr(shelf.flow.seen.error.message, "linux/s390x not found"));
    flow_close(&shelf.flow);
}

/* The result says what the image is for, if that is one platform. */
Test(platforms, f17_result_names_the_platform)
{
    static const char *const offered[] = {"linux/amd64", "windows/amd64"};
    static const char *const one[] = {"--format=json", NULL};
    static const char *const two[] = {"--format=json", "--platform=windows/amd64", NULL};
    struct run_result result;
    struct shelf shelf;

    open_shelf(&shelf, offered, 2);
    cr_assert_eq(flow_command(&shelf.flow, "app:1", one, &result), 0, "%s", result.err);
    cr_assert_not_null(strstr(result.out, ",\"platform\":\"linux/amd64\""), "%s", result.out);
    run_result_fini(&result);
    cr_assert_eq(flow_command(&shelf.flow, "app:1", two, &result), 0, "%s", result.err);
    cr_assert_null(strstr(result.out, "\"platform\""), "%s", result.out);
    run_result_fini(&result);
    flow_close(&shelf.flow);
}

/* An image that is other than what was asked for is told of with -q, too. */
Test(platforms, f17_substitute_is_told_of_quietly)
{
    static const char *const offered[] = {"linux/386"};
    static const char *const quiet[] = {"-q", NULL};
    struct run_result result;
    struct shelf shelf;

    open_shelf(&shelf, offered, 1);
    cr_assert_eq(flow_command(&shelf.flow, "app:1", quiet, &result), 0, "%s", result.err);
    cr_assert_not_null(strstr(result.err, "no entry for linux/amd64, using linux/386"), "%s",
                       result.err);
    run_result_fini(&result);
    flow_close(&shelf.flow);
}

/* Of several versions of Windows one is taken, and the others are told of. */
Test(platforms, f49_versions_that_are_not_taken)
{
    const struct build_image image = {.repo = "app", .platform = "windows/amd64"};
    struct build_image_result built;
    const struct build_entry entries[] = {
        {.descriptor = &built.manifest,
         .more = "\"platform\":{\"os\":\"windows\",\"architecture\":\"amd64\","
                 "\"os.version\":\"10.0.17763.1\"}"},
        {.descriptor = &built.config, /* it is never asked for */
         .more = "\"platform\":{\"os\":\"windows\",\"architecture\":\"amd64\","
                 "\"os.version\":\"10.0.20348.2\"}"},
    };
    struct tug_platform wanted;
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &image, &built);
    build_index_add(
        flow.registry,
        &(struct build_index){.repo = "app", .tag = "1", .entries = entries, .entry_count = 2},
        NULL);
    cr_assert_eq(tug_platform_parse("windows/amd64", &wanted, NULL), TUG_OK);
    flow.options.platforms = &wanted;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_str_eq(flow.seen.warning,
                     "using windows(10.0.17763.1)/amd64 of several versions, not 10.0.20348.2 "
                     "(--platform 'windows(VERSION)/amd64' chooses)");
    flow_close(&flow);
}
