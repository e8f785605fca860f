/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs and durations of hosts.toml: strict parsers of text.
 *
 * Knows: where containerd puts /v2, that docker.io's API lives on another host. Does not know:
 * HTTP, TLS, files.
 * Threads: any.
 */
#include "hosts/hosts_internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define DOCKER_HOST "docker.io"
#define DOCKER_API_HOST "registry-1.docker.io"

static bool is_port(const char *text, size_t length)
{
    uint64_t port;

    return length <= 5 && tug__parse_u64(text, length, &port) && port >= 1 && port <= 65535;
}

/* Length of the name or bracketed address at the start of text; 0: there is neither. */
static size_t name_length(const char *text, size_t length)
{
    struct in6_addr address;
    char literal[INET6_ADDRSTRLEN];
    const char *const bracket = memchr(text, ']', length);
    size_t at = 0;

    if (length > 0 && text[0] == '[') {
        const size_t inner = bracket != NULL ? (size_t)(bracket - text) - 1 : 0;

        if (inner == 0 || inner >= sizeof literal) {
            return 0;
        }
        memcpy(literal, text + 1, inner);
        literal[inner] = '\0';
        return inet_pton(AF_INET6, literal, &address) == 1 ? inner + 2 : 0;
    }
    while (at < length && (isalnum((unsigned char)text[at]) ||
                           (at > 0 && text[at] != '\0' && strchr("._-", text[at]) != NULL))) {
        at++;
    }
    return at;
}

static bool is_host(const char *text, size_t length)
{
    const size_t name = length <= TUG__ENDPOINT_HOST_MAX ? name_length(text, length) : 0;

    return name > 0 &&
           (name == length || (text[name] == ':' && is_port(text + name + 1, length - name - 1)));
}

/* Length of a host without its port if that is the scheme's default. */
static size_t significant_length(const char *host, enum tug__scheme scheme)
{
    const char *const port = scheme == TUG__SCHEME_HTTP ? ":80" : ":443";
    const size_t length = strlen(host);
    const size_t port_length = strlen(port);

    return length > port_length && strcmp(host + length - port_length, port) == 0
               ? length - port_length
               : length;
}

static bool same_host(const char *a, const char *b, enum tug__scheme scheme)
{
    const size_t length = significant_length(a, scheme);

    return length == significant_length(b, scheme) && strncasecmp(a, b, length) == 0;
}

static enum tug_status set_host(struct tug__endpoint_config *endpoint, const char *host,
                                size_t length, const char *reference_host, struct tug_error *err)
{
    char name[TUG__ENDPOINT_HOST_MAX + 1];

    for (size_t i = 0; i < length; i++) {
        name[i] = (char)tolower((unsigned char)host[i]);
    }
    name[length] = '\0';
    endpoint->host =
        strdup(same_host(name, DOCKER_HOST, endpoint->scheme) ? DOCKER_API_HOST : name);
    if (endpoint->host == NULL) {
        return tug__fail_memory(err);
    }
    endpoint->needs_ns = !same_host(endpoint->host, reference_host, endpoint->scheme) &&
                         !(same_host(reference_host, DOCKER_HOST, endpoint->scheme) &&
                           same_host(endpoint->host, DOCKER_API_HOST, endpoint->scheme));
    return TUG_OK;
}

enum tug_status tug__endpoint_set_default(struct tug__endpoint_config *endpoint, const char *host,
                                          struct tug_error *err)
{
    enum tug_status status;

    if (!is_host(host, strlen(host))) {
        return tug__fail(err, TUG_ERR_CONFIG, "'%s' is not a host", host);
    }
    endpoint->capabilities = TUG__CAN_ALL;
    status = set_host(endpoint, host, strlen(host), host, err);
    if (status != TUG_OK) {
        return status;
    }
    endpoint->path = strdup("/v2");
    return endpoint->path != NULL ? TUG_OK : tug__fail_memory(err);
}

/* Tell whether a segment of a path has only characters allowed there (RFC 3986). */
static bool is_segment(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];

        if (c == '%') {
            if (length - i < 3 || !isxdigit((unsigned char)text[i + 1]) ||
                !isxdigit((unsigned char)text[i + 2])) {
                return false;
            }
        } else if (!isalnum(c) && strchr("-._~!$&'()*+,;=:@", c) == NULL) {
            return false;
        }
    }
    return true;
}

