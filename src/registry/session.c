/* SPDX-License-Identifier: Apache-2.0
 *
 * Create a session: configuration, certificates, the endpoints of each registry.
 *
 * Knows: hosts.toml, TLS settings. Does not know: curl, manifests, the store.
 * Threads: the creator's; everything made here is read-only afterwards.
 */
#include "registry/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <tug/tug.h>

#include "base/error.h"
#include "base/str.h"
#include "base/utf8.h"
#include "http/no_proxy.h"
#include "registry/session_internal.h"
#include "url/address.h"
#include "url/url.h"

static enum tug_status copy_settings(struct tug__session *session,
                                     const struct tug__session_settings *settings,
                                     struct tug_error *err)
{
    session->config.plain_http = settings->plain_http;
    session->config.skip_verify = settings->skip_verify;
    session->log = (struct tug__log){
        .on_line = settings->on_log,
        .secrets = session->secrets,
        .numbers = &session->numbers,
        .context = settings->log_context,
        .has_heads = settings->on_log != NULL && settings->log_heads,
        .has_timing = settings->on_log != NULL && settings->log_timing,
        .has_config = settings->on_log != NULL && settings->log_config,
    };
    if (!tug__text_copy(&session->config.ca_file, settings->ca_file) ||
        !tug__text_copy(&session->config.certificate_file, settings->certificate_file) ||
        !tug__text_copy(&session->config.key_file, settings->key_file) ||
        !tug__text_copy(&session->config.user_agent, settings->added.user_agent)) {
        return tug__fail_memory(err);
    }
    return tug__session_keep_headers(session, &settings->added, err);
}

/* Find the system's CA certificates. */
static void find_ca_certificates(struct tug__session *session)
{
    const char *directory = NULL;
    const char *bundle = NULL;

    tug__http_system_ca(&directory, &bundle);
    tug__ca_places_find(getenv("SSL_CERT_DIR"), getenv("SSL_CERT_FILE"), directory, bundle,
                        &session->ca_places);
}

/* Create a set of trusted certificates, owned by the session: the system's, --tlscacert, and
 * more. */
static enum tug_status make_trust(struct tug__session *session, const char *const *files,
                                  size_t file_count, struct tug__trust **out_trust,
                                  struct tug_error *err)
{
    struct tug__trust_item *const item = calloc(1, sizeof *item);
    const char **const all = calloc(file_count + 1, sizeof *all);
    enum tug_status status = TUG_OK;
    size_t count = 0;

    if (item == NULL || all == NULL) {
        free(item);
        free(all);
        return tug__fail_memory(err);
    }
    if (session->config.ca_file != NULL) {
        all[count++] = session->config.ca_file;
    }
    for (size_t i = 0; i < file_count; i++) {
        all[count++] = files[i];
    }
    status = tug__trust_create(&session->ca_places, all, count, &item->trust, err);
    free(all);
    if (status != TUG_OK) {
        free(item);
        return status;
    }
    item->next = session->trusts;
    session->trusts = item;
    *out_trust = item->trust;
    return TUG_OK;
}

static enum tug_status find_hosts_dir(struct tug__session *session, const char *option,
                                      struct tug_error *err)
{
    const char *root = NULL;
    const enum tug_status status = tug__hosts_root(option, NULL, &root, err);

    if (status != TUG_OK) {
        return status;
    }
    return tug__text_copy(&session->config.hosts_dir, root) ? TUG_OK : tug__fail_memory(err);
}

static void warn_of_exposed(void *context, const char *name)
{
    tug__session_add_warning(context, name, "other users can read the secrets in it: chmod 600");
}

static void warn_of_slow(void *context, const char *program)
{
    tug__session_add_warning(
        context, program, "this credential helper has not answered yet; it may be waiting for you");
}

static enum tug_status make_credentials(struct tug__session *session,
                                        const struct tug__session_settings *settings,
                                        struct tug_error *err)
{
    const struct tug__credential_settings credentials = {
        .host = settings->credential_host,
        .user = settings->user,
        .password = settings->password,
        .refresh_token = settings->refresh_token,
        .authfile = settings->authfile,
        .on_credential = settings->program.on_credential,
        .credential_context = settings->program.context,
        .on_exposed = warn_of_exposed,
        .exposed_context = session,
        .on_slow = warn_of_slow,
        .slow_context = session,
    };
    enum tug_status status = tug__credentials_create(&credentials, &session->credentials, err);

    if (status == TUG_OK) {
        status = tug__token_cache_create(&session->tokens, err);
    }
    return status;
}

