/* SPDX-License-Identifier: Apache-2.0
 *
 * Ask for manifests.
 *
 * Knows: which answers fit a request for a manifest. Does not know: curl, the store, retries.
 * Threads: the client's owner.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "http/range.h"
#include "oci/digest.h"
#include "oci/document.h"
#include "oci/media_type.h"
#include "oci/schema1.h"
#include "registry/client_internal.h"

struct manifest_sink {
    struct tug__manifest_reply *reply;
    const struct tug_digest *digest; /* requested; NULL: by tag */
    const char *media_type;          /* from the descriptor; NULL: use that of the answer */
    bool accepts_schema1;
    struct tug__buf body;
};

/* Read the digest that the registry announces. One of an algorithm that we cannot compute is
 * ignored, and a requested digest takes precedence (T-22). */
static enum tug_status read_digest(struct manifest_sink *sink, const char *text,
                                   struct tug_error *err)
{
    struct tug_digest *const digest = &sink->reply->digest;
    const enum tug_status status = tug_digest_parse(text, strlen(text), digest, NULL);

    if (status == TUG_OK) {
        return TUG_OK;
    }
    *digest = (struct tug_digest){0};
    return status == TUG_ERR_UNSUPPORTED || sink->digest != NULL
               ? TUG_OK
               : tug__fail(err, TUG_ERR_CONTENT,
                           "the Docker-Content-Digest header is not a digest: '%.80s'", text);
}

/* Tell whether an unsolicited 206 has the whole document. */
static bool is_whole_range(const struct tug__http_response *response)
{
    struct tug__content_range range;

    return response->status == 206 &&
           tug__content_range_parse(tug__http_header(response, "Content-Range"), &range) &&
           range.first == 0 && range.has_total && range.last + 1 == range.total;
}

static enum tug_status on_success(void *context, const struct tug__http_response *response,
                                  struct tug_error *err)
{
    struct manifest_sink *const sink = context;
    struct tug__manifest_reply *const reply = sink->reply;
    const char *const type = tug__http_header(response, "Content-Type");
    const char *const digest = tug__http_header(response, "Docker-Content-Digest");

    tug__buf_clear(&sink->body);
    *reply = (struct tug__manifest_reply){0};
    if (response->status != 200 && !is_whole_range(response)) {
        return tug__fail(err, TUG_ERR_NETWORK, "the registry answered status %d, not 200",
                         response->status);
    }
    if (response->content_length > (int64_t)TUG__MANIFEST_BYTES_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "it has %" PRId64 " bytes, over the limit of %zu",
                         response->content_length, TUG__MANIFEST_BYTES_MAX);
    }
    reply->has_size = response->content_length > 0;
    reply->size_bytes = reply->has_size ? (uint64_t)response->content_length : 0;
    if (type != NULL) {
        (void)snprintf(reply->media_type, sizeof reply->media_type, "%s", type);
    }
    return digest != NULL ? read_digest(sink, digest, err) : TUG_OK;
}

static enum tug_status on_data(void *context, const void *bytes, size_t length,
                               struct tug_error *err)
{
    struct manifest_sink *const sink = context;

    if (length > sink->body.limit - sink->body.length) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "it is over the limit of %zu bytes",
                         sink->body.limit);
    }
    return tug__buf_append(&sink->body, bytes, length, err);
}

/* Tell whether bytes are what was promised; without a promise they are. */
static bool is_promised(const struct manifest_sink *sink, const struct tug__buf *bytes)
{
    const struct tug_digest *const promised =
        sink->digest != NULL ? sink->digest : &sink->reply->digest;
    struct tug_digest found;

    return promised->algorithm == TUG_DIGEST_NONE ||
           (tug__digest_of(promised->algorithm, bytes->data, bytes->length, &found, NULL) ==
                TUG_OK &&
            tug_digest_equal(promised, &found));
}

/* Take the signatures off a schema 1 manifest. One that cannot be read stays as it is, and so does
 * one whose digest is of all its bytes. Errors: TUG_ERR_NO_MEMORY. */
static enum tug_status strip_signatures(struct manifest_sink *sink, struct tug_error *err)
{
    struct tug__buf payload;
    bool is_signed = false;
    enum tug_status status;

    tug__buf_init(&payload, TUG__MANIFEST_BYTES_MAX);
    status = tug__schema1_strip(sink->body.data, sink->body.length, &payload, &is_signed, NULL);
    if (status == TUG_OK && is_signed && payload.length > 0 && is_promised(sink, &payload)) {
        tug__buf_fini(&sink->body);
        sink->body = payload;
        return TUG_OK;
    }
    tug__buf_fini(&payload);
    return status == TUG_ERR_NO_MEMORY ? tug__fail_memory(err) : TUG_OK;
}

/* Compare the body with the requested digest, or for a tag with the announced one: on a mismatch,
 * the next endpoint can be asked at once. */
static enum tug_status check_body(const struct manifest_sink *sink, struct tug_error *err)
{
    const struct tug_digest *const promised =
        sink->digest != NULL ? sink->digest : &sink->reply->digest;
    struct tug_digest found;
    char text[TUG_DIGEST_TEXT_MAX];
    enum tug_status status;

