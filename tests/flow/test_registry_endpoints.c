/* SPDX-License-Identifier: Apache-2.0
 *
 * Several endpoints for one registry, and answers that try to mislead or to hold up.
 *
 * Knows: the fake registry's record. Does not know: how endpoints are ordered.
 * Threads: criterion's.
 */
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(registry_endpoints, .timeout = 60);

static const uint64_t sizes[] = {3000000, 60000, 50000};

static const struct build_image image = {
    .repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = FLOW_COUNT(sizes)};

/* A scene with a mirror before the registry; both have the image. */
static struct fake_registry *open_with_mirror(struct flow *flow,
                                              struct build_image_result *out_image)
{
    struct fake_registry *const mirror = fake_registry_create(NULL);
    char *text;

    registry_open(flow);
    build_image_add(flow->registry, &image, out_image);
    build_image_add(mirror, &image, NULL);
    text = build_text("server = \"%s\"\n[host.\"%s\"]\n", fake_registry_url(flow->registry),
                      fake_registry_url(mirror));
    registry_write_hosts(flow, text);
    free(text);
    return mirror;
}

Test(registry_endpoints, a_mirror_serves_everything)
{
    struct flow flow;
    struct fake_registry *const mirror = open_with_mirror(&flow, NULL);
    char *ns;

    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(fake_record_count(flow.registry, NULL, NULL), 0);
    ns = build_text("?ns=127.0.0.1%%3A%u", fake_registry_port(flow.registry));
    cr_assert_eq(fake_record_count(mirror, NULL, ns), 2 + FLOW_COUNT(sizes), "all with %s", ns);
    free(ns);
    fake_registry_destroy(mirror);
    flow_close(&flow);
}

Test(registry_endpoints, t09_a_mirror_gets_no_credentials)
{
    struct flow flow;
    struct fake_registry *const mirror = open_with_mirror(&flow, NULL);

    fake_rule_add(mirror,
                  &(struct fake_rule){.answer.status = 401,
                                      .answer.headers = "WWW-Authenticate: Basic realm=\"m\""});
    registry_ask_for_token(flow.registry, NULL);
    registry_log_in(&flow);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    registry_expect_no_secret(mirror);
    cr_assert_gt(fake_record_count(mirror, NULL, NULL), 0);
    fake_registry_destroy(mirror);
    flow_close(&flow);
}

Test(registry_endpoints, what_a_mirror_lacks_comes_from_the_registry)
{
    struct flow flow;
    struct fake_registry *const mirror = open_with_mirror(&flow, NULL);

    fake_rule_add(mirror, &(struct fake_rule){.match.path = "/blobs/", .answer.status = 404});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(fake_record_count(mirror, NULL, "/blobs/"), 1 + FLOW_COUNT(sizes));
    cr_assert_eq(fake_record_count(flow.registry, NULL, "/blobs/"), 1 + FLOW_COUNT(sizes));
    cr_assert_eq(fake_record_count(flow.registry, NULL, "/manifests/"), 0);
    fake_registry_destroy(mirror);
    flow_close(&flow);
}

Test(registry_endpoints, a_failing_mirror_is_tried_last_from_then_on)
{
    struct flow flow;
    struct fake_registry *const mirror = open_with_mirror(&flow, NULL);

    fake_rule_add(mirror, &(struct fake_rule){.answer.status = 500});
    flow.options.max_concurrent_downloads = 1;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(fake_record_count(mirror, NULL, NULL), 1);
    fake_registry_destroy(mirror);
    flow_close(&flow);
}

Test(registry_endpoints, a_mirror_that_dies_in_mid_blob_loses_no_byte)
{
    struct build_image_result built;
    struct fake_request request;
    struct flow flow;
    struct fake_registry *const mirror = open_with_mirror(&flow, &built);
    uint64_t got;

    fake_rule_add(mirror, &(struct fake_rule){.match.path = built.layers[0].digest,
                                              .body.cut = FAKE_CUT_RST,
                                              .body.cut_at_bytes = 1000000});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_RETRY], 0, "that was one attempt");
    cr_assert(fake_record_get(flow.registry, "GET", built.layers[0].digest, 0, &request));
    cr_assert_eq(sscanf(request.range, "bytes=%lu-", &got), 1, "'%s'", request.range);
    cr_assert_gt(got, 0);
    cr_assert_leq(got, 1000000);
    cr_assert_eq(request.body_bytes, sizes[0] - got, "what had come was kept");
    fake_registry_destroy(mirror);
    flow_close(&flow);
}

