/* SPDX-License-Identifier: Apache-2.0
 *
 * Private addresses.
 *
 * Knows: the IANA special-purpose registries. Does not know: HTTP, curl, registries.
 * Threads: any.
 */
#include "url/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* An IPv4 network. */
struct network {
    uint32_t address;
    unsigned bits;
};

#define NET(a, b, bits)                                                                            \
    {                                                                                              \
        ((uint32_t)(a) << 24) | ((uint32_t)(b) << 16), bits                                        \
    }

static const struct network private_networks[] = {
    NET(0, 0, 8),      NET(10, 0, 8),    NET(100, 64, 10), NET(127, 0, 8),
    NET(169, 254, 16), NET(172, 16, 12), NET(192, 0, 24),  NET(192, 168, 16),
    NET(198, 18, 15),  NET(224, 0, 4),   NET(240, 0, 4),
};

static bool is_private_v4(uint32_t address)
{
    for (size_t i = 0; i < sizeof private_networks / sizeof private_networks[0]; i++) {
        const struct network *const network = &private_networks[i];

        if ((address ^ network->address) >> (32 - network->bits) == 0) {
            return true;
        }
    }
    return false;
}

static uint32_t read_v4(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_private_v6(const struct in6_addr *address)
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    const uint8_t *const bytes = address->s6_addr;

    if (IN6_IS_ADDR_V4MAPPED(address) || memcmp(bytes, nat64, sizeof nat64) == 0) {
        return is_private_v4(read_v4(bytes + 12));
    }
    if (bytes[0] == 0x20 && bytes[1] == 0x02) { /* 6to4 */
        return is_private_v4(read_v4(bytes + 2));
    }
    if (IN6_IS_ADDR_UNSPECIFIED(address) || IN6_IS_ADDR_LOOPBACK(address) ||
        IN6_IS_ADDR_V4COMPAT(address) || IN6_IS_ADDR_MULTICAST(address)) {
        return true;
    }
    return (bytes[0] & 0xfe) == 0xfc || /* unique local */
           (bytes[0] == 0xfe && bytes[1] >= 0x80);
}

bool tug__address_is_private(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, address, sizeof v4);
        return is_private_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, address, sizeof v6);
        return is_private_v6(&v6.sin6_addr);
    }
    return true;
}

bool tug__address_text_is_private(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET6, text, &v6) == 1) {
        return is_private_v6(&v6);
    }
    return inet_aton(text, &v4) != 0 && is_private_v4(ntohl(v4.s_addr)); /* 127.1, 0x7f.1 too */
}

bool tug__host_is_private(const char *host)
{
    char name[256];
    const bool is_bracketed = host[0] == '[';
    const char *const start = is_bracketed ? host + 1 : host;
    size_t length = strcspn(start, is_bracketed ? "]%" : ":");

    if (length == 0 || length >= sizeof name) {
        return false;
    }
    memcpy(name, start, length);
    name[length] = '\0';
    if (!is_bracketed && name[length - 1] == '.') {
        name[--length] = '\0';
    }
    if (strcasecmp(name, "localhost") == 0 ||
        (length > 10 && strcasecmp(name + length - 10, ".localhost") == 0)) {
        return true;
    }
    return tug__address_text_is_private(name);
}
