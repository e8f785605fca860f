/* SPDX-License-Identifier: Apache-2.0
 *
 * The origin of a URL: scheme, host and port, which credentials are bound to.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_URL_ORIGIN_H
#define TUG_URL_ORIGIN_H

#include <stdbool.h>

/* Longest host name, brackets of an IPv6 address included, and its NUL. */
#define TUG__HOST_MAX 256
/* "https://" + host + ":65535". */
#define TUG__ORIGIN_TEXT_MAX (TUG__HOST_MAX + 16)

struct tug__origin {
    bool is_https;
    unsigned port;            /* 1 to 65535; the scheme's own when the URL names none */
    char host[TUG__HOST_MAX]; /* lower case; an IPv6 address keeps its brackets */
};

/* Parse the origin of an absolute http or https URL.
 * url: NUL-terminated, foreign text is fine. out_origin: untouched on failure.
 * Returns: false for any other scheme, a missing or malformed host or port, user information, and
 * characters other than visible ASCII anywhere in the URL (CR, LF, space, NUL cannot be in one). */
bool tug__origin_parse(const char *url, struct tug__origin *out_origin);

/* Tell whether two origins are the same: scheme, host and port all equal. */
bool tug__origin_equal(const struct tug__origin *left, const struct tug__origin *right);

/* Write "scheme://host:port", always with the port. Returns: out_text. */
char *tug__origin_format(char out_text[TUG__ORIGIN_TEXT_MAX], const struct tug__origin *origin);

#endif
