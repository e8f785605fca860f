/* SPDX-License-Identifier: Apache-2.0
 *
 * As many tags as one repository may have, and one more (T-19).
 */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(tags_many, .timeout = 120);

#define LIST "/v2/app/tags/list"
/* Room for one tag in the body: quotes, a comma, "1." and seven digits. */
#define TAG_BYTES 12

/* What was listed. */
struct listed {
    size_t count;
    char last[32];
    bool is_out_of_order;
};

/* 1.0000000 comes first, then each number is one higher. */
static void on_tag(void *context, const struct tug_tag *tag)
{
    struct listed *const listed = context;

    listed->is_out_of_order =
        listed->is_out_of_order || strtoul(tag->name + 2, NULL, 10) != listed->count;
    listed->count++;
    (void)snprintf(listed->last, sizeof listed->last, "%s", tag->name);
}

/* A page of count tags, from the last one to the first. Returns: owned. */
static char *make_body(size_t count)
{
    char *const body = malloc(64 + (count * TAG_BYTES));
    char *at = stpcpy(body, "{\"name\":\"app\",\"tags\":[");

    for (size_t i = count; i-- > 0;) {
        at += sprintf(at, "\"1.%07zu\"%s", i, i > 0 ? "," : "");
    }
    (void)strcpy(at, "]}");
    return body;
}

static enum tug_status list(struct flow *flow, struct listed *listed, struct tug_error *err)
{
    const struct tug_tags_options options = {
        .size = sizeof options, .on_tag = on_tag, .tag_context = listed};
    char *const reference = flow_reference(flow, "app");
    struct tug_fetch *fetch = NULL;
    enum tug_status status;

    cr_assert_eq(tug_fetch_create(NULL, &flow->options, &fetch, err), TUG_OK);
    cr_assert_eq(tug_fetch_add(fetch, reference, err), TUG_OK);
    status = tug_fetch_list_tags(fetch, &options, err);
    tug_fetch_destroy(fetch);
    free(reference);
    return status;
}

Test(tags_many, t19_a_million_tags_and_one_more)
{
    char *const body = make_body(TUG_TAGS_MAX);
    struct listed listed = {0};
    struct tug_error error = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = LIST, .match.times = 1, .answer.body = body});
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = LIST "?n=1000$",
                                      .answer.body = body,
                                      .answer.headers = "Link: <?page=2>; rel=next\r\n"});
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = LIST "?page=2$",
                                                     .answer.body = "{\"tags\":[\"2\"]}"});
    free(body);
    cr_assert_eq(list(&flow, &listed, &error), TUG_OK, "%s", error.message);
    cr_assert_eq(listed.count, TUG_TAGS_MAX);
    cr_assert_not(listed.is_out_of_order);
    cr_assert_str_eq(listed.last, "1.0999999");
    listed = (struct listed){0};
    cr_assert_eq(list(&flow, &listed, &error), TUG_ERR_TOO_LARGE);
    cr_assert_not_null(strstr(error.message, "over the limit of 1000000 entries"), "%s",
                       error.message);
    cr_assert_eq(listed.count, 0);
    flow_close(&flow);
}

/* The length of a page is refused before it is read, or as soon as it is over the limit. */
Test(tags_many, t19_a_page_without_end)
{
    struct listed listed = {0};
    struct tug_error error = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = LIST,
                                                     .match.times = 1,
                                                     .answer.body = "{",
                                                     .body.length_delta = INT64_C(1) << 40});
    fake_rule_add(flow.registry, &(struct fake_rule){.match.path = LIST,
                                                     .answer.body = "{",
                                                     .body.chunked = true,
                                                     .body.extra_bytes = FAKE_ENDLESS});
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(list(&flow, &listed, &error), TUG_ERR_TOO_LARGE, "%u: %s", i, error.message);
        cr_assert_not_null(strstr(error.message, "over the limit of 67108864"), "%s",
                           error.message);
    }
    flow_close(&flow);
}
