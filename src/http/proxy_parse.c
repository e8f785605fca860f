/* SPDX-License-Identifier: Apache-2.0
 *
 * Parse the URL of a proxy.
 *
 * libcurl gets the parts and never the whole: its messages quote text that it cannot parse,
 * including the password.
 *
 * Knows: URLs. Does not know: libcurl, HTTP, registries.
 * Threads: any.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "http/proxy.h"
#include "url/origin.h"

/* Longest URL of a proxy; a token as password has some thousand characters. */
#define PROXY_URL_MAX 16384

void tug__proxy_fini(struct tug__proxy *proxy)
{
    free(proxy->url);
    tug__wipe_free(proxy->user);
    tug__wipe_free(proxy->password);
    *proxy = (struct tug__proxy){0};
}

/* The scheme before "://", the default when there is none; NULL: an unknown one. rest: moved past
 * it. */
static const char *parse_scheme(const char **rest)
{
    static const char *const schemes[] = {"http",    "https",  "socks4",
                                          "socks4a", "socks5", "socks5h"};
    const char *const end = strstr(*rest, "://");
    const size_t length = end != NULL ? (size_t)(end - *rest) : 0;

    /* "user:pass://x@host" has none; the part before the "@" is parsed as user information */
    if (end == NULL || strcspn(*rest, ":/?#@") < length) {
        return schemes[0];
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strlen(schemes[i]) == length && strncasecmp(*rest, schemes[i], length) == 0) {
            *rest = end + 3;
            return schemes[i];
        }
    }
    return NULL;
}

static int hex_value(char c)
{
    const char *const digits = "0123456789abcdef";
    const char *const found =
        c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

    return found != NULL ? (int)(found - digits) : -1;
}

/* Undo percent escapes, in place. Returns: false when one is malformed, or a control character. */
static bool decode(char *text)
{
    char *out = text;

    for (const char *in = text; *in != '\0'; in++) {
        unsigned char c = (unsigned char)*in;

        if (c == '%') {
            const int high = hex_value(in[1]);
            const int low = high >= 0 ? hex_value(in[2]) : -1;

            if (low < 0) {
                return false;
            }
            c = (unsigned char)(high << 4 | low);
            in += 2;
        }
        if (c < ' ' || c == 0x7F) {
            return false;
        }
        *out++ = (char)c;
    }
    *out = '\0';
    return true;
}

/* Read USER[:PASSWORD]. Returns: false when out of memory; *out_reason is set when it is malformed.
 */
static bool parse_user(const char *text, size_t length, struct tug__proxy *proxy,
                       const char **out_reason)
{
    const char *const colon = memchr(text, ':', length);
    const size_t user_length = colon != NULL ? (size_t)(colon - text) : length;

    proxy->user = tug__strndup(text, user_length);
    proxy->password =
        colon != NULL ? tug__strndup(colon + 1, length - user_length - 1) : strdup("");
    if (proxy->user == NULL || proxy->password == NULL) {
        return false;
    }
    if (!decode(proxy->user) || !decode(proxy->password)) {
        *out_reason = "its user or password has a '%' without two hex digits after it (write %25), "
                      "or a control character";
    }
    return true;
}

/* Why a text cannot be the URL of a proxy, whatever its parts; NULL: no reason found. */
static const char *find_fault(const char *text, const char *authority, size_t length)
{
    const char *const at = memchr(authority, '@', length);
    const char *const rest = authority + length;

    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7F) {
            return "it contains a blank or control character";
        }
    }
    if (strlen(text) >= PROXY_URL_MAX) {
        return "it is too long";
    }
    if (strchr(rest, '@') != NULL ||
        (at != NULL && memchr(at + 1, '@', length - (size_t)(at + 1 - authority)) != NULL)) {
        return "a '@', '/', '?' or '#' in its user or password must be written %40, %2F, %3F or "
               "%23";
    }
    return *rest == '?' || *rest == '#' ? "it has a '?' or '#' after the host" : NULL;
}

/* Check HOST[:PORT] and build the URL from it. Returns: false when out of memory. */
static bool parse_host(const char *scheme, const char *host, size_t length,
                       struct tug__proxy *proxy, const char **out_reason)
{
    struct tug__origin origin;
    char *probe = NULL;

    if (length == 0) {
        *out_reason = "it has no host";
        return true;
    }
    if (asprintf(&probe, "http://%.*s", (int)length, host) < 0) {
        return false;
    }
    if (!tug__origin_parse(probe, &origin)) {
        *out_reason = "its host is malformed, or its port is not a number from 1 to 65535";
    }
    free(probe);
    if (asprintf(&proxy->url, "%s://%.*s", scheme, (int)length, host) < 0) {
        proxy->url = NULL;
        return false;
    }
    return true;
}

enum tug_status tug__proxy_parse(const char *text, struct tug__proxy *out_proxy,
                                 const char **out_reason)
{
    struct tug__proxy proxy = {0};
    const char *authority = text;
    const char *const scheme = parse_scheme(&authority);
    const size_t length = strcspn(authority, "/?#");
    const char *const at = memchr(authority, '@', length);
    const char *const host = at != NULL ? at + 1 : authority;
    const char *reason =
        scheme == NULL ? "its scheme is not one of http, https, socks4, socks4a, socks5, socks5h"
                       : find_fault(text, authority, length);
    bool has_memory = true;

    if (reason == NULL && at != NULL) {
        has_memory = parse_user(authority, (size_t)(at - authority), &proxy, &reason);
    }
    if (reason == NULL && has_memory) {
        has_memory = parse_host(scheme, host, (size_t)(authority + length - host), &proxy, &reason);
    }
    if (reason != NULL || !has_memory) {
        tug__proxy_fini(&proxy);
        *out_reason = reason;
        return has_memory ? TUG_ERR_INVALID_ARGUMENT : TUG_ERR_NO_MEMORY;
    }
    proxy.is_tls = strcmp(scheme, "https") == 0;
    *out_proxy = proxy;
    return TUG_OK;
}
