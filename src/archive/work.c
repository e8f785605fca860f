/* SPDX-License-Identifier: Apache-2.0
 *
 * An export or import at work: how far it is, and whether it is to go on.
 *
 * Knows: the caller's watch. Does not know: documents. Threads: the calling one.
 */
#include "archive/work.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum tug_status tug__work_go_on(struct tug__work *work, struct tug_error *err)
{
    tug__watch_tell(&work->watch, &work->progress, false);
    return tug__watch_check(&work->watch, err);
}

void tug__work_warn(struct tug__work *work, const char *format, ...)
{
    char raw[TUG_ERROR_MESSAGE_MAX];
    char text[TUG_ERROR_MESSAGE_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    (void)tug_text_escape(text, sizeof text, raw, strlen(raw));
    tug__watch_warn(&work->watch, text);
}
