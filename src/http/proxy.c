/* SPDX-License-Identifier: Apache-2.0
 *
 * The choice of a proxy.
 *
 * It is made here and not by libcurl because the caller must know whether there is a proxy: the
 * address of the connection is then the proxy's, and says nothing about the server.
 *
 * Knows: the environment variables. Does not know: libcurl, HTTP, registries.
 * Threads: any.
 */
#include "http/proxy.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "http/no_proxy.h"
#include "url/origin.h"
#include "url/url.h"

/* A variable of the environment that is set and not empty. */
static const char *environment(const char *name)
{
    const char *const value = getenv(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

/* Read the first of these variables that is set. names: each with a dollar sign; NULL-terminated.
 */
static enum tug_status read_variable(const char *const *names, struct tug__proxy *out_proxy,
                                     struct tug_error *err)
{
    const char *reason = NULL;
    const char *value = NULL;
    enum tug_status status;

    while (*names != NULL && (value = environment(*names + 1)) == NULL) {
        names++;
    }
    if (value == NULL) {
        return TUG_OK;
    }
    status = tug__proxy_parse(value, out_proxy, &reason);
    if (status == TUG_ERR_INVALID_ARGUMENT) {
        return tug__fail(err, TUG_ERR_CONFIG, "the proxy in %s cannot be used: %s", *names + 1,
                         reason);
    }
    out_proxy->source = *names;
    return status == TUG_OK ? TUG_OK : tug__fail_memory(err);
}

static enum tug_status read_environment(struct tug__proxies *proxies, struct tug_error *err)
{
    static const char *const https[] = {"$https_proxy", "$HTTPS_PROXY", "$all_proxy", "$ALL_PROXY",
                                        NULL};
    static const char *const http[] = {"$http_proxy", "$HTTP_PROXY", "$all_proxy", "$ALL_PROXY",
                                       NULL};
    static const char *const cgi_http[] = {"$http_proxy", "$all_proxy", "$ALL_PROXY", NULL};
    const bool is_cgi = getenv("REQUEST_METHOD") != NULL;
    const char *const lower = environment("no_proxy");
    const char *const none = lower != NULL ? lower : environment("NO_PROXY");
    enum tug_status status = read_variable(is_cgi ? cgi_http : http, &proxies->for_http, err);

    if (status == TUG_OK) {
        status = read_variable(https, &proxies->for_https, err);
    }
    if (status == TUG_OK && none != NULL) {
        proxies->no_proxy = strdup(none);
        status = proxies->no_proxy != NULL ? TUG_OK : tug__fail_memory(err);
    }
    return status;
}

static enum tug_status read_option(struct tug__proxies *proxies, const char *option,
                                   struct tug_error *err)
{
    const char *reason = NULL;
    enum tug_status status;

    proxies->is_forced = true;
    if (*option == '\0') {
        return TUG_OK;
    }
    status = tug__proxy_parse(option, &proxies->for_http, &reason);
    if (status == TUG_OK) {
        status = tug__proxy_parse(option, &proxies->for_https, &reason);
    }
    proxies->for_http.source = "as asked";
    proxies->for_https.source = "as asked";
    if (status == TUG_ERR_INVALID_ARGUMENT) {
        return tug__fail(err, status, "the proxy is not a URL such as http://host:3128: %s",
                         reason);
    }
    return status == TUG_OK ? TUG_OK : tug__fail_memory(err);
}

enum tug_status tug__proxies_init(struct tug__proxies *proxies, const char *option,
                                  struct tug_error *err)
{
    enum tug_status status;

    *proxies = (struct tug__proxies){0};
    status = option != NULL ? read_option(proxies, option, err) : read_environment(proxies, err);
    if (status != TUG_OK) {
        tug__proxies_fini(proxies);
    }
    return status;
}

void tug__proxies_fini(struct tug__proxies *proxies)
{
    tug__proxy_fini(&proxies->for_http);
    tug__proxy_fini(&proxies->for_https);
    free(proxies->no_proxy);
    *proxies = (struct tug__proxies){0};
}

const struct tug__proxy *tug__proxies_choose(const struct tug__proxies *proxies, const char *url)
{
    const struct tug__proxy *proxy;
    struct tug__origin origin;

    if (!tug__origin_parse(url, &origin)) {
        return NULL;
    }
    proxy = origin.is_https ? &proxies->for_https : &proxies->for_http;
    if (proxy->url == NULL || proxies->is_forced) {
        return proxy->url != NULL ? proxy : NULL;
    }
    if (tug__url_is_loopback(origin.host) ||
        tug__no_proxy_has(proxies->no_proxy, origin.host, origin.port)) {
        return NULL;
    }
    return proxy;
}
