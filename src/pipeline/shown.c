/* SPDX-License-Identifier: Apache-2.0
 *
 * Remove secrets from events before they leave the library.
 *
 * Knows: which members hold text from servers. Does not know: HTTP, secrets.
 * Threads: any.
 */
#include "pipeline/shown.h"

static const char *cut(struct tug__session *session, char *out_text, size_t capacity,
                       const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    tug__session_cut_text(session, out_text, capacity, text);
    return out_text;
}

const struct tug_event *tug__show(struct tug__session *session, const struct tug_event *event,
                                  struct tug__shown *out_shown)
{
    struct tug_event *const shown = &out_shown->event;

    *shown = *event;
    shown->text = cut(session, out_shown->text, sizeof out_shown->text, event->text);
    shown->media_type =
        cut(session, out_shown->media_type, sizeof out_shown->media_type, event->media_type);
    if (event->error != NULL) {
        out_shown->error = *event->error;
        tug__session_cut_error(session, &out_shown->error);
        shown->error = &out_shown->error;
    }
    if (event->image != NULL) {
        struct tug_image_result *const image = &out_shown->image;

        *image = *event->image;
        image->media_type = cut(session, out_shown->image_media_type,
                                sizeof out_shown->image_media_type, event->image->media_type);
        tug__session_cut_error(session, &image->error);
        shown->image = image;
    }
    return shown;
}