    if (promised->algorithm == TUG_DIGEST_NONE) {
        return TUG_OK;
    }
    status = tug__digest_of(promised->algorithm, sink->body.data, sink->body.length, &found, err);
    if (status == TUG_OK && !tug_digest_equal(promised, &found)) {
        status = tug__fail(err, TUG_ERR_CONTENT, "its content has the digest %s",
                           tug_digest_format(&found, text));
    }
    return status;
}

/* Refuse anything but a document before it is stored: a login page, an error page, schema 1. */
static enum tug_status check_document(const struct manifest_sink *sink, struct tug_error *err)
{
    const struct tug__document_text text = {
        .bytes = sink->body.data,
        .length = sink->body.length,
        .media_type = sink->media_type != NULL ? sink->media_type : sink->reply->media_type,
        .is_pinned = sink->digest != NULL,
        .accepts_schema1 = sink->accepts_schema1,
    };
    struct tug__document document = {0};
    const enum tug_status status = tug__document_parse(&text, &document, err);

    tug__document_fini(&document);
    return status;
}

/* Explain a digest that does not match: it is that of a schema 1 manifest without its signatures.
 */
static enum tug_status explain(const struct manifest_sink *sink, enum tug_status status,
                               struct tug_error *err)
{
    struct tug_error why = {0};

    if (status != TUG_ERR_CONTENT || sink->accepts_schema1 ||
        tug__media_kind(sink->reply->media_type) != TUG__MEDIA_SCHEMA1 ||
        check_document(sink, &why) != TUG_ERR_UNSUPPORTED) {
        return status;
    }
    if (err != NULL) {
        *err = why;
    }
    return why.code;
}

/* Add the announced type of an answer that is not a manifest to an error. */
static enum tug_status tell_type(const struct manifest_sink *sink, bool is_parsed,
                                 enum tug_status status, struct tug_error *err)
{
    const char *const type = sink->reply->media_type;
    const enum tug__media_kind kind = tug__media_kind(type);

    if (status != TUG_ERR_CONTENT || kind == TUG__MEDIA_INDEX || kind == TUG__MEDIA_MANIFEST ||
        (!is_parsed && tug__media_is_generic(type))) {
        return status;
    }
    return type[0] != '\0'
               ? tug__wrap(err, status, "the answer, of type '%s', is not a manifest", type)
               : tug__wrap(err, status, "the answer, which has no type, is not a manifest");
}

static enum tug_status on_get_end(void *context, const struct tug__http_response *response,
                                  struct tug_error *err)
{
    struct manifest_sink *const sink = context;
    enum tug_status status = TUG_OK;
    bool is_parsed;

    (void)response;
    if (sink->accepts_schema1 && sink->body.length > 0) {
        status = strip_signatures(sink, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    status = explain(sink, check_body(sink, err), err);
    is_parsed = status == TUG_OK && sink->body.length > 0;
    if (is_parsed) {
        status = check_document(sink, err);
    }
    if (status != TUG_OK) {
        return tell_type(sink, is_parsed, status, err);
    }
    sink->reply->body = tug__buf_steal(&sink->body, &sink->reply->length);
    if (sink->reply->body == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "the registry sent an empty body");
    }
    return TUG_OK;
}

static enum tug_status on_head_end(void *context, const struct tug__http_response *response,
                                   struct tug_error *err)
{
    (void)context;
    (void)response;
    (void)err;
    return TUG_OK;
}

static const struct tug__ask_handler get_handler = {
    .on_success = on_success, .on_data = on_data, .on_end = on_get_end};
static const struct tug__ask_handler head_handler = {
    .on_success = on_success, .on_data = on_data, .on_end = on_head_end};

enum tug_status tug__client_get_manifest(struct tug__client *client,
                                         const struct tug__source *source,
                                         const struct tug__manifest_request *request,
                                         struct tug__manifest_reply *out_reply,
                                         struct tug_error *err)
{
    const char *const reference = request->reference;
    struct tug_digest digest;
    const bool is_tag = tug_digest_parse(reference, strlen(reference), &digest, NULL) != TUG_OK;
    struct tug__manifest_reply reply = {0};
    struct manifest_sink sink = {.reply = &reply,
                                 .digest = is_tag ? NULL : &digest,
                                 .media_type = request->media_type,
                                 .accepts_schema1 = request->accepts_schema1};
    struct tug__ask ask = {
        .source = source,
        .what = {source->repository, "manifests", reference, NULL},
        .capabilities = TUG__CAN_PULL | (is_tag ? TUG__CAN_RESOLVE : 0U),
        .is_head = request->is_head,
        .has_digest = !is_tag,
        .accept = tug__media_accept(request->accepts_schema1),
        .out_server = request->out_server,
        .handler = request->is_head ? &head_handler : &get_handler,
        .context = &sink,
    };
    enum tug_status status;

    tug__buf_init(&sink.body, TUG__MANIFEST_BYTES_MAX);
    status = tug__ask(client, &ask, err);
    tug__buf_fini(&sink.body);
    *out_reply = status == TUG_OK ? reply : (struct tug__manifest_reply){0};
    out_reply->result = ask.result;
    return status;
}
