/* SPDX-License-Identifier: Apache-2.0
 *
 * Redacted lines about requests.
 *
 * Knows: what in HTTP is secret. Does not know: requests, libcurl, registries.
 * Threads: any.
 */
#include "http/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Most bytes of an error body in a line. */
#define BODY_SHOWN_BYTES 512

static void send_line(const struct tug__log *log, enum tug_log_level level, const char *text)
{
    char line[TUG__LOG_LINE_MAX];
    char clean[TUG__LOG_LINE_MAX];
    const size_t length = strlen(text);
    const struct tug__raw_text raw = {text, length, .is_torn = length + 1 >= TUG__LOG_LINE_MAX};
    const size_t clean_length = tug__secrets_cut(log->secrets, clean, sizeof clean, &raw);

    (void)tug_text_escape(line, sizeof line, clean, clean_length);
    log->on_line(log->context, level, line);
}

void tug__log_printf(const struct tug__log *log, enum tug_log_level level, const char *format, ...)
{
    char text[TUG__LOG_LINE_MAX];
    va_list arguments;

    if (log == NULL || log->on_line == NULL) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    send_line(log, level, text);
}

/* Characters that end a URL inside of a text. */
static bool ends_url(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '<' || c == '>' ||
           c == '\r' || c == '\n';
}

/* Find the end of user information that begins right after "//"; NULL when there is none. */
static const char *user_end(const char *authority, const char *end)
{
    const char *found = NULL;

    for (const char *at = authority; at < end && !ends_url(*at) && strchr("/?#", *at) == NULL;
         at++) {
        if (*at == '@') {
            found = at + 1;
        }
    }
    return found;
}

/* Copy as much text as fits. Returns: its length. */
static size_t put(char *out_text, size_t capacity, const char *text)
{
    const size_t length = strnlen(text, capacity - 1);

    memcpy(out_text, text, length);
    return length;
}

char *tug__log_redact(char *out_text, size_t capacity, const char *text, size_t length)
{
    const char *const end = text + length;
    size_t at = 0;

    while (text < end && at + 1 < capacity) {
        const char *user;

        if (text[0] == '/' && end - text > 1 && text[1] == '/' &&
            (user = user_end(text + 2, end)) != NULL) {
            at += put(out_text + at, capacity - at, "//");
            text = user;
        } else if (text[0] == '?' && end - text > 1 && !ends_url(text[1])) {
            at += put(out_text + at, capacity - at, "?REDACTED");
            while (text < end && !ends_url(*text)) {
                text++;
            }
        } else {
            out_text[at++] = *text++;
        }
    }
    out_text[at] = '\0';
    return out_text;
}

static bool name_is(const char *line, size_t name_length, const char *name)
{
    return strlen(name) == name_length && strncasecmp(line, name, name_length) == 0;
}

static bool name_has(const char *line, size_t name_length, const char *part)
{
    const size_t length = strlen(part);

    for (size_t i = 0; i + length <= name_length; i++) {
        if (strncasecmp(line + i, part, length) == 0) {
            return true;
        }
    }
    return false;
}

/* Headers that libcurl or tug define; any other comes from a configuration file and may hold a key
 * under any name. */
static bool is_our_own(const char *line, size_t name_length)
{
    static const char *const names[] = {
        "Host",       "User-Agent",     "Accept",       "Accept-Encoding", "Range",
        "Connection", "Content-Length", "Content-Type", "Expect",          "Proxy-Connection"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (name_is(line, name_length, names[i])) {
            return true;
        }
    }
    return false;
}

/* Tell whether the value of a header must not be shown. */
static bool is_secret(char direction, const char *line, size_t name_length)
{
    static const char *const parts[] = {"auth",     "cookie",    "token",      "secret", "key",
                                        "password", "signature", "credential", "session"};

    if (name_is(line, name_length, "WWW-Authenticate") ||
        name_is(line, name_length, "Proxy-Authenticate")) {
        return false; /* a challenge is not secret, and often the reason to look */
    }
    if (direction == '>' && !is_our_own(line, name_length)) {
        return true;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (name_has(line, name_length, parts[i])) {
            return true;
        }
    }
    return false;
}

