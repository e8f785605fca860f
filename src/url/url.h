/* SPDX-License-Identifier: Apache-2.0
 *
 * What the text of a URL or host says by itself: its scheme, whether it is this machine, and how it
 * is shown to people.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_URL_URL_H
#define TUG_URL_URL_H

#include <stdbool.h>
#include <stddef.h>

/* How to connect to a registry. */
enum tug__scheme {
    TUG__SCHEME_UNKNOWN = 0, /* a loopback host: https, then http; settled by the first answer */
    TUG__SCHEME_HTTPS,
    TUG__SCHEME_HTTP,
};

/* The scheme to begin with for a host (as in a reference): http when plain_http asks for it,
 * unknown for a literal loopback host (localhost, 127/8, ::1), https for any other.
 * Threads: any. Blocks: no. */
enum tug__scheme tug__scheme_default(const char *host, bool plain_http);

/* Tell whether a text has only what URLs are written in, visible ASCII: no CR, LF or space. */
bool tug__url_is_text(const char *text);

/* Tell whether a host (with or without port) is literally this machine: localhost, 127.0.0.0/8 or
 * [::1]. Names are not resolved. */
bool tug__url_is_loopback(const char *host);

/* Write a URL fit for display: without user information, and with the values of its query replaced.
 * Returns: out_text, cut at the capacity. */
char *tug__url_redact(char *out_text, size_t capacity, const char *url);

#endif
