/* SPDX-License-Identifier: Apache-2.0
 *
 * libcurl's options. One of the files that include curl.
 *
 * Knows: libcurl. Does not know: registries, credentials, the store.
 * Threads: the handle's owner.
 */
#include "http/http_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "url/address.h"

/* Receive buffers; libcurl delivers at most 16 KiB at a time regardless. A short body is worth no
 * large one, which comes from the kernel for each request, and page by page; a larger one than this
 * takes eight connections to the limit of memory (tests/real/memory.sh). */
#define SMALL_BUFFER_BYTES 65536L
#define LARGE_BUFFER_BYTES 131072L
#define LONG_BODY_BYTES ((uint64_t)262144)
/* Connections kept: the registry, the host it redirects blobs to, its token server, a mirror. */
#define CONNECTIONS_KEPT 4L

/* Open a socket, unless the address is one that a public server has no business sending us to. The
 * check is here, after the name lookup, because a name can resolve to something else a moment
 * later. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct tug__http *const http = context;
    struct tug__http_run *const run = &http->run;

    (void)purpose;
    if (run->request->is_public && !run->has_proxy && tug__address_is_private(&address->addr)) {
        run->has_refused = true;
        return CURL_SOCKET_BAD;
    }
    if (run->place.connection == 0) { /* several addresses are tried for one connection */
        run->place.connection = tug__log_next_connection(http->settings.log);
    }
    run->socket = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    return run->socket;
}

static CURLcode use_trust(CURL *easy, void *ssl_context, void *context)
{
    struct tug__http *const http = context;
    struct tug__http_run *const run = &http->run;
    const struct tug__http_tls *const tls = run->request->tls;

    (void)easy;
    if (tls != NULL && tls->trust != NULL) {
        run->verdict = tug__trust_apply(tls->trust, ssl_context, run->error);
        if (run->verdict != TUG_OK) {
            return CURLE_ABORTED_BY_CALLBACK;
        }
    }
    if (tls != NULL && tls->choice.count > 0) {
        tug__client_choice_apply(&tls->choice, run->has_tls_proxy, ssl_context);
    }
    return CURLE_OK;
}

/* A failing setopt means that libcurl lacks the option or memory; either way the handle is
 * unusable. */
static bool set_fixed_options(struct tug__http *http)
{
    CURL *const easy = http->easy;
    const struct tug__log *const log = http->settings.log;
    CURLcode bad = CURLE_OK;

    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* never wait for a hanging lookup */
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->reason);
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    bad |= curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    bad |= curl_easy_setopt(easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
    bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* we choose the proxy, not libcurl */
    bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, http->settings.user_agent);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, tug__http_on_connected);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, http);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, tug__http_on_header);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, tug__http_on_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
    bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, http);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, use_trust);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, http);
    if (log != NULL && log->has_heads) {
        bad |= curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
        bad |= curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, tug__http_on_debug);
        bad |= curl_easy_setopt(easy, CURLOPT_DEBUGDATA, http);
    }
    return bad == CURLE_OK;
}

void tug__http_system_ca(const char **out_directory, const char **out_file)
{
    CURL *const easy = curl_easy_init();

    *out_directory = NULL;
    *out_file = NULL;
    if (easy != NULL) {
        (void)curl_easy_getinfo(easy, CURLINFO_CAPATH, out_directory);
        (void)curl_easy_getinfo(easy, CURLINFO_CAINFO, out_file);
        curl_easy_cleanup(easy); /* the texts are part of the library, not of the handle */
    }
}

enum tug_status tug__http_set_up(struct tug__http *http, struct tug_error *err)
{
    http->easy = curl_easy_init();
    if (http->easy == NULL) {
        return tug__fail_memory(err);
    }
    if (!set_fixed_options(http)) {
        return tug__fail(err, TUG_ERR_INTERNAL, "this libcurl (%s) lacks a needed option",
                         curl_version());
    }
    return TUG_OK;
}

static bool add_header(struct tug__http *http, const char *line)
{
    struct curl_slist *const longer = curl_slist_append(http->headers, line);

    if (longer == NULL) {
        return false;
    }
    http->headers = longer;
    return true;
}

/* Add "name: value", or tell libcurl not to send that header by itself. */
static bool add_value(struct tug__http *http, const char *name, const char *value)
{
    char *line = NULL;
    bool is_added;

    if (asprintf(&line, "%s:%s%s", name, value != NULL ? " " : "", value != NULL ? value : "") <
        0) {
        return false;
    }
    is_added = add_header(http, line);
    explicit_bzero(line, strlen(line));
    free(line);
    return is_added;
}

/* Free the headers of the last request and wipe the secrets in them. */
static void drop_headers(struct tug__http *http)
{
    for (struct curl_slist *item = http->headers; item != NULL; item = item->next) {
        explicit_bzero(item->data, strlen(item->data));
    }
    curl_slist_free_all(http->headers);
    http->headers = NULL;
}

