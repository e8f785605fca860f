/* SPDX-License-Identifier: Apache-2.0
 *
 * Ask what refers to a manifest: the referrers API, or the tag that stands for it.
 *
 * Knows: both ways of distribution-spec 1.1.1. Does not know: what referrers are, the store,
 * retries.
 * Threads: the client's owner.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "oci/digest.h"
#include "oci/document.h"
#include "oci/media_type.h"
#include "registry/client_internal.h"
#include "registry/page.h"
#include "registry/referrer_list.h"

struct sink {
    struct tug__ask *ask;
    struct tug__referrer_list *list;
    struct tug__buf body;
    size_t count; /* entries on the page */
    char next[TUG__PAGE_QUERY_MAX];
    bool is_other; /* the answer is no index: the registry does not know the API */
};

static enum tug_status on_success(void *context, const struct tug__http_response *response,
                                  struct tug_error *err)
{
    struct sink *const sink = context;
    const char *const type = tug__http_header(response, "Content-Type");

    tug__buf_clear(&sink->body);
    sink->next[0] = '\0';
    sink->is_other = type == NULL || tug__media_kind(type) != TUG__MEDIA_INDEX;
    if (response->status != 200) {
        return tug__fail(err, TUG_ERR_NETWORK, "the registry answered status %d, not 200",
                         response->status);
    }
    if (sink->is_other) {
        return tug__fail(err, TUG_ERR_CONTENT, "the answer, of type '%.80s', is not an index",
                         type != NULL ? type : "");
    }
    return TUG_OK;
}

static enum tug_status on_data(void *context, const void *bytes, size_t length,
                               struct tug_error *err)
{
    struct sink *const sink = context;

    if (length > sink->body.limit - sink->body.length) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "the list is over the limit of %zu bytes",
                         sink->body.limit);
    }
    return tug__buf_append(&sink->body, bytes, length, err);
}

/* Tell whether the registry has filtered by the type. */
static bool is_filtered(const struct tug__http_response *response)
{
    const char *const filters = tug__http_header(response, "OCI-Filters-Applied");

    return filters != NULL && strcasestr(filters, "artifactType") != NULL;
}

static enum tug_status on_end(void *context, const struct tug__http_response *response,
                              struct tug_error *err)
{
    struct sink *const sink = context;
    struct tug__referrer_page page = {
        .text = sink->body.data,
        .length = sink->body.length,
        .is_filtered = is_filtered(response),
    };
    enum tug_status status =
        page.length > 0 ? tug__referrer_list_add(sink->list, &page, err)
                        : tug__fail(err, TUG_ERR_CONTENT, "the registry sent an empty body");

    sink->count = page.count;
    if (status == TUG_OK) {
        status = tug__ask_next_page(sink->ask, response, sink->next, err);
    }
    return status;
}

static const struct tug__ask_handler handler = {
    .on_success = on_success, .on_data = on_data, .on_end = on_end};

/* Write the query of the first page. Returns: false when the type does not fit. */
static bool write_query(char out_query[TUG__PAGE_QUERY_MAX], const char *artifact_type)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t at = 0;

    out_query[0] = '\0';
    if (artifact_type == NULL) {
        return true;
    }
    at = (size_t)snprintf(out_query, TUG__PAGE_QUERY_MAX, "artifactType=");
    for (const char *c = artifact_type; *c != '\0'; c++) {
        if (at + 4 > TUG__PAGE_QUERY_MAX) {
            return false;
        }
        if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
            strchr("-._~", *c) != NULL) {
            out_query[at++] = *c;
        } else {
            out_query[at++] = '%';
            out_query[at++] = digits[(unsigned char)*c >> 4];
            out_query[at++] = digits[(unsigned char)*c & 15];
        }
    }
    out_query[at] = '\0';
    return true;
}

/* Ask for all pages. sink: its list receives the entries. out_is_unknown: the registry does not
 * know the API. */
static enum tug_status ask_pages(struct tug__client *client, struct tug__ask *ask,
                                 struct sink *sink, bool *out_is_unknown, struct tug_error *err)
{
    struct tug__pages pages = {
        .max_pages = TUG__REFERRERS_PAGES_MAX,
        .max_items = TUG__REFERRERS_MAX,
        .max_barren = TUG__REFERRERS_EMPTY_PAGES_MAX,
    };
    char query[TUG__PAGE_QUERY_MAX];
    struct tug_error error = {0};
    enum tug_status status;

