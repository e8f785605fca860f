/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program adds to requests, and the messages that it gets.
 *
 * Knows: the fake registry's record. Does not know: how any of it is kept.
 * Threads: criterion's; messages come on any.
 */
#include "registry.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(program, .timeout = 60);

static const uint64_t sizes[] = {60000, 50000};

static const struct build_image image = {
    .repo = "app", .tag = "1", .layer_sizes = sizes, .layer_count = FLOW_COUNT(sizes)};

static const char *const header = "X-Key: " SECRET_HEADER;

static void open_scene(struct flow *flow)
{
    registry_open(flow);
    build_image_add(flow->registry, &image, NULL);
    flow->options.headers = &header;
    flow->options.header_count = 1;
}

/* Number of requests that have this line in their head. */
static size_t count_with(struct fake_registry *registry, const char *path, const char *line)
{
    struct fake_request request;
    size_t count = 0;

    for (size_t i = 0; fake_record_get(registry, NULL, path, i, &request); i++) {
        count += strstr(request.headers, line) != NULL;
    }
    return count;
}

Test(program, its_headers_and_name_are_sent)
{
    struct flow flow;

    open_scene(&flow);
    flow.options.user_agent = "puller/2 (like tug)";
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(count_with(flow.registry, NULL, "X-Key: " SECRET_HEADER), 2 + FLOW_COUNT(sizes));
    cr_assert_eq(count_with(flow.registry, NULL, "User-Agent: puller/2 (like tug)"),
                 2 + FLOW_COUNT(sizes));
    flow_close(&flow);
}

Test(program, t12_headers_go_to_no_other_host)
{
    struct fake_registry *const other = fake_registry_create(NULL);
    struct fake_registry *const mirror = fake_registry_create(NULL);
    struct flow flow;
    char *text;

    open_scene(&flow);
    build_image_add(other, &image, NULL);
    text = build_text("\"%s/token\"", fake_registry_url(other));
    registry_ask_for_token(flow.registry, text);
    free(text);
    fake_rule_add(other, &(struct fake_rule){.match.path = "^/token",
                                             .answer.body = "{\"token\":\"" SECRET_TOKEN "\"}"});
    text = build_text("%s{path}", fake_registry_url(other));
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/blobs/", .answer.location = text});
    free(text);
    text = build_text("server = \"%s\"\n[host.\"%s\"]\n", fake_registry_url(flow.registry),
                      fake_registry_url(mirror));
    registry_write_hosts(&flow, text);
    free(text);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_gt(fake_record_count(mirror, NULL, NULL), 0);
    cr_assert_gt(fake_record_count(other, NULL, "/blobs/"), 0);
    cr_assert_eq(fake_record_count(other, NULL, "^/token"), 1);
    cr_assert_gt(count_with(flow.registry, NULL, "X-Key: " SECRET_HEADER), 0);
    registry_expect_no_secret(mirror);
    registry_expect_no_secret(other);
    fake_registry_destroy(mirror);
    fake_registry_destroy(other);
    flow_close(&flow);
}

Test(program, hosts_toml_wins)
{
    struct flow flow;
    char *text;

    open_scene(&flow);
    text = build_text("server = \"%s\"\n[header]\nx-key = \"by hosts\"\n",
                      fake_registry_url(flow.registry));
    registry_write_hosts(&flow, text);
    free(text);
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(count_with(flow.registry, NULL, "x-key: by hosts"), 2 + FLOW_COUNT(sizes));
    registry_expect_no_secret(flow.registry);
    flow_close(&flow);
}

/* --- messages --- */

struct heard {
    pthread_mutex_t mutex;
    unsigned counts[TUG_LOG_DEBUG + 1];
    char warning[512];
    char info[2048];  /* all of them */
    char debug[8192]; /* likewise, as far as there is room */
};

static void append(char *text, size_t capacity, const char *line)
{
    const size_t length = strlen(text);

    (void)snprintf(text + length, capacity - length, "%s\n", line);
}

static void on_message(void *context, enum tug_log_level level, const char *line)
{
    struct heard *const heard = context;

    (void)pthread_mutex_lock(&heard->mutex);
    heard->counts[level]++;
    if (level == TUG_LOG_WARNING) {
        (void)snprintf(heard->warning, sizeof heard->warning, "%s", line);
    } else if (level == TUG_LOG_INFO) {
        append(heard->info, sizeof heard->info, line);
    } else {
        append(heard->debug, sizeof heard->debug, line);
    }
    (void)pthread_mutex_unlock(&heard->mutex);
}

/* A fetch with a warning, a retry and a secret header. */
static void listen_to(enum tug_log_level level, struct heard *heard)
{
    struct flow flow;

    (void)pthread_mutex_init(&heard->mutex, NULL);
    open_scene(&flow);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/manifests/",
                                      .match.times = 1,
                                      .answer.status = 500,
                                      .answer.headers = "Warning: 299 - \"the end is near\""});
    flow.options.no_retries = false;
    flow.options.retry_max_wait_ms = 1;
    flow.options.on_message = on_message;
    flow.options.message_context = heard;
    flow.options.message_level = level;
    cr_assert_eq(flow_fetch(&flow, "app:1"), TUG_OK, "%s", flow.seen.error.message);
    cr_assert_eq(flow.seen.counts[TUG_EVENT_RETRY], 1);
    flow_close(&flow);
    (void)pthread_mutex_destroy(&heard->mutex);
    cr_assert_not_null(strstr(heard->warning, "the end is near"), "%s", heard->warning);
    registry_expect_clean(heard->debug);
}

