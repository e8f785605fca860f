/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags of several repositories: how a run ends, tokens, mirrors.
 */
#include "tags.h"

#include <time.h>

/* Several repositories: one that fails does not stop the others, and the one after --fail-fast or
 * an interruption has a reason. */
Test(tags_runs, several_repositories)
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
Test(tags_runs, can_be_interrupted)
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
                                                         .answer.headers = "Retry-After: 55\r\n",
                                                         .timing.hold = true});
    add_page(flow.registry, LIST, "\"1\"", NULL);
    told.busy = flow.registry;
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    cr_assert_eq(list_all(&flow, &told, names, 4), TUG_ERR_CANCELLED);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    cr_assert_lt(end.tv_sec - begin.tv_sec, 50, "neither waits for its time");
    cr_assert_eq(told.status[0], TUG_OK);
    for (size_t i = 1; i < 4; i++) {
        cr_assert_eq(told.status[i], TUG_ERR_CANCELLED);
    }
    cr_assert_str_eq(told.message, "interrupted");
    fake_rule_release(flow.registry, held);
    fake_rule_release(flow.registry, later);
    flow_close(&flow);
}

Test(tags_runs, time_that_is_over)
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
Test(tags_runs, a_challenge_without_a_scope)
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
Test(tags_runs, tokens)
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
Test(tags_runs, mirrors)
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
