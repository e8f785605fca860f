/* SPDX-License-Identifier: Apache-2.0
 *
 * Token servers that take one method only, and what is advised when they refuse.
 *
 * Knows: the fake registry's record. Does not know: how tokens are kept.
 * Threads: criterion's.
 */
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(token_methods, .timeout = 60);

static const uint64_t size = 60000;

static const struct build_image image = {
    .repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1};

/* Answer a method at the token server with a status. */
static void answer_token(struct flow *flow, const char *method, int status)
{
    fake_rule_add(flow->registry, &(struct fake_rule){.match.method = method,
                                                      .match.path = "^/token",
                                                      .answer.status = status});
}

Test(token_methods, f23_a_token_server_without_get)
{
    struct flow flow;

    registry_open(&flow);
    build_image_add(flow.registry, &image, NULL);
    answer_token(&flow, "GET", 405);
    registry_ask_for_token(flow.registry, NULL);
    registry_log_in(&flow);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    flow_close(&flow);
}

Test(token_methods, f23_a_token_server_without_post)
{
    static const int statuses[] = {400, 401, 404, 405};

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct fake_request request;
        struct flow flow;
        char value[256];

        registry_open(&flow);
        build_image_add(flow.registry, &image, NULL);
        answer_token(&flow, "POST", statuses[i]);
        registry_ask_for_token(flow.registry, NULL);
        registry_log_in(&flow);
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%d: %s", statuses[i],
                     flow.seen.error.message);
        cr_assert(fake_record_get(flow.registry, "GET", "^/token", 0, &request));
        cr_assert(fake_request_header(&request, "Authorization", value, sizeof value));
        cr_assert_str_eq(value, "Basic " SECRET_BASIC);
        cr_assert_eq(fake_record_count(flow.registry, NULL, "^/token"), 2);
        flow_close(&flow);
    }
}

/* Other credentials are advised where others may help. */
Test(token_methods, f23_the_advice_fits_the_status)
{
    static const struct {
        int post;
        int get;
        const char *said;
        bool is_advised;
    } cases[] = {
        {401, 401, "401", true},
        {400, 405, "400", true}, /* how OAuth2 refuses a password */
        {401, 404, "401", true},
        {404, 403, "403", true},
        {405, 405, "supports neither POST (status 405) nor GET", false},
        {404, 404, "supports neither POST (status 404) nor GET", false},
        {410, 200, "410", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct flow flow;

        registry_open(&flow);
        build_image_add(flow.registry, &image, NULL);
        answer_token(&flow, "POST", cases[i].post);
        answer_token(&flow, "GET", cases[i].get);
        registry_ask_for_token(flow.registry, NULL);
        registry_log_in(&flow);
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_AUTH);
        cr_assert_not_null(strstr(flow.seen.error.message, cases[i].said), "%s",
                           flow.seen.error.message);
        cr_assert_eq(strstr(flow.seen.error.message, "docker login") != NULL, cases[i].is_advised,
                     "%s", flow.seen.error.message);
        registry_expect_clean(flow.seen.error.message);
        flow_close(&flow);
    }
}
