/* SPDX-License-Identifier: Apache-2.0
 *
 * Ask for blobs and parts of them.
 *
 * Knows: ranges, and which answers fit one. Does not know: curl, the store, files.
 * Threads: the client's owner.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/str.h"
#include "http/range.h"
#include "registry/client_internal.h"
#include "registry/response.h"
#include "url/url.h"

struct blob_sink {
    struct tug__ask *ask;
    struct tug__blob_request *request;
    uint64_t next_byte; /* position of the next byte to deliver */
    /* the present answer */
    uint64_t skip_bytes; /* still to be dropped: the server ignored the range */
    uint64_t end_byte;   /* one past the last byte of the answer */
    char range[48];
};

static enum tug_status size_error(const struct tug__blob_request *request, uint64_t found,
                                  struct tug_error *err)
{
    return tug__fail(err, TUG_ERR_CONTENT,
                     "the registry has %" PRIu64 " bytes under this digest, not %" PRIu64, found,
                     request->size_bytes);
}

static bool is_ranged(const struct blob_sink *sink)
{
    return sink->next_byte > 0 || sink->request->end_byte < sink->request->size_bytes;
}

/* Never send a range for a whole blob: some registries refuse it. */
static const char *range_of(void *context, uint64_t *out_bytes)
{
    struct blob_sink *const sink = context;

    *out_bytes = sink->request->end_byte - sink->next_byte;
    if (!is_ranged(sink)) {
        return NULL;
    }
    (void)snprintf(sink->range, sizeof sink->range, "%" PRIu64 "-%" PRIu64, sink->next_byte,
                   sink->request->end_byte - 1);
    return sink->range;
}

/* A 200: the whole blob, whatever the request. */
static enum tug_status accept_whole(struct blob_sink *sink,
                                    const struct tug__http_response *response,
                                    struct tug_error *err)
{
    struct tug__blob_request *const request = sink->request;

    if (response->content_length >= 0 &&
        (uint64_t)response->content_length != request->size_bytes) {
        return size_error(request, (uint64_t)response->content_length, err);
    }
    sink->ask->result.ranges_ignored = is_ranged(sink);
    if (is_ranged(sink) && request->needs_range) {
        return tug__fail(err, TUG_ERR_UNSUPPORTED,
                         "the registry answered a range with the whole blob");
    }
    sink->skip_bytes = sink->next_byte;
    sink->end_byte = request->size_bytes;
    return TUG_OK;
}

/* A 206: it must start where it was asked to, and may end early; also for a request without a
 * range. */
static enum tug_status accept_part(struct blob_sink *sink,
                                   const struct tug__http_response *response, struct tug_error *err)
{
    const struct tug__blob_request *const request = sink->request;
    const char *const text = tug__http_header(response, "Content-Range");
    const char *const type = tug__http_header(response, "Content-Type");
    struct tug__content_range range;

    if (!tug__content_range_parse(text, &range)) {
        return tug__fail(err, TUG_ERR_CONTENT, "a range answer has no usable Content-Range: '%s'",
                         text != NULL ? text : "");
    }
    if (type != NULL && strncasecmp(type, "multipart/", strlen("multipart/")) == 0) {
        return tug__fail(err, TUG_ERR_CONTENT, "a range answer has several parts");
    }
    if (range.has_total && range.total != request->size_bytes) {
        return size_error(request, range.total, err);
    }
    if (range.first != sink->next_byte || range.last >= request->end_byte) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "the registry sent bytes %" PRIu64 "-%" PRIu64 ", asked from %" PRIu64
                         " to %" PRIu64,
                         range.first, range.last, sink->next_byte, request->end_byte - 1);
    }
    if (response->content_length >= 0 &&
        (uint64_t)response->content_length != range.last - range.first + 1) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "a range answer announces %" PRId64 " bytes for %" PRIu64 "-%" PRIu64,
                         response->content_length, range.first, range.last);
    }
    sink->end_byte = range.last + 1;
    return TUG_OK;
}

static enum tug_status on_success(void *context, const struct tug__http_response *response,
                                  struct tug_error *err)
{
    struct blob_sink *const sink = context;

    sink->skip_bytes = 0;
    if (response->status == 200) {
        return accept_whole(sink, response, err);
    }
    if (response->status == 206) {
        return accept_part(sink, response, err);
    }
    return tug__fail(err, TUG_ERR_NETWORK, "the registry answered status %d, not 200 or 206",
                     response->status);
}

/* Deliver wanted bytes, and check whether more are wanted. */
static enum tug_status deliver(struct blob_sink *sink, const char *data, size_t length,
                               struct tug_error *err)
{
    struct tug__blob_request *const request = sink->request;
    struct tug__call_result *const result = &sink->ask->result;
    const unsigned asked = sink->ask->asked;
    const enum tug_status status = request->on_data(request->context, data, length, err);

    if (result->served_by == 0 || asked < result->served_by) {
        result->served_by = asked;
    }
    if (status != TUG_OK) {
        sink->ask->is_ours = true;
        return status;
    }
    sink->next_byte += length;
    /* The rest of a whole blob sent instead of a part is not read. */
    sink->ask->is_ended = request->is_enough || (sink->next_byte == request->end_byte &&
                                                 sink->end_byte > request->end_byte);
    return TUG_OK;
}

static enum tug_status on_data(void *context, const void *bytes, size_t length,
                               struct tug_error *err)
{
    struct blob_sink *const sink = context;
    const uint64_t wanted = sink->request->end_byte - sink->next_byte;
    const char *data = bytes;

