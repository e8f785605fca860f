/* SPDX-License-Identifier: Apache-2.0
 *
 * Registries that ask for patience: every worker waits as long as one is told to.
 *
 * Knows: the fake registry's record. Does not know: how the wait is kept.
 * Threads: criterion's.
 */
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(rate_limit, .timeout = 60);

static const uint64_t size = 60000;

static const struct build_image image = {
    .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1};

/* Nobody asks within the two seconds after a 429, but for those whose request was under way. */
static void expect_quiet(struct fake_registry *registry, uint64_t limited_ns)
{
    struct fake_request request;

    for (size_t i = 0; fake_record_get(registry, NULL, "/blobs/", i, &request); i++) {
        cr_assert(request.start_ns < limited_ns + UINT64_C(500000000) ||
                  request.start_ns > limited_ns + UINT64_C(1900000000));
    }
}

Test(rate_limit, all_workers_wait_when_one_is_told_to)
{
    struct fake_request request;
    struct flow flow;
    size_t limited_count = 0;
    uint64_t many[16];

    registry_open(&flow);
    for (size_t i = 0; i < FLOW_COUNT(many); i++) {
        many[i] = 1000 + i;
    }
    build_image_add(
        flow.registry,
        &(struct build_image){
            .repo = "app", .tag = "1", .layer_sizes = many, .layer_count = FLOW_COUNT(many)},
        NULL);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = "/blobs/",
                                                     .match.times = 8,
                                                     .answer.status = 429,
                                                     .answer.headers = "Retry-After: 2"});
    flow.options.no_retries = false;
    flow.options.retries = 8; /* each may be told so several times */
    flow.options.max_concurrent_downloads = 8;
    flow_want_default(&flow); /* else the config is asked for first, alone */
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    for (size_t i = 0; fake_record_get(flow.registry, NULL, "/blobs/", i, &request); i++) {
        if (request.status == 429) {
            limited_count++;
            expect_quiet(flow.registry, request.finish_ns);
        }
    }
    cr_assert_gt(limited_count, 0);
    cr_assert_leq(limited_count, 8);
    flow_close(&flow);
}

Test(rate_limit, too_long_a_wait_is_reported_with_its_limits)
{
    struct flow flow;

    registry_open(&flow);
    build_image_add(flow.registry, &image, NULL);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.answer.status = 429,
                                      .answer.headers = "Retry-After: 999999999\r\n"
                                                        "ratelimit-limit: 100;w=21600\r\n"
                                                        "ratelimit-remaining: 0;w=21600\r\n"});
    flow.options.no_retries = false;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_RATE_LIMITED);
    cr_assert_not_null(strstr(flow.seen.error.message, "limit 100;w=21600"), "%s",
                       flow.seen.error.message);
    cr_assert_eq(fake_record_count(flow.registry, NULL, NULL), 1);
    flow_close(&flow);
}
