/* SPDX-License-Identifier: Apache-2.0
 *
 * The choice of a proxy.
 *
 * It is made here and not by libcurl because the rest must know whether there is a proxy: the
 * address we are connected to is then the proxy's, and says nothing about the server.
 *
 * Knows: the environment's variables. Does not know: connections.
 * Threads: any.
 */
#include "registry/proxy.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/str.h"
#include "registry/origin.h"
#include "registry/url.h"

static const char *environment(const char *lower, const char *upper)
{
    const char *value = getenv(lower);

    if ((value == NULL || *value == '\0') && upper != NULL) {
        value = getenv(upper);
    }
    return value != NULL && *value != '\0' ? value : NULL;
}

/* Copy a text that may be NULL. Returns: false without memory. */
static bool copy(char **out_copy, const char *text)
{
    *out_copy = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out_copy != NULL;
}

static bool is_proxy_url(const char *text)
{
    static const char *const schemes[] = {"http://",    "https://",  "socks4://",
                                          "socks4a://", "socks5://", "socks5h://"};
    const char *const scheme_end = strstr(text, "://");

    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f) {
            return false;
        }
    }
    if (scheme_end == NULL) {
        return true; /* HOST:PORT: http, as curl does it */
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0) {
            return scheme_end[3] != '\0';
        }
    }
    return false;
}

enum tug_status tug__proxies_init(struct tug__proxies *proxies, const char *option,
                                  struct tug_error *err)
{
    const char *const all = environment("all_proxy", "ALL_PROXY");
    const char *http = environment("http_proxy", NULL);
    const char *https = environment("https_proxy", "HTTPS_PROXY");
    const char *none = environment("no_proxy", "NO_PROXY");
    bool has_memory;

    *proxies = (struct tug__proxies){0};
    if (option != NULL) {
        if (!is_proxy_url(option)) {
            return tug__fail(err, TUG_ERR_INVALID_ARGUMENT,
                             "the proxy is not a URL such as http://host:3128");
        }
        http = https = *option != '\0' ? option : NULL;
        none = NULL;
        proxies->is_forced = true;
    } else {
        http = http != NULL ? http : all;
        https = https != NULL ? https : all;
    }
    has_memory = copy(&proxies->for_http, http);
    has_memory = copy(&proxies->for_https, https) && has_memory;
    has_memory = copy(&proxies->no_proxy, none) && has_memory;
    if (!has_memory) {
        tug__proxies_fini(proxies);
        return tug__fail_memory(err);
    }
    return TUG_OK;
}

void tug__proxies_fini(struct tug__proxies *proxies)
{
    free(proxies->for_http); /* may hold a password, as the environment does */
    free(proxies->for_https);
    free(proxies->no_proxy);
    *proxies = (struct tug__proxies){0};
}

/* Put the bytes of an address into out_bytes. Returns: how many, 0: no address. */
static size_t address_bytes(const char *text, uint8_t out_bytes[16])
{
    if (inet_pton(AF_INET, text, out_bytes) == 1) {
        return 4;
    }
    return inet_pton(AF_INET6, text, out_bytes) == 1 ? 16 : 0;
}

/* Does "ADDRESS/BITS" hold the host? */
static bool network_has(const char *entry, const char *slash, const char *host)
{
    char address[64];
    uint8_t network_bytes[16] = {0};
    uint8_t host_bytes[16] = {0};
    const size_t length = (size_t)(slash - entry);
    uint64_t bits = 0;
    size_t size;

    if (length >= sizeof address || !tug__parse_u64(slash + 1, strlen(slash + 1), &bits)) {
        return false;
    }
    memcpy(address, entry, length);
    address[length] = '\0';
    size = address_bytes(address, network_bytes);
    if (size == 0 || size != address_bytes(host, host_bytes) || bits > size * 8) {
        return false;
    }
    if (memcmp(network_bytes, host_bytes, bits / 8) != 0) {
        return false;
    }
    return bits % 8 == 0 || (network_bytes[bits / 8] ^ host_bytes[bits / 8]) >> (8 - bits % 8) == 0;
}

static bool entry_has(const char *entry, const char *host)
{
    const char *const slash = strchr(entry, '/');
    size_t host_length = strlen(host);
    size_t length;

    if (strcmp(entry, "*") == 0) {
        return true;
    }
    if (slash != NULL) {
        return network_has(entry, slash, host);
    }
    if (*entry == '.') {
        entry++;
    }
    length = strlen(entry);
    if (host_length > 0 && host[host_length - 1] == '.') {
        host_length--;
    }
    if (length > 0 && entry[length - 1] == '.') {
        length--;
    }
    if (length == 0 || host_length < length ||
        strncasecmp(host + host_length - length, entry, length) != 0) {
        return false;
    }
    if (host_length == length) {
        return true;
    }
    /* A name below the domain; an address has no domain. */
    uint8_t bytes[16];

    return host[host_length - length - 1] == '.' && address_bytes(host, bytes) == 0;
}

bool tug__no_proxy_has(const char *list, const char *host)
{
    while (list != NULL && *list != '\0') {
        const size_t length = strcspn(list, ", \t");
        char entry[256];

        if (length > 0 && length < sizeof entry) {
            memcpy(entry, list, length);
            entry[length] = '\0';
            if (entry_has(entry, host)) {
                return true;
            }
        }
        list += length;
        list += strspn(list, ", \t");
    }
    return false;
}

const char *tug__proxies_choose(const struct tug__proxies *proxies, const char *url)
{
    struct tug__origin origin;
    const char *proxy;

    if (!tug__origin_parse(url, &origin)) {
        return NULL;
    }
    proxy = origin.is_https ? proxies->for_https : proxies->for_http;
    if (proxy == NULL || proxies->is_forced) {
        return proxy;
    }
    if (tug__url_is_loopback(origin.host)) {
        return NULL;
    }
    if (origin.host[0] == '[') { /* no brackets in no_proxy */
        char bare[TUG__HOST_MAX];
        const size_t length = strcspn(origin.host + 1, "]");

        memcpy(bare, origin.host + 1, length);
        bare[length] = '\0';
        return tug__no_proxy_has(proxies->no_proxy, bare) ? NULL : proxy;
    }
    return tug__no_proxy_has(proxies->no_proxy, origin.host) ? NULL : proxy;
}
