/* SPDX-License-Identifier: Apache-2.0
 *
 * libcurl's callbacks while a request runs: the address it connected to, the head of the answer,
 * its body.
 *
 * Knows: libcurl, limits on heads and on unwanted bodies. Does not know: registries, credentials,
 * the store.
 * Threads: the handle's owner.
 */
#include "http/http_internal.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/error.h"
#include "http/retry_after.h"
#include "url/address.h"
#include "url/url.h"

/* Bytes of headers in one request, interim answers and trailers included. libcurl's own limit, also
 * 300 KiB, holds for each answer by itself. */
#define HEADER_BYTES_MAX ((size_t)300 * 1024)

const char *tug__http_header_at(const struct tug__http_response *response, const char *name,
                                size_t index)
{
    struct curl_header *header = NULL;

    for (size_t i = 0;
         curl_easy_header(response->http->easy, name, i, CURLH_HEADER, -1, &header) == CURLHE_OK;
         i++) {
        /* libcurl 7.88 gives "\r" for a header without a value */
        if (header->value[strspn(header->value, " \t\r\n")] != '\0' && index-- == 0) {
            return header->value;
        }
    }
    return NULL;
}

const char *tug__http_header(const struct tug__http_response *response, const char *name)
{
    return tug__http_header_at(response, name, 0);
}

/* libcurl is about to send the request: from now on the server must not fall silent. */
int tug__http_on_connected(void *context, char *remote_ip, char *local_ip, int remote_port,
                           int local_port)
{
    struct tug__http *const http = context;
    struct tug__http_run *const run = &http->run;

    (void)local_ip;
    (void)remote_port;
    tug__http_find_connection(http, local_port);
    run->is_connected = true;
    run->times.active_ns = tug__now_ns();
    run->times.connected_ns = run->times.active_ns;
    run->response->was_private = !run->has_proxy && tug__address_text_is_private(remote_ip);
    return CURL_PREREQFUNC_OK;
}

static uint64_t retry_after_ms(const struct tug__http_response *response)
{
    const char *const text = tug__http_header(response, "Retry-After");

    return text != NULL ? tug__retry_after_parse(text, (int64_t)time(NULL)) : 0;
}

/* Have the kernel acknowledge what has come at once. It delays that for 40 ms on connections of
 * many short answers; a server that holds back the end of a body until the rest of it is
 * acknowledged (Nagle's algorithm) would take as long for each of them. */
static void acknowledge_at_once(int socket)
{
    const int on = 1;

    if (socket >= 0) {
        (void)setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    }
}

/* All headers of an answer have arrived: fill the response and let the caller decide. */
static enum tug_status accept_head(struct tug__http *http)
{
    struct tug__http_run *const run = &http->run;
    struct tug__http_response *const response = run->response;
    curl_off_t length = -1;
    long status = 0;

    (void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) {
        return TUG_OK; /* an interim answer: the real one follows */
    }
    (void)curl_easy_getinfo(http->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    response->status = (int)status;
    response->content_length = length;
    response->retry_after_ms = retry_after_ms(response);
    run->has_response = true;
    run->is_unwanted = status >= 300;
    run->times.response_ns = tug__now_ns();
    run->times.window_ns = run->times.response_ns;
    run->times.window_bytes = 0;
    acknowledge_at_once(run->used_socket);
    return run->request->on_response(run->request->context, response, run->error);
}

size_t tug__http_on_header(char *line, size_t size, size_t count, void *context)
{
    struct tug__http *const http = context;
    struct tug__http_run *const run = &http->run;
    const size_t length = size * count;
    const bool is_end = length <= 2 && (line[0] == '\r' || line[0] == '\n');

    run->times.active_ns = tug__now_ns();
    run->header_bytes += length;
    if (run->header_bytes > HEADER_BYTES_MAX) {
        run->verdict =
            tug__fail(run->error, TUG_ERR_NETWORK,
                      "the answer's headers are over the limit of %zu bytes", HEADER_BYTES_MAX);
        return 0;
    }
    if (!is_end || run->has_response) { /* a second end of headers is that of the trailers */
        return length;
    }
    run->verdict = accept_head(http);
    return run->verdict == TUG_OK ? length : 0;
}

size_t tug__http_on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct tug__http *const http = context;
    struct tug__http_run *const run = &http->run;
    struct tug__http_response *const response = run->response;
    const struct tug__log *const log = http->settings.log;
    const uint64_t begin_ns = tug__now_ns();
    size_t length = size * count;

    if (run->is_unwanted && length > TUG__ERROR_BODY_MAX - response->body_bytes) {
        length = (size_t)(TUG__ERROR_BODY_MAX - response->body_bytes);
        run->is_cut_short = true;
    }

    if (log != NULL && log->has_heads && response->status >= 400 && response->body_bytes == 0 &&
        !run->request->is_body_secret) {
        tug__log_body(log, run->place, bytes, length);
    }
    run->verdict = run->request->on_body(run->request->context, bytes, length, run->error);
    response->body_bytes += length;
    run->times.window_bytes += length;
    run->times.active_ns = tug__now_ns(); /* after the callback: our own slowness is no stall */
    run->times.window_ns += run->times.active_ns - begin_ns;
    return run->verdict == TUG_OK && !run->is_cut_short ? length : 0;
}
