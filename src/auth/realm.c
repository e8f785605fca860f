/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a token may be fetched.
 *
 * Knows: RFC 3986's resolution of references, the rules for token servers. Does not know: HTTP,
 * addresses, tokens.
 * Threads: any.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "auth/challenge.h"
#include "base/error.h"
#include "url/origin.h"
#include "url/url.h"

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
static bool resolve(const char *base, const char *reference, char out_url[TUG__TOKEN_URL_MAX])
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
    length = snprintf(out_url, TUG__TOKEN_URL_MAX, "%.*s%s%s", (int)kept, base, slash, reference);
    return length > 0 && length < TUG__TOKEN_URL_MAX;
}

/* Tell whether a token server with this origin may be asked. */
static bool is_allowed(const struct tug__origin *registry, const struct tug__origin *server)
{
    if (server->is_https) {
        return true;
    }
    if (registry->is_https) {
        return false;
    }
    return tug__origin_equal(registry, server) ||
           (tug__url_is_loopback(registry->host) && tug__url_is_loopback(server->host));
}

enum tug_status tug__realm_resolve(const char *request_url, const char *realm,
                                   char out_url[TUG__TOKEN_URL_MAX], struct tug_error *err)
{
    struct tug__origin registry;
    struct tug__origin server;
    char url[TUG__TOKEN_URL_MAX];
    char shown[256];
    char *path;

    (void)tug__url_redact(shown, sizeof shown, realm);
    if (!tug__origin_parse(request_url, &registry)) {
        return tug__fail(err, TUG_ERR_INTERNAL, "a registry's URL is malformed");
    }
    if (realm[0] == '\0' || !resolve(request_url, realm, url) || !tug__origin_parse(url, &server)) {
        return tug__fail(err, TUG_ERR_AUTH,
                         "token server '%s' refused: not a usable http or https URL", shown);
    }
    if (!is_allowed(&registry, &server)) {
        return tug__fail(err, TUG_ERR_AUTH,
                         "token server '%s' refused: tokens are not requested over plain http",
                         shown);
    }
    url[strcspn(url, "#")] = '\0';
    path = strstr(url, "://") + 3;
    path += strcspn(path, "/?");
    if (*path == '/') {
        remove_dots(path);
    }
    memcpy(out_url, url, strlen(url) + 1);
    return TUG_OK;
}