    if (sink->skip_bytes > 0) {
        const size_t dropped = length < sink->skip_bytes ? length : (size_t)sink->skip_bytes;

        sink->skip_bytes -= dropped;
        data += dropped;
        length -= dropped;
    }
    if (length == 0) {
        return TUG_OK;
    }
    if (length > sink->end_byte - sink->next_byte) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "the registry sends more than the %" PRIu64 " bytes it should have",
                         sink->end_byte);
    }
    return deliver(sink, data, length < wanted ? length : (size_t)wanted, err);
}

/* The answer ended well: check that it was complete. */
static enum tug_status on_end(void *context, const struct tug__http_response *response,
                              struct tug_error *err)
{
    const struct blob_sink *const sink = context;
    const uint64_t end = sink->request->end_byte;

    if (sink->next_byte >= end) {
        return TUG_OK;
    }
    if (response->status == 200 && tug__http_header(response, "Transfer-Encoding") != NULL) {
        return size_error(sink->request, sink->next_byte, err); /* chunked: the end is explicit */
    }
    return tug__fail(err, TUG_ERR_NETWORK,
                     "the registry sent the bytes up to %" PRIu64 " of %" PRIu64, sink->next_byte,
                     end);
}

/* Ask one URL of a foreign layer: no header of ours is sent, and a challenge gets no credentials
 * (T-01). */
static enum tug_status ask_url(struct tug__client *client, struct tug__ask *ask, const char *url,
                               bool is_public, struct tug_error *err)
{
    struct tug__path path = {.url = url, .is_outside = true, .is_public = is_public};
    char shown[192];
    enum tug_status status;

    tug__buf_init(&ask->error_body, TUG__ERROR_BODY_MAX);
    status = tug__path_follow(client, ask, &path, err);
    if (status == TUG_OK) {
        status = ask->is_success ? TUG_OK : tug__ask_fail(client, ask, &path.response, err);
    }
    if (status == TUG_OK && !ask->is_ended) {
        status = on_end(ask->context, &path.response, err);
    }
    status = tug__ask_blame_coding(ask, status, err);
    ask->result.retry_after_ms = path.response.retry_after_ms;
    free(path.final_url);
    tug__buf_fini(&ask->error_body);
    if (status != TUG_OK) {
        (void)tug__wrap(err, status, "foreign layer, %s",
                        tug__url_redact(shown, sizeof shown, url));
    }
    return status;
}

/* Ask the URLs that a foreign layer names, one after the other. */
static enum tug_status ask_urls(struct tug__client *client, struct tug__ask *ask,
                                struct tug_error *err)
{
    const struct tug__registry *const registry =
        tug__session_find(client->session, ask->source->host);
    const char *at = ask->source->urls;
    enum tug_status status = TUG_ERR_INTERNAL;
    bool is_public = true;

    for (size_t i = 0; registry != NULL && i < registry->endpoint_count; i++) {
        if (tug__session_health(client->session, &registry->endpoints[i]).is_private) {
            is_public = false; /* an endpoint in a private network may direct us within it */
        }
    }
    while (*at != '\0') {
        const size_t length = strcspn(at, " ");
        char *const url = tug__strndup(at, length);

        if (url == NULL) {
            return tug__fail_memory(err);
        }
        *err = (struct tug_error){0};
        status = strncasecmp(url, "https://", strlen("https://")) == 0
                     ? ask_url(client, ask, url, is_public, err)
                     : tug__fail(err, TUG_ERR_UNSUPPORTED, "a foreign layer's URL is not https");
        free(url);
        if (status == TUG_OK || ask->is_ours || status == TUG_ERR_CANCELLED ||
            status == TUG_ERR_NO_MEMORY) {
            return status;
        }
        at += length;
        at += strspn(at, " ");
    }
    return status;
}

static const struct tug__ask_handler handler = {
    .range = range_of, .on_success = on_success, .on_data = on_data, .on_end = on_end};

enum tug_status tug__client_get_blob(struct tug__client *client, const struct tug__source *source,
                                     struct tug__blob_request *request, struct tug_error *err)
{
    struct blob_sink sink = {.request = request, .next_byte = request->first_byte};
    char digest[TUG_DIGEST_TEXT_MAX];
    struct tug__ask ask = {
        .source = source,
        .what = {source->repository, "blobs", tug_digest_format(request->digest, digest), NULL},
        .capabilities = TUG__CAN_PULL,
        .avoid = request->avoid,
        .out_server = request->out_server,
        .accept = "*/*",
        .has_digest = true,
        .digest = request->digest,
        .handler = &handler,
        .context = &sink,
    };
    struct tug_error error = {0};
    enum tug_status status;

    sink.ask = &ask;
    request->is_enough = false;
    if (source->urls != NULL) {
        status = ask_urls(client, &ask, &error);
    } else {
        status = tug__ask(client, &ask, &error);
    }
    request->result = ask.result;
    if (status == TUG_ERR_NETWORK && error.http_status == 416) {
        /* The blob ends before the byte we want, so it does not have this size. */
        status = tug__fail(&error, TUG_ERR_CONTENT,
                           "the registry has no byte %" PRIu64 " of these %" PRIu64, sink.next_byte,
                           request->size_bytes);
    }
    if (status != TUG_OK && err != NULL) {
        *err = error;
    }
    return status;
}
