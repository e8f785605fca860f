/* SPDX-License-Identifier: Apache-2.0
 *
 * Ask a token server for a token.
 *
 * Knows: what a credential is worth there, HTTP. Does not know: curl, manifests, the store.
 * Threads: the client's owner.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/token_wire.h"
#include "base/error.h"
#include "base/str.h"
#include "registry/client_internal.h"
#include "registry/response.h"
#include "url/address.h"
#include "url/url.h"

/* Most redirects of a token request, all within its origin. */
#define TOKEN_REDIRECTS_MAX 3

/* A request to a token server. All is borrowed. */
struct token_question {
    const char *url;
    const char *form;          /* to be posted; NULL: a GET */
    const char *authorization; /* value of that header; NULL: none */
};

/* The answer of a token server. */
struct token_answer {
    struct tug__buf body;
    struct tug__http_response response;
    bool is_unsupported; /* the server does not take what was posted */
};

static enum tug_status token_on_response(void *context, const struct tug__http_response *response,
                                         struct tug_error *err)
{
    (void)context;
    (void)response;
    (void)err;
    return TUG_OK;
}

static enum tug_status token_on_body(void *context, const void *bytes, size_t length,
                                     struct tug_error *err)
{
    struct token_answer *const answer = context;

    if (length > answer->body.limit - answer->body.length) {
        return tug__fail(err, TUG_ERR_AUTH, "its answer is over the limit of %zu bytes",
                         answer->body.limit);
    }
    return tug__buf_append(&answer->body, bytes, length, err);
}

/* Send one request to the token server; redirects are followed within its origin only. */
static enum tug_status ask_server(const struct tug__token_fetch *fetch,
                                  const struct token_question *question,
                                  struct token_answer *answer, struct tug_error *err)
{
    struct tug__client *const client = fetch->exchange->client;
    const struct tug__endpoint *const endpoint = fetch->exchange->endpoint;
    const struct tug__health health = tug__session_health(client->session, endpoint);
    struct tug__origin server;
    char *now = strdup(question->url);
    enum tug_status status = now != NULL ? TUG_OK : tug__fail_memory(err);

    if (status == TUG_OK && !tug__origin_parse(question->url, &server)) {
        status = tug__fail(err, TUG_ERR_AUTH, "its URL is malformed");
    }
    for (int hops = 0; status == TUG_OK; hops++) {
        const bool is_same = tug__origin_equal(&server, &fetch->exchange->origin);
        const struct tug__http_request request = {
            .url = now,
            .form = question->form,
            .allow_http = !server.is_https, /* tug__realm_resolve has agreed to it */
            .is_public = !is_same && !health.is_private,
            .accept = "application/json",
            .authorization = question->authorization,
            .headers = is_same && !endpoint->has_authorization
                           ? (const char *const *)endpoint->headers
                           : NULL,
            .header_count = is_same && !endpoint->has_authorization ? endpoint->header_count : 0,
            .tls = is_same ? &endpoint->tls : &endpoint->target_tls,
            .is_body_secret = true,
            .on_response = token_on_response,
            .on_body = token_on_body,
            .context = answer,
        };
        struct tug__origin next;
        const char *location;

        tug__buf_clear(&answer->body);
        if (request.is_public && tug__host_is_private(server.host)) {
            status = tug__fail(err, TUG_ERR_AUTH,
                               "a public registry names a token server with a private address");
            break;
        }
        status = tug__http_perform(client->http, &request, &answer->response, err);
        if (status != TUG_OK || !tug__http_is_redirect(answer->response.status)) {
            break;
        }
        location = tug__http_redirect_url(&answer->response);
        if (location == NULL || hops == TOKEN_REDIRECTS_MAX ||
            !tug__origin_parse(location, &next) || !tug__origin_equal(&next, &server)) {
            status = tug__fail(err, TUG_ERR_AUTH, "it redirects to where credentials may not go");
            break;
        }
        tug__wipe_free(now);
        now = strdup(location);
        status = now != NULL ? TUG_OK : tug__fail_memory(err);
    }
    tug__wipe_free(now);
    return status;
}

/* Fail for an answer other than 200. */
static enum tug_status fail_token(const struct tug__token_fetch *fetch,
                                  const struct token_answer *answer, struct tug_error *err)
{
    const int http_status = answer->response.status;
    const struct tug__response_limits limits = {
        .secrets = tug__session_secrets(fetch->exchange->client->session),
    };
    enum tug_status status =
        tug__response_fail(http_status, answer->body.data, answer->body.length, &limits, err);

    if (http_status == 429 || (http_status == 503 && answer->response.retry_after_ms > 0)) {
        fetch->exchange->ask->result.retry_after_ms =
            tug__session_pause(fetch->exchange->client->session, fetch->exchange->endpoint,
                               answer->response.retry_after_ms);
    } else if (http_status >= 400 && http_status < 500 && status != TUG_ERR_AUTH &&
               http_status != 408 && http_status != 425) {
        status = TUG_ERR_AUTH;
        if (err != NULL) {
            err->code = TUG_ERR_AUTH;
        }
    }
    return status;
}

static enum tug_status read_answer(const struct tug__token_fetch *fetch,
                                   const struct token_answer *answer,
                                   struct tug__token_reply *out_reply, struct tug_error *err)
{
    struct tug__secrets *const secrets = tug__session_secrets(fetch->exchange->client->session);
    struct tug__token_reply reply = {0};
    enum tug_status status;

