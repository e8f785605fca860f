/* SPDX-License-Identifier: Apache-2.0
 *
 * Build text in memory and write it out in one piece.
 *
 * Knows: memory and write(2). Does not know: the meaning of the text.
 * Threads: the caller's.
 */
#include "text.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Make room for extra bytes and a NUL. Returns: false when there is no memory. */
static bool reserve(struct text *text, size_t extra)
{
    size_t capacity = text->capacity > 0 ? text->capacity : 128;
    char *data;

    if (text->has_failed) {
        return false;
    }
    if (text->length + extra < text->capacity) {
        return true;
    }
    while (capacity <= text->length + extra) {
        capacity *= 2;
    }
    data = realloc(text->data, capacity);
    if (data == NULL) {
        text->has_failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void text_append(struct text *text, const char *data, size_t length)
{
    if (reserve(text, length)) {
        memcpy(text->data + text->length, data, length);
        text->length += length;
        text->data[text->length] = '\0';
    }
}

void text_puts(struct text *text, const char *string)
{
    text_append(text, string, strlen(string));
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !reserve(text, (size_t)length)) {
        text->has_failed = true;
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(text->data + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

void text_clear(struct text *text)
{
    text->length = 0;
    text->has_failed = false;
}

void text_fini(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

int text_write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        const ssize_t written = write(fd, data, length);

        if (written >= 0) {
            data += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN) { /* another process made our terminal or pipe non-blocking */
            struct pollfd writable = {.fd = fd, .events = POLLOUT};

            (void)poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}