    (void)strcpy(query, ask->what.query);
    do {
        ask->what.query = query;
        status = tug__ask(client, ask, &error);
        *out_is_unknown = ask->only == 0 && (error.http_status == 404 || error.http_status == 405 ||
                                             error.http_status == 400 ||
                                             (status == TUG_ERR_CONTENT && sink->is_other));
        ask->only = ask->asked;
        if (status == TUG_OK) {
            status = tug__pages_take(&pages, sink->count, sink->next, &error);
        }
        (void)strcpy(query, sink->next);
    } while (status == TUG_OK && query[0] != '\0');
    tug__pages_clear(&pages);
    if (status != TUG_OK && err != NULL) {
        *err = error;
    }
    return status;
}

/* A search for referrers. All borrowed. */
struct search {
    struct tug__client *client;
    struct tug__ask *ask; /* for the API */
    const struct tug_digest *digest;
    struct tug__referrer_list *list;
    struct tug__manifest_reply *reply;
};

/* Ask for the index that has the tag for the digest; its entries are added to the list. */
static enum tug_status ask_tag(const struct search *search, struct tug_error *err)
{
    char tag[TUG_DIGEST_TEXT_MAX];
    const struct tug__manifest_request request = {.reference =
                                                      tug__digest_tag(search->digest, tag)};
    struct tug__manifest_reply reply = {0};
    struct tug__referrer_page page = {0};
    enum tug_status status =
        tug__client_get_manifest(search->client, search->ask->source, &request, &reply, err);

    search->reply->result = reply.result;
    if (status != TUG_OK) {
        return status;
    }
    page.text = reply.body;
    page.length = reply.length;
    status = tug__referrer_list_add(search->list, &page, err);
    free(reply.body);
    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "the index with the tag '%s'", tag);
}

/* Check the index that the entries make, and return it. */
static enum tug_status finish(struct tug__referrer_list *list, struct tug__manifest_reply *reply,
                              struct tug_error *err)
{
    struct tug__document_text text = {.is_pinned = true};
    struct tug__document document = {0};
    struct tug__buf buf;
    enum tug_status status;

    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    status = tug__referrer_list_write(list, &buf, err);
    if (status == TUG_OK) {
        text.bytes = buf.data;
        text.length = buf.length;
        status = tug__document_parse(&text, &document, err);
        tug__document_fini(&document);
    }
    if (status == TUG_OK) {
        (void)snprintf(reply->media_type, sizeof reply->media_type, "%s",
                       "application/vnd.oci.image.index.v1+json");
        reply->body = tug__buf_steal(&buf, &reply->length);
    }
    tug__buf_fini(&buf);
    return status;
}

/* Fill the list, by whichever way the registry knows. */
static enum tug_status fill(const struct search *search, struct tug_error *err)
{
    struct sink sink = {.ask = search->ask, .list = search->list};
    bool is_unknown = false;
    enum tug_status status;

    search->ask->context = &sink;
    tug__buf_init(&sink.body, TUG__MANIFEST_BYTES_MAX);
    status = ask_pages(search->client, search->ask, &sink, &is_unknown, err);
    search->reply->result = search->ask->result;
    tug__buf_fini(&sink.body);
    if (!is_unknown) {
        return status;
    }
    if (err != NULL) {
        *err = (struct tug_error){0};
    }
    tug__referrer_list_clear(search->list);
    return ask_tag(search, err);
}

enum tug_status tug__client_get_referrers(struct tug__client *client,
                                          const struct tug__source *source,
                                          const struct tug__referrers_request *request,
                                          struct tug__manifest_reply *out_reply,
                                          struct tug_error *err)
{
    struct tug__manifest_reply reply = {0};
    struct tug__referrer_list list;
    char query[TUG__PAGE_QUERY_MAX];
    char text[TUG_DIGEST_TEXT_MAX];
    struct tug__ask ask = {
        .source = source,
        .what = {source->repository, "referrers", tug_digest_format(request->digest, text), query},
        .capabilities = TUG__CAN_REFERRERS,
        .accept = "application/vnd.oci.image.index.v1+json",
        .handler = &handler,
    };
    const struct search search = {
        .client = client,
        .ask = &ask,
        .digest = request->digest,
        .list = &list,
        .reply = &reply,
    };
    enum tug_status status;

    *out_reply = (struct tug__manifest_reply){0};
    if (!write_query(query, request->artifact_type)) {
        return tug__fail(err, TUG_ERR_INVALID_ARGUMENT, "the artifact type is too long");
    }
    tug__referrer_list_init(&list, request->artifact_type);
    status = fill(&search, err);
    if (status == TUG_OK && list.count == 0) {
        status = tug__fail(err, TUG_ERR_NOT_FOUND, "nothing refers to it");
    }
    if (status == TUG_OK) {
        status = finish(&list, &reply, err);
    }
    tug__referrer_list_fini(&list);
    out_reply->result = reply.result;
    if (status != TUG_OK) {
        return status == TUG_ERR_NOT_FOUND ? status
                                           : tug__wrap(err, status, "referrers of %s", text);
    }
    *out_reply = reply;
    return TUG_OK;
}
