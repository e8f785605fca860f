/* SPDX-License-Identifier: Apache-2.0
 *
 * Classify hosts, and make foreign URLs fit for display.
 *
 * Knows: the syntax of URLs. Does not know: HTTP, curl, endpoints.
 * Threads: any.
 */
#include "url/url.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

bool tug__url_is_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

bool tug__url_is_loopback(const char *host)
{
    char name[64];
    struct in_addr v4;
    struct in6_addr v6;
    const bool is_bracketed = host[0] == '[';
    const char *const start = is_bracketed ? host + 1 : host;
    const size_t length = strcspn(start, is_bracketed ? "]" : ":");

    if (length == 0 || length >= sizeof name) {
        return false;
    }
    memcpy(name, start, length);
    name[length] = '\0';
    if (is_bracketed) {
        return inet_pton(AF_INET6, name, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    }
    if (strcasecmp(name, "localhost") == 0) {
        return true;
    }
    return inet_pton(AF_INET, name, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

enum tug__scheme tug__scheme_default(const char *host, bool plain_http)
{
    if (plain_http) {
        return TUG__SCHEME_HTTP;
    }
    return tug__url_is_loopback(host) ? TUG__SCHEME_UNKNOWN : TUG__SCHEME_HTTPS;
}

/* Copy at most length characters; returns the new end of the text. */
static size_t put(char *out_text, size_t capacity, size_t at, const char *text, size_t length)
{
    const size_t room = capacity - 1 - at;
    const size_t copied = length < room ? length : room;

    memcpy(out_text + at, text, copied);
    return at + copied;
}

char *tug__url_redact(char *out_text, size_t capacity, const char *url)
{
    const char *const scheme_end = strstr(url, "://");
    const char *const authority = scheme_end != NULL ? scheme_end + 3 : url;
    const size_t authority_length = strcspn(authority, "/?#");
    const char *user_end = authority + authority_length;
    const char *rest;
    size_t path_length;
    size_t at;

    while (user_end > authority && user_end[-1] != '@') {
        user_end--;
    }
    path_length = strcspn(user_end, "?#");
    rest = user_end + path_length;
    at = put(out_text, capacity, 0, url, (size_t)(authority - url));
    at = put(out_text, capacity, at, user_end, path_length);
    if (*rest == '?') {
        at = put(out_text, capacity, at, "?REDACTED", strlen("?REDACTED"));
    }
    out_text[at] = '\0';
    return out_text;
}
