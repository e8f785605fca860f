/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small helpers of the fake registry: giving up, memory, time, text matching.
 * Knows: libc. Does not know: sockets, content. Threads: any.
 */
#include "fake_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

void fake_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("test support: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

void *fake_alloc(size_t size)
{
    void *const memory = calloc(1, size > 0 ? size : 1);
    if (memory == NULL) {
        fake_die("no memory for %zu bytes", size);
    }
    return memory;
}

char *fake_copy(const void *data, size_t len)
{
    char *const copy = fake_alloc(len + 1);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    return copy;
}

uint64_t fake_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

bool fake_path_matches(const char *pattern, const char *path)
{
    if (pattern == NULL) {
        return true;
    }
    const bool at_start = pattern[0] == '^';
    const char *const text = at_start ? pattern + 1 : pattern;
    size_t len = strlen(text);
    const bool at_end = len > 0 && text[len - 1] == '$';
    if (at_end) {
        len--;
    }
    const size_t path_len = strlen(path);
    if (len > path_len) {
        return false;
    }
    const char *const tail = path + (path_len - len);
    if (at_start) {
        return strncmp(path, text, len) == 0 && (!at_end || len == path_len);
    }
    if (at_end) {
        return memcmp(tail, text, len) == 0;
    }
    return memmem(path, path_len, text, len) != NULL;
}

const char *fake_header_find(const char *headers, const char *name, size_t *out_len)
{
    const size_t name_len = strlen(name);
    for (const char *line = headers; *line != '\0';) {
        const char *end = strstr(line, "\r\n");
        end = end != NULL ? end : line + strlen(line);
        if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
            const char *value = line + name_len + 1;
            while (value < end && (*value == ' ' || *value == '\t')) {
                value++;
            }
            *out_len = (size_t)(end - value);
            return value;
        }
        line = *end != '\0' ? end + 2 : end;
    }
    return NULL;
}

bool fake_list_has(const char *list, const char *name)
{
    const size_t name_len = strlen(name);
    if (list == NULL) {
        return false;
    }
    for (const char *item = list; *item != '\0';) {
        item += strspn(item, ", ");
        const size_t len = strcspn(item, ", ");
        if (len == name_len && strncasecmp(item, name, len) == 0) {
            return true;
        }
        item += len;
    }
    return false;
}
