/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that are unusual but do no harm: headers without a value, a whole blob as a range, a HEAD
 * that fails where a GET does not; and what is no HTTP at all.
 *
 * Knows: the fake registry's rules and record. Does not know: what was fetched.
 * Threads: criterion's.
 */
#include "flow.h"

#include <stdlib.h>
#include <string.h>

TestSuite(odd_answers, .timeout = 20);

static void open_scene(struct flow *flow, struct build_image_result *out_built)
{
    static const uint64_t size = 3000;

    flow_open(flow, NULL);
    build_image_add(
        flow->registry,
        &(struct build_image){.repo = "app", .tag = "1", .layer_sizes = &size, .layer_count = 1},
        out_built);
}

/* A header without a value is one that is not there. */
Test(odd_answers, f07_headers_without_a_value)
{
    static const char *const headers[] = {
        "Content-Encoding:",
        "Content-Encoding:  \t",
        "Docker-Content-Digest:",
        "Content-Type:",
        "Retry-After:\r\nWarning:\r\nLocation:\r\nContent-Range:",
    };

    for (size_t i = 0; i < FLOW_COUNT(headers); i++) {
        struct flow flow;

        open_scene(&flow, NULL);
        fake_rule_add(flow.registry, &(struct fake_rule){.answer.headers = headers[i]});
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s: %s", headers[i],
                     flow.seen.error.message);
        flow_close(&flow);
    }
}

/* The first header that has a value counts, whatever was before it. */
Test(odd_answers, f07_a_value_after_an_empty_one)
{
    struct flow flow;

    open_scene(&flow, NULL);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "^/v2/",
                                      .match.without_header = "Authorization: Bearer t1",
                                      .answer.status = 401,
                                      .answer.headers =
                                          "WWW-Authenticate:\r\n"
                                          "WWW-Authenticate: Bearer realm=\"{base}/token\"\r\n"});
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = "^/token",
                                                     .answer.body = "{\"token\":\"t1\"}"});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    flow_close(&flow);
}

/* Fetch what is named already, which begins with a HEAD that fails so. */
static void check_head(int http_status, size_t heads)
{
    struct flow flow;

    open_scene(&flow, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.method = "HEAD", .answer.status = http_status});
    flow.options.no_retries = false;
    flow.options.retries = 2;
    flow.options.retry_max_wait_ms = 5;
    fake_record_mark(flow.registry);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%d: %s", http_status,
                 flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, "HEAD", NULL), heads, "%d", http_status);
    cr_assert_eq(flow_requests(&flow, "GET", NULL), 1, "%d", http_status);
    flow.options.no_retries = true;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%d: %s", http_status,
                 flow.seen.error.message);
    flow_close(&flow);
}

Test(odd_answers, f09_a_head_that_fails)
{
    check_head(404, 1);
    check_head(501, 1);
    check_head(500, 3);
    check_head(502, 3);
    check_head(503, 3);
}

/* Resolve decides alike. */
static void check_resolve(int http_status, size_t heads)
{
    struct flow flow;
    struct run_result result;

    open_scene(&flow, NULL);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.method = "HEAD", .answer.status = http_status});
    char *const name = flow_reference(&flow, "app:1");
    const char *const argv[] = {getenv("TUG"), "resolve",          "--plain-http", "--retries", "1",
                                name,          "--retry-max-wait", "5ms",          NULL};
    cr_assert(run_command(&(struct run_options){.argv = argv, .timeout_ms = FLOW_WAIT_MS}, &result),
              "%d: %s", http_status, result.err);
    cr_assert_eq(flow_requests(&flow, "HEAD", NULL), heads, "%d", http_status);
    cr_assert_eq(flow_requests(&flow, "GET", NULL), 1, "%d", http_status);
    run_result_fini(&result);
    free(name);
    flow_close(&flow);
}

Test(odd_answers, f09_a_head_that_fails_to_resolve)
{
    check_resolve(403, 1);
    check_resolve(501, 1);
    check_resolve(500, 2);
}

