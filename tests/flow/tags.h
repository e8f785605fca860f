/* SPDX-License-Identifier: Apache-2.0
 *
 * Tags listed by the library against the scripted registry, and what a run told.
 * Errors: a failed assertion. Threads: the test's.
 */
#ifndef FLOW_TAGS_H
#define FLOW_TAGS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry.h"

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

static inline void on_event(void *context, const struct tug_event *event)
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

static inline void on_tag(void *context, const struct tug_tag *tag)
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

static inline enum tug_status list_all(struct flow *flow, struct told *told,
                                       const char *const *names, size_t count)
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

static inline enum tug_status list(struct flow *flow, struct told *told)
{
    const char *const name = "app";

    return list_all(flow, told, &name, 1);
}

/* Answer requests for a path with a page. link: NULL: the last one. */
static inline void add_page(struct fake_registry *registry, const char *path, const char *tags,
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

#endif
