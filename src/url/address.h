/* SPDX-License-Identifier: Apache-2.0
 *
 * Which addresses are private: this machine, its networks, the metadata service of its cloud.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_URL_ADDRESS_H
#define TUG_URL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Tell whether an address is one that a public server has no business sending us to: loopback,
 * private, shared (100.64/10), link-local (cloud metadata), unspecified, multicast, reserved, and
 * IPv6 addresses that stand for such IPv4 ones. Anything but IPv4 and IPv6 is private. */
bool tug__address_is_private(const struct sockaddr *address);

/* The same for the text of an address as URLs write it, IPv6 without brackets.
 * Returns: false also for text that is not an address. */
bool tug__address_text_is_private(const char *text);

/* Tell whether a host of a URL (a name, an address, an IPv6 address in brackets, with or without a
 * port) is private by its text alone: "localhost", names below it, private addresses. Names are not
 * resolved. */
bool tug__host_is_private(const char *host);

#endif
