/* SPDX-License-Identifier: Apache-2.0
 *
 * Tell which configuration a session uses, and why: what was found outside of its settings.
 *
 * Knows: where each part was found. Does not know: manifests, the store.
 * Threads: the creator's.
 */
#include "registry/session.h"

#include <stdlib.h>

#include "registry/session_internal.h"

/* Longest line about credentials. */
#define LINE_MAX_BYTES ((size_t)8 * 1024)

/* A variable that is set and not empty. */
static bool is_set(const char *name)
{
    const char *const value = getenv(name);

    return value != NULL && *value != '\0';
}

static void tell_ca_places(const struct tug__session *session)
{
    const struct tug__ca_places *const places = &session->ca_places;
    const bool has_directory = is_set("SSL_CERT_DIR");
    const bool has_file = is_set("SSL_CERT_FILE");

    tug__log_printf(&session->log, TUG_LOG_INFO, "CA certificates: %s%s%s (%s)%s%s",
                    places->directory != NULL ? places->directory : "",
                    places->directory != NULL && places->bundle != NULL ? ", " : "",
                    places->bundle != NULL      ? places->bundle
                    : places->directory != NULL ? ""
                                                : "none found",
                    has_directory && has_file ? "$SSL_CERT_DIR, $SSL_CERT_FILE"
                    : has_directory           ? "$SSL_CERT_DIR"
                    : has_file                ? "$SSL_CERT_FILE"
                                              : "the system's",
                    session->config.ca_file != NULL ? ", and " : "",
                    session->config.ca_file != NULL ? session->config.ca_file : "");
}

static void tell_proxy(const struct tug__session *session, const char *scheme,
                       const struct tug__proxy *proxy)
{
    const struct tug__proxies *const proxies = &session->proxies;

    if (proxy->url != NULL) {
        tug__log_printf(&session->log, TUG_LOG_INFO, "proxy for %s: %s (%s)%s", scheme, proxy->url,
                        proxy->source,
                        proxies->no_proxy != NULL ? ", except for hosts in $no_proxy" : "");
    }
}

static void tell_proxies(const struct tug__session *session)
{
    const struct tug__proxies *const proxies = &session->proxies;

    tell_proxy(session, "https", &proxies->for_https);
    tell_proxy(session, "http", &proxies->for_http);
    if (proxies->for_https.url == NULL && proxies->for_http.url == NULL) {
        tug__log_printf(&session->log, TUG_LOG_INFO, "proxy: none (%s)",
                        proxies->is_forced ? "as asked" : "no variable names one");
    }
}

static void tell_credentials(const struct tug__session *session)
{
    struct tug__buf text;

    tug__buf_init(&text, LINE_MAX_BYTES);
    if (tug__credentials_describe(session->credentials, &text, NULL) == TUG_OK) {
        tug__log_printf(&session->log, TUG_LOG_INFO, "credentials: %s",
                        text.length > 0 ? (const char *)text.data
                                        : "none (no file in the usual places)");
    }
    tug__buf_fini(&text);
}

void tug__session_tell(const struct tug__session *session, bool is_hosts_dir_given)
{
    const char *const hosts_dir = session->config.hosts_dir;

    if (!session->log.has_config) {
        return;
    }
    tug__log_printf(&session->log, TUG_LOG_INFO, "hosts directory: %s (%s)",
                    hosts_dir != NULL ? hosts_dir : "none",
                    is_hosts_dir_given  ? "as asked"
                    : hosts_dir != NULL ? "a usual place"
                                        : "none in the usual places");
    tell_credentials(session);
    tell_proxies(session);
    tell_ca_places(session);
}
