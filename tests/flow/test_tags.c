/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of one repository: its pages, what is wrong with them, and what a status means.
 */
#include "tags.h"

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
