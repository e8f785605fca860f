/* SPDX-License-Identifier: Apache-2.0
 *
 * What a fetch asks of the registry: no request too many, no connection too many.
 *
 * Knows: the record of the fake registry. Does not know: what was fetched.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(requests, .timeout = 60);

static const char *const platforms[] = {"linux/amd64", "linux/arm64"};

static void add_multi(struct flow *flow, struct build_image_result *out_images,
                      struct build_descriptor *out_index)
{
    static const uint64_t sizes[] = {5000, 70000};
    const struct build_multi multi = {
        .image = {.repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = 2},
        .platforms = platforms,
        .platform_count = 2};

    build_multi_add(flow->registry, &multi, out_images, out_index);
}

Test(requests, one_get_for_each_manifest)
{
    struct build_image_result images[2];
    struct build_descriptor index;
    struct flow flow;

    flow_open(&flow, NULL);
    add_multi(&flow, images, &index);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, "GET", "^/v2/app/manifests/1$"), 1);
    cr_assert_eq(flow_requests(&flow, NULL, index.digest), 0, "the body was not used again");
    cr_assert_eq(flow_requests(&flow, "GET", images[0].manifest.digest), 1);
    cr_assert_eq(flow_requests(&flow, "GET", "/manifests/"), 2);
    cr_assert_eq(flow_requests(&flow, "GET", "/blobs/"), 3);
    cr_assert_eq(flow_requests(&flow, NULL, NULL), 5, "there was more than that");
    flow_close(&flow);
}

Test(requests, by_digest_one_get)
{
    struct build_image_result images[2];
    struct build_descriptor index;
    struct flow flow;

    flow_open(&flow, NULL);
    add_multi(&flow, images, &index);
    char *const name = build_text("app@%s", index.digest);
    cr_assert_eq(flow_fetch(&flow, name), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, NULL, index.digest), 1);
    cr_assert_eq(flow_requests(&flow, "HEAD", NULL), 0);
    cr_assert_eq(flow_requests(&flow, NULL, NULL), 5);
    fake_record_mark(flow.registry);
    cr_assert_eq(flow_fetch(&flow, name), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, NULL, NULL), 0, "a digest needs no asking when it is there");
    free(name);
    flow_close(&flow);
}

Test(requests, head_only_for_a_tag_that_is_there)
{
    struct build_image_result images[2];
    struct build_descriptor index;
    struct flow flow;

    flow_open(&flow, NULL);
    add_multi(&flow, images, &index);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, "HEAD", NULL), 0);
    fake_record_mark(flow.registry);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, "HEAD", "^/v2/app/manifests/1$"), 1);
    cr_assert_eq(flow_requests(&flow, NULL, NULL), 1);
    cr_assert_eq(flow.seen.totals.bytes_received, 0);
    flow_close(&flow);
}

Test(requests, tag_that_moved_is_fetched_anew)
{
    static const uint64_t size = 1234;
    struct build_image_result first;
    struct build_image_result second;
    struct build_image image = {
        .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1, .seed = 1};
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &image, &first);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    image.seed = 2;
    build_image_add(flow.registry, &image, &second);
    fake_record_mark(flow.registry);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(flow_has(&flow, second.layers[0].digest));
    cr_assert_eq(flow_requests(&flow, "HEAD", "/manifests/1"), 1);
    cr_assert_eq(flow_requests(&flow, "GET", "/manifests/"), 1);
    flow_close(&flow);
}

Test(requests, registry_that_knows_no_head)
{
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.method = "HEAD", .answer.status = 405});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.image.bytes_fetched, 0, "the manifest was there");
    flow_close(&flow);
}

Test(requests, shared_layer_comes_once)
{
    static const uint64_t size = 400000;
    static const char *const names[] = {"app:1", "app:2", "other:3"};
    struct build_image_result built;
    struct flow flow;

    flow_open(&flow, NULL);
    for (size_t i = 0; i < FLOW_COUNT(names); i++) {
        char text[32];

        (void)snprintf(text, sizeof text, "\"annotations\":{\"n\":\"%zu\"}", i);
        const struct build_image image = {.repo = i < 2 ? "app" : "other",
                                          .tag = i == 0   ? "1"
                                                 : i == 1 ? "2"
                                                          : "3",
                                          .layer_sizes = &size,
                                          .layer_count = 1,
                                          .more = text};
        build_image_add(flow.registry, &image, &built);
    }
    cr_assert_eq(flow_fetch_all(&flow, names, FLOW_COUNT(names)), TUG_OK, "%s",
                 flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_IMAGE], 3);
    cr_assert_eq(flow_requests(&flow, "GET", built.layers[0].digest), 1);
    cr_assert_eq(flow_requests(&flow, "GET", built.config.digest), 1);
    cr_assert_eq(flow_blob_count(&flow), 5);
    flow_close(&flow);
}

/* An image of many small layers. */
static void add_wide(struct flow *flow, size_t layer_count)
{
    static uint64_t sizes[128];

    for (size_t i = 0; i < layer_count; i++) {
        sizes[i] = 2000 + i;
    }
    const struct build_image image = {
        .repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = layer_count};
    build_image_add(flow->registry, &image, NULL);
}

/* Hold all blobs until so many are asked for at once, and tell the most connections ever open. */
static unsigned connections_of(unsigned downloads)
{
    struct flow flow;
    unsigned most;

    flow_open(&flow, NULL);
    add_wide(&flow, 100);
    flow.options.max_concurrent_downloads = downloads;
    flow_want_default(&flow);
    const int rule = fake_rule_add(
        flow.registry, &(struct fake_rule){.match.path = "/blobs/", .timing.hold = true});
    flow_start(&flow, "app:1");
    cr_assert(fake_record_wait_count(flow.registry, "GET", "/blobs/",
                                     downloads == 0 ? TUG_DOWNLOADS_DEFAULT : downloads,
                                     FLOW_WAIT_MS));
    fake_rule_release(flow.registry, rule);
    cr_assert_eq(flow_wait(&flow), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_blob_count(&flow), 102);
    most = fake_record_totals(flow.registry).connections_open_max;
    flow_close(&flow);
    return most;
}

Test(requests, one_download_is_one_connection)
{
    cr_assert_eq(connections_of(1), 1);
}

Test(requests, six_connections_by_default)
{
    cr_assert_eq(connections_of(0), 6);
}

Test(requests, sixty_four_connections)
{
    cr_assert_eq(connections_of(64), 64);
}

Test(requests, connections_are_kept)
{
    struct flow flow;

    flow_open(&flow, NULL);
    add_wide(&flow, 100);
    flow.options.max_concurrent_downloads = 2;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_leq(fake_record_totals(flow.registry).connections_accepted, 2);
    flow_close(&flow);
}

/* A literal loopback host: https is tried first, and http only where nothing speaks TLS. */
Test(requests, loopback_falls_back_to_http)
{
    struct flow flow;

    flow_open(&flow, NULL);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, NULL);
    flow.options.plain_http = false;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    flow_close(&flow);
}
