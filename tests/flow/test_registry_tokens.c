/* SPDX-License-Identifier: Apache-2.0
 *
 * Registries that want to know who asks: tokens, passwords, and where none of them may go.
 *
 * Knows: the fake registry's record. Does not know: how tokens are kept.
 * Threads: criterion's.
 */
#include "registry.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(registry_tokens, .timeout = 60);

static const uint64_t sizes[] = {70000, 60000, 50000, 40000, 30000, 20000};

static void add_image(struct flow *flow)
{
    build_image_add(
        flow->registry,
        &(struct build_image){
            .repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = FLOW_COUNT(sizes)},
        NULL);
}

Test(registry_tokens, one_token_for_all_workers)
{
    struct fake_request request;
    struct flow flow;
    char value[256];

    registry_open(&flow);
    add_image(&flow);
    registry_ask_for_token(flow.registry, NULL);
    flow.options.max_concurrent_downloads = 8;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(fake_record_count(flow.registry, NULL, "^/token"), 1);
    cr_assert(fake_record_get(flow.registry, "GET", "^/token", 0, &request));
    cr_assert_str_eq(request.path, "/token?service=s&scope=repository%3Aapp%3Apull&client_id=tug");
    cr_assert_not(fake_request_header(&request, "Authorization", value, sizeof value));
    cr_assert_eq(fake_record_count(flow.registry, NULL, "^/v2/"), 2 + 1 + FLOW_COUNT(sizes),
                 "one request without a token, then manifest, config and layers");
    flow_close(&flow);
}

Test(registry_tokens, password_goes_to_the_token_server_only)
{
    struct fake_request request;
    struct flow flow;
    char value[256];

    registry_open(&flow);
    add_image(&flow);
    registry_ask_for_token(flow.registry, NULL);
    registry_log_in(&flow);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert(fake_record_get(flow.registry, "POST", "^/token", 0, &request));
    cr_assert_not(fake_request_header(&request, "Authorization", value, sizeof value));
    cr_assert_str_eq(request.path, "/token");
    cr_assert_str_eq(request.body, "grant_type=password&username=me&password=" SECRET_PASSWORD
                                   "&service=s&client_id=tug&scope=repository%3Aapp%3Apull");
    cr_assert_eq(fake_record_count(flow.registry, NULL, "^/token"), 1);
    for (size_t i = 0; fake_record_get(flow.registry, NULL, "^/v2/", i, &request); i++) {
        cr_assert_null(strstr(request.headers, SECRET_BASIC));
    }
    flow_close(&flow);
}

Test(registry_tokens, a_refused_token_is_renewed_once)
{
    struct flow flow;

    registry_open(&flow);
    add_image(&flow);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = "^/token",
                                                     .match.times = 1,
                                                     .answer.body = "{\"token\":\"old\"}"});
    registry_ask_for_token(flow.registry, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(fake_record_count(flow.registry, NULL, "^/token"), 2);
    flow_close(&flow);
}

Test(registry_tokens, a_token_that_never_works_is_given_up)
{
    struct flow flow;

    registry_open(&flow);
    add_image(&flow);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = "^/token",
                                                     .answer.body = "{\"access_token\":\"no\"}"});
    registry_ask_for_token(flow.registry, NULL);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_AUTH);
    cr_assert_not_null(strstr(flow.seen.error.message, "docker login"), "%s",
                       flow.seen.error.message);
    cr_assert_leq(fake_record_count(flow.registry, NULL, "^/v2/"), 3);
    flow_close(&flow);
}

Test(registry_tokens, wrong_password_says_what_to_do)
{
    struct flow flow;

    registry_open(&flow);
    add_image(&flow);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "^/token", .answer.status = 401});
    registry_ask_for_token(flow.registry, NULL);
    registry_log_in(&flow);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_AUTH);
    cr_assert_not_null(strstr(flow.seen.error.message, "--user"), "%s", flow.seen.error.message);
    registry_expect_clean(flow.seen.error.message);
    cr_assert_eq(fake_record_count(flow.registry, NULL, "^/token"), 2,
                 "a POST and a GET, and a refusal is not retried");
    flow_close(&flow);
}

