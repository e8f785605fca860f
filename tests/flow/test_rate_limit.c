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

#include "base/clock.h"

TestSuite(rate_limit, .timeout = 60);

static const uint64_t size = 60000;

static const struct build_image image = {
    .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1};

#define WORKERS 8

/* An image of more layers than there are workers, and room for all of them to be told to wait. */
static void open_with_layers(struct flow *flow)
{
    uint64_t many[2 * WORKERS];

    registry_open(flow);
    for (size_t i = 0; i < FLOW_COUNT(many); i++) {
        many[i] = 1000 + i;
    }
    build_image_add(
        flow->registry,
        &(struct build_image){
            .repo = "app", .tag = "1", .layer_sizes = many, .layer_count = FLOW_COUNT(many)},
        NULL);
    flow->options.no_retries = false;
    flow->options.retries = WORKERS;
    flow->options.max_concurrent_downloads = WORKERS;
    flow_want_default(flow); /* else the config is asked for first, alone */
}

/* The first answer is held until each worker has asked, and those of the others until the run has
 * heard of the first: what is requested after that comes from workers that know. */
Test(rate_limit, all_workers_wait_when_one_is_told_to)
{
    struct fake_request request;
    struct flow flow;
    uint64_t limited_ns;
    size_t count;
    int limited;

    open_with_layers(&flow);
    limited =
        fake_rule_add(flow.registry, &(struct fake_rule){.match = {.path = "/blobs/", .times = 1},
                                                         .answer.status = 429,
                                                         .answer.headers = "Retry-After: 2",
                                                         .timing.hold = true});
    flow.released_by_retry = fake_rule_add(
        flow.registry, &(struct fake_rule){.match = {.path = "/blobs/", .times = WORKERS - 1},
                                           .timing.hold = true});
    flow_start(&flow, "app:1");
    cr_assert(fake_record_wait_count(flow.registry, NULL, "/blobs/", WORKERS, FLOW_WAIT_MS));
    limited_ns = tug__now_ns();
    fake_rule_release(flow.registry, limited);
    cr_assert_eq(flow_wait(&flow), TUG_OK, "%s", flow.seen.error.message);
    for (count = WORKERS; fake_record_get(flow.registry, NULL, "/blobs/", count, &request);
         count++) {
        cr_assert_geq(request.start_ns, limited_ns + 2 * TUG__NS_PER_S, "request %zu", count);
    }
    cr_assert_eq(count, 2 * WORKERS + 2, "the config and one again");
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
