/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies that nobody wants: those of refusals, errors and redirects, which never end, stall or
 * break off. The status decides, and little of them is read.
 *
 * Knows: the fake registry's rules and record. Does not know: what the answers mean.
 * Threads: criterion's.
 */
#include "registry.h"

#include <stdlib.h>
#include <string.h>

TestSuite(unwanted, .timeout = 20);

/* What the kernel may hold of an answer beside what was read of it: both socket buffers. */
#define IN_FLIGHT_BYTES (UINT64_C(16) << 20)

/* A body that never ends. */
#define ENDLESS                                                                                    \
    {                                                                                              \
        .chunked = true, .extra_bytes = FAKE_ENDLESS                                               \
    }

static void open_scene(struct flow *flow, struct build_image_result *out_built)
{
    static const uint64_t size = 100000;

    registry_open(flow);
    build_image_add(
        flow->registry,
        &(struct build_image){.repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1},
        out_built);
}

/* Check that no answer a server gave was read for long. */
static void expect_little(struct fake_registry *registry)
{
    struct fake_request request;

    for (size_t i = 0; fake_record_get(registry, NULL, NULL, i, &request); i++) {
        cr_assert_leq(request.body_bytes, IN_FLIGHT_BYTES, "%s %s: %d", request.method,
                      request.path, request.status);
    }
}

/* Refuse everything below a path so, and expect the run to end so after so many requests of it. */
static void check_refusal(const char *path, int http_status, enum tug_status status)
{
    struct flow flow;

    open_scene(&flow, NULL);
    fake_rule_add(
        flow.registry,
        &(struct fake_rule){.match.path = path, .answer.status = http_status, .body = ENDLESS});
    cr_assert_eq(flow_fetch(&flow, "app:1"), status, "%d: %s", http_status,
                 flow.seen.error.message);
    cr_assert_eq(flow.seen.error.http_status, http_status, "%s", flow.seen.error.message);
    expect_little(flow.registry);
    flow_close(&flow);
}

Test(unwanted, f01_endless_refusal_of_a_manifest)
{
    check_refusal("/manifests/", 401, TUG_ERR_AUTH);
    check_refusal("/manifests/", 403, TUG_ERR_AUTH);
    check_refusal("/manifests/", 404, TUG_ERR_NOT_FOUND);
    check_refusal("/manifests/", 429, TUG_ERR_RATE_LIMITED);
    check_refusal("/manifests/", 500, TUG_ERR_NETWORK);
}

Test(unwanted, f01_endless_refusal_of_a_blob)
{
    check_refusal("/blobs/", 403, TUG_ERR_AUTH);
    check_refusal("/blobs/", 404, TUG_ERR_NOT_FOUND);
    check_refusal("/blobs/", 429, TUG_ERR_RATE_LIMITED);
    check_refusal("/blobs/", 503, TUG_ERR_NETWORK);
}

/* A status that is neither good nor a refusal. */
Test(unwanted, f01_endless_answer_of_another_status)
{
    check_refusal("/manifests/", 300, TUG_ERR_NETWORK);
    check_refusal("/blobs/", 304, TUG_ERR_NETWORK);
}

Test(unwanted, f01_endless_redirect_is_followed)
{
    struct flow flow;
    struct flow store;

    open_scene(&flow, NULL);
    open_scene(&store, NULL);
    char *const location = build_text("%s{path}", fake_registry_url(store.registry));
    fake_rule_add(
        flow.registry,
        &(struct fake_rule){.match.path = "/blobs/", .answer.location = location, .body = ENDLESS});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    expect_little(flow.registry);
    free(location);
    flow_close(&store);
    flow_close(&flow);
}

Test(unwanted, f01_endless_challenge_is_answered)
{
    struct flow flow;

    open_scene(&flow, NULL);
    fake_rule_add(
        flow.registry,
        &(struct fake_rule){.match.path = "^/v2/",
                            .match.without_header = "Authorization: Bearer " SECRET_TOKEN,
                            .answer.status = 401,
                            .answer.headers = "WWW-Authenticate: Bearer realm=\"{base}/token\"\r\n",
                            .body = ENDLESS});
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "^/token",
                                      .answer.body = "{\"token\":\"" SECRET_TOKEN "\"}"});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    expect_little(flow.registry);
    flow_close(&flow);
}

/* A token server that answers so. */
static void check_token_server(struct fake_rule rule, enum tug_status status)
{
    struct flow flow;

    open_scene(&flow, NULL);
    rule.match.path = "^/token";
    rule.body = (struct fake_body_fault)ENDLESS;
    fake_rule_add(flow.registry, &rule);
    registry_ask_for_token(flow.registry, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), status, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, NULL, "^/token"), 1 + (rule.answer.location != NULL));
    expect_little(flow.registry);
    flow_close(&flow);
}

Test(unwanted, f01_endless_answers_of_a_token_server)
{
    check_token_server((struct fake_rule){.answer.status = 200}, TUG_ERR_AUTH);
    check_token_server((struct fake_rule){.answer.status = 403}, TUG_ERR_AUTH);
    check_token_server((struct fake_rule){.answer.status = 500}, TUG_ERR_NETWORK);
    check_token_server((struct fake_rule){.match.times = 1, .answer.location = "{base}/token?2"},
                       TUG_OK);
}

Test(unwanted, f01_endless_error_of_a_mirror)
{
    struct flow flow;
    struct fake_registry *const mirror = fake_registry_create(NULL);

    open_scene(&flow, NULL);
    fake_rule_add(mirror, &(struct fake_rule){.answer.status = 500, .body = ENDLESS});
    char *const text = build_text("[host.\"%s\"]\n", fake_registry_url(mirror));
    registry_write_hosts(&flow, text);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_gt(fake_record_count(mirror, NULL, NULL), 0);
    expect_little(mirror);
    free(text);
    fake_registry_destroy(mirror);
    flow_close(&flow);
}

/* A body of a status that trickles, however steadily, is not listened to longer than the stall
 * timeout; one that breaks off says no less than a whole one. */
Test(unwanted, f01_the_status_counts_however_its_body_ends)
{
    static const struct fake_rule rules[] = {
        {.timing.rate_bytes_per_s = 50, .body.extra_bytes = 100000},
        {.body.cut = FAKE_CUT_STALL, .body.cut_at_bytes = 10},
        {.body.cut = FAKE_CUT_RST, .body.cut_at_bytes = 10},
        {.body.length_delta = 100},
    };

    for (size_t i = 0; i < FLOW_COUNT(rules); i++) {
        struct fake_rule rule = rules[i];
        struct flow flow;

        open_scene(&flow, NULL);
        rule.answer.status = 404;
        rule.match.path = "/manifests/";
        fake_rule_add(flow.registry, &rule);
        flow.options.stall_timeout_ms = 1000;
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_NOT_FOUND, "%zu: %s", i,
                     flow.seen.error.message);
        cr_assert_eq(flow_requests(&flow, NULL, NULL), 1);
        flow_close(&flow);
    }
}
