/* SPDX-License-Identifier: Apache-2.0
 *
 * Build and extend error values.
 *
 * Knows: UTF-8, tug_text_escape. Does not know: the store, HTTP, the command.
 * Threads: any.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/portable.h"
#include "base/utf8.h"

/* Room for a message before it is escaped. */
#define RAW_BYTES 1024

TUG__PRINTF(4, 0)
static void fill(struct tug_error *err, enum tug_status code, int os_errno, const char *format,
                 va_list arguments)
{
    char raw[RAW_BYTES];
    size_t length;

    (void)vsnprintf(raw, sizeof raw, format, arguments);
    length = strlen(raw);
    if (os_errno != 0 && length < sizeof raw - 1) {
        (void)snprintf(raw + length, sizeof raw - length, ": %s", tug__errno_text(os_errno));
    }
    err->code = code;
    err->os_errno = os_errno;
    err->http_status = 0;
    err->is_permanent = false;
    (void)tug_text_escape(err->message, sizeof err->message, raw, strlen(raw));
}

enum tug_status tug__fail(struct tug_error *err, enum tug_status code, const char *format, ...)
{
    va_list arguments;

    if (err != NULL) {
        va_start(arguments, format);
        fill(err, code, 0, format, arguments);
        va_end(arguments);
    }
    return code;
}

enum tug_status tug__fail_errno(struct tug_error *err, enum tug_status code, int os_errno,
                                const char *format, ...)
{
    va_list arguments;

    if (err != NULL) {
        va_start(arguments, format);
        fill(err, code, os_errno, format, arguments);
        va_end(arguments);
    }
    return code;
}

enum tug_status tug__wrap(struct tug_error *err, enum tug_status code, const char *format, ...)
{
    char raw[RAW_BYTES];
    char message[TUG_ERROR_MESSAGE_MAX];
    size_t length;
    va_list arguments;

    if (err == NULL) {
        return code;
    }
    va_start(arguments, format);
    (void)vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    length = tug_text_escape(message, sizeof message, raw, strlen(raw));
    (void)snprintf(message + length, sizeof message - length, ": %s", err->message);
    tug__trim_torn(message);
    memcpy(err->message, message, sizeof message);
    return err->code;
}

enum tug_status tug__advise(struct tug_error *err, enum tug_status code, const char *format, ...)
{
    char raw[RAW_BYTES];
    char advice[TUG_ERROR_MESSAGE_MAX - 2];
    size_t length;
    size_t room;
    va_list arguments;

    if (err == NULL) {
        return code;
    }
    va_start(arguments, format);
    (void)vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    room = sizeof err->message - 1 - 2 - tug_text_escape(advice, sizeof advice, raw, strlen(raw));
    length = strlen(err->message);
    if (length > room) {
        err->message[room] = '\0';
        tug__trim_torn(err->message);
        length = strlen(err->message);
    }
    (void)snprintf(err->message + length, sizeof err->message - length, "; %s", advice);
    return err->code;
}

enum tug_status tug__fail_memory(struct tug_error *err)
{
    return tug__fail(err, TUG_ERR_NO_MEMORY, "out of memory");
}

const char *tug_status_name(enum tug_status status)
{
    switch (status) {
    case TUG_OK:
        return "ok";
    case TUG_ERR_INVALID_ARGUMENT:
        return "invalid-argument";
    case TUG_ERR_NO_MEMORY:
        return "no-memory";
    case TUG_ERR_STORE:
        return "store";
    case TUG_ERR_NETWORK:
        return "network";
    case TUG_ERR_TIMEOUT:
        return "timeout";
    case TUG_ERR_AUTH:
        return "auth";
    case TUG_ERR_NOT_FOUND:
        return "not-found";
    case TUG_ERR_RATE_LIMITED:
        return "rate-limited";
    case TUG_ERR_CONTENT:
        return "content";
    case TUG_ERR_UNSUPPORTED:
        return "unsupported";
    case TUG_ERR_TOO_LARGE:
        return "too-large";
    case TUG_ERR_CONFIG:
        return "config";
    case TUG_ERR_CANCELLED:
        return "cancelled";
    case TUG_ERR_BUSY:
        return "busy";
    case TUG_ERR_INTERNAL:
        return "internal";
    }
    return "unknown";
}
