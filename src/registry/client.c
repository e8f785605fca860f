/* SPDX-License-Identifier: Apache-2.0
 *
 * One client of registries: manifests and blobs over one kept connection.
 *
 * Knows: distribution-spec 1.1.1, redirects, which answers may be used. Does not know: curl, the
 * store, retries.
 * Threads: the client's owner; tug__client_wake from any.
 */
#include "registry/registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <tug/tug.h>

#include "base/buf.h"
#include "base/error.h"
#include "oci/media_type.h"
#include "registry/http.h"
#include "registry/range.h"
#include "registry/response.h"
#include "registry/url.h"

/* Redirects of one request; real registries need one or two. */
#define REDIRECTS_MAX 10

struct tug__client {
    struct tug__http *http;
};

/* One logical request: the answer's body goes to `accept`ed callers, to the error text, or nowhere
 * (redirects). */
struct exchange {
    struct tug__http_request request;
    /* Looks at a 2xx answer and decides; then gets the body. */
    enum tug_status (*on_success)(void *context, const struct tug__http_response *response,
                                  struct tug_error *err);
    enum tug_status (*on_data)(void *context, const void *bytes, size_t length,
                               struct tug_error *err);
    void *context;
    bool is_success;            /* the present answer is 2xx */
    struct tug__buf error_body; /* of an answer that is neither 2xx nor a redirect */
};

enum tug_status tug__registry_acquire(struct tug_error *err)
{
    return tug__http_global_acquire(err);
}

void tug__registry_release(void)
{
    tug__http_global_release();
}

enum tug_status tug__client_create(const struct tug__client_settings *settings,
                                   struct tug__client **out_client, struct tug_error *err)
{
    const struct tug__http_settings http_settings = {
        .connect_timeout_ms = settings->connect_timeout_ms,
        .stall_timeout_ms = settings->stall_timeout_ms,
        .user_agent = "tug/" TUG_VERSION,
        .should_stop = settings->should_stop,
        .stop_context = settings->stop_context,
    };
    struct tug__client *const client = calloc(1, sizeof *client);
    enum tug_status status;

    if (client == NULL) {
        return tug__fail_memory(err);
    }
    status = tug__http_create(&http_settings, &client->http, err);
    if (status != TUG_OK) {
        free(client);
        return status;
    }
    *out_client = client;
    return TUG_OK;
}

void tug__client_destroy(struct tug__client *client)
{
    if (client == NULL) {
        return;
    }
    tug__http_destroy(client->http);
    free(client);
}

void tug__client_wake(struct tug__client *client)
{
    tug__http_wake(client->http);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static enum tug_status exchange_on_response(void *context,
                                            const struct tug__http_response *response,
                                            struct tug_error *err)
{
    struct exchange *const exchange = context;
    const char *const encoding = tug__http_header(response, "Content-Encoding");

    exchange->is_success = response->status >= 200 && response->status < 300;
    tug__buf_clear(&exchange->error_body);
    if (!exchange->is_success) {
        return TUG_OK;
    }
    if (encoding != NULL && encoding[0] != '\0' && strcasecmp(encoding, "identity") != 0) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "the registry sent it with Content-Encoding '%s', which was not asked for",
                         encoding);
    }
    return exchange->on_success(exchange->context, response, err);
}

static enum tug_status exchange_on_body(void *context, const void *bytes, size_t length,
                                        struct tug_error *err)
{
    struct exchange *const exchange = context;
    struct tug__buf *const error_body = &exchange->error_body;

    if (exchange->is_success) {
        return exchange->on_data(exchange->context, bytes, length, err);
    }
    if (length > error_body->limit - error_body->length) {
        length = error_body->limit - error_body->length;
    }
    return length > 0 ? tug__buf_append(error_body, bytes, length, err) : TUG_OK;
}

/* Perform one request at one URL and follow its redirects, by hand: nothing of the request but the
 * range and the Accept header goes to another host, and https never leads to http. */
static enum tug_status follow(struct tug__client *client, struct exchange *exchange,
                              const char *first_url, struct tug__http_response *out_response,
                              struct tug_error *err)
{
    char *url = strdup(first_url);
    enum tug_status status = url != NULL ? TUG_OK : tug__fail_memory(err);

