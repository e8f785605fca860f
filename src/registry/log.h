/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines about requests for people who look for a fault (--http-dump, --http-trace), without
 * secrets.
 *
 * Knows: what in HTTP is secret. Does not know: requests, who reads the lines.
 * Threads: any; the callback is called from several threads at a time.
 */
#ifndef TUG_REGISTRY_LOG_H
#define TUG_REGISTRY_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "registry/secrets.h"

/* Longest line, NUL included; what is longer is cut. */
#define TUG__LOG_LINE_MAX 1024

/* Where lines go. Immutable while anybody logs. */
struct tug__log {
    /* line: escaped, one line without its end. Called from any thread. NULL: no log. */
    void (*on_line)(void *context, const char *line);
    void *context;
    struct tug__secrets *secrets; /* cut out of every line; borrowed; NULL: none are known */
    bool has_heads;               /* heads of requests and answers, bodies of errors */
    bool has_timing;              /* a line of times for each request */
    bool has_config; /* which configuration is in use, which endpoint of several failed */
};

/* Send a formatted line; secrets are cut out of it, and it is escaped as a whole. log: NULL does
 * nothing. */
void tug__log_printf(const struct tug__log *log, const char *format, ...) TUG__PRINTF(2, 3);

/* Send a header or request line, "> " or "< " before it, with what is secret in it replaced:
 * of what goes out, values of headers that are not libcurl's or ours; of what comes in, those of
 * Set-Cookie and of any header with "token", "secret", "key", "auth", "password", "signature" and
 * their like in its name, but for challenges; query values and user information in whatever looks
 * like a URL or a request target. line: length bytes, its end (CR, LF) may be there. */
void tug__log_header(const struct tug__log *log, char direction, const char *line, size_t length);

/* Send a piece of an error body, cut, with query values and user information replaced. */
void tug__log_body(const struct tug__log *log, const char *bytes, size_t length);

/* Copy text, replacing query values ("?a=b" becomes "?REDACTED") and user information of URLs
 * ("//user:password@" becomes "//") in it. Returns: out_text, cut at the capacity. */
char *tug__log_redact(char *out_text, size_t capacity, const char *text, size_t length);

#endif
