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

#include <string.h>
#include <strings.h>

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

    (void)local_ip;
    (void)remote_port;
    tug__http_find_connection(http, local_port);
    http->is_connected = true;
    http->active_ns = tug__now_ns();
    http->connected_ns = http->active_ns;
    http->response->was_private = !http->has_proxy && tug__address_text_is_private(remote_ip);
    return CURL_PREREQFUNC_OK;
}

static uint64_t retry_after_ms(const struct tug__http_response *response)
{
    const char *const text = tug__http_header(response, "Retry-After");

    return text != NULL ? tug__retry_after_parse(text, (int64_t)time(NULL)) : 0;
}

/* All headers of an answer have arrived: fill the response and let the caller decide. */
static enum tug_status accept_head(struct tug__http *http)
{
    struct tug__http_response *const response = http->response;
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
    http->has_response = true;
    http->is_unwanted = status >= 300;
    http->response_ns = tug__now_ns();
    http->window_ns = http->response_ns;
    http->window_bytes = 0;
    return http->request->on_response(http->request->context, response, http->error);
}

size_t tug__http_on_header(char *line, size_t size, size_t count, void *context)
{
    struct tug__http *const http = context;
    const size_t length = size * count;
    const bool is_end = length <= 2 && (line[0] == '\r' || line[0] == '\n');

    http->active_ns = tug__now_ns();
    http->header_bytes += length;
    if (http->header_bytes > HEADER_BYTES_MAX) {
        http->verdict =
            tug__fail(http->error, TUG_ERR_NETWORK,
                      "the answer's headers are over the limit of %zu bytes", HEADER_BYTES_MAX);
        return 0;
    }
    if (!is_end || http->has_response) { /* a second end of headers is that of the trailers */
        return length;
    }
    http->verdict = accept_head(http);
    return http->verdict == TUG_OK ? length : 0;
}

size_t tug__http_on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct tug__http *const http = context;
    struct tug__http_response *const response = http->response;
    const struct tug__log *const log = http->settings.log;
    const uint64_t begin_ns = tug__now_ns();
    size_t length = size * count;

    if (http->is_unwanted && length > TUG__ERROR_BODY_MAX - response->body_bytes) {
        length = (size_t)(TUG__ERROR_BODY_MAX - response->body_bytes);
        http->is_cut_short = true;
    }

    if (log != NULL && log->has_heads && response->status >= 400 && response->body_bytes == 0 &&
        !http->request->is_body_secret) {
        tug__log_body(log, http->place, bytes, length);
    }
    http->verdict = http->request->on_body(http->request->context, bytes, length, http->error);
    response->body_bytes += length;
    http->window_bytes += length;
    http->active_ns = tug__now_ns(); /* after the callback: our own slowness is no stall */
    http->window_ns += http->active_ns - begin_ns;
    return http->verdict == TUG_OK && !http->is_cut_short ? length : 0;
}
