/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags listed by the library: pages, endpoints, retries, events, and how a run ends.
 */
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIST "/v2/app/tags/list"

/* What one run told. */
struct told {
    struct tug_fetch *fetch;
    char tags[512]; /* "POSITION:TAG " each */
    size_t count;
    unsigned results;
    enum tug_status status[8];
    char ref[128];                       /* of the last result */
    char message[TUG_ERROR_MESSAGE_MAX]; /* of the last failure */
    char warning[TUG_ERROR_MESSAGE_MAX];
    struct fake_registry *busy; /* cancel at the first result, once two more were asked for */
    int paused;                 /* rule of the one that is told to wait then */
};

static void on_event(void *context, const struct tug_event *event)
{
    struct told *const told = context;

    if (event->kind == TUG_EVENT_WARNING) {
        (void)snprintf(told->warning, sizeof told->warning, "%s", event->text);
    }
    if (event->kind != TUG_EVENT_IMAGE) {
        return;
    }
    told->results++;
    told->status[event->image->position] = event->image->status;
    (void)snprintf(told->ref, sizeof told->ref, "%s", event->image->ref);
    if (event->image->status != TUG_OK) {
        (void)snprintf(told->message, sizeof told->message, "%s", event->image->error.message);
    }
    if (told->busy != NULL && told->results == 1) {
        cr_assert(fake_record_wait_count(told->busy, NULL, "/held/", 1, FLOW_WAIT_MS));
        cr_assert(fake_record_wait_count(told->busy, NULL, "/paused/", 1, FLOW_WAIT_MS));
        fake_record_mark(told->busy);
        fake_rule_release(told->busy, told->paused);
        cr_assert(fake_record_wait_bytes(told->busy, 1, FLOW_WAIT_MS));
        tug_fetch_cancel(told->fetch);
    }
}

static void on_tag(void *context, const struct tug_tag *tag)
{
    struct told *const told = context;
    const size_t length = strlen(told->tags);
    char ref[128];

    (void)snprintf(ref, sizeof ref, "%s:%s", tag->repository, tag->name);
    cr_assert_str_eq(tag->ref, ref);
    (void)snprintf(told->tags + length, sizeof told->tags - length, "%zu:%s ", tag->position,
                   tag->name);
    told->count++;
}

static enum tug_status list_all(struct flow *flow, struct told *told, const char *const *names,
                                size_t count)
{
    const struct tug_tags_options options = {
        .size = sizeof options, .on_tag = on_tag, .tag_context = told};
    struct tug_error error = {0};
    enum tug_status status;

    flow->options.on_event = on_event;
    flow->options.event_context = told;
    cr_assert_eq(tug_fetch_create(NULL, &flow->options, &told->fetch, &error), TUG_OK, "%s",
                 error.message);
    for (size_t i = 0; i < count; i++) {
        char *const reference = flow_reference(flow, names[i]);

        cr_assert_eq(tug_fetch_add(told->fetch, reference, &error), TUG_OK, "%s", error.message);
        free(reference);
    }
    status = tug_fetch_list_tags(told->fetch, &options, &error);
    cr_assert_eq(status, error.code);
    cr_assert_eq(told->results, count);
    tug_fetch_destroy(told->fetch);
    return status;
}

static enum tug_status list(struct flow *flow, struct told *told)
{
    const char *const name = "app";

    return list_all(flow, told, &name, 1);
}

/* Answer requests for a path with a page. link: NULL: the last one. */
static void add_page(struct fake_registry *registry, const char *path, const char *tags,
                     const char *link)
{
    char *const body = build_text("{\"name\":\"app\",\"tags\":[%s]}", tags);
    char *const headers =
        link != NULL
            ? build_text("Content-Type: application/json\r\nLink: <%s>; rel=\"next\"\r\n", link)
            : build_text("Content-Type: application/json\r\n");

    fake_rule_add(
        registry,
        &(struct fake_rule){.match.path = path, .answer.body = body, .answer.headers = headers});
    free(headers);
    free(body);
}