Test(registry_endpoints, t43_a_warning_is_told_once_and_harmless)
{
    struct flow flow;

    registry_open(&flow);
    build_image_add(flow.registry, &image, NULL);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.answer.headers = "Warning: 299 - \"move \x1b[2J away\""});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_WARNING], 1);
    cr_assert_not_null(strstr(flow.seen.warning, "move \\x1b[2J away"), "%s", flow.seen.warning);
    flow_close(&flow);
}

Test(registry_endpoints, t46_a_flood_of_interim_answers_ends)
{
    static const char interim[] = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const size_t count = 10000;
    char *const flood = malloc(count * (sizeof interim - 1) + 1);
    struct flow flow;

    cr_assert_not_null(flood);
    for (size_t i = 0; i < count; i++) {
        memcpy(flood + i * (sizeof interim - 1), interim, sizeof interim);
    }
    registry_open(&flow);
    build_image_add(flow.registry, &image, NULL);
    fake_rule_add(flow.registry, &(struct fake_rule){.answer.before = flood});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_NETWORK);
    flow_close(&flow);
    free(flood);
}

Test(registry_endpoints, t01_urls_of_a_layer_are_not_asked)
{
    struct fake_registry *const other = fake_registry_create(NULL);
    struct build_descriptor layer;
    struct flow flow;
    char *text;

    for (int is_allowed = 0; is_allowed < 2; is_allowed++) {
        registry_open(&flow);
        layer = flow_add_blob(&flow, "application/vnd.docker.image.rootfs.foreign.diff.tar", "x");
        text = build_text("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":1,"
                          "\"urls\":[\"%s/x\"]}",
                          layer.media_type, layer.digest, fake_registry_url(other));
        flow_add_manifest(&flow, "1", NULL, text, NULL);
        free(text);
        fake_rule_add(flow.registry,
                      &(struct fake_rule){.match.path = layer.digest, .answer.status = 404});
        flow.options.foreign_layers = is_allowed != 0; /* http is no URL for that */
        cr_assert_eq(flow_fetch(&flow, "app:1"), is_allowed ? TUG_ERR_NOT_FOUND : TUG_OK, "%s",
                     flow.seen.error.message);
        cr_assert_eq(fake_record_count(other, NULL, NULL), 0);
        flow_close(&flow);
    }
    fake_registry_destroy(other);
}

/* A header of docker's own configuration is for the registry, not for its mirrors. */
Test(registry_endpoints, t12_headers_of_dockers_config_go_to_the_registry_alone)
{
    static const char config[] = "{\"HttpHeaders\":{\"X-Art-Api\":\"" SECRET_HEADER "\"}}";
    struct fake_request request;
    struct flow flow;
    struct fake_registry *const mirror = open_with_mirror(&flow, NULL);
    char *const folder = tmpdir_join(flow.directory, ".docker");
    char *const path = tmpdir_join(folder, "config.json");

    cr_assert_eq(mkdir(folder, 0700), 0);
    tmpdir_write(path, config, strlen(config));
    fake_rule_add(mirror,
                  &(struct fake_rule){.answer.status = 401,
                                      .answer.headers = "WWW-Authenticate: Basic realm=\"m\""});
    registry_ask_for_token(flow.registry, NULL);
    registry_log_in(&flow);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    registry_expect_no_secret(mirror);
    cr_assert_gt(fake_record_count(mirror, NULL, NULL), 0);
    cr_assert(fake_record_get(flow.registry, "GET", "/blobs/", 0, &request));
    cr_assert_not_null(strstr(request.headers, "X-Art-Api: " SECRET_HEADER), "%s", request.headers);
    fake_registry_destroy(mirror);
    flow_close(&flow);
    free(path);
    free(folder);
}
