/* SPDX-License-Identifier: Apache-2.0
 *
 * Pass events on.
 *
 * Knows: sessions, options. Does not know: HTTP, what the events
 * are about.
 * Threads: the caller of the run.
 */
#include "pipeline/tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/shown.h"
#include "registry/registry.h"

/* Longest message: a full name and an error. */
#define MESSAGE_MAX (1024 + TUG_ERROR_MESSAGE_MAX)

bool tug__has_log(const struct tug_fetch_options *options)
{
    return options->on_log != NULL || options->on_message != NULL;
}

void tug__say(void *options, enum tug_log_level level, const char *line)
{
    const struct tug_fetch_options *const own = options;

    if (own->on_message != NULL) {
        own->on_message(own->message_context, level, line);
    } else {
        own->on_log(own->log_context, line);
    }
}

/* Make a message of a warning or retry. */
static void pass_message(const struct tug_fetch_options *options, const struct tug_event *event)
{
    const char *const ref = event->ref != NULL ? event->ref : "";
    const char *const colon = event->ref != NULL ? ": " : "";
    char line[MESSAGE_MAX];

    if (event->kind == TUG_EVENT_WARNING) {
        (void)snprintf(line, sizeof line, "%s%s%s", ref, colon, event->text);
        options->on_message(options->message_context, TUG_LOG_WARNING, line);
    } else if (event->kind == TUG_EVENT_RETRY && options->message_level >= TUG_LOG_INFO) {
        (void)snprintf(line, sizeof line, "%s%s%s; next attempt in %" PRIu64 " ms", ref, colon,
                       event->error->message, event->delay_ms);
        options->on_message(options->message_context, TUG_LOG_INFO, line);
    }
}

void tug__pass_event(const struct tug_fetch_options *options, const struct tug_event *event)
{
    if (options->on_message != NULL) {
        pass_message(options, event);
    }
    if (options->on_event != NULL) {
        options->on_event(options->event_context, event);
    }
}

void tug__tell(const struct tug__run_settings *settings, struct tug__session *session,
               const struct tug_event *event)
{
    const struct tug_fetch_options *const options = &settings->options;
    const struct tug_totals totals = {.images = settings->ref_count};

    if (options->on_event != NULL || options->on_message != NULL) {
        struct tug_event complete = *event;
        struct tug__shown shown;

        complete.totals = &totals;
        tug__pass_event(options, tug__show(session, &complete, &shown));
    }
}

void tug__tell_warnings(const struct tug__run_settings *settings, struct tug__session *session)
{
    char text[512];
    char shown[TUG_ERROR_MESSAGE_MAX];
    struct tug_event event = {.kind = TUG_EVENT_WARNING, .text = shown};

    while (tug__session_pop_warning(session, text, sizeof text)) {
        (void)tug_text_escape(shown, sizeof shown, text, strlen(text));
        tug__tell(settings, session, &event);
    }
}
