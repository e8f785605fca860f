/* SPDX-License-Identifier: Apache-2.0
 *
 * The course of an HTTP request.
 *
 * Knows: libcurl. Does not know: registries, digests, retries.
 * Threads: the handle's owner; tug__http_wake from any.
 *
 * The easy handle runs inside a multi handle, because only there can another thread end libcurl's
 * sleep at once, and because the stall timer can then be exact: CURLOPT_LOW_SPEED_TIME looks at a
 * five-second average.
 */
#include "http/http.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "http/http_internal.h"
#include "http/retry_after.h"
#include "url/origin.h"
#include "url/url.h"

/* The nearest name server reports an unknown name quickly. */
#define UNKNOWN_NAME_MAX_MS UINT64_C(1000)
/* Longest sleep without a check; everything that matters wakes the thread earlier. */
#define POLL_MAX_MS UINT64_C(10000)
/* Minimum average rate of a body over each stall timeout: anything slower is as good as dead. */
#define SLOW_BYTES_PER_S UINT64_C(1024)

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

enum tug_status tug__http_create(const struct tug__http_settings *settings,
                                 struct tug__http **out_http, struct tug_error *err)
{
    struct tug__http *const http = calloc(1, sizeof *http);
    enum tug_status status;

    if (http == NULL) {
        return tug__fail_memory(err);
    }
    http->settings = *settings;
    http->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (http->wake_fd < 0) {
        status = tug__fail_errno(err, TUG_ERR_NO_MEMORY, errno, "cannot make an event descriptor");
    } else {
        status = tug__http_set_up(http, err);
    }
    if (status != TUG_OK) {
        tug__http_destroy(http);
        return status;
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
    for (size_t i = 0; i < TUG__HTTP_POOLS; i++) {
        if (http->pools[i].multi != NULL) {
            (void)curl_multi_cleanup(http->pools[i].multi);
        }
    }
    curl_slist_free_all(http->headers);
    curl_free(http->redirect_url);
    if (http->wake_fd >= 0) {
        (void)close(http->wake_fd);
    }
    free(http);
}

void tug__http_wake(struct tug__http *http)
{
    const uint64_t one = 1;

    (void)!write(http->wake_fd, &one, sizeof one); /* full: already awake */
}

/* Tell whether a body that arrives so slowly is stalled; at the end of each stall time. */
static bool is_too_slow(struct tug__http *http, uint64_t now_ns)
{
    struct tug__http_times *const times = &http->run.times;
    const uint64_t passed_ms = (now_ns - times->window_ns) / TUG__NS_PER_MS;

    if (passed_ms < http->settings.stall_timeout_ms) {
        return false;
    }
    if (times->window_bytes < passed_ms * SLOW_BYTES_PER_S / 1000) {
        return true;
    }
    times->window_ns = now_ns;
    times->window_bytes = 0;
    return false;
}

/* Fail when the server has been silent, or almost, for too long. out_rest_ms: time until the next
 * check, POLL_MAX_MS at most. */
static enum tug_status check_stall(struct tug__http *http, uint64_t *out_rest_ms)
{
    const struct tug__http_run *const run = &http->run;
    const struct tug__http_times *const times = &run->times;
    const uint64_t limit_ms = http->settings.stall_timeout_ms;
    const uint64_t now_ns = tug__now_ns();
    uint64_t idle_ms = (now_ns - times->active_ns) / TUG__NS_PER_MS;