/* An entry of no_proxy without effect is a mistake, and may send a password through the proxy. */
static void warn_of_no_proxy(struct tug__session *session)
{
    const char *list = session->proxies.no_proxy;
    char entry[TUG__NO_PROXY_ENTRY_MAX];
    char shown[TUG__NO_PROXY_ENTRY_MAX + 64];

    while (list != NULL && tug__no_proxy_next_bad(&list, entry)) {
        const char *const at = strrchr(entry, '@'); /* text before it may be a password */

        (void)snprintf(shown, sizeof shown,
                       "'%.100s' matches no host: write HOST, DOMAIN, ADDRESS or ADDRESS/BITS",
                       at != NULL ? at + 1 : entry);
        tug__session_add_warning(session, "no_proxy", shown);
    }
}

/* Remember the secrets in the settings before any is used. */
static enum tug_status learn_secrets(struct tug__session *session,
                                     const struct tug__session_settings *settings,
                                     struct tug_error *err)
{
    const struct {
        const char *user;
        const char *password;
    } logins[] = {
        {session->proxies.for_http.user, session->proxies.for_http.password},
        {session->proxies.for_https.user, session->proxies.for_https.password},
        {settings->user, settings->password},
        {NULL, settings->refresh_token},
    };
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < sizeof logins / sizeof logins[0]; i++) {
        status = tug__secrets_add_login(session->secrets, logins[i].user, logins[i].password, err);
    }
    return status;
}

enum tug_status tug__session_create(const struct tug__session_settings *settings,
                                    struct tug__session **out_session, struct tug_error *err)
{
    struct tug__session *const session = calloc(1, sizeof *session);
    enum tug_status status;

    if (session == NULL) {
        return tug__fail_memory(err);
    }
    (void)pthread_mutex_init(&session->memory.mutex, NULL); /* cannot fail without attributes */
    (void)pthread_mutex_init(&session->numbers.mutex, NULL);
    status = tug__secrets_create(&session->secrets, err);
    if (status == TUG_OK) {
        status = copy_settings(session, settings, err);
    }
    if (status == TUG_OK) {
        status = tug__proxies_init(&session->proxies, settings->proxy, err);
    }
    if (status == TUG_OK) {
        status = learn_secrets(session, settings, err);
    }
    if (status == TUG_OK && settings->certificate_file != NULL) {
        status = tug__tls_check_client(settings->certificate_file, settings->key_file, err);
    }
    if (status == TUG_OK) {
        find_ca_certificates(session);
        status = make_trust(session, NULL, 0, &session->tls.trust, err);
        session->tls.is_common = true;
    }
    if (status == TUG_OK) {
        status = find_hosts_dir(session, settings->hosts_dir, err);
    }
    if (status == TUG_OK) {
        status = make_credentials(session, settings, err);
    }
    if (status != TUG_OK) {
        tug__session_destroy(session);
        return status;
    }
    warn_of_no_proxy(session);
    tug__session_tell(session, settings->hosts_dir != NULL);
    *out_session = session;
    return TUG_OK;
}

static void free_registry(struct tug__registry *registry)
{
    for (size_t i = 0; registry->endpoints != NULL && i < registry->endpoint_count; i++) {
        struct tug__endpoint *const endpoint = &registry->endpoints[i];

        for (size_t k = 0; k < endpoint->header_count; k++) {
            tug__wipe_free(endpoint->headers[k]);
        }
        free(endpoint->headers);
    }
    free(registry->endpoints);
    tug__hosts_destroy(registry->file);
    free(registry->host);
    free(registry);
}

void tug__session_destroy(struct tug__session *session)
{
    if (session == NULL) {
        return;
    }
    tug__session_forget(session);
    while (session->registries != NULL) {
        struct tug__registry *const registry = session->registries;

        session->registries = registry->next;
        free_registry(registry);
    }
    while (session->trusts != NULL) {
        struct tug__trust_item *const item = session->trusts;

        session->trusts = item->next;
        tug__trust_destroy(item->trust);
        free(item);
    }
    tug__token_cache_destroy(session->tokens);
    tug__credentials_destroy(session->credentials);
    tug__proxies_fini(&session->proxies);
    tug__secrets_destroy(session->secrets);
    free(session->config.ca_file);
    free(session->config.certificate_file);
    free(session->config.key_file);
    free(session->config.hosts_dir);
    free(session->config.user_agent);
    tug__session_drop_headers(session);
    (void)pthread_mutex_destroy(&session->numbers.mutex);
    (void)pthread_mutex_destroy(&session->memory.mutex);
    free(session);
}

static enum tug_status set_tls(struct tug__session *session, struct tug__endpoint *endpoint,
                               struct tug_error *err)
{
    const struct tug__endpoint_config *const config = endpoint->config;
    struct tug__http_tls tls = session->tls;
    enum tug_status status = TUG_OK;

