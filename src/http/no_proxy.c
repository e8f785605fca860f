/* SPDX-License-Identifier: Apache-2.0
 *
 * Read and match no_proxy.
 *
 * Knows: what users of curl, docker and containerd write there. Does not know: libcurl, HTTP,
 * registries.
 * Threads: any.
 */
#include "http/no_proxy.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

/* Kinds of entries. */
enum entry_kind {
    ENTRY_BAD = 0,
    ENTRY_ALL,
    ENTRY_DOMAIN,
    ENTRY_NETWORK, /* a single address, too */
};

struct entry {
    enum entry_kind kind;
    unsigned port;    /* 0: any */
    const char *name; /* DOMAIN: without the dots and the star before and after it; in the text */
    size_t name_length;
    uint8_t address[16];
    size_t address_size; /* 4 or 16 bytes */
    unsigned bits;       /* of the address that count */
};

/* Parse an address into out_bytes. Returns: its length in bytes; 0: not an address. */
static size_t address_bytes(const char *text, uint8_t out_bytes[16])
{
    if (inet_pton(AF_INET, text, out_bytes) == 1) {
        return 4;
    }
    return inet_pton(AF_INET6, text, out_bytes) == 1 ? 16 : 0;
}

/* Parse a number that ends with the text. */
static bool read_number(const char *text, unsigned maximum, unsigned *out_number)
{
    uint64_t number;

    if (!tug__parse_u64(text, strlen(text), &number) || number > maximum) {
        return false;
    }
    *out_number = (unsigned)number;
    return true;
}

/* Cut ":PORT" off, in place, and brackets. Returns: the host; NULL: malformed. */
static char *split_port(char *text, unsigned *out_port)
{
    char *const bracket = text[0] == '[' ? strchr(text, ']') : NULL;
    char *const colon = strchr(bracket != NULL ? bracket : text, ':');

    *out_port = 0;
    if (text[0] == '[' && (bracket == NULL || (bracket[1] != ':' && bracket[1] != '\0'))) {
        return NULL;
    }
    if (bracket == NULL && colon != NULL && strchr(colon + 1, ':') != NULL) {
        return text; /* IPv6 as it is */
    }
    if (colon != NULL) {
        if (!read_number(colon + 1, UINT16_MAX, out_port) || *out_port == 0) {
            return NULL;
        }
        *colon = '\0';
    }
    if (bracket != NULL) {
        *bracket = '\0';
        return text + 1;
    }
    return text;
}

static void parse_network(char *text, char *slash, struct entry *entry)
{
    *slash = '\0';
    entry->address_size = address_bytes(text, entry->address);
    if (entry->address_size > 0 &&
        read_number(slash + 1, (unsigned)entry->address_size * 8, &entry->bits)) {
        entry->kind = ENTRY_NETWORK;
    }
}

/* Tell whether a host can have such a name: not "10.0.*", "10.0" or "a@b". */
static bool is_name(const char *text, size_t length)
{
    bool is_number = true; /* the last label: of digits only */

    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];
        const bool is_digit = c >= '0' && c <= '9';

        is_number = c == '.' || (is_number && is_digit);
        if (c < 0x80 && strchr("._-", c) == NULL && !is_digit &&
            !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
            return false;
        }
    }
    return !is_number;
}

static void parse_domain(const char *text, struct entry *entry)
{
    if (text[0] == '*' && text[1] == '.') {
        text++;
    }
    if (text[0] == '.') {
        text++;
    }
    entry->name = text;
    entry->name_length = strlen(text);
    if (entry->name_length > 0 && text[entry->name_length - 1] == '.') {
        entry->name_length--;
    }
    if (entry->name_length == 0 || text[0] == '.') {
        return;
    }
    if (is_name(text, entry->name_length)) {
        entry->kind = ENTRY_DOMAIN;
    }
}

