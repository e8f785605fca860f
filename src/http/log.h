/* SPDX-License-Identifier: Apache-2.0
 *
 * Log lines about requests for debugging (--http-dump, --http-trace), without secrets.
 *
 * Knows: what in HTTP is secret. Does not know: requests, libcurl, registries.
 * Threads: any; the callback is called from several threads at a time.
 */
#ifndef TUG_HTTP_LOG_H
#define TUG_HTTP_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include <tug/log.h>

#include "base/error.h"
#include "http/secrets.h"

/* Longest text of a place, NUL included. */
#define TUG__LOG_PLACE_MAX 32
/* Longest line, NUL included; a longer one is cut. */
#define TUG__LOG_LINE_MAX 1024

/* The connection and request that a line is about, each numbered from 1 in the session. Zero:
 * neither. */
struct tug__log_place {
    unsigned connection;
    unsigned request;
};

/* The numbers given out so far. Locks itself. */
struct tug__log_numbers {
    pthread_mutex_t mutex;
    struct tug__log_place last;
};

/* Where lines go. Immutable while any thread logs. */
struct tug__log {
    /* line: escaped, one line without its end. Called from any thread. NULL: no log. */
    tug_message_fn on_line;
    void *context;
    struct tug__secrets *secrets;     /* cut out of every line; borrowed; NULL: none are known */
    struct tug__log_numbers *numbers; /* borrowed; NULL: every number is 0 */
    bool has_heads;                   /* heads of requests and answers, bodies of errors */
    bool has_timing;                  /* a line of times for each request */
    bool has_config; /* the configuration in use, and which of several endpoints failed */
};

/* Log a formatted line; secrets are cut out of it, and it is escaped as a whole. log: NULL does
 * nothing. */
void tug__log_printf(const struct tug__log *log, enum tug_log_level level, const char *format, ...)
    TUG__PRINTF(3, 4);

/* Give a new connection, or a new request, its number. Threads: any. */
unsigned tug__log_next_connection(const struct tug__log *log);
unsigned tug__log_next_request(const struct tug__log *log);

/* The beginning of lines about a place, "c3 r17 ", "" for none. Returns: out_text. */
char *tug__log_place_text(char out_text[TUG__LOG_PLACE_MAX], struct tug__log_place place);

/* Log a header or request line, preceded by its place and "> " or "< ", with secrets replaced: in
 * requests, values of headers that neither libcurl nor we define; in answers, those of Set-Cookie
 * and of any header with "token", "secret", "key", "auth", "password", "signature" and the like in
 * its name, except challenges; query values and user information in anything that looks like a URL
 * or a request target. line: length bytes, with or without CR LF. */
void tug__log_header(const struct tug__log *log, struct tug__log_place place, char direction,
                     const char *line, size_t length);

/* Log a piece of an error body, shortened, with query values and user information replaced. */
void tug__log_body(const struct tug__log *log, struct tug__log_place place, const char *bytes,
                   size_t length);

/* Copy text, replacing query values ("?a=b" becomes "?REDACTED") and user information of URLs
 * ("//user:password@" becomes "//") in it. Returns: out_text, cut at the capacity. */
char *tug__log_redact(char *out_text, size_t capacity, const char *text, size_t length);

#endif
