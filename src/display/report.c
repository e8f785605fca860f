/* SPDX-License-Identifier: Apache-2.0
 *
 * Turn failures into lines on standard error and into exit statuses.
 *
 * Knows: the exit status contract. Does not know: progress displays, which the caller
 * clears first.
 * Threads: the caller's.
 */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Capacity for raw text that is escaped into a line; longer text is truncated. */
#define ESCAPED_MAX 2048

int report_exit_status(enum tug_status status)
{
    switch (status) {
    case TUG_OK:
        return 0;
    case TUG_ERR_INVALID_ARGUMENT:
        return EXIT_STATUS_USAGE;
    case TUG_ERR_NOT_FOUND:
        return 3;
    case TUG_ERR_AUTH:
        return 4;
    case TUG_ERR_NETWORK:
        return 5;
    case TUG_ERR_CONTENT:
    case TUG_ERR_UNSUPPORTED:
    case TUG_ERR_TOO_LARGE:
        return 6;
    case TUG_ERR_STORE:
    case TUG_ERR_NO_MEMORY:
    case TUG_ERR_BUSY:
        return EXIT_STATUS_STORE;
    case TUG_ERR_RATE_LIMITED:
        return 8;
    case TUG_ERR_CONFIG:
        return 9;
    case TUG_ERR_TIMEOUT:
        return EXIT_STATUS_TIMEOUT;
    case TUG_ERR_CANCELLED:
        return 130;
    case TUG_ERR_INTERNAL:
        return 70;
    }
    return 70; /* a status this command does not know yet */
}

/* Write a line to standard error; a failure to do so cannot be reported. */
static void write_line(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
static void write_line(const char *format, ...)
{
    char line[ESCAPED_MAX + TUG_ERROR_MESSAGE_MAX + 64];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return;
    }
    if ((size_t)length > sizeof line - 2) {
        length = (int)sizeof line - 2;
    }
    line[length] = '\n';
    (void)text_write_all(STDERR_FILENO, line, (size_t)length + 1);
}

void report_error(const char *subject, const char *message)
{
    if (subject == NULL) {
        write_line("tug: %s", message);
    } else {
        char escaped[ESCAPED_MAX];

        (void)tug_text_escape(escaped, sizeof escaped, subject, strlen(subject));
        write_line("tug: %s: %s", escaped, message);
    }
}

int report_no_memory(void)
{
    report_error(NULL, "out of memory");
    return EXIT_STATUS_STORE;
}

void report_errno(const char *subject, const char *action, int os_errno)
{
    char message[256];

    (void)snprintf(message, sizeof message, "%s: %s", action, strerror(os_errno));
    report_error(subject, message);
}

void report_note(const char *message)
{
    write_line("%s", message);
}

void report_warning(const char *message)
{
    write_line("tug: warning: %s", message);
}

void report_log_line(void *context, const char *line)
{
    (void)context;
    write_line("%s", line);
}

int report_usage_hint(const char *command)
{
    write_line("try 'tug help%s%s'", command != NULL ? " " : "", command != NULL ? command : "");
    return EXIT_STATUS_USAGE;
}

int report_usage(const char *command, const char *format, ...)
{
    char raw[ESCAPED_MAX];
    char escaped[ESCAPED_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    (void)tug_text_escape(escaped, sizeof escaped, raw, strlen(raw));
    write_line("tug: %s", escaped);
    return report_usage_hint(command);
}

int report_output(struct text *text)
{
    const bool is_whole = !text->has_failed;
    const int os_errno = text_write_all(STDOUT_FILENO, text->data, text->length);

    text_fini(text);
    if (os_errno != 0) {
        report_errno("standard output", "write", os_errno);
        return EXIT_STATUS_STORE;
    }
    if (!is_whole) {
        return report_no_memory();
    }
    return 0;
}