    for (int hops = 0; status == TUG_OK; hops++) {
        const char *next;

        exchange->request.url = url;
        status = tug__http_perform(client->http, &exchange->request, out_response, err);
        if (status != TUG_OK || !is_redirect(out_response->status)) {
            break;
        }
        next = tug__http_redirect_url(out_response);
        if (next == NULL) {
            status = tug__fail(err, TUG_ERR_NETWORK, "a redirect (status %d) names no location",
                               out_response->status);
        } else if (hops == REDIRECTS_MAX) {
            status = tug__fail(err, TUG_ERR_NETWORK, "more than %d redirects", REDIRECTS_MAX);
        } else {
            exchange->request.allow_http =
                exchange->request.allow_http && strncasecmp(url, "http:", 5) == 0;
            exchange->request.bypass_proxy = false;
            free(url);
            url = strdup(next);
            status = url != NULL ? TUG_OK : tug__fail_memory(err);
        }
    }
    if (status == TUG_ERR_NETWORK && url != NULL && strcmp(url, first_url) != 0) {
        char shown[192];

        status =
            tug__wrap(err, status, "redirected to %s", tug__url_redact(shown, sizeof shown, url));
    }
    free(url);
    return status;
}

/* Ask with the scheme that is known, or with https and then http where neither is. */
static enum tug_status ask(struct tug__client *client, struct tug__source *source, const char *kind,
                           const char *reference, struct exchange *exchange,
                           struct tug__http_response *out_response, struct tug_error *err)
{
    enum tug__scheme scheme =
        source->scheme == TUG__SCHEME_HTTP ? TUG__SCHEME_HTTP : TUG__SCHEME_HTTPS;
    char url[TUG__URL_MAX];
    enum tug_status status;

    exchange->request.on_response = exchange_on_response;
    exchange->request.on_body = exchange_on_body;
    exchange->request.context = exchange;
    exchange->request.allow_http = scheme == TUG__SCHEME_HTTP;
    exchange->request.bypass_proxy = tug__url_is_loopback(source->host);
    tug__buf_init(&exchange->error_body, TUG__ERROR_BODY_MAX);
    (void)tug__url_format(url, source, scheme, kind, reference);
    status = follow(client, exchange, url, out_response, err);
    if (source->scheme == TUG__SCHEME_UNKNOWN && out_response->status == 0 &&
        (out_response->failure == TUG__HTTP_NO_TLS ||
         out_response->failure == TUG__HTTP_NO_CONNECTION)) {
        if (err != NULL) {
            *err = (struct tug_error){0}; /* of the first try */
        }
        scheme = TUG__SCHEME_HTTP;
        exchange->request.allow_http = true;
        (void)tug__url_format(url, source, scheme, kind, reference);
        status = follow(client, exchange, url, out_response, err);
    }
    if (out_response->status != 0) {
        source->scheme = scheme;
    }
    if (status == TUG_OK && !exchange->is_success) {
        status = tug__response_fail(out_response->status, exchange->error_body.data,
                                    exchange->error_body.length, err);
    }
    tug__buf_fini(&exchange->error_body);
    return status;
}

/* --- manifests --- */

struct manifest_sink {
    struct tug__manifest_reply *reply;
    struct tug__buf body;
};

static enum tug_status manifest_on_success(void *context, const struct tug__http_response *response,
                                           struct tug_error *err)
{
    struct manifest_sink *const sink = context;
    struct tug__manifest_reply *const reply = sink->reply;
    const char *const type = tug__http_header(response, "Content-Type");
    const char *const digest = tug__http_header(response, "Docker-Content-Digest");

    if (response->status != 200) {
        return tug__fail(err, TUG_ERR_NETWORK, "the registry answered status %d, not 200",
                         response->status);
    }
    if (response->content_length > (int64_t)TUG__MANIFEST_BYTES_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "it has %" PRId64 " bytes, over the limit of %zu",
                         response->content_length, TUG__MANIFEST_BYTES_MAX);
    }
    if (type != NULL) {
        (void)snprintf(reply->media_type, sizeof reply->media_type, "%s", type);
    }
    if (digest == NULL || digest[0] == '\0') {
        return TUG_OK;
    }
    if (tug_digest_parse(digest, strlen(digest), &reply->digest, NULL) != TUG_OK) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "the Docker-Content-Digest header is no digest: '%.80s'", digest);
    }
    return TUG_OK;
}