/* Read an entry. text: changed; out_entry points into it. */
static void parse_entry(char *text, struct entry *out_entry)
{
    char *const slash = strchr(text, '/');
    char *host;

    *out_entry = (struct entry){.kind = ENTRY_BAD};
    if (strcmp(text, "*") == 0) {
        out_entry->kind = ENTRY_ALL;
        return;
    }
    if (slash != NULL) {
        parse_network(text, slash, out_entry);
        return;
    }
    host = split_port(text, &out_entry->port);
    if (host == NULL) {
        return;
    }
    out_entry->address_size = address_bytes(host, out_entry->address);
    if (out_entry->address_size > 0) {
        out_entry->kind = ENTRY_NETWORK;
        out_entry->bits = (unsigned)out_entry->address_size * 8;
    } else if (text[0] != '[') {
        parse_domain(host, out_entry);
    }
}

static bool network_has(const struct entry *entry, const char *host)
{
    uint8_t bytes[16] = {0};
    const size_t whole = entry->bits / 8;
    const unsigned rest = entry->bits % 8;

    return address_bytes(host, bytes) == entry->address_size &&
           memcmp(entry->address, bytes, whole) == 0 &&
           (rest == 0 || (entry->address[whole] ^ bytes[whole]) >> (8 - rest) == 0);
}

static bool domain_has(const struct entry *entry, const char *host)
{
    uint8_t bytes[16];
    size_t length = strlen(host);
    const char *end;

    if (length > 0 && host[length - 1] == '.') {
        length--;
    }
    if (length < entry->name_length) {
        return false;
    }
    end = host + length - entry->name_length;
    if (strncasecmp(end, entry->name, entry->name_length) != 0) {
        return false;
    }
    /* A name below the domain; an address has no domain. */
    return end == host || (end[-1] == '.' && address_bytes(host, bytes) == 0);
}

static bool entry_has(const struct entry *entry, const char *host, unsigned port)
{
    if (entry->port != 0 && entry->port != port) {
        return false;
    }
    switch (entry->kind) {
    case ENTRY_BAD:
        return false;
    case ENTRY_ALL:
        return true;
    case ENTRY_DOMAIN:
        return domain_has(entry, host);
    case ENTRY_NETWORK:
        return network_has(entry, host);
    }
    return false;
}

/* Find the next entry of a list. Returns: its length in the list; 0: the list is empty. */
static size_t next_entry(const char **list, char out_text[TUG__NO_PROXY_ENTRY_MAX])
{
    size_t length;
    size_t copied;

    *list += strspn(*list, ", \t\r\n");
    length = strcspn(*list, ", \t\r\n");
    copied = length < TUG__NO_PROXY_ENTRY_MAX ? length : TUG__NO_PROXY_ENTRY_MAX - 1;
    memcpy(out_text, *list, copied);
    out_text[copied] = '\0';
    *list += length;
    return length;
}

bool tug__no_proxy_has(const char *list, const char *host, unsigned port)
{
    char bare[256];
    char text[TUG__NO_PROXY_ENTRY_MAX];
    struct entry entry;
    size_t length;

    if (host[0] == '[' && strlen(host) < sizeof bare) {
        const size_t inner = strcspn(host + 1, "]");

        memcpy(bare, host + 1, inner);
        bare[inner] = '\0';
        host = bare;
    }
    while (list != NULL && (length = next_entry(&list, text)) > 0) {
        if (length >= sizeof text) {
            continue;
        }
        parse_entry(text, &entry);
        if (entry_has(&entry, host, port)) {
            return true;
        }
    }
    return false;
}

bool tug__no_proxy_next_bad(const char **list, char out_entry[TUG__NO_PROXY_ENTRY_MAX])
{
    char text[TUG__NO_PROXY_ENTRY_MAX];
    struct entry entry;
    size_t length;

    while ((length = next_entry(list, out_entry)) > 0) {
        memcpy(text, out_entry, sizeof text);
        parse_entry(text, &entry);
        if (entry.kind == ENTRY_BAD || length >= sizeof text) {
            return true;
        }
    }
    return false;
}
