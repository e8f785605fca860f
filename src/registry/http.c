/* SPDX-License-Identifier: Apache-2.0
 *
 * One HTTP connection per handle. The only file that includes curl.
 *
 * Knows: libcurl. Does not know: registries, digests, redirect policy, retries.
 * Threads: the handle's owner; tug__http_wake from any.
 *
 * The easy handle runs inside a multi handle of its own, because that is the only sleep of libcurl
 * that another thread can end at once (curl_multi_wakeup), and because the stall timer can then be
 * exact: CURLOPT_LOW_SPEED_TIME looks at a five-second average.
 */
#include "registry/http.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/error.h"

/* Receive buffer of a connection; libcurl delivers at most 16 KiB at a time whatever it is. */
#define RECEIVE_BUFFER_BYTES 65536L
/* Connections kept: the registry, and the host it redirects blobs to. */
#define CONNECTIONS_KEPT 2L
/* Longest sleep without looking around; everything that matters wakes us earlier. */
#define POLL_MAX_MS UINT64_C(10000)

struct tug__http {
    struct tug__http_settings settings;
    CURL *easy;
    CURLM *multi;
    struct curl_slist *headers; /* of the present request */
    char reason[CURL_ERROR_SIZE];

    /* the request that is running */
    const struct tug__http_request *request;
    struct tug__http_response *response;
    struct tug_error *error;
    enum tug_status verdict; /* what a callback ended the request with */
    bool is_connected;       /* the stall timer runs */
    bool has_response;       /* on_response was called */
    uint64_t active_ns;      /* time of the last byte */
};

enum tug_status tug__http_global_acquire(struct tug_error *err)
{
    const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);

    if (code != CURLE_OK) {
        return tug__fail(err, TUG_ERR_INTERNAL, "cannot initialise libcurl: %s",
                         curl_easy_strerror(code));
    }
    return TUG_OK;
}

void tug__http_global_release(void)
{
    curl_global_cleanup();
}

/* libcurl is about to send the request: from now on the other side must keep talking. */
static int on_connected(void *context, char *remote_ip, char *local_ip, int remote_port,
                        int local_port)
{
    struct tug__http *const http = context;

    (void)remote_ip;
    (void)local_ip;
    (void)remote_port;
    (void)local_port;
    http->is_connected = true;
    http->active_ns = tug__now_ns();
    return CURL_PREREQFUNC_OK;
}

/* All headers of an answer are there: fill the response and let the caller decide. */
static enum tug_status take_response(struct tug__http *http)
{
    struct tug__http_response *const response = http->response;
    curl_off_t length = -1;
    curl_off_t retry_after_s = 0;
    long status = 0;

    (void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) {
        return TUG_OK; /* an interim answer: the real one follows */
    }
    (void)curl_easy_getinfo(http->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    (void)curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    response->status = (int)status;
    response->content_length = length;
    if (retry_after_s > 0) {
        response->retry_after_ms = (uint64_t)retry_after_s * 1000;
    }
    http->has_response = true;
    return http->request->on_response(http->request->context, response, http->error);
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct tug__http *const http = context;
    const size_t length = size * count;
    const bool is_end = length <= 2 && (line[0] == '\r' || line[0] == '\n');

    http->active_ns = tug__now_ns();
    if (!is_end || http->has_response) { /* a second end is that of the trailers */
        return length;
    }
    http->verdict = take_response(http);
    return http->verdict == TUG_OK ? length : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct tug__http *const http = context;
    const size_t length = size * count;

    http->verdict = http->request->on_body(http->request->context, bytes, length, http->error);
    http->response->body_bytes += length;
    http->active_ns = tug__now_ns(); /* after the callback: our own slowness is no stall */
    return http->verdict == TUG_OK ? length : 0;
}

/* Options that hold for every request. Failing setopt calls mean a libcurl without the option or
 * without memory; either way the handle is not fit for use. */
static bool set_fixed_options(struct tug__http *http)
{
    CURL *const easy = http->easy;
    const struct tug__http_settings *const settings = &http->settings;
    CURLcode bad = CURLE_OK;
    const char *ca_path = NULL;

    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* never wait for a hanging lookup */
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->reason);
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    bad |= curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_BYTES);
    bad |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    bad |= curl_easy_setopt(
        easy, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(settings->connect_timeout_ms < LONG_MAX ? settings->connect_timeout_ms : LONG_MAX));
    bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, settings->user_agent);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, http);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
    /* With a directory of hashed certificates OpenSSL reads the one it needs; the bundle beside it
     * costs 30 to 60 ms of CPU time for each new connection. */
    if (curl_easy_getinfo(easy, CURLINFO_CAPATH, &ca_path) == CURLE_OK && ca_path != NULL) {
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    }
    return bad == CURLE_OK;
}