static bool set_headers(struct tug__http *http)
{
    const struct tug__http_request *const request = http->run.request;
    bool is_set;

    drop_headers(http);
    /* A compressed blob is not the blob. Without an Accept header of ours libcurl adds one. */
    is_set =
        add_header(http, "Accept-Encoding: identity") && add_value(http, "Accept", request->accept);
    if (request->authorization != NULL) {
        is_set = is_set && add_value(http, "Authorization", request->authorization);
    }
    if (request->form != NULL) {
        is_set = is_set && add_header(http, "Expect:");
    }
    for (size_t i = 0; is_set && i < request->header_count; i++) {
        is_set = add_header(http, request->headers[i]);
    }
    return is_set;
}

static bool is_same_tls(const struct tug__http_tls *left, const struct tug__http_tls *right)
{
    return left->trust == right->trust && left->certificate_file == right->certificate_file &&
           left->key_file == right->key_file && left->choice.pairs == right->choice.pairs &&
           left->skip_verify == right->skip_verify;
}

/* Find the pool of matching connections, or make room for a new one. */
static CURLM *choose_pool(struct tug__http *http, const struct tug__http_tls *tls)
{
    struct tug__http_pool *chosen = &http->pools[0];

    for (size_t i = 0; i < TUG__HTTP_POOLS; i++) {
        struct tug__http_pool *const pool = &http->pools[i];

        if (pool->multi != NULL && is_same_tls(&pool->tls, tls)) {
            pool->used_ns = tug__now_ns();
            return pool->multi;
        }
        if (pool->used_ns < chosen->used_ns) {
            chosen = pool;
        }
    }
    if (chosen->multi != NULL) {
        (void)curl_multi_cleanup(chosen->multi);
    }
    *chosen = (struct tug__http_pool){.tls = *tls, .used_ns = tug__now_ns()};
    chosen->multi = curl_multi_init();
    if (chosen->multi != NULL) {
        (void)curl_multi_setopt(chosen->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
    }
    return chosen->multi;
}

static CURLcode set_tls(struct tug__http *http, const struct tug__http_tls *tls)
{
    CURL *const easy = http->easy;
    const long verify = tls->skip_verify ? 0L : 1L;
    CURLcode bad = CURLE_OK;

    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L * verify);
    bad |= curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->certificate_file);
    bad |= curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key_file);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, tls->is_common ? 1L : 0L);
    if (tls->trust != NULL) { /* ours is put into each connection by use_trust */
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
        bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
        bad |= curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL);
        bad |= curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
    }
    return bad;
}

/* A wish: after a request that ended before there was a connection, libcurl keeps the buffer it
 * made for it, and takes no other size until a connection has used it. */
static void wish_buffer(CURL *easy, uint64_t body_bytes)
{
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
                           body_bytes >= LONG_BODY_BYTES ? LARGE_BUFFER_BYTES : SMALL_BUFFER_BYTES);
}

static CURLcode set_method(struct tug__http *http)
{
    const struct tug__http_request *const request = http->run.request;
    CURL *const easy = http->easy;
    CURLcode bad = CURLE_OK;

    bad |= curl_easy_setopt(easy, CURLOPT_NOBODY, request->is_head ? 1L : 0L);
    if (request->form != NULL) {
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->form);
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(request->form));
    } else {
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
        if (!request->is_head) {
            bad |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        }
    }
    return bad;
}

static CURLcode set_proxy(CURL *easy, const struct tug__proxy *proxy)
{
    static const struct tug__proxy none = {0};
    CURLcode bad = CURLE_OK;

    if (proxy == NULL) {
        proxy = &none;
    }
    /* an empty text, because NULL means the environment's */
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY, proxy->url != NULL ? proxy->url : "");
    bad |= curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, proxy->user);
    bad |= curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, proxy->password);
    return bad;
}

CURLM *tug__http_set_request(struct tug__http *http)
{
    static const struct tug__http_tls defaults = {.is_common = true};
    const struct tug__http_request *const request = http->run.request;
    const struct tug__http_tls *const tls = request->tls != NULL ? request->tls : &defaults;
    const uint64_t connect_ms = request->connect_timeout_ms > 0 ? request->connect_timeout_ms
                                                                : http->settings.connect_timeout_ms;
    const struct tug__proxy *const proxy =
        http->settings.proxy != NULL ? tug__proxies_choose(http->settings.proxy, request->url)
                                     : NULL;
    CURL *const easy = http->easy;
    CURLcode bad = CURLE_OK;

    http->run.has_proxy = proxy != NULL;
    http->run.has_tls_proxy = proxy != NULL && proxy->is_tls;
    if (!set_headers(http)) {
        return NULL;
    }
    bad |= curl_easy_setopt(easy, CURLOPT_URL, request->url);
    bad |=
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request->allow_http ? "http,https" : "https");
    bad |= set_proxy(easy, proxy);
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                            (long)(connect_ms < LONG_MAX ? connect_ms : LONG_MAX));
    bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    bad |= set_method(http);
    wish_buffer(easy, request->body_bytes);
    bad |= set_tls(http, tls);
    bad |= curl_easy_setopt(easy, CURLOPT_RANGE, request->range);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
    return bad == CURLE_OK ? choose_pool(http, tls) : NULL;
}