Test(registry_tokens, basic_from_an_auth_file)
{
    struct flow flow;
    char *text;
    char *path;

    registry_open(&flow);
    add_image(&flow);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.without_header = "Authorization: Basic " SECRET_BASIC,
                                      .answer.status = 401,
                                      .answer.headers = "WWW-Authenticate: Basic realm=\"r\""});
    text = build_text("{\"auths\":{\"%s\":{\"auth\":\"" SECRET_BASIC "\"}}}",
                      fake_registry_host(flow.registry));
    path = tmpdir_join(flow.directory, "auth.json");
    tmpdir_write(path, text, strlen(text));
    flow.options.authfile = path;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    flow_close(&flow);
    free(path);
    free(text);
}

Test(registry_tokens, t07_a_realm_elsewhere_gets_nothing)
{
    static const char *const realms[] = {"\"http://127.0.0.1.nip.example/token\"",
                                         "\"http://169.254.169.254/token\"",
                                         "\"file:///etc/passwd\"", "\"http://a:b@127.0.0.1/t\""};

    for (size_t i = 0; i < FLOW_COUNT(realms); i++) {
        struct flow flow;

        registry_open(&flow);
        add_image(&flow);
        registry_ask_for_token(flow.registry, realms[i]);
        registry_log_in(&flow);
        cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_AUTH, "%s", realms[i]);
        registry_expect_no_secret(flow.registry);
        flow_close(&flow);
    }
}

Test(registry_tokens, t03_a_redirect_target_is_not_logged_in_to)
{
    struct fake_registry *const other = fake_registry_create(NULL);
    struct fake_request request;
    struct flow flow;
    char *location;

    registry_open(&flow);
    add_image(&flow);
    registry_ask_for_token(flow.registry, NULL);
    registry_log_in(&flow);
    location = build_text("%s{path}", fake_registry_url(other));
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/blobs/", .answer.location = location});
    fake_rule_add(other, &(struct fake_rule){.answer.status = 401,
                                             .answer.headers = "WWW-Authenticate: Basic "
                                                               "realm=\"give\""});
    flow.options.max_concurrent_downloads = 1;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_ERR_NETWORK, "%s", flow.seen.error.message);
    registry_expect_no_secret(other);
    cr_assert(fake_record_get(other, NULL, NULL, 0, &request));
    cr_assert_eq(fake_record_count(other, NULL, request.path), 2, "asked again once, no more");
    fake_registry_destroy(other);
    flow_close(&flow);
    free(location);
}

/* Lines of the log, all together. */
struct log {
    pthread_mutex_t mutex;
    char text[65536];
    size_t length;
};

static void on_log(void *context, const char *line)
{
    struct log *const log = context;

    (void)pthread_mutex_lock(&log->mutex);
    if (log->length < sizeof log->text) {
        log->length +=
            (size_t)snprintf(log->text + log->length, sizeof log->text - log->length, "%s\n", line);
    }
    (void)pthread_mutex_unlock(&log->mutex);
}

Test(registry_tokens, t13_the_dump_holds_no_secret)
{
    static struct log log = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct flow flow;

    registry_open(&flow);
    add_image(&flow);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/manifests/",
                                      .match.times = 1,
                                      .answer.status = 307,
                                      .answer.location = "{path}?sig=" SECRET_HEADER,
                                      .answer.headers = "Set-Cookie: a=" SECRET_TOKEN "\r\n"});
    registry_ask_for_token(flow.registry, NULL);
    registry_log_in(&flow);
    flow.options.on_log = on_log;
    flow.options.log_context = &log;
    flow.options.log_http = true;
    flow.options.log_timing = true;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    registry_expect_clean(log.text);
    cr_assert_not_null(strstr(log.text, "> GET /v2/app/manifests/1?REDACTED"), "%s", log.text);
    cr_assert_not_null(strstr(log.text, "> Authorization: REDACTED"));
    cr_assert_not_null(strstr(log.text, "< Set-Cookie: REDACTED"));
    cr_assert_not_null(strstr(log.text, "first byte"));
    flow_close(&flow);
}
