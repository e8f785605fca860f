/* SPDX-License-Identifier: Apache-2.0
 *
 * Pass events on.
 *
 * Knows: sessions, options. Does not know: HTTP, what the events
 * are about.
 * Threads: the caller of the run.
 */
#include "pipeline/tell.h"

#include <string.h>

#include "pipeline/shown.h"
#include "registry/registry.h"

void tug__tell(const struct tug__run_settings *settings, struct tug__session *session,
               const struct tug_event *event)
{
    const struct tug_fetch_options *const options = &settings->options;
    const struct tug_totals totals = {.images = settings->ref_count};

    if (options->on_event != NULL) {
        struct tug_event complete = *event;
        struct tug__shown shown;

        complete.totals = &totals;
        options->on_event(options->event_context, tug__show(session, &complete, &shown));
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