Test(tags, pages_are_followed)
{
    struct told told = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    add_page(flow.registry, LIST "?n=1000$", "\"2\",\"latest\"", LIST "?last=2&n=2");
    add_page(flow.registry, LIST "?last=2&n=2$", "\"10\",\"1\"", "{base}" LIST "?token=a%3D");
    add_page(flow.registry, LIST "?token=a%3D$", "\"2\"", "?token=b");
    add_page(flow.registry, LIST "?token=b$", "", NULL);
    cr_assert_eq(list(&flow, &told), TUG_OK, "%s", told.message);
    cr_assert_str_eq(told.tags, "0:1 0:2 0:10 0:latest ");
    cr_assert_eq(flow_requests(&flow, "GET", LIST), 4);
    cr_assert_eq(strcmp(strrchr(told.ref, '/'), "/app"), 0);
    flow_close(&flow);
}

static void expect_failure(const char *link, enum tug_status status, const char *text)
{
    struct told told = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    add_page(flow.registry, LIST "?n=1000$", "\"1\"", LIST "?page=2");
    add_page(flow.registry, LIST "?page=2$", "\"2\"", link);
    cr_assert_eq(list(&flow, &told), status, "%s", told.message);
    cr_assert_not_null(strstr(told.message, text), "%s", told.message);
    cr_assert_eq(told.count, 0);
    cr_assert_eq(flow_requests(&flow, NULL, NULL), 2);
    flow_close(&flow);
}

Test(tags, t19_links_that_lead_elsewhere)
{
    expect_failure(LIST "?page=2", TUG_ERR_CONTENT, "are a loop");
    expect_failure("http://127.0.0.9:1" LIST "?page=3", TUG_ERR_CONTENT, "another server");
    expect_failure("//evil.example" LIST "?page=3", TUG_ERR_CONTENT, "another server");
    expect_failure("/v2/other/tags/list?page=3", TUG_ERR_CONTENT, "another list");
}

/* A list of pages that never ends is given up when they bring nothing new. */
Test(tags, t19_endless_pages)
{
    struct told told = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    fake_rule_add(flow.registry, &(struct fake_rule){
                                     .match.path = LIST,
                                     .answer.body = "{\"tags\":[]}",
                                     .answer.headers = "Link: <{path}x>; rel=next\r\n",
                                 });
    cr_assert_eq(list(&flow, &told), TUG_ERR_CONTENT);
    cr_assert_not_null(strstr(told.message, "17 pages of the list in a row are empty"), "%s",
                       told.message);
    cr_assert_eq(flow_requests(&flow, NULL, NULL), 17);
    flow_close(&flow);
}

static void expect_refused(const char *body, enum tug_status status, const char *text)
{
    struct told told = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = LIST,
                                                     .answer.body = body,
                                                     .answer.headers = "Content-Type: text/x"});
    cr_assert_eq(list(&flow, &told), status, "%s: %s", body, told.message);
    cr_assert_not_null(strstr(told.message, text), "%s: %s", body, told.message);
    cr_assert_eq(told.count, 0);
    flow_close(&flow);
}

Test(tags, answers_that_are_no_list)
{
    expect_refused("<html>log in</html>", TUG_ERR_CONTENT, "of type 'text/x', is not a list");
    expect_refused("{\"tags\":[\"1\",", TUG_ERR_CONTENT, "not valid JSON");
    expect_refused("{\"tags\":[\"1\"]}x", TUG_ERR_CONTENT, "not valid JSON");
    expect_refused("{\"tags\":[\"1\",2]}", TUG_ERR_CONTENT, "element 1 is not a string");
    expect_refused("{\"tags\":\"1\"}", TUG_ERR_CONTENT, "not an array");
    expect_refused("{\"Tags\":[\"1\"]}", TUG_ERR_CONTENT, "in case only");
    expect_refused("{\"tags\":[\"1\"],\"tags\":[\"2\"]}", TUG_ERR_CONTENT, "tags");
    expect_refused("{\"name\":\"app\"}", TUG_ERR_CONTENT, "tags");
    expect_refused("[\"1\"]", TUG_ERR_CONTENT, "not");
    expect_refused("", TUG_ERR_CONTENT, "empty body");
}

/* Go writes null for an empty list. */
Test(tags, none_at_all)
{
    struct told told = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = LIST, .answer.body = "{\"tags\":null}"});
    cr_assert_eq(list(&flow, &told), TUG_OK, "%s", told.message);
    cr_assert_eq(told.count, 0);
    flow_close(&flow);
}

