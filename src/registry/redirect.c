/* SPDX-License-Identifier: Apache-2.0
 *
 * One request and its redirects, followed by hand.
 *
 * Secrets (Authorization, configured headers, the client certificate) and skip_verify apply to the
 * origin they were configured for: scheme, host and port. A path that has left that origin never
 * gets them again, even if it leads back.
 *
 * Knows: HTTP, origins, the session's record of redirect targets. Does not know: curl, manifests,
 * the store, retries.
 * Threads: the client's owner.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/str.h"
#include "registry/client_internal.h"
#include "registry/coding.h"
#include "url/address.h"
#include "url/url.h"

#define TEXT_OF(value) #value
#define LIMIT_TEXT(limit) "over the limit of " TEXT_OF(limit)

/* The state of a walk. */
struct walk {
    struct tug__client *client;
    struct tug__ask *ask;
    struct tug__path *path;
    struct tug__origin origin;                     /* of the endpoint */
    char *seen[TUG__REDIRECTS_OF_REQUEST_MAX + 1]; /* owned; the last one is asked now */
    size_t seen_count;
    bool is_public;
};

/* A blob is served from elsewhere: ask for its other ranges there from now on. */
static void learn_target(const struct walk *walk)
{
    const struct tug__path *const path = walk->path;

    if (walk->ask->digest != NULL && path->endpoint != NULL && path->has_left &&
        walk->seen_count > 1) {
        tug__session_set_redirect(walk->client->session, path->endpoint, walk->ask->digest,
                                  walk->seen[walk->seen_count - 1]);
    }
}

/* Note which server answers. */
static void note_server(const struct walk *walk)
{
    struct tug__origin origin;

    _Static_assert(TUG__SERVER_TEXT_MAX >= TUG__ORIGIN_TEXT_MAX, "every host and port fit");
    if (walk->ask->out_server != NULL &&
        tug__origin_parse(walk->seen[walk->seen_count - 1], &origin)) {
        (void)snprintf(walk->ask->out_server, TUG__SERVER_TEXT_MAX, "%s:%u", origin.host,
                       origin.port);
    }
}

static enum tug_status on_response(void *context, const struct tug__http_response *response,
                                   struct tug_error *err)
{
    const struct walk *const walk = context;
    struct tug__ask *const ask = walk->ask;
    enum tug_status status;

    ask->result.coding = NULL;
    ask->is_success = response->status >= 200 && response->status < 300;
    tug__buf_clear(&ask->error_body);
    note_server(walk);
    if (!ask->is_success) {
        return TUG_OK;
    }
    ask->result.coding = tug__coding_find(tug__http_header(response, "Content-Encoding"));
    if (ask->result.coding != NULL && !ask->has_digest) {
        return tug__fail(err, TUG_ERR_CONTENT, "it must not be encoded");
    }
    status = ask->handler->on_success(ask->context, response, err);
    if (status == TUG_OK) {
        learn_target(walk);
    }
    return status;
}

static enum tug_status on_body(void *context, const void *bytes, size_t length,
                               struct tug_error *err)
{
    struct tug__ask *const ask = ((const struct walk *)context)->ask;
    struct tug__buf *const error_body = &ask->error_body;

    if (ask->is_success) {
        const enum tug_status status = ask->handler->on_data(ask->context, bytes, length, err);

        return status == TUG_OK && ask->is_ended ? TUG_ERR_CANCELLED : status;
    }
    if (length > error_body->limit - error_body->length) {
        length = error_body->limit - error_body->length;
    }
    return length > 0 ? tug__buf_append(error_body, bytes, length, err) : TUG_OK;
}

static enum tug_status refuse(struct tug_error *err, const char *why, const char *url)
{
    char shown[256];
    const enum tug_status status = tug__fail(
        err, TUG_ERR_NETWORK, "a redirect is refused: %s%s%s", why, url != NULL ? ": " : "",
        url != NULL ? tug__url_redact(shown, sizeof shown, url) : "");

    if (err != NULL) {
        err->is_permanent = true;
    }
    return status;
}

/* Make the request of the last URL in seen. */
static enum tug_status perform(struct walk *walk, struct tug_error *err)
{
    struct tug__client *const client = walk->client;
    struct tug__ask *const ask = walk->ask;
    struct tug__path *const path = walk->path;
    const struct tug__endpoint *const endpoint = path->endpoint;
    const bool is_inside = !path->has_left;
    const char **headers = NULL;
    struct tug__http_request request = {
        .url = walk->seen[walk->seen_count - 1],
        .is_head = ask->is_head,
        .allow_http = strncasecmp(walk->seen[walk->seen_count - 1], "http:", 5) == 0,
        .is_public = path->has_left && walk->is_public,
        .accept = ask->accept,
        .tls = endpoint == NULL ? tug__session_tls(client->session)
               : is_inside      ? &endpoint->tls
                                : &endpoint->target_tls,
        .connect_timeout_ms = is_inside && endpoint != NULL ? endpoint->config->dial_timeout_ms : 0,
        .on_response = on_response,
        .on_body = on_body,
        .context = walk,
    };
    enum tug_status status;