static enum tug_status manifest_on_data(void *context, const void *bytes, size_t length,
                                        struct tug_error *err)
{
    struct manifest_sink *const sink = context;

    if (length > sink->body.limit - sink->body.length) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "it is over the limit of %zu bytes",
                         sink->body.limit);
    }
    return tug__buf_append(&sink->body, bytes, length, err);
}

static enum tug_status ask_manifest(struct tug__client *client, struct tug__source *source,
                                    const char *reference, bool is_head,
                                    struct tug__manifest_reply *out_reply, struct tug_error *err)
{
    struct manifest_sink sink = {.reply = out_reply};
    struct exchange exchange = {
        .request = {.is_head = is_head, .accept = tug__media_accept()},
        .on_success = manifest_on_success,
        .on_data = manifest_on_data,
        .context = &sink,
    };
    struct tug__http_response response;
    enum tug_status status;

    *out_reply = (struct tug__manifest_reply){0};
    tug__buf_init(&sink.body, TUG__MANIFEST_BYTES_MAX);
    status = ask(client, source, "manifests", reference, &exchange, &response, err);
    out_reply->retry_after_ms = response.retry_after_ms;
    if (status == TUG_OK && !is_head) {
        out_reply->body = tug__buf_steal(&sink.body, &out_reply->length);
        if (out_reply->body == NULL) {
            status = tug__fail(err, TUG_ERR_CONTENT, "the registry sent an empty body");
        }
    }
    tug__buf_fini(&sink.body);
    return status;
}

enum tug_status tug__client_get_manifest(struct tug__client *client, struct tug__source *source,
                                         const char *reference,
                                         struct tug__manifest_reply *out_reply,
                                         struct tug_error *err)
{
    return ask_manifest(client, source, reference, false, out_reply, err);
}

enum tug_status tug__client_head_manifest(struct tug__client *client, struct tug__source *source,
                                          const char *reference,
                                          struct tug__manifest_reply *out_reply,
                                          struct tug_error *err)
{
    return ask_manifest(client, source, reference, true, out_reply, err);
}

/* --- blobs --- */

struct blob_sink {
    struct tug__blob_request *request;
    uint64_t skip_bytes; /* still to be dropped: the server ignored the range */
    uint64_t next_byte;  /* position of the next byte to deliver */
    uint64_t end_byte;   /* the answer ends before this position */
    bool is_whole;       /* a 200 to a ranged request */
};

/* Tell whether a part is asked for; never on a plain first request: some registries refuse it. */
static bool is_ranged(const struct tug__blob_request *request)
{
    return request->first_byte > 0 || request->end_byte < request->size_bytes;
}

static enum tug_status size_error(const struct tug__blob_request *request, uint64_t found,
                                  struct tug_error *err)
{
    return tug__fail(err, TUG_ERR_CONTENT,
                     "the registry has %" PRIu64 " bytes under this digest, not %" PRIu64, found,
                     request->size_bytes);
}

/* A 200: the whole blob, whatever was asked for. */
static enum tug_status accept_whole(struct blob_sink *sink,
                                    const struct tug__http_response *response,
                                    struct tug_error *err)
{
    struct tug__blob_request *const request = sink->request;

    if (response->content_length >= 0 &&
        (uint64_t)response->content_length != request->size_bytes) {
        return size_error(request, (uint64_t)response->content_length, err);
    }
    if (request->needs_range) {
        request->ranges_ignored = true;
        return tug__fail(err, TUG_ERR_UNSUPPORTED, "the registry ignores ranges");
    }
    sink->skip_bytes = request->first_byte;
    sink->is_whole = request->end_byte < request->size_bytes;
    sink->end_byte = request->size_bytes;
    return TUG_OK;
}

/* A 206: exactly from where it was asked, perhaps not to the end. */
static enum tug_status accept_part(struct blob_sink *sink,
                                   const struct tug__http_response *response, struct tug_error *err)
{
    const struct tug__blob_request *const request = sink->request;
    const char *const text = tug__http_header(response, "Content-Range");
    struct tug__content_range range;

    if (!tug__content_range_parse(text, &range)) {
        return tug__fail(err, TUG_ERR_CONTENT, "a range answer has no usable Content-Range: '%s'",
                         text != NULL ? text : "");
    }
    if (range.has_total && range.total != request->size_bytes) {
        return size_error(request, range.total, err);
    }
    if (!is_ranged(request) || range.first != request->first_byte ||
        range.last >= request->end_byte) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "the registry sent bytes %" PRIu64 "-%" PRIu64 ", asked from %" PRIu64,
                         range.first, range.last, request->first_byte);
    }
    sink->end_byte = range.last + 1;
    return TUG_OK;
}

