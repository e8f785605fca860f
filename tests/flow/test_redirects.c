/* SPDX-License-Identifier: Apache-2.0
 *
 * Redirects of blobs: what goes along, how long they hold, how many there may be.
 *
 * Knows: the fake registry's record. Does not know: how a target is remembered.
 * Threads: criterion's.
 */
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(redirects, .timeout = 60);

static const uint64_t sizes[] = {60000, 50000};

static const struct build_image image = {
    .repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = FLOW_COUNT(sizes)};

Test(redirects, t02_a_redirect_takes_no_secret_along)
{
    struct fake_registry *const other = fake_registry_create(NULL);
    struct fake_request request;
    struct flow flow;
    char *text;

    registry_open(&flow);
    build_image_add(flow.registry, &image, NULL);
    build_image_add(other, &image, NULL);
    registry_ask_for_token(flow.registry, NULL);
    registry_log_in(&flow);
    text = build_text("server = \"%s\"\n[header]\nx-secret = \"" SECRET_HEADER "\"\n",
                      fake_registry_url(flow.registry));
    registry_write_hosts(&flow, text);
    free(text);
    text = build_text("%s{path}", fake_registry_url(other));
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/blobs/", .answer.location = text});
    free(text);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(fake_record_count(other, NULL, "/blobs/"), 1 + FLOW_COUNT(sizes));
    registry_expect_no_secret(other);
    cr_assert(fake_record_get(flow.registry, NULL, "/blobs/", 0, &request));
    cr_assert_not_null(strstr(request.headers, "x-secret: " SECRET_HEADER));
    cr_assert_not_null(strstr(request.headers, SECRET_TOKEN));
    fake_registry_destroy(other);
    flow_close(&flow);
}

Test(redirects, an_expired_url_is_asked_for_again)
{
    struct fake_registry *const other = fake_registry_create(NULL);
    struct flow flow;
    char *text;

    registry_open(&flow);
    build_image_add(flow.registry, &image, NULL);
    build_image_add(other, &image, NULL);
    text = build_text("%s{path}?sig=1", fake_registry_url(other));
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/blobs/", .answer.location = text});
    fake_rule_add(other, &(struct fake_rule){.match.times = 1, .answer.status = 403});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_RETRY], 0);
    cr_assert_eq(fake_record_count(flow.registry, NULL, "/blobs/"), 2 + FLOW_COUNT(sizes));
    fake_registry_destroy(other);
    flow_close(&flow);
    free(text);
}

Test(redirects, t20_endless_redirects_are_refused)
{
    static const struct {
        const char *location;
        const char *text;
    } cases[] = {
        {"{path}", "it is a loop"},
        {"{path}/x", "over the limit of 10"},
        {"ftp://127.0.0.1/x", "not a plain http"},
        {"http://me:" SECRET_PASSWORD "@127.0.0.1/x", "not a plain http"},
    };

    for (size_t i = 0; i < FLOW_COUNT(cases); i++) {
        struct flow flow;

        registry_open(&flow);
        fake_rule_add(flow.registry, &(struct fake_rule){.answer.status = 307,
                                                         .answer.location = cases[i].location});
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_NETWORK, "%s", cases[i].location);
        cr_assert_not_null(strstr(flow.seen.error.message, cases[i].text), "%s",
                           flow.seen.error.message);
        cr_assert_leq(fake_record_count(flow.registry, NULL, NULL), 11);
        registry_expect_clean(flow.seen.error.message);
        flow_close(&flow);
    }
}
