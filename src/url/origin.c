/* SPDX-License-Identifier: Apache-2.0
 *
 * Parse the origins of URLs.
 *
 * Knows: RFC 3986's authority, as far as http uses it. Does not know: HTTP, curl, addresses.
 * Threads: any.
 */
#include "url/origin.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "url/url.h"

/* Length of the host at the start of an authority; 0 when there is none. */
static size_t host_length(const char *authority, size_t length)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr v6;
    size_t end = 0;

    if (length == 0 || authority[0] != '[') {
        while (end < length &&
               (strchr("._-", authority[end]) != NULL ||
                (authority[end] >= '0' && authority[end] <= '9') ||
                ((authority[end] | 0x20) >= 'a' && (authority[end] | 0x20) <= 'z'))) {
            end++;
        }
        return end;
    }
    while (end < length && authority[end] != ']') {
        end++;
    }
    if (end == length || end - 1 >= sizeof address) {
        return 0;
    }
    memcpy(address, authority + 1, end - 1);
    address[end - 1] = '\0';
    return inet_pton(AF_INET6, address, &v6) == 1 ? end + 1 : 0;
}

/* ":port" or nothing. An empty port is the scheme's own (RFC 3986 section 3.2.3). */
static bool parse_port(const char *text, size_t length, unsigned *port)
{
    uint64_t number;

    if (length == 0) {
        return true;
    }
    if (text[0] != ':') {
        return false;
    }
    if (length == 1) {
        return true;
    }
    if (length > 6 || !tug__parse_u64(text + 1, length - 1, &number) || number == 0 ||
        number > UINT16_MAX) {
        return false;
    }
    *port = (unsigned)number;
    return true;
}

bool tug__origin_parse(const char *url, struct tug__origin *out_origin)
{
    struct tug__origin origin = {0};
    const char *authority = url;
    size_t length;
    size_t host;

    if (strncasecmp(url, "https://", 8) == 0) {
        authority += 8;
        origin.is_https = true;
        origin.port = 443;
    } else if (strncasecmp(url, "http://", 7) == 0) {
        authority += 7;
        origin.port = 80;
    } else {
        return false;
    }
    length = strcspn(authority, "/?#");
    host = host_length(authority, length);
    if (!tug__url_is_text(url) || host == 0 || host >= sizeof origin.host ||
        !parse_port(authority + host, length - host, &origin.port)) {
        return false;
    }
    for (size_t i = 0; i < host; i++) {
        const char c = authority[i];

        origin.host[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    *out_origin = origin;
    return true;
}

bool tug__origin_equal(const struct tug__origin *left, const struct tug__origin *right)
{
    return left->is_https == right->is_https && left->port == right->port &&
           strcmp(left->host, right->host) == 0;
}

char *tug__origin_format(char out_text[TUG__ORIGIN_TEXT_MAX], const struct tug__origin *origin)
{
    (void)snprintf(out_text, TUG__ORIGIN_TEXT_MAX, "%s://%s:%u",
                   origin->is_https ? "https" : "http", origin->host, origin->port);
    return out_text;
}
