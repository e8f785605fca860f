/* SPDX-License-Identifier: Apache-2.0
 *
 * Which proxy a request goes through: --proxy, or http_proxy, https_proxy, all_proxy and no_proxy
 * of the environment, in small letters or capitals.
 * Threads: any once made. Blocks: never.
 */
#ifndef TUG_HTTP_PROXY_H
#define TUG_HTTP_PROXY_H

#include <stdbool.h>

#include <tug/error.h>

/* One proxy, taken apart. Zero is none. All text is owned. */
struct tug__proxy {
    char *url;          /* SCHEME://HOST[:PORT], never a secret; NULL: no proxy */
    char *user;         /* decoded; NULL: none */
    char *password;     /* decoded; NULL: none */
    bool is_tls;        /* the connection to it is TLS */
    const char *source; /* where it was found: a variable with a dollar sign, or "as asked". Static
                           text; set by tug__proxies_init */
};

/* The configuration, immutable. Zero is no proxy at all. All text is owned. */
struct tug__proxies {
    bool is_forced; /* named by the user for this run: used for loopback hosts too, and no_proxy is
                       ignored */
    struct tug__proxy for_http;
    struct tug__proxy for_https;
    char *no_proxy;
};

/* Parse the URL of a proxy: [SCHEME://][USER[:PASSWORD]@]HOST[:PORT][/], where SCHEME is http (the
 * default), https, socks4, socks4a, socks5 or socks5h. Strict, since ambiguous text may have the
 * password where a host or a port is expected.
 * out_proxy: owned (tug__proxy_fini), untouched on failure.
 * out_reason: set when it is malformed, to a static text that quotes nothing of it.
 * Returns: TUG_OK, TUG_ERR_INVALID_ARGUMENT, TUG_ERR_NO_MEMORY. */
enum tug_status tug__proxy_parse(const char *text, struct tug__proxy *out_proxy,
                                 const char **out_reason);
/* Wipe and free what it owns; it is zero afterwards. */
void tug__proxy_fini(struct tug__proxy *proxy);

/* Read the configuration.
 * option: URL of a proxy for everything, "" for none at all; NULL: what the environment says. The
 * lower-case spelling of a variable wins. HTTP_PROXY is ignored in a CGI program (with
 * REQUEST_METHOD set), where the client controls it.
 * Errors: TUG_ERR_INVALID_ARGUMENT (option is not a proxy URL), TUG_ERR_CONFIG (a variable is not
 * one; the message names it), TUG_ERR_NO_MEMORY. No message holds any part of a URL. */
enum tug_status tug__proxies_init(struct tug__proxies *proxies, const char *option,
                                  struct tug_error *err);
/* Wipe and free what it owns. */
void tug__proxies_fini(struct tug__proxies *proxies);

/* Choose the proxy for a URL.
 * Returns: borrowed; NULL: connect directly. From the environment never one for a literal loopback
 * host. */
const struct tug__proxy *tug__proxies_choose(const struct tug__proxies *proxies, const char *url);

#endif