static enum tug_status blob_on_success(void *context, const struct tug__http_response *response,
                                       struct tug_error *err)
{
    struct blob_sink *const sink = context;

    if (response->status == 200) {
        return accept_whole(sink, response, err);
    }
    if (response->status == 206) {
        return accept_part(sink, response, err);
    }
    return tug__fail(err, TUG_ERR_NETWORK, "the registry answered status %d, not 200 or 206",
                     response->status);
}

static enum tug_status blob_on_data(void *context, const void *bytes, size_t length,
                                    struct tug_error *err)
{
    struct blob_sink *const sink = context;
    const char *data = bytes;
    enum tug_status status;

    if (sink->skip_bytes > 0) {
        const size_t dropped = length < sink->skip_bytes ? length : (size_t)sink->skip_bytes;

        sink->skip_bytes -= dropped;
        data += dropped;
        length -= dropped;
    }
    if (length == 0) {
        return TUG_OK;
    }
    if (length > sink->request->end_byte - sink->next_byte && sink->is_whole) {
        length = (size_t)(sink->request->end_byte - sink->next_byte); /* the rest of a 200 */
        sink->request->is_enough = true;
    }
    if (length > sink->end_byte - sink->next_byte) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "the registry sends more than the %" PRIu64 " bytes it should have",
                         sink->request->size_bytes);
    }
    status = sink->request->on_data(sink->request->context, data, length, err);
    if (status == TUG_OK) {
        sink->next_byte += length;
    }
    if (status == TUG_OK && sink->request->is_enough) {
        return tug__fail(err, TUG_ERR_CANCELLED, "enough");
    }
    return status;
}

/* The answer ended well: is that all of the blob? */
static enum tug_status check_complete(const struct blob_sink *sink,
                                      const struct tug__http_response *response,
                                      struct tug_error *err)
{
    const uint64_t size = sink->request->end_byte;

    if (sink->next_byte == size) {
        return TUG_OK;
    }
    if (tug__http_header(response, "Transfer-Encoding") != NULL) {
        return size_error(sink->request, sink->next_byte, err); /* chunked: it says where it ends */
    }
    return tug__fail(err, TUG_ERR_NETWORK, "the registry sent %" PRIu64 " of %" PRIu64 " bytes",
                     sink->next_byte, size);
}

enum tug_status tug__client_get_blob(struct tug__client *client, struct tug__source *source,
                                     struct tug__blob_request *request, struct tug_error *err)
{
    struct blob_sink sink = {
        .request = request,
        .next_byte = request->first_byte,
        .end_byte = request->end_byte,
    };
    struct exchange exchange = {
        .request = {.accept = "*/*"},
        .on_success = blob_on_success,
        .on_data = blob_on_data,
        .context = &sink,
    };
    struct tug__http_response response;
    char digest[TUG_DIGEST_TEXT_MAX];
    char range[48];
    enum tug_status status;

    if (is_ranged(request)) {
        (void)snprintf(range, sizeof range, "%" PRIu64 "-%" PRIu64, request->first_byte,
                       request->end_byte - 1);
        exchange.request.range = range;
    }
    (void)tug_digest_format(request->digest, digest);
    status = ask(client, source, "blobs", digest, &exchange, &response, err);
    request->retry_after_ms = response.retry_after_ms;
    if (request->is_enough && status == TUG_ERR_CANCELLED) {
        if (err != NULL) {
            *err = (struct tug_error){0};
        }
        return TUG_OK;
    }
    if (status == TUG_OK) {
        status = check_complete(&sink, &response, err);
    }
    if (status == TUG_ERR_NETWORK && response.status == 416) {
        /* The blob there ends before the byte we want: it is not the blob of this size. */
        status = tug__fail(err, TUG_ERR_CONTENT,
                           "the registry has no byte %" PRIu64 " of these %" PRIu64,
                           request->first_byte, request->size_bytes);
    }
    return status;
}