    if (answer->response.status != 200) {
        return fail_token(fetch, answer, err);
    }
    status = tug__token_reply_parse(answer->body.data != NULL ? answer->body.data : "",
                                    answer->body.length, &reply, err);
    if (status == TUG_OK) {
        status = tug__secrets_add(secrets, TUG__SECRET_TOKEN, reply.token, err);
    }
    if (status == TUG_OK) {
        status = tug__secrets_add(secrets, TUG__SECRET_TOKEN, reply.refresh_token, err);
    }
    if (status != TUG_OK) {
        tug__token_reply_fini(&reply);
        return status;
    }
    *out_reply = reply;
    return TUG_OK;
}

/* POST a password or an identity token. The answer is unsupported when the server wants a GET, or
 * says that they are wrong, as some servers without POST do, too; err holds its words then. */
static enum tug_status post_token(const struct tug__token_fetch *fetch,
                                  const struct tug__token_query *query, struct token_answer *answer,
                                  struct tug__token_reply *out_reply, struct tug_error *err)
{
    struct tug__buf form;
    enum tug_status status;

    tug__buf_init(&form, TUG__TOKEN_QUERY_MAX);
    status = tug__token_post_form(query, fetch->credential, &form, err);
    if (status == TUG_OK) {
        const struct token_question question = {.url = query->url, .form = form.data};

        status = ask_server(fetch, &question, answer, err);
    }
    if (form.data != NULL) {
        tug__wipe(form.data, form.length);
    }
    tug__buf_fini(&form);
    answer->is_unsupported =
        status == TUG_OK && tug__token_post_is_unsupported(answer->response.status);
    if (answer->is_unsupported) {
        (void)fail_token(fetch, answer, err);
        return TUG_OK;
    }
    return status == TUG_OK ? read_answer(fetch, answer, out_reply, err) : status;
}

static enum tug_status get_token(const struct tug__token_fetch *fetch,
                                 const struct tug__token_query *query, struct token_answer *answer,
                                 struct tug__token_reply *out_reply, struct tug_error *err)
{
    struct tug__credential as_password = *fetch->credential;
    struct tug__buf url;
    char *authorization = NULL;
    enum tug_status status;
    char nobody[] = "";

    tug__buf_init(&url, TUG__TOKEN_QUERY_MAX);
    status = tug__token_get_url(query, &url, err);
    if (status == TUG_OK && as_password.kind != TUG__CREDENTIAL_NONE) {
        as_password.kind = TUG__CREDENTIAL_PASSWORD; /* an identity token, refused by POST */
        if (as_password.username == NULL) {
            as_password.username = nobody;
        }
        status = tug__basic_authorization(&as_password, &authorization, err);
    }
    if (status == TUG_OK) {
        const struct token_question question = {.url = url.data, .authorization = authorization};

        status = ask_server(fetch, &question, answer, err);
    }
    tug__wipe_free(authorization);
    tug__buf_fini(&url);
    return status == TUG_OK ? read_answer(fetch, answer, out_reply, err) : status;
}

/* Send a secret by POST first, as containerd does: some token servers accept nothing else. */
static bool is_posted(const struct tug__credential *credential)
{
    return credential->kind != TUG__CREDENTIAL_NONE && credential->secret[0] != '\0';
}

/* After a failed POST and a failed GET, keep the error of the method that the server supports. */
static void choose_error(const struct tug_error *post, struct tug_error *err)
{
    if (err == NULL) {
        return;
    }
    if (tug__token_get_is_unsupported(err->http_status) &&
        (post->http_status == 400 || post->http_status == 401)) {
        *err = *post; /* OAuth2 answers 400 to wrong credentials */
    } else if (tug__token_get_is_unsupported(err->http_status) && post->code != TUG_OK) {
        (void)tug__wrap(err, err->code,
                        "it supports neither POST (status %d) nor GET, so it is not a token server",
                        post->http_status);
    }
}

enum tug_status tug__token_fetch(void *context, struct tug__token_reply *out_reply,
                                 struct tug_error *err)
{
    const struct tug__token_fetch *const fetch = context;
    const struct tug__token_query query = {
        .url = fetch->known->realm_url,
        .service = fetch->known->service,
        .scope = fetch->known->scope,
        .account = fetch->credential->kind == TUG__CREDENTIAL_PASSWORD ? fetch->credential->username
                                                                       : NULL,
    };
    const bool is_first_posted = is_posted(fetch->credential);
    struct token_answer answer = {0};
    struct tug_error post_error = {0};
    enum tug_status status = TUG_OK;

    tug__buf_init(&answer.body, TUG__TOKEN_REPLY_MAX);
    if (is_first_posted) {
        status = post_token(fetch, &query, &answer, out_reply, &post_error);
        if (status != TUG_OK && err != NULL) {
            *err = post_error;
        }
    }
    if (status == TUG_OK && (!is_first_posted || answer.is_unsupported)) {
        status = get_token(fetch, &query, &answer, out_reply, err);
        if (status != TUG_OK) {
            choose_error(&post_error, err);
        }
    }
    if (answer.body.data != NULL) {
        tug__wipe(answer.body.data, answer.body.length);
    }
    tug__buf_fini(&answer.body);
    if (status != TUG_OK && status != TUG_ERR_CANCELLED) {
        char shown[192];

        status = tug__wrap(err, status, "token server %s",
                           tug__url_redact(shown, sizeof shown, query.url));
    }
    return status;
}
