/* SPDX-License-Identifier: Apache-2.0
 *
 * Which proxy a request goes through: --proxy, or http_proxy, https_proxy, all_proxy and no_proxy
 * as curl reads them.
 * Threads: any once made. Blocks: never.
 */
#ifndef TUG_REGISTRY_PROXY_H
#define TUG_REGISTRY_PROXY_H

#include <stdbool.h>

#include <tug/error.h>

/* The configuration, immutable. Zero is no proxy at all. All text is owned. */
struct tug__proxies {
    bool is_forced; /* named by the user for this run: loopback hosts too, no_proxy counts not */
    char *for_http;
    char *for_https;
    char *no_proxy;
};

/* Read the configuration.
 * option: URL of a proxy for everything, "" for none at all; NULL: what the environment says
 * (http_proxy in lower case only, because a CGI program's HTTP_PROXY is the client's to set).
 * Errors: TUG_ERR_INVALID_ARGUMENT (option is no proxy URL), TUG_ERR_NO_MEMORY. */
enum tug_status tug__proxies_init(struct tug__proxies *proxies, const char *option,
                                  struct tug_error *err);
/* Free what it owns. */
void tug__proxies_fini(struct tug__proxies *proxies);

/* Choose the proxy for a URL.
 * Returns: its URL, borrowed; NULL: connect directly. From the environment never one for a literal
 * loopback host. */
const char *tug__proxies_choose(const struct tug__proxies *proxies, const char *url);

/* Tell whether a no_proxy list names a host: "*", a domain (with or without a dot before it: the
 * domain and all below it), an address, or a network as ADDRESS/BITS; entries are separated by
 * commas or blanks. host: without port, IPv6 without brackets. list: NULL is empty. */
bool tug__no_proxy_has(const char *list, const char *host);

#endif