    *out_rest_ms = POLL_MAX_MS;
    if (!run->is_connected) {
        return TUG_OK; /* libcurl's connect timer runs */
    }
    if (idle_ms >= limit_ms) {
        return tug__fail(run->error, TUG_ERR_NETWORK, "no byte arrived for %" PRIu64 " ms",
                         limit_ms);
    }
    if (!run->has_response && (now_ns - times->connected_ns) / TUG__NS_PER_MS >= 2 * limit_ms) {
        return tug__fail(run->error, TUG_ERR_NETWORK,
                         "the answer's head took more than %" PRIu64 " ms", 2 * limit_ms);
    }
    if (run->has_response && is_too_slow(http, now_ns)) {
        return tug__fail(run->error, TUG_ERR_NETWORK,
                         "stalled: less than 1 KiB/s arrived for %" PRIu64 " ms", limit_ms);
    }
    if (run->has_response && now_ns - times->window_ns > idle_ms * TUG__NS_PER_MS) {
        idle_ms = (now_ns - times->window_ns) / TUG__NS_PER_MS; /* the window ends earlier */
    }
    if (limit_ms - idle_ms < POLL_MAX_MS) {
        *out_rest_ms = limit_ms - idle_ms;
    }
    return TUG_OK;
}

/* An unwanted body gets as much time as silence would. */
static bool is_unwanted_for_too_long(const struct tug__http *http)
{
    const struct tug__http_run *const run = &http->run;

    return run->is_unwanted && (tug__now_ns() - run->times.response_ns) / TUG__NS_PER_MS >=
                                   http->settings.stall_timeout_ms;
}

/* Tell whether the server's kernel has yet to answer the new connection. The socket may be closed
 * already, when another of the server's addresses is tried: then it does not count. */
static bool is_on_its_way(int fd)
{
    struct tcp_info info;
    socklen_t length = sizeof info;

    return fd >= 0 && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
           info.tcpi_state == TCP_SYN_SENT;
}

/* Report a server that is far away, once. Returns: the time until the next check, rest_ms at most.
 */
static uint64_t check_far(struct tug__http *http, uint64_t rest_ms)
{
    struct tug__http_run *const run = &http->run;
    const uint64_t passed_ms = (tug__now_ns() - run->times.active_ns) / TUG__NS_PER_MS;

    if (run->is_connected || run->is_far_told) {
        return rest_ms;
    }
    if (passed_ms < TUG__HTTP_FAR_MS) {
        return TUG__HTTP_FAR_MS - passed_ms < rest_ms ? TUG__HTTP_FAR_MS - passed_ms : rest_ms;
    }
    run->is_far_told = true;
    if (is_on_its_way(run->socket)) {
        http->settings.on_far(http->settings.far_context);
    }
    return rest_ms;
}

/* Sleep until something happens, or for rest_ms. */
static void wait_for_network(struct tug__http *http, CURLM *multi, uint64_t rest_ms)
{
    struct curl_waitfd wake = {.fd = http->wake_fd, .events = CURL_WAIT_POLLIN};
    uint64_t count;

    (void)curl_multi_poll(multi, &wake, 1, (int)rest_ms, NULL);
    if (wake.revents != 0) {
        (void)!read(http->wake_fd, &count, sizeof count);
    }
}

/* Run the transfer until libcurl is done with it.
 * Returns: TUG_OK and *out_code; or TUG_ERR_CANCELLED, TUG_ERR_NETWORK for a stall. */
static enum tug_status run_transfer(struct tug__http *http, CURLM *multi, CURLcode *out_code)
{
    for (;;) {
        int running = 0;
        int messages = 0;
        uint64_t rest_ms;
        enum tug_status status;
        const CURLMcode code = curl_multi_perform(multi, &running);

        if (code != CURLM_OK) {
            return tug__fail(http->run.error, TUG_ERR_INTERNAL, "libcurl: %s",
                             curl_multi_strerror(code));
        }
        if (running == 0) {
            const CURLMsg *const message = curl_multi_info_read(multi, &messages);

            *out_code = message != NULL ? message->data.result : CURLE_FAILED_INIT;
            return TUG_OK;
        }
        if (http->settings.should_stop(http->settings.stop_context)) {
            return tug__fail(http->run.error, TUG_ERR_CANCELLED, "interrupted");
        }
        if (is_unwanted_for_too_long(http)) {
            *out_code = CURLE_OK;
            return TUG_OK;
        }
        status = check_stall(http, &rest_ms);
        if (status != TUG_OK) {
            return status;
        }
        wait_for_network(http, multi, check_far(http, rest_ms));
    }
}

static enum tug__http_failure classify(CURLcode code)
{
    /* NOLINTNEXTLINE: of about a hundred codes, only these matter */
    switch ((int)code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
        return TUG__HTTP_NO_CONNECTION;
    case CURLE_SSL_CONNECT_ERROR:
        return TUG__HTTP_NO_TLS;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return TUG__HTTP_BAD_CERTIFICATE;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_LOGIN_DENIED: /* user information in a URL */
        return TUG__HTTP_REFUSED;
    default:
        return TUG__HTTP_BROKEN;
    }
}

static enum tug_status fail_for_good(struct tug__http *http, const char *what, const char *why)
{
    struct tug_error *const err = http->run.error;

    (void)tug__fail(err, TUG_ERR_NETWORK, "%s%s", what, why);
    err->is_permanent = true;
    return TUG_ERR_NETWORK;
}

/* libcurl does not tell why it found no address: look once more for a name that does not exist, as
 * far as the resolver can tell. Not when the first lookup took so long that something is the matter
 * with it. */
static bool is_unknown_name(const struct tug__http *http)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct tug__origin origin;
    int code;

    if (tug__now_ns() - http->run.times.active_ns >= UNKNOWN_NAME_MAX_MS * TUG__NS_PER_MS ||
        !tug__origin_parse(http->run.request->url, &origin)) {
        return false;
    }
    code = getaddrinfo(origin.host, NULL, &hints, &found);
    if (code == 0) {
        freeaddrinfo(found);
    }
    return code == EAI_NONAME;
}

/* What arrived is not HTTP/1.1. On a kept connection it may be the rest of an earlier answer: a new
 * connection will tell. */
static enum tug_status fail_foreign(struct tug__http *http, const char *why)
{
    struct tug__http_run *const run = &http->run;

    run->response->failure = TUG__HTTP_BROKEN;
    (void)tug__fail(run->error, TUG_ERR_NETWORK, "the server does not speak HTTP/1.1: %s", why);
    run->error->is_permanent = tug__http_has_connected(http) && !run->has_response;
    return TUG_ERR_NETWORK;
}

