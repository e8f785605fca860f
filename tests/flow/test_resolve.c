/* SPDX-License-Identifier: Apache-2.0
 *
 * References resolved by the library: requests, events, and how a run ends.
 */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCES 1000

/* The events of one run. */
struct told {
    struct tug_fetch *fetch;
    bool cancels; /* at the first result */
    unsigned results;
    unsigned others; /* events of any other kind */
    enum tug_status status[REFERENCES];
    char message[TUG_ERROR_MESSAGE_MAX]; /* of the last failure */
};

static void on_event(void *context, const struct tug_event *event)
{
    struct told *const told = context;

    if (event->kind != TUG_EVENT_IMAGE) {
        told->others++;
        return;
    }
    told->results++;
    told->status[event->image->position] = event->image->status;
    if (event->image->status != TUG_OK) {
        (void)snprintf(told->message, sizeof told->message, "%s", event->image->error.message);
    }
    if (told->cancels) {
        tug_fetch_cancel(told->fetch);
    }
}

/* Resolve references of the scene's registry, without a store. */
static enum tug_status resolve(struct flow *flow, struct told *told, const char *const *names,
                               size_t count)
{
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
    status = tug_fetch_resolve(told->fetch, &error);
    cr_assert_eq(status, error.code);
    cr_assert_eq(told->results, count);
    tug_fetch_destroy(told->fetch);
    return status;
}

/* Each repository is asked, even for a digest that another one has; so is each tag. */
Test(resolve, each_reference_is_asked_for)
{
    struct build_image_result image;
    struct told told = {0};
    struct flow flow;

    flow_open(&flow, NULL);
    flow_want_default(&flow);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, &image);
    char *const there = build_text("app@%s", image.manifest.digest);
    char *const elsewhere = build_text("other@%s", image.manifest.digest);
    const char *const names[] = {there, elsewhere, there, "app:1", "app:1"};

    cr_assert_eq(resolve(&flow, &told, names, FLOW_COUNT(names)), TUG_ERR_NOT_FOUND);
    for (size_t i = 0; i < FLOW_COUNT(names); i++) {
        cr_assert_eq(told.status[i], i == 1 ? TUG_ERR_NOT_FOUND : TUG_OK, "%zu", i);
    }
    cr_assert_eq(flow_requests(&flow, "HEAD", "app/manifests/sha256:"), 2);
    cr_assert_eq(flow_requests(&flow, "HEAD", "app/manifests/1"), 2);
    cr_assert_eq(flow_requests(&flow, "GET", "app/manifests/"), 0);
    free(elsewhere);
    free(there);
    flow_close(&flow);
}

/* Failed attempts are not reported. */
Test(resolve, only_results_are_reported)
{
    struct told told = {0};
    struct flow flow;
    const char *const name = "app:1";

    flow_open(&flow, NULL);
    flow_want_default(&flow);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, NULL);
    fake_rule_add(
        flow.registry,
        &(struct fake_rule){.match.path = "/manifests/", .match.times = 2, .answer.status = 502});
    flow.options.no_retries = false;
    flow.options.retries = 2;
    flow.options.retry_max_wait_ms = 5;
    cr_assert_eq(resolve(&flow, &told, &name, 1), TUG_OK, "%s", told.message);
    cr_assert_eq(told.others, 0);
    cr_assert_eq(flow_requests(&flow, "HEAD", "/manifests/1"), 3);
    flow_close(&flow);
}

/* Many more references than workers: one request each. */
Test(resolve, a_long_list)
{
    static struct told told;
    static char texts[REFERENCES][16];
    static const char *names[REFERENCES];
    struct flow flow;

    flow_open(&flow, NULL);
    flow_want_default(&flow);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, NULL);
    for (size_t i = 0; i < REFERENCES; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "app:%d", i % 2 == 0 ? 1 : 2);
        names[i] = texts[i];
    }
    flow.options.max_concurrent_downloads = 3;
    cr_assert_eq(resolve(&flow, &told, names, REFERENCES), TUG_ERR_NOT_FOUND);
    for (size_t i = 0; i < REFERENCES; i++) {
        cr_assert_eq(told.status[i], i % 2 == 0 ? TUG_OK : TUG_ERR_NOT_FOUND, "%zu", i);
    }
    cr_assert_eq(flow_requests(&flow, "HEAD", "/manifests/1"), REFERENCES / 2);
    flow_close(&flow);
}

/* References that were not answered have an error that says why, whether they were started or not.
 */
static void check_end(enum tug_status first, bool cancels, const char *text)
{
    const char *const names[] = {"app:1", "app:held", "app:held", "app:held", "app:held"};
    struct told told = {.cancels = cancels};
    struct flow flow;

    flow_open(&flow, NULL);
    flow_want_default(&flow);
    build_image_add(flow.registry, &(struct build_image){.repo = "app", .tag = "1"}, NULL);
    fake_rule_add(flow.registry,
                  &(struct fake_rule){.match.path = "/manifests/held", .timing.hold = true});
    if (first != TUG_OK) {
        fake_rule_add(flow.registry,
                      &(struct fake_rule){.match.path = "/manifests/1", .answer.status = 401});
    }
    flow.options.fail_fast = !cancels;
    flow.options.max_concurrent_downloads = 2;
    cr_assert_eq(resolve(&flow, &told, names, FLOW_COUNT(names)),
                 first != TUG_OK ? first : TUG_ERR_CANCELLED);
    cr_assert_eq(told.status[0], first);
    for (size_t i = 1; i < FLOW_COUNT(names); i++) {
        cr_assert_eq(told.status[i], TUG_ERR_CANCELLED, "%zu", i);
    }
    cr_assert_str_eq(told.message, text);
    flow_close(&flow);
}

Test(resolve, the_rest_have_a_reason)
{
    check_end(TUG_OK, true, "interrupted");
    check_end(TUG_ERR_AUTH, false, "not resolved: another reference failed first");
}