Test(tags, names_that_are_none_are_left_out)
{
    struct told told = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    add_page(flow.registry, LIST, "\"1\",\"a b\",\"\\u001b[2J\",\"x/../y\"", NULL);
    cr_assert_eq(list(&flow, &told), TUG_OK, "%s", told.message);
    cr_assert_str_eq(told.tags, "0:1 ");
    cr_assert_not_null(strstr(told.warning, "app: 3 of the names"), "%s", told.warning);
    cr_assert_not_null(strstr(told.warning, "'a b'"), "%s", told.warning);
    flow_close(&flow);
}

/* A registry that refuses the size of a page is asked for any. */
Test(tags, a_page_of_any_size)
{
    struct told told = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = LIST "?n=1000$", .answer.status = 400});
    add_page(flow.registry, LIST "$", "\"1\"", NULL);
    cr_assert_eq(list(&flow, &told), TUG_OK, "%s", told.message);
    cr_assert_str_eq(told.tags, "0:1 ");
    flow_close(&flow);
}

Test(tags, failed_attempts_are_repeated)
{
    struct told told = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    flow.options.no_retries = false;
    flow.options.retries = 2;
    flow.options.retry_max_wait_ms = 2000;
    add_page(flow.registry, LIST "?n=1000$", "\"1\"", LIST "?page=2");
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = LIST "?page=2",
                                                     .match.times = 1,
                                                     .answer.status = 429,
                                                     .answer.headers = "Retry-After: 1\r\n"});
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = LIST "?page=2",
                                                     .match.times = 1,
                                                     .refuse = FAKE_REFUSE_RST});
    add_page(flow.registry, LIST "?page=2$", "\"2\"", NULL);
    cr_assert_eq(list(&flow, &told), TUG_OK, "%s", told.message);
    cr_assert_str_eq(told.tags, "0:1 0:2 ");
    cr_assert_eq(flow_requests(&flow, NULL, "page=2"), 3);
    flow_close(&flow);
}

static void expect_status(int http_status, enum tug_status status)
{
    struct told told = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = LIST, .answer.status = http_status});
    cr_assert_eq(list(&flow, &told), status, "%d: %s", http_status, told.message);
    flow_close(&flow);
}

Test(tags, what_a_status_means)
{
    expect_status(404, TUG_ERR_NOT_FOUND);
    expect_status(401, TUG_ERR_AUTH);
    expect_status(403, TUG_ERR_AUTH);
    expect_status(429, TUG_ERR_RATE_LIMITED);
    expect_status(500, TUG_ERR_NETWORK);
}

/* Several repositories: one that fails does not stop the others, and the one after --fail-fast or
 * an interruption has a reason. */
Test(tags, several_repositories)
{
    const char *const names[] = {"app", "none", "other", "app"};
    struct told told = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    flow.options.max_concurrent_downloads = 1;
    add_page(flow.registry, LIST, "\"1\"", NULL);
    add_page(flow.registry, "/v2/other/tags/list", "\"2\"", NULL);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = "/none/", .answer.status = 404});
    cr_assert_eq(list_all(&flow, &told, names, 4), TUG_ERR_NOT_FOUND);
    cr_assert_str_eq(told.tags, "0:1 2:2 3:1 ");
    told = (struct told){0};
    flow.options.fail_fast = true;
    cr_assert_eq(list_all(&flow, &told, names, 4), TUG_ERR_NOT_FOUND);
    cr_assert_eq(told.status[1], TUG_ERR_NOT_FOUND);
    cr_assert_eq(told.status[3] == TUG_OK || told.status[3] == TUG_ERR_CANCELLED, true);
    flow_close(&flow);
}

/* Cancelled while one repository waits for its server and another for its retry. */
Test(tags, can_be_interrupted)
{
    const char *const names[] = {"app", "held", "paused", "later"};
    struct told told = {0};
    struct flow flow;
    struct timespec begin;
    struct timespec end;
    int held;
    int later; /* may be asked for before the cancel is seen */

    flow_open(&flow, NULL);
    flow.options.max_concurrent_downloads = 3;
    flow.options.no_retries = false;
    flow.options.retries = 3;
    flow.options.retry_max_wait_ms = 60000;
    held = fake_rule_add(flow.registry,
                         &(struct fake_rule){.match.path = "/held/", .timing.hold = true});
    later = fake_rule_add(flow.registry,
                          &(struct fake_rule){.match.path = "/later/", .timing.hold = true});
    told.paused =
        fake_rule_add(flow.registry, &(struct fake_rule){.match.path = "/paused/",
                                                         .answer.status = 503,
                                                         .answer.headers = "Retry-After: 25\r\n",
                                                         .timing.hold = true});
    add_page(flow.registry, LIST, "\"1\"", NULL);
    told.busy = flow.registry;
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    cr_assert_eq(list_all(&flow, &told, names, 4), TUG_ERR_CANCELLED);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    cr_assert_lt(end.tv_sec - begin.tv_sec, 20, "neither waits for its time");
    cr_assert_eq(told.status[0], TUG_OK);
    for (size_t i = 1; i < 4; i++) {
        cr_assert_eq(told.status[i], TUG_ERR_CANCELLED);
    }
    cr_assert_str_eq(told.message, "interrupted");
    fake_rule_release(flow.registry, held);
    fake_rule_release(flow.registry, later);
    flow_close(&flow);
}