/* Translate libcurl's result. */
static enum tug_status judge(struct tug__http *http, CURLcode code)
{
    const struct tug__http_run *const run = &http->run;
    const char *const words = http->reason[0] != '\0' ? http->reason : curl_easy_strerror(code);
    char why[CURL_ERROR_SIZE + 64]; /* libcurl quotes URLs verbatim */
    struct tug__http_response *const response = run->response;

    (void)tug__log_redact(why, sizeof why, words, strlen(words));
    if (run->verdict != TUG_OK) {
        return run->verdict; /* a callback refused and filled the error */
    }
    if (run->is_unwanted) {
        return TUG_OK; /* the head is enough, however the body ended */
    }
    if (code == CURLE_OK) {
        if (!run->has_response) {
            response->failure = TUG__HTTP_BROKEN;
            return tug__fail(run->error, TUG_ERR_NETWORK, "the server sent no answer");
        }
        return TUG_OK;
    }
    if (run->has_refused && !run->is_connected) {
        response->failure = TUG__HTTP_REFUSED;
        return fail_for_good(http, "a public server sent us to a private address: refused", "");
    }
    response->failure = classify(code);
    if (code == CURLE_OUT_OF_MEMORY && run->is_connected) {
        /* also reported for a header line over libcurl's limit of 100 KiB */
        return tug__fail(run->error, TUG_ERR_NETWORK,
                         "the answer has a header line that is too long, or memory is short");
    }
    if (code == CURLE_OUT_OF_MEMORY) {
        return tug__fail_memory(run->error);
    }
    if (code == CURLE_SSL_CERTPROBLEM) {
        return tug__fail(run->error, TUG_ERR_CONFIG, "%s", why);
    }
    if (code == CURLE_COULDNT_RESOLVE_HOST && is_unknown_name(http)) {
        return fail_for_good(http, why, ": there is no such name");
    }
    if (run->is_connected && (code == CURLE_UNSUPPORTED_PROTOCOL ||
                              code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_HTTP2)) {
        return fail_foreign(http, why);
    }
    if (response->failure == TUG__HTTP_REFUSED) {
        return fail_for_good(
            http,
            run->is_connected ? "no HTTP answer: " : "the server named a URL we refuse: ", why);
    }
    if (response->failure == TUG__HTTP_BAD_CERTIFICATE) {
        return fail_for_good(http, "", why);
    }
    return tug__fail(run->error, TUG_ERR_NETWORK, "%s", why);
}

static void begin(struct tug__http *http, const struct tug__http_request *request,
                  struct tug__http_response *response, struct tug_error *err)
{
    *response = (struct tug__http_response){.content_length = -1, .http = http};
    curl_free(http->redirect_url);
    http->redirect_url = NULL;
    http->reason[0] = '\0';
    http->run = (struct tug__http_run){
        .request = request,
        .response = response,
        .error = err,
        .place = {.request = tug__log_next_request(http->settings.log)},
        .times = {.active_ns = tug__now_ns()},
        .socket = -1,
        .used_socket = -1,
        .is_far_told = http->settings.on_far == NULL,
    };
}

enum tug_status tug__http_perform(struct tug__http *http, const struct tug__http_request *request,
                                  struct tug__http_response *out_response, struct tug_error *err)
{
    struct tug_error scratch = {0};
    CURLcode code = CURLE_OK;
    enum tug_status status;
    CURLM *multi;

    begin(http, request, out_response, err != NULL ? err : &scratch);
    multi = tug__http_set_request(http);
    if (multi == NULL || curl_multi_add_handle(multi, http->easy) != CURLM_OK) {
        return tug__fail_memory(err);
    }
    status = run_transfer(http, multi, &code);
    if (http->settings.log != NULL && http->settings.log->has_timing) {
        tug__http_log_timing(http);
    }
    (void)curl_multi_remove_handle(multi, http->easy); /* ends it if it is still running */
    if (status == TUG_OK) {
        return judge(http, code);
    }
    out_response->failure = TUG__HTTP_BROKEN;
    return status;
}

/* Resolve a Location header against the requested URL, as libcurl does; its own result
 * (CURLINFO_REDIRECT_URL) is available only after the end of the body. Returns: owned by libcurl.
 */
static char *resolve_location(const char *url, const char *location)
{
    const unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_ALLOW_SPACE;
    CURLU *const parts = curl_url();
    char *resolved = NULL;

    if (parts == NULL || curl_url_set(parts, CURLUPART_URL, url, flags) != CURLUE_OK ||
        curl_url_set(parts, CURLUPART_URL, location, flags) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_URL, &resolved, 0) != CURLUE_OK) {
        resolved = NULL;
    }
    curl_url_cleanup(parts);
    return resolved;
}

bool tug__http_is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

const char *tug__http_redirect_url(const struct tug__http_response *response)
{
    struct tug__http *const http = response->http;
    const char *const location = tug__http_header(response, "Location");
    const char *url = NULL;

    if (response->status < 300 || response->status >= 400 || location == NULL) {
        return NULL;
    }
    if (http->redirect_url == NULL &&
        curl_easy_getinfo(http->easy, CURLINFO_EFFECTIVE_URL, &url) == CURLE_OK) {
        http->redirect_url = resolve_location(url, location);
    }
    return http->redirect_url != NULL ? http->redirect_url : location;
}
