/* SPDX-License-Identifier: Apache-2.0
 *
 * Ask for the tags of a repository, a page at a time.
 *
 * Knows: the tags API of distribution-spec 1.1.1. Does not know: what a tag is, which of them are
 * wanted, retries.
 * Threads: the client's owner.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "registry/client_internal.h"

/* Tags on a page, as long as the registry does not say otherwise: what most of them allow. Without
 * a number, some send pages of 50, and others all tags at once. */
#define FIRST_QUERY "n=1000"

struct tags_sink {
    struct tug__ask *ask;
    struct tug__tags_reply *reply;
    struct tug__buf body;
    struct tug__buf names;
    char type[TUG__MEDIA_TYPE_MAX];
};

static enum tug_status on_success(void *context, const struct tug__http_response *response,
                                  struct tug_error *err)
{
    struct tags_sink *const sink = context;
    const char *const type = tug__http_header(response, "Content-Type");

    tug__buf_clear(&sink->body);
    (void)snprintf(sink->type, sizeof sink->type, "%s", type != NULL ? type : "");
    if (response->status != 200) {
        return tug__fail(err, TUG_ERR_NETWORK, "the registry answered status %d, not 200",
                         response->status);
    }
    if (response->content_length > (int64_t)TUG__TAGS_PAGE_BYTES_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE,
                         "the list of tags has %" PRId64 " bytes, over the limit of %zu",
                         response->content_length, TUG__TAGS_PAGE_BYTES_MAX);
    }
    return TUG_OK;
}

static enum tug_status on_data(void *context, const void *bytes, size_t length,
                               struct tug_error *err)
{
    struct tags_sink *const sink = context;

    if (length > sink->body.limit - sink->body.length) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "the list of tags is over the limit of %zu bytes",
                         sink->body.limit);
    }
    return tug__buf_append(&sink->body, bytes, length, err);
}

/* Take one name. Escapes stay as they are: no tag needs any. */
static enum tug_status on_element(void *context, size_t number, const char *text, size_t length,
                                  struct tug_error *err)
{
    struct tags_sink *const sink = context;
    enum tug_status status;

    if (length < 2 || text[0] != '"') {
        return tug__fail(err, TUG_ERR_CONTENT, "tags: element %zu is not a string", number);
    }
    status = tug__buf_append(&sink->names, text + 1, length - 2, err);
    if (status == TUG_OK) {
        status = tug__buf_append(&sink->names, "", 1, err);
    }
    sink->reply->count++;
    return status;
}

static enum tug_status on_end(void *context, const struct tug__http_response *response,
                              struct tug_error *err)
{
    static const struct tug__json_limits limits = {.max_bytes = TUG__TAGS_PAGE_BYTES_MAX,
                                                   .max_depth = TUG__JSON_DEPTH_MAX,
                                                   .max_values = TUG__TAGS_PAGE_BYTES_MAX};
    struct tags_sink *const sink = context;
    const struct tug__json_input input = {
        .text = sink->body.data, .length = sink->body.length, .limits = &limits};
    enum tug_status status;

    tug__buf_clear(&sink->names);
    *sink->reply = (struct tug__tags_reply){0};
    if (sink->body.length == 0) {
        return tug__fail(err, TUG_ERR_CONTENT, "the registry sent an empty body");
    }
    status = tug__json_each_element(&input, "tags", on_element, sink, err);
    if (status == TUG_ERR_CONTENT) {
        return tug__wrap(err, status, "the answer, of type '%.80s', is not a list of tags",
                         sink->type);
    }
    return status == TUG_OK ? tug__ask_next_page(sink->ask, response, sink->reply->next, err)
                            : status;
}

static const struct tug__ask_handler handler = {
    .on_success = on_success, .on_data = on_data, .on_end = on_end};

enum tug_status tug__client_get_tags(struct tug__client *client, const struct tug__source *source,
                                     const struct tug__tags_request *request,
                                     struct tug__tags_reply *out_reply, struct tug_error *err)
{
    const struct tug__registry *const registry = tug__session_find(client->session, source->host);
    struct tug__tags_reply reply = {0};
    struct tags_sink sink = {.reply = &reply};
    struct tug__ask ask = {
        .source = source,
        .what = {source->repository, "tags", "list",
                 request->query != NULL ? request->query : FIRST_QUERY},
        .capabilities = TUG__CAN_PULL | TUG__CAN_RESOLVE,
        .only = request->endpoint,
        .avoid = request->avoid,
        .accept = "application/json",
        .handler = &handler,
        .context = &sink,
    };
    enum tug_status status;

    sink.ask = &ask;
    tug__buf_init(&sink.body, TUG__TAGS_PAGE_BYTES_MAX);
    tug__buf_init(&sink.names, TUG__TAGS_PAGE_BYTES_MAX);
    status = tug__ask(client, &ask, err);
    *out_reply = status == TUG_OK ? reply : (struct tug__tags_reply){0};
    if (status == TUG_OK) {
        out_reply->names = tug__buf_steal(&sink.names, &out_reply->length);
    }
    out_reply->endpoint = ask.asked;
    out_reply->has_others = registry != NULL && registry->endpoint_count > 1;
    out_reply->result = ask.result;
    tug__buf_fini(&sink.names);
    tug__buf_fini(&sink.body);
    return status;
}