enum tug_status tug__http_create(const struct tug__http_settings *settings,
                                 struct tug__http **out_http, struct tug_error *err)
{
    struct tug__http *const http = calloc(1, sizeof *http);

    if (http == NULL) {
        return tug__fail_memory(err);
    }
    http->settings = *settings;
    http->easy = curl_easy_init();
    http->multi = curl_multi_init();
    if (http->easy == NULL || http->multi == NULL) {
        tug__http_destroy(http);
        return tug__fail_memory(err);
    }
    if (!set_fixed_options(http) ||
        curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT) != CURLM_OK) {
        tug__http_destroy(http);
        return tug__fail(err, TUG_ERR_INTERNAL, "this libcurl (%s) lacks a needed option",
                         curl_version());
    }
    *out_http = http;
    return TUG_OK;
}

void tug__http_destroy(struct tug__http *http)
{
    if (http == NULL) {
        return;
    }
    if (http->easy != NULL) {
        curl_easy_cleanup(http->easy);
    }
    if (http->multi != NULL) {
        (void)curl_multi_cleanup(http->multi);
    }
    curl_slist_free_all(http->headers);
    free(http);
}

void tug__http_wake(struct tug__http *http)
{
    (void)curl_multi_wakeup(http->multi);
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

static bool set_headers(struct tug__http *http)
{
    char line[1024];

    curl_slist_free_all(http->headers);
    http->headers = NULL;
    /* A compressed blob is not the blob. Without an Accept header of ours libcurl adds one. */
    if (!add_header(http, "Accept-Encoding: identity")) {
        return false;
    }
    if (http->request->accept == NULL) {
        return add_header(http, "Accept:");
    }
    (void)snprintf(line, sizeof line, "Accept: %s", http->request->accept);
    return add_header(http, line);
}

/* Options of one request; each is set every time, so that nothing of the last one stays. */
static bool set_request_options(struct tug__http *http)
{
    const struct tug__http_request *const request = http->request;
    CURL *const easy = http->easy;
    CURLcode bad = CURLE_OK;

    if (!set_headers(http)) {
        return false;
    }
    bad |= curl_easy_setopt(easy, CURLOPT_URL, request->url);
    bad |=
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request->allow_http ? "http,https" : "https");
    bad |= curl_easy_setopt(easy, CURLOPT_NOBODY, request->is_head ? 1L : 0L);
    if (!request->is_head) {
        bad |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, request->bypass_proxy ? "*" : NULL);
    bad |= curl_easy_setopt(easy, CURLOPT_RANGE, request->range);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
    return bad == CURLE_OK;
}

/* Milliseconds until the stall timer fires, POLL_MAX_MS at most; 0: it fired. */
static uint64_t stall_rest_ms(const struct tug__http *http)
{
    const uint64_t limit_ms = http->settings.stall_timeout_ms;
    uint64_t idle_ms;

    if (!http->is_connected) {
        return POLL_MAX_MS; /* libcurl's connect timer runs */
    }
    idle_ms = (tug__now_ns() - http->active_ns) / TUG__NS_PER_MS;
    if (idle_ms >= limit_ms) {
        return 0;
    }
    return limit_ms - idle_ms < POLL_MAX_MS ? limit_ms - idle_ms : POLL_MAX_MS;
}

