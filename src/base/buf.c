/* SPDX-License-Identifier: Apache-2.0
 *
 * The bounded byte buffer.
 *
 * Knows: memory. Does not know: JSON, files, HTTP.
 * Threads: its owner only.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_START 256

void tug__buf_init(struct tug__buf *buf, size_t limit)
{
    *buf = (struct tug__buf){.limit = limit};
}

void tug__buf_fini(struct tug__buf *buf)
{
    free(buf->data);
    tug__buf_init(buf, buf->limit);
}

void tug__buf_cut(struct tug__buf *buf, size_t length)
{
    buf->length = length;
    if (buf->data != NULL) {
        buf->data[length] = '\0';
    }
}

void tug__buf_clear(struct tug__buf *buf)
{
    tug__buf_cut(buf, 0);
}

static enum tug_status resize(struct tug__buf *buf, size_t capacity, struct tug_error *err)
{
    char *const grown = realloc(buf->data, capacity);

    if (grown == NULL) {
        return tug__fail_memory(err);
    }
    buf->data = grown;
    buf->capacity = capacity;
    return TUG_OK;
}

static enum tug_status check_limit(const struct tug__buf *buf, size_t length, struct tug_error *err)
{
    return length <= buf->limit - buf->length
               ? TUG_OK
               : tug__fail(err, TUG_ERR_TOO_LARGE, "over the limit of %zu bytes", buf->limit);
}

enum tug_status tug__buf_reserve(struct tug__buf *buf, size_t length, struct tug_error *err)
{
    const enum tug_status status = check_limit(buf, length, err);

    if (status != TUG_OK || buf->length + length + 1 <= buf->capacity) {
        return status;
    }
    return resize(buf, buf->length + length + 1, err);
}

/* Make room for length more bytes and the NUL, and some spare for later ones. */
static enum tug_status grow(struct tug__buf *buf, size_t length, struct tug_error *err)
{
    size_t capacity = buf->capacity > 0 ? buf->capacity : CAPACITY_START;
    const enum tug_status status = check_limit(buf, length, err);

    if (status != TUG_OK) {
        return status;
    }
    if (capacity > buf->limit) {
        capacity = buf->limit + 1;
    }
    while (capacity < buf->length + length + 1) {
        capacity = capacity <= buf->limit / 2 ? capacity * 2 : buf->limit + 1;
    }
    return capacity == buf->capacity ? TUG_OK : resize(buf, capacity, err);
}

enum tug_status tug__buf_append(struct tug__buf *buf, const void *bytes, size_t length,
                                struct tug_error *err)
{
    enum tug_status status;

    if (length == 0) {
        return TUG_OK;
    }
    status = grow(buf, length, err);
    if (status == TUG_OK) {
        memcpy(buf->data + buf->length, bytes, length);
        buf->length += length;
        buf->data[buf->length] = '\0';
    }
    return status;
}

enum tug_status tug__buf_printf(struct tug__buf *buf, struct tug_error *err, const char *format,
                                ...)
{
    va_list arguments;
    enum tug_status status;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return tug__fail(err, TUG_ERR_INTERNAL, "a format cannot be printed");
    }
    status = grow(buf, (size_t)length, err);
    if (status == TUG_OK) {
        va_start(arguments, format);
        (void)vsnprintf(buf->data + buf->length, (size_t)length + 1, format, arguments);
        va_end(arguments);
        buf->length += (size_t)length;
    }
    return status;
}

char *tug__buf_steal(struct tug__buf *buf, size_t *out_length)
{
    char *const data = buf->length > 0 ? buf->data : NULL;

    *out_length = buf->length;
    if (data == NULL) {
        free(buf->data);
    }
    tug__buf_init(buf, buf->limit);
    return data;
}