    if (config->ca_file_count > 0) {
        status = make_trust(session, (const char *const *)config->ca_files, config->ca_file_count,
                            &tls.trust, err);
        tls.is_common = false;
    }
    endpoint->target_tls = tls;
    if (config->has_skip_verify) {
        tls.skip_verify = config->skip_verify;
    } else {
        tls.skip_verify = session->config.skip_verify && config->is_upstream;
    }
    for (size_t i = 0; status == TUG_OK && i < config->client_pair_count; i++) {
        status = tug__tls_check_client(config->client_pairs[i].certificate_file,
                                       config->client_pairs[i].key_file, err);
    }
    if (config->client_pair_count > 1) {
        tls.choice.pairs = config->client_pairs;
        tls.choice.count = config->client_pair_count;
        tls.choice.host = config->host;
    } else if (config->client_pair_count == 1) {
        tls.certificate_file = config->client_pairs[0].certificate_file;
        tls.key_file = config->client_pairs[0].key_file;
    } else if (config->is_upstream) {
        tls.certificate_file = session->config.certificate_file;
        tls.key_file = session->config.key_file;
    }
    tls.is_common =
        tls.is_common && !tls.skip_verify && tls.certificate_file == NULL && tls.choice.count == 0;
    endpoint->tls = tls;
    return status;
}

static enum tug_status fill_endpoint(struct tug__session *session, struct tug__registry *registry,
                                     size_t position, struct tug_error *err)
{
    struct tug__endpoint *const endpoint = &registry->endpoints[position];
    enum tug_status status;

    endpoint->config = &registry->file->endpoints[position];
    endpoint->registry_host = registry->host;
    endpoint->number = (unsigned)position + 1;
    endpoint->health.scheme =
        endpoint->config->scheme != TUG__SCHEME_UNKNOWN
            ? endpoint->config->scheme
            : tug__scheme_default(endpoint->config->host, session->config.plain_http);
    endpoint->health.is_private = tug__host_is_private(endpoint->config->host);
    status = tug__session_set_headers(session, endpoint, err);
    return status == TUG_OK ? set_tls(session, endpoint, err) : status;
}

enum tug_status tug__session_add(struct tug__session *session, const char *host,
                                 struct tug_error *err)
{
    struct tug__registry *registry;
    enum tug_status status;

    if (tug__session_find(session, host) != NULL) {
        return TUG_OK;
    }
    registry = calloc(1, sizeof *registry);
    if (registry == NULL) {
        return tug__fail_memory(err);
    }
    registry->host = strdup(host);
    status = registry->host != NULL
                 ? tug__hosts_load(session->config.hosts_dir, host, &registry->file, err)
                 : tug__fail_memory(err);
    if (status == TUG_OK) {
        registry->endpoint_count = registry->file->endpoint_count;
        registry->endpoints = calloc(registry->endpoint_count, sizeof *registry->endpoints);
        status = registry->endpoints != NULL ? TUG_OK : tug__fail_memory(err);
    }
    for (size_t i = 0; status == TUG_OK && i < registry->endpoint_count; i++) {
        status = fill_endpoint(session, registry, i, err);
    }
    if (status != TUG_OK) {
        free_registry(registry);
        return status;
    }
    if (session->log.has_config && registry->file->path != NULL) {
        tug__log_printf(&session->log, TUG_LOG_INFO, "hosts configuration of %s: %s", host,
                        registry->file->path);
    }
    registry->next = session->registries;
    session->registries = registry;
    return TUG_OK;
}

const struct tug__registry *tug__session_find(const struct tug__session *session, const char *host)
{
    for (const struct tug__registry *registry = session->registries; registry != NULL;
         registry = registry->next) {
        if (strcmp(registry->host, host) == 0) {
            return registry;
        }
    }
    return NULL;
}

const struct tug__proxies *tug__session_proxies(const struct tug__session *session)
{
    return &session->proxies;
}

const struct tug__log *tug__session_log(const struct tug__session *session)
{
    return session->log.on_line != NULL ? &session->log : NULL;
}

const struct tug__http_tls *tug__session_tls(const struct tug__session *session)
{
    return &session->tls;
}

const char *tug__session_user_agent(const struct tug__session *session)
{
    return session->config.user_agent != NULL ? session->config.user_agent : "tug/" TUG_VERSION;
}

struct tug__credentials *tug__session_credentials(const struct tug__session *session)
{
    return session->credentials;
}

struct tug__secrets *tug__session_secrets(const struct tug__session *session)
{
    return session->secrets;
}

void tug__session_cut_error(struct tug__session *session, struct tug_error *err)
{
    if (session != NULL) {
        tug__secrets_cut_error(session->secrets, err);
    }
}

void tug__session_cut_text(struct tug__session *session, char *out_text, size_t capacity,
                           const char *text)
{
    const size_t length = strlen(text);
    const struct tug__raw_text raw = {text, length, .is_torn = length + 16 > capacity};

    (void)tug__secrets_cut(session != NULL ? session->secrets : NULL, out_text, capacity, &raw);
    tug__trim_torn(out_text);
}

struct tug__token_cache *tug__session_tokens(const struct tug__session *session)
{
    return session->tokens;
}

void tug__session_wake(struct tug__session *session)
{
    tug__token_cache_wake(session->tokens);
}