Test(program, warnings_only)
{
    struct heard heard = {0};

    listen_to(TUG_LOG_NONE, &heard);
    cr_assert_eq(heard.counts[TUG_LOG_WARNING], 1);
    cr_assert_eq(heard.counts[TUG_LOG_INFO] + heard.counts[TUG_LOG_DEBUG], 0);
}

Test(program, information)
{
    struct heard heard = {0};

    listen_to(TUG_LOG_INFO, &heard);
    cr_assert_not_null(strstr(heard.info, "CA certificates: "), "%s", heard.info);
    cr_assert_not_null(strstr(heard.info, "; next attempt in "), "%s", heard.info);
    cr_assert_eq(heard.counts[TUG_LOG_DEBUG], 0);
}

Test(program, requests)
{
    struct heard heard = {0};

    listen_to(TUG_LOG_DEBUG, &heard);
    cr_assert_not_null(strstr(heard.debug, "> GET /v2/app/manifests/1"), "%s", heard.debug);
    cr_assert_not_null(strstr(heard.debug, "X-Key: REDACTED"), "%s", heard.debug);
    cr_assert_not_null(strstr(heard.debug, "lookup"), "%s", heard.debug);
}

/* Resolving says the same. */
Test(program, messages_of_resolve)
{
    struct heard heard = {0};
    struct tug_fetch *fetch = NULL;
    struct tug_error error = {0};
    struct flow flow;
    char *reference;

    (void)pthread_mutex_init(&heard.mutex, NULL);
    registry_open(&flow);
    build_image_add(flow.registry, &image, NULL);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/manifests/",
                                      .answer.headers = "Warning: 299 - \"the end is near\""});
    flow.options.on_message = on_message;
    flow.options.message_context = &heard;
    reference = flow_reference(&flow, "app:1");
    cr_assert_eq(tug_fetch_create(NULL, &flow.options, &fetch, &error), TUG_OK);
    cr_assert_eq(tug_fetch_add(fetch, reference, &error), TUG_OK);
    cr_assert_eq(tug_fetch_resolve(fetch, &error), TUG_OK, "%s", error.message);
    cr_assert_not_null(strstr(heard.warning, "the end is near"), "%s", heard.warning);
    tug_fetch_destroy(fetch);
    free(reference);
    flow_close(&flow);
    (void)pthread_mutex_destroy(&heard.mutex);
}

/* --- what is refused --- */

static void on_log(void *context, const char *line)
{
    (void)context;
    (void)line;
}

static void expect_refused(const struct tug_fetch_options *options, const char *why)
{
    struct tug_fetch *fetch = NULL;
    struct tug_error error = {0};

    cr_assert_eq(tug_fetch_create(NULL, options, &fetch, &error), TUG_ERR_INVALID_ARGUMENT, "%s",
                 why);
    cr_assert_not_null(strstr(error.message, why), "%s", error.message);
    registry_expect_clean(error.message);
}

Test(program, bad_headers_are_refused)
{
    static const struct {
        const char *line;
        const char *why;
    } cases[] = {
        {"Authorization: Bearer " SECRET_TOKEN, "'Authorization' cannot be set"},
        {"authorization: Bearer " SECRET_TOKEN, "'authorization' cannot be set"},
        {"Host: elsewhere.example", "'Host' cannot be set"},
        {"Range: bytes=0-", "'Range' cannot be set"},
        {"Cookie: " SECRET_TOKEN, "'Cookie' cannot be set"},
        {"User-Agent: x", "'User-Agent' cannot be set"},
        {"Proxy-Authorization: x", "'Proxy-Authorization' cannot be set"},
        {"X-Key: " SECRET_TOKEN "\r\nHost: b", "not allowed"},
        {"X-Key: " SECRET_TOKEN "\x7f", "not allowed"},
        {"X Key: " SECRET_TOKEN, "not allowed"},
        {": " SECRET_TOKEN, "not allowed"},
        {"X-Key: ", "not 'Name: value'"},
        {"X-Key", "not 'Name: value'"},
        {"", "not 'Name: value'"},
        {NULL, "not 'Name: value'"},
    };

    for (size_t i = 0; i < FLOW_COUNT(cases); i++) {
        struct tug_fetch_options options = TUG_FETCH_OPTIONS_INIT;

        options.headers = &cases[i].line;
        options.header_count = 1;
        expect_refused(&options, cases[i].why);
    }
}

Test(program, bad_options_are_refused)
{
    struct tug_fetch_options options = TUG_FETCH_OPTIONS_INIT;

    options.user_agent = "a\r\nX-Key: b";
    expect_refused(&options, "a user agent with control characters");
    options.user_agent = NULL;
    options.on_log = on_log;
    options.on_message = on_message;
    expect_refused(&options, "both on_log and on_message");
}