unsigned tug__log_next_connection(const struct tug__log *log)
{
    unsigned number = 0;

    if (log != NULL && log->numbers != NULL) {
        (void)pthread_mutex_lock(&log->numbers->mutex);
        number = ++log->numbers->last.connection;
        (void)pthread_mutex_unlock(&log->numbers->mutex);
    }
    return number;
}

unsigned tug__log_next_request(const struct tug__log *log)
{
    unsigned number = 0;

    if (log != NULL && log->numbers != NULL) {
        (void)pthread_mutex_lock(&log->numbers->mutex);
        number = ++log->numbers->last.request;
        (void)pthread_mutex_unlock(&log->numbers->mutex);
    }
    return number;
}

char *tug__log_place_text(char out_text[TUG__LOG_PLACE_MAX], struct tug__log_place place)
{
    out_text[0] = '\0';
    if (place.request > 0) {
        (void)snprintf(out_text, TUG__LOG_PLACE_MAX, "c%u r%u ", place.connection, place.request);
    }
    return out_text;
}

void tug__log_header(const struct tug__log *log, struct tug__log_place place, char direction,
                     const char *line, size_t length)
{
    char where[TUG__LOG_PLACE_MAX];
    char shown[TUG__LOG_LINE_MAX - TUG__LOG_PLACE_MAX - 8];
    char clean[TUG__LOG_LINE_MAX];
    struct tug__raw_text raw = {.bytes = line};
    size_t name_length = 0;

    while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == '\n')) {
        length--;
    }
    if (length == 0 || log == NULL) {
        return;
    }
    (void)tug__log_place_text(where, place);
    while (name_length < length && line[name_length] != ':' && line[name_length] != ' ') {
        name_length++;
    }
    if (name_length < length && line[name_length] == ':' &&
        is_secret(direction, line, name_length)) {
        tug__log_printf(log, TUG_LOG_DEBUG, "%s%c %.*s: REDACTED", where, direction,
                        (int)(name_length < 128 ? name_length : 128), line);
        return;
    }
    /* before anything is shortened: half a secret is not found */
    raw.length = length;
    length = tug__secrets_cut(log->secrets, clean, sizeof clean, &raw);
    tug__log_printf(log, TUG_LOG_DEBUG, "%s%c %s", where, direction,
                    tug__log_redact(shown, sizeof shown, clean, length));
}

/* Replace everything after "token": and the like in JSON, up to the end of the text: simple, and
 * nothing of value follows it in an error body. */
static size_t cut_secrets(const char *bytes, size_t length)
{
    static const char *const names[] = {"token", "password", "secret", "authorization"};
    size_t shortest = length;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t name_length = strlen(names[i]);

        for (size_t at = 0; at + name_length + 1 < shortest; at++) {
            if (strncasecmp(bytes + at, names[i], name_length) == 0 &&
                (bytes[at + name_length] == '"' || bytes[at + name_length] == '=')) {
                shortest = at;
            }
        }
    }
    return shortest;
}

void tug__log_body(const struct tug__log *log, struct tug__log_place place, const char *bytes,
                   size_t length)
{
    char where[TUG__LOG_PLACE_MAX];
    char clean[BODY_SHOWN_BYTES];
    char shown[BODY_SHOWN_BYTES + 32];
    const struct tug__raw_text raw = {bytes, length, .is_torn = true};

    if (log == NULL) {
        return;
    }
    length = tug__secrets_cut(log->secrets, clean, sizeof clean, &raw);
    length = cut_secrets(clean, length);
    tug__log_printf(log, TUG_LOG_DEBUG, "%s| %s%s", tug__log_place_text(where, place),
                    tug__log_redact(shown, sizeof shown, clean, length),
                    length < raw.length ? " ..." : "");
}