/* Run the transfer until libcurl is done with it.
 * Returns: TUG_OK and *out_code; or TUG_ERR_CANCELLED, TUG_ERR_NETWORK for a stall. */
static enum tug_status run_transfer(struct tug__http *http, CURLcode *out_code)
{
    for (;;) {
        int running = 0;
        int messages = 0;
        uint64_t rest_ms;
        const CURLMcode code = curl_multi_perform(http->multi, &running);

        if (code != CURLM_OK) {
            return tug__fail(http->error, TUG_ERR_INTERNAL, "libcurl: %s",
                             curl_multi_strerror(code));
        }
        if (running == 0) {
            const CURLMsg *const message = curl_multi_info_read(http->multi, &messages);

            *out_code = message != NULL ? message->data.result : CURLE_FAILED_INIT;
            return TUG_OK;
        }
        if (http->settings.should_stop(http->settings.stop_context)) {
            return tug__fail(http->error, TUG_ERR_CANCELLED, "interrupted");
        }
        rest_ms = stall_rest_ms(http);
        if (rest_ms == 0) {
            return tug__fail(http->error, TUG_ERR_NETWORK, "no byte arrived for %llu ms",
                             (unsigned long long)http->settings.stall_timeout_ms);
        }
        (void)curl_multi_poll(http->multi, NULL, 0, (int)rest_ms, NULL);
    }
}

static enum tug__http_failure classify(CURLcode code)
{
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT) {
        return TUG__HTTP_NO_CONNECTION;
    }
    if (code == CURLE_SSL_CONNECT_ERROR) {
        return TUG__HTTP_NO_TLS;
    }
    return TUG__HTTP_BROKEN;
}

/* Turn libcurl's result into ours. */
static enum tug_status judge(struct tug__http *http, CURLcode code)
{
    const char *const why = http->reason[0] != '\0' ? http->reason : curl_easy_strerror(code);

    if (http->verdict != TUG_OK) {
        return http->verdict; /* a callback said no and filled the error */
    }
    if (code == CURLE_OK) {
        if (!http->has_response) {
            http->response->failure = TUG__HTTP_BROKEN;
            return tug__fail(http->error, TUG_ERR_NETWORK, "the server sent no answer");
        }
        return TUG_OK;
    }
    http->response->failure = classify(code);
    if (code == CURLE_OUT_OF_MEMORY) {
        return tug__fail_memory(http->error);
    }
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
        (void)tug__fail(http->error, TUG_ERR_NETWORK, "the server named a URL we refuse: %s", why);
        return TUG_ERR_NETWORK;
    }
    return tug__fail(http->error, TUG_ERR_NETWORK, "%s", why);
}

enum tug_status tug__http_perform(struct tug__http *http, const struct tug__http_request *request,
                                  struct tug__http_response *out_response, struct tug_error *err)
{
    struct tug_error scratch = {0};
    CURLcode code = CURLE_OK;
    enum tug_status status;

    *out_response = (struct tug__http_response){.content_length = -1, .http = http};
    http->request = request;
    http->response = out_response;
    http->error = err != NULL ? err : &scratch;
    http->verdict = TUG_OK;
    http->is_connected = false;
    http->has_response = false;
    http->reason[0] = '\0';
    if (!set_request_options(http) || curl_multi_add_handle(http->multi, http->easy) != CURLM_OK) {
        return tug__fail_memory(err);
    }
    status = run_transfer(http, &code);
    (void)curl_multi_remove_handle(http->multi, http->easy); /* ends it when it still runs */
    if (status == TUG_OK) {
        status = judge(http, code);
    } else {
        out_response->failure = TUG__HTTP_BROKEN;
    }
    return status;
}

const char *tug__http_header(const struct tug__http_response *response, const char *name)
{
    struct curl_header *header = NULL;

    if (curl_easy_header(response->http->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
        return NULL;
    }
    return header->value;
}

const char *tug__http_redirect_url(const struct tug__http_response *response)
{
    const char *url = NULL;

    if (curl_easy_getinfo(response->http->easy, CURLINFO_REDIRECT_URL, &url) != CURLE_OK) {
        return NULL;
    }
    return url;
}
