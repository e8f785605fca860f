/* SPDX-License-Identifier: Apache-2.0
 *
 * References relative to a URL.
 *
 * Knows: RFC 3986's resolution of references. Does not know: HTTP, what a URL is for.
 * Threads: any.
 */
#include "url/resolve.h"

#include <stdio.h>
#include <string.h>

#include "url/origin.h"

/* Tell whether a reference begins with a scheme (RFC 3986 section 3.1). */
static bool has_scheme(const char *text)
{
    const size_t length =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    return length > 0 && text[length] == ':';
}

/* Remove "." and ".." from the path that begins at path and ends at '?' or the end (section 5.2.4).
 * The path begins with a slash. */
static void remove_dots(char *path)
{
    char *in = path;
    char *out = path;

    while (*in == '/') {
        const size_t length = strcspn(in + 1, "/?");
        const bool is_last = in[1 + length] != '/';

        if (length == 1 && in[1] == '.') {
            /* drop the segment */
        } else if (length == 2 && in[1] == '.' && in[2] == '.') {
            while (out > path && *--out != '/') {
            }
        } else {
            memmove(out, in, length + 1);
            out += length + 1;
            in += length + 1;
            continue;
        }
        in += length + 1;
        if (is_last) {
            *out++ = '/';
        }
    }
    if (out == path) {
        *out++ = '/'; /* never longer: the input had a slash, too */
    }
    memmove(out, in, strlen(in) + 1);
}

/* Write the reference as an absolute URL. Returns: false when it does not fit. */
static bool join(char *out_url, size_t capacity, const char *base, const char *reference)
{
    const char *const authority = strstr(base, "://") + 3;
    const char *const path = authority + strcspn(authority, "/?#");
    const size_t path_length = strcspn(path, "?#");
    size_t kept; /* bytes of base */
    const char *slash = "";
    int length;

    if (has_scheme(reference)) {
        kept = 0;
    } else if (strncmp(reference, "//", 2) == 0) {
        kept = (size_t)(authority - 2 - base);
    } else if (reference[0] == '\0' || reference[0] == '#') {
        kept = strcspn(base, "#");
    } else if (reference[0] == '/') {
        kept = (size_t)(path - base);
    } else if (reference[0] == '?') {
        kept = (size_t)(path - base) + path_length;
    } else {
        kept = (size_t)(path - base) + path_length;
        while (kept > (size_t)(path - base) && base[kept - 1] != '/') {
            kept--;
        }
        slash = kept == (size_t)(path - base) ? "/" : "";
    }
    length = snprintf(out_url, capacity, "%.*s%s%s", (int)kept, base, slash, reference);
    return length > 0 && (size_t)length < capacity;
}

bool tug__url_resolve(char *out_url, size_t capacity, const char *base, const char *reference)
{
    struct tug__origin origin;
    char *path;

    if (!join(out_url, capacity, base, reference) || !tug__origin_parse(out_url, &origin)) {
        return false;
    }
    out_url[strcspn(out_url, "#")] = '\0';
    path = strstr(out_url, "://") + 3;
    path += strcspn(path, "/?");
    if (*path == '/') {
        remove_dots(path);
    }
    return true;
}