static enum tug_status set_path(struct tug__endpoint_config *endpoint, const char *path,
                                bool override_path, struct tug_error *err)
{
    char clean[TUG__ENDPOINT_PATH_MAX + sizeof "/v2"];
    size_t at = 0;

    for (const char *segment = path; *segment != '\0';) {
        const size_t length = strcspn(segment, "/");
        const bool is_dot = length == 1 && segment[0] == '.';

        if (!is_segment(segment, length) || (length == 2 && memcmp(segment, "..", 2) == 0)) {
            return tug__fail(err, TUG_ERR_CONFIG, "the URL's path is not valid");
        }
        if (at + 1 + length > TUG__ENDPOINT_PATH_MAX) {
            return tug__fail(err, TUG_ERR_CONFIG,
                             "the URL's path is over the limit of %d characters",
                             TUG__ENDPOINT_PATH_MAX);
        }
        if (length > 0 && !is_dot) {
            clean[at++] = '/';
            memcpy(clean + at, segment, length);
            at += length;
        }
        segment += length + (segment[length] == '/');
    }
    if (!override_path && (at < 3 || memcmp(clean + at - 3, "/v2", 3) != 0)) {
        memcpy(clean + at, "/v2", 3);
        at += 3;
    }
    if (at > TUG__ENDPOINT_PATH_MAX) {
        return tug__fail(err, TUG_ERR_CONFIG, "the URL's path is over the limit of %d characters",
                         TUG__ENDPOINT_PATH_MAX);
    }
    endpoint->path = tug__strndup(clean, at);
    return endpoint->path != NULL ? TUG_OK : tug__fail_memory(err);
}

enum tug_status tug__endpoint_set_url(struct tug__endpoint_config *endpoint, const char *url,
                                      bool override_path, const char *reference_host,
                                      struct tug_error *err)
{
    const char *const colon = strstr(url, "://");
    const char *const authority = colon != NULL ? colon + 3 : url;
    const size_t scheme_length = colon != NULL ? (size_t)(colon - url) : 0;
    const size_t host_length = strcspn(authority, "/");
    enum tug_status status;

    if (memchr(authority, '@', host_length) != NULL) {
        return tug__fail(err, TUG_ERR_CONFIG, "a URL with user information");
    }
    if (strpbrk(url, "?#") != NULL) {
        return tug__fail(err, TUG_ERR_CONFIG, "a URL with a query or fragment");
    }
    if (colon == NULL || (scheme_length == 5 && strncasecmp(url, "https", 5) == 0)) {
        endpoint->scheme = TUG__SCHEME_HTTPS;
    } else if (scheme_length == 4 && strncasecmp(url, "http", 4) == 0) {
        endpoint->scheme = TUG__SCHEME_HTTP;
    } else {
        return tug__fail(err, TUG_ERR_CONFIG, "the URL's scheme is not http or https");
    }
    if (!is_host(authority, host_length)) {
        return tug__fail(err, TUG_ERR_CONFIG, "the URL has no valid HOST[:PORT]");
    }
    status = set_host(endpoint, authority, host_length, reference_host, err);
    return status == TUG_OK ? set_path(endpoint, authority + host_length, override_path, err)
                            : status;
}

/* The nanoseconds of the unit at the start of text; 0: there is none. */
static uint64_t unit_ns(const char *text, size_t *out_length)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"ns", 1},
        {"us", 1000},
        {"\xC2\xB5s", 1000}, /* micro sign */
        {"\xCE\xBCs", 1000}, /* Greek mu */
        {"ms", 1000000},
        {"s", UINT64_C(1000000000)},
        {"m", UINT64_C(60000000000)},
        {"h", UINT64_C(3600000000000)},
    };
    const size_t length = strcspn(text, "0123456789.");

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].name) == length && memcmp(text, units[i].name, length) == 0) {
            *out_length = length;
            return units[i].ns;
        }
    }
    return 0;
}

/* One number with its unit, e.g. "1.5h". Returns: the text after it; NULL: malformed, or too
 * long. */
static const char *add_part(const char *text, uint64_t max_ns, uint64_t *total_ns)
{
    const size_t whole = strspn(text, "0123456789");
    const char *const fraction = text[whole] == '.' ? text + whole + 1 : text + whole;
    const size_t fraction_length = text[whole] == '.' ? strspn(fraction, "0123456789") : 0;
    size_t unit_length = 0;
    const uint64_t unit = unit_ns(fraction + fraction_length, &unit_length);
    uint64_t value = 0;
    uint64_t scale = unit;

    if (unit == 0 || whole + fraction_length == 0 ||
        (whole > 0 && !tug__parse_u64(text, whole, &value)) || value > max_ns / unit) {
        return NULL;
    }
    value *= unit;
    for (size_t i = 0; i < fraction_length; i++) {
        scale /= 10;
        value += (uint64_t)(fraction[i] - '0') * scale;
    }
    if (value > max_ns - *total_ns) {
        return NULL;
    }
    *total_ns += value;
    return fraction + fraction_length + unit_length;
}

bool tug__go_duration_parse(const char *text, uint64_t *out_ms)
{
    const uint64_t max_ns = TUG__DIAL_TIMEOUT_MAX_MS * 1000000;
    uint64_t total_ns = 0;

    text += *text == '+';
    do {
        text = add_part(text, max_ns, &total_ns);
    } while (text != NULL && *text != '\0');
    if (text == NULL || total_ns == 0) {
        return false;
    }
    *out_ms = (total_ns + 999999) / 1000000;
    return true;
}