    if (ask->handler->range != NULL) {
        request.range = ask->handler->range(ask->context, &request.body_bytes);
    }
    if (is_inside && endpoint != NULL) {
        headers = calloc(endpoint->header_count + path->more_header_count + 1, sizeof *headers);
        if (headers == NULL) {
            return tug__fail_memory(err);
        }
        for (size_t i = 0; i < endpoint->header_count; i++) {
            headers[request.header_count++] = endpoint->headers[i];
        }
        for (size_t i = 0; i < path->more_header_count; i++) {
            headers[request.header_count++] = path->more_headers[i];
        }
        request.headers = headers;
        request.authorization = endpoint->has_authorization ? NULL : path->authorization;
    }
    status = tug__http_perform(client->http, &request, &path->response, err);
    free(headers);
    if (ask->is_ended) { /* on_body ended it because everything wanted has arrived */
        if (err != NULL) {
            *err = (struct tug_error){0};
        }
        return TUG_OK;
    }
    return status;
}

/* Check the target of a redirect and append it to seen. */
static enum tug_status follow_location(struct walk *walk, struct tug_error *err)
{
    struct tug__path *const path = walk->path;
    const char *const now = walk->seen[walk->seen_count - 1];
    const char *const next = tug__http_redirect_url(&path->response);
    struct tug__origin origin;

    if (next == NULL) {
        return tug__fail(err, TUG_ERR_NETWORK, "a redirect (status %d) names no location",
                         path->response.status);
    }
    if (tug__secrets_add_url(tug__session_secrets(walk->client->session), next, err) != TUG_OK) {
        return TUG_ERR_NO_MEMORY;
    }
    if (walk->seen_count > TUG__REDIRECTS_OF_REQUEST_MAX) {
        return refuse(err, LIMIT_TEXT(TUG__REDIRECTS_OF_REQUEST_MAX) " in a row", NULL);
    }
    if (strlen(next) > TUG__REDIRECT_URL_MAX) {
        return refuse(err, "its URL is " LIMIT_TEXT(TUG__REDIRECT_URL_MAX) " bytes", NULL);
    }
    if (!tug__origin_parse(next, &origin)) {
        return refuse(err, "not a plain http or https URL", next);
    }
    if (!origin.is_https && strncasecmp(now, "https:", 6) == 0) {
        return refuse(err, "from https to http", next);
    }
    for (size_t i = 0; i < walk->seen_count; i++) {
        if (strcmp(walk->seen[i], next) == 0) {
            return refuse(err, "it is a loop", next);
        }
    }
    if (!path->has_left) {
        walk->is_public = walk->is_public && !path->response.was_private;
        path->has_left = path->endpoint == NULL || !tug__origin_equal(&origin, &walk->origin);
    }
    if (path->has_left && walk->is_public && tug__host_is_private(origin.host)) {
        return refuse(err, "a public server sends us to a private address", next);
    }
    walk->seen[walk->seen_count] = strdup(next);
    if (walk->seen[walk->seen_count] == NULL) {
        return tug__fail_memory(err);
    }
    walk->seen_count++;
    return TUG_OK;
}

enum tug_status tug__path_follow(struct tug__client *client, struct tug__ask *ask,
                                 struct tug__path *path, struct tug_error *err)
{
    struct walk walk = {.client = client, .ask = ask, .path = path, .is_public = path->is_public};
    enum tug_status status = TUG_OK;

    path->response = (struct tug__http_response){0};
    path->final_url = NULL;
    path->has_left = path->is_outside;
    ask->is_success = false;
    if (!tug__origin_parse(path->url, &walk.origin)) {
        return refuse(err, "not a plain http or https URL", path->url);
    }
    walk.seen[walk.seen_count++] = strdup(path->url);
    status = walk.seen[0] != NULL ? TUG_OK : tug__fail_memory(err);
    if (status == TUG_OK && path->is_outside) {
        status = tug__secrets_add_url(tug__session_secrets(client->session), path->url, err);
    }
    while (status == TUG_OK) {
        status = perform(&walk, err);
        if (status != TUG_OK || !tug__http_is_redirect(path->response.status)) {
            break;
        }
        status = follow_location(&walk, err);
    }
    if (status == TUG_ERR_NETWORK && walk.seen_count > 1) {
        char shown[192];

        status = tug__wrap(err, status, "redirected to %s",
                           tug__url_redact(shown, sizeof shown, walk.seen[walk.seen_count - 1]));
    }
    if (walk.seen_count > 1) {
        path->final_url = walk.seen[--walk.seen_count];
    }
    while (walk.seen_count > 0) {
        tug__wipe_free(walk.seen[--walk.seen_count]);
    }
    return status;
}