/* What speaks another protocol is named as such, and not asked again. */
Test(odd_answers, f38_no_http)
{
    static const char *const raw[] = {
        "SSH-2.0-OpenSSH_9.2\r\n",
        "<html>HTTP/0.9 has no head</html>",
        "\x16\x03\x01\x02",
    };

    for (size_t i = 0; i < FLOW_COUNT(raw); i++) {
        struct flow flow;

        open_scene(&flow, NULL);
        fake_rule_add(flow.registry, &(struct fake_rule){.answer.raw = raw[i]});
        flow.options.no_retries = false;
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_NETWORK, "%zu: %s", i,
                     flow.seen.error.message);
        cr_assert_not_null(strstr(flow.seen.error.message, "does not speak HTTP/1.1"), "%zu: %s", i,
                           flow.seen.error.message);
        cr_assert_eq(flow_requests(&flow, NULL, NULL), 1, "%zu", i);
        flow_close(&flow);
    }
}

/* An HTTP/2 server begins with its settings. */
Test(odd_answers, f38_http_2)
{
    static const char settings[] = "\0\0\0\4\0\0\0\0\0";
    struct flow flow;

    open_scene(&flow, NULL);
    fake_rule_add(flow.registry, &(struct fake_rule){.answer.raw = settings, .answer.raw_len = 9});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_NETWORK);
    cr_assert_not_null(strstr(flow.seen.error.message, "does not speak HTTP/1.1"), "%s",
                       flow.seen.error.message);
    flow_close(&flow);
}

/* All of it as a range that was not asked for. */
Test(odd_answers, f39_all_of_it_as_a_range)
{
    struct build_image_result built;
    struct flow flow;

    open_scene(&flow, &built);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = built.layers[0].digest,
                                      .answer.status = 206,
                                      .answer.headers = "Content-Range: bytes 0-2999/3000\r\n"});
    char *const range =
        build_text("Content-Range: bytes 0-%ju/%ju\r\n", (uintmax_t)built.manifest.size_bytes - 1,
                   (uintmax_t)built.manifest.size_bytes);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = "/manifests/",
                                                     .answer.status = 206,
                                                     .answer.headers = range});
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow_requests(&flow, "GET", NULL), 3);
    free(range);
    flow_close(&flow);
}

/* Bytes that are known by their digest are what they are, whatever they are said to be. */
Test(odd_answers, f08_codings_of_what_has_a_digest)
{
    static const char *const codings[] = {"aws-chunked", "none", "utf-8", "identity, identity",
                                          "gzip"};

    for (size_t i = 0; i < FLOW_COUNT(codings); i++) {
        struct build_image_result built;
        struct flow flow;

        open_scene(&flow, &built);
        char *const header = build_text("Content-Encoding: %s\r\n", codings[i]);
        char *const name = build_text("app@%s", built.manifest.digest);
        fake_rule_add(flow.registry, &(struct fake_rule){.answer.headers = header});
        cr_assert_eq(flow_fetch(&flow, name), TUG_OK, "%s: %s", codings[i],
                     flow.seen.error.message);
        free(name);
        free(header);
        flow_close(&flow);
    }
}

/* Other bytes are refused, and then the coding is named: of the same size, and of another one. */
Test(odd_answers, f08_the_coding_is_named_when_the_digest_is_wrong)
{
    static const struct fake_body_fault faults[] = {{.flip_mask = 1}, {.extra_bytes = 10}};

    for (size_t i = 0; i < FLOW_COUNT(faults); i++) {
        struct build_image_result built;
        struct flow flow;

        open_scene(&flow, &built);
        fake_rule_add(flow.registry,
                      &(struct fake_rule){.match.path = built.layers[0].digest,
                                          .answer.headers = "Content-Encoding: zstd\r\n",
                                          .body = faults[i]});
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_CONTENT);
        cr_assert_not_null(strstr(flow.seen.error.message, "Content-Encoding 'zstd'"), "%s",
                           flow.seen.error.message);
        flow_close(&flow);
    }
}