Test(tags, time_that_is_over)
{
    struct told told = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    flow.options.timeout_ms = 200;
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = LIST, .timing.hold = true});
    cr_assert_eq(list(&flow, &told), TUG_ERR_TIMEOUT);
    cr_assert_str_eq(told.message, "timed out");
    flow_close(&flow);
}

/* A challenge that names no scope is answered by asking for that of a pull. */
Test(tags, a_challenge_without_a_scope)
{
    struct told told = {0};
    struct flow flow;

    registry_open(&flow);
    fake_rule_add(
        flow.registry,
        &(struct fake_rule){.match.path = "^/v2/",
                            .match.without_header = "Authorization: Bearer t1",
                            .answer.status = 401,
                            .answer.headers = "WWW-Authenticate: Bearer realm=\"{base}/token\""});
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = "^/token",
                                                     .answer.body = "{\"token\":\"t1\"}"});
    add_page(flow.registry, LIST, "\"1\"", NULL);
    cr_assert_eq(list(&flow, &told), TUG_OK, "%s", told.message);
    cr_assert_eq(flow_requests(&flow, "GET", "scope=repository%3Aapp%3Apull"), 1);
    flow_close(&flow);
}

/* One token does for all pages. */
Test(tags, tokens)
{
    struct told told = {0};
    struct flow flow;

    registry_open(&flow);
    registry_log_in(&flow);
    registry_ask_for_token(flow.registry, NULL);
    add_page(flow.registry, LIST "?n=1000$", "\"1\"", LIST "?page=2");
    add_page(flow.registry, LIST "?page=2$", "\"2\"", NULL);
    cr_assert_eq(list(&flow, &told), TUG_OK, "%s", told.message);
    cr_assert_str_eq(told.tags, "0:1 0:2 ");
    cr_assert_eq(flow_requests(&flow, NULL, "/token"), 1);
    cr_assert_eq(flow_requests(&flow, NULL, LIST), 3);
    flow_close(&flow);
}

/* A mirror serves the pages that it named; when it fails in the middle of them, the registry serves
 * all. */
Test(tags, mirrors)
{
    struct fake_registry *const mirror = fake_registry_create(NULL);
    struct told told = {0};
    struct flow flow;

    registry_open(&flow);
    char *const hosts = build_text("server = \"%s\"\n[host.\"%s\"]\n",
                                   fake_registry_url(flow.registry), fake_registry_url(mirror));

    registry_write_hosts(&flow, hosts);
    add_page(flow.registry, LIST "?n=1000$", "\"1\"", LIST "?of=registry");
    add_page(flow.registry, LIST "?of=registry$", "\"2\"", NULL);
    add_page(mirror, LIST "?n=1000&ns=", "\"3\"", LIST "?of=mirror");
    fake_rule_add(mirror,
                  &(struct fake_rule){
                      .match.path = LIST "?of=mirror&ns=", .match.times = 1, .answer.status = 500});
    add_page(mirror, LIST "?of=mirror&ns=", "\"4\"", NULL);
    cr_assert_eq(list(&flow, &told), TUG_OK, "%s", told.message);
    cr_assert_str_eq(told.tags, "0:1 0:2 ");
    cr_assert_eq(fake_record_count(mirror, NULL, "of=registry"), 0);
    cr_assert_eq(flow_requests(&flow, NULL, "of=mirror"), 0);
    told = (struct told){0};
    cr_assert_eq(list(&flow, &told), TUG_OK, "%s", told.message);
    cr_assert_str_eq(told.tags, "0:3 0:4 ");
    free(hosts);
    flow_close(&flow);
    fake_registry_destroy(mirror);
}
