/* SPDX-License-Identifier: Apache-2.0
 *
 * The Authorization header of requests, and fetching tokens for it.
 *
 * Knows: challenges, credentials, the token cache, HTTP. Does not know: manifests, blobs.
 * Threads: the client's owner; the fetch of a token too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/str.h"
#include "registry/address.h"
#include "registry/client_internal.h"
#include "registry/response.h"
#include "registry/token_wire.h"
#include "registry/url.h"

/* Redirects of a token request, within its origin. */
#define TOKEN_REDIRECTS_MAX 3

/* A token is being fetched. */
struct token_fetch {
    struct tug__client *client;
    struct tug__ask *ask;
    struct tug__endpoint *endpoint;
    const struct tug__origin *origin; /* of the endpoint */
    const struct tug__known_auth *known;
    const struct tug__credential *credential;
};

/* The answer of a token server. */
struct token_answer {
    struct tug__buf body;
    struct tug__http_response response;
};

void tug__auth_fini(struct tug__auth *auth)
{
    tug__wipe_free(auth->value);
    free(auth->source);
    free(auth->account);
    tug__known_auth_fini(&auth->known);
    *auth = (struct tug__auth){0};
}

/* --- the token server --- */

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

static bool is_redirect(int status)
{
    return status >= 301 && status <= 308 && status != 304 && status != 305 && status != 306;
}

/* Send one request to the token server; redirects are followed within its origin only. */
static enum tug_status ask_server(const struct token_fetch *fetch, const char *url,
                                  const char *form, const char *authorization,
                                  struct token_answer *answer, struct tug_error *err)
{
    struct tug__client *const client = fetch->client;
    const struct tug__health health = tug__session_health(client->session, fetch->endpoint);
    struct tug__origin server;
    char *now = strdup(url);
    enum tug_status status = now != NULL ? TUG_OK : tug__fail_memory(err);

    if (status == TUG_OK && !tug__origin_parse(url, &server)) {
        status = tug__fail(err, TUG_ERR_AUTH, "its URL is malformed");
    }
    for (int hops = 0; status == TUG_OK; hops++) {
        const bool is_same = tug__origin_equal(&server, fetch->origin);
        const struct tug__http_request request = {
            .url = now,
            .form = form,
            .allow_http = !server.is_https, /* tug__realm_resolve has agreed to it */
            .is_public = !is_same && !health.is_private,
            .accept = "application/json",
            .authorization = authorization,
            .headers = is_same && !fetch->endpoint->has_authorization
                           ? (const char *const *)fetch->endpoint->headers
                           : NULL,
            .header_count =
                is_same && !fetch->endpoint->has_authorization ? fetch->endpoint->header_count : 0,
            .tls = is_same ? &fetch->endpoint->tls : &fetch->endpoint->target_tls,
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
        if (status != TUG_OK || !is_redirect(answer->response.status)) {
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

/* What an answer other than 200 means. */
static enum tug_status fail_token(const struct token_fetch *fetch,
                                  const struct token_answer *answer, struct tug_error *err)
{
    const int http_status = answer->response.status;
    enum tug_status status =
        tug__response_fail(http_status, answer->body.data, answer->body.length, NULL, err);

    if (http_status == 429 || (http_status == 503 && answer->response.retry_after_ms > 0)) {
        fetch->ask->retry_after_ms = tug__session_pause(fetch->client->session, fetch->endpoint,
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

static enum tug_status take_answer(const struct token_fetch *fetch,
                                   const struct token_answer *answer,
                                   struct tug__token_reply *out_reply, struct tug_error *err)
{
    if (answer->response.status != 200) {
        return fail_token(fetch, answer, err);
    }
    return tug__token_reply_parse(answer->body.data != NULL ? answer->body.data : "",
                                  answer->body.length, out_reply, err);
}

/* POST an identity token. *out_is_unsupported: the server wants a GET. */
static enum tug_status post_token(const struct token_fetch *fetch,
                                  const struct tug__token_query *query, struct token_answer *answer,
                                  struct tug__token_reply *out_reply, bool *out_is_unsupported,
                                  struct tug_error *err)
{
    struct tug__buf form;
    enum tug_status status;

    *out_is_unsupported = false;
    tug__buf_init(&form, TUG__TOKEN_QUERY_MAX);
    status = tug__token_post_form(query, fetch->credential, &form, err);
    if (status == TUG_OK) {
        status = ask_server(fetch, query->url, form.data, NULL, answer, err);
    }
    if (form.data != NULL) {
        tug__wipe(form.data, form.length);
    }
    tug__buf_fini(&form);
    if (status == TUG_OK && tug__token_post_is_unsupported(answer->response.status)) {
        *out_is_unsupported = true;
        return TUG_OK;
    }
    return status == TUG_OK ? take_answer(fetch, answer, out_reply, err) : status;
}

static enum tug_status get_token(const struct token_fetch *fetch,
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
        as_password.kind = TUG__CREDENTIAL_PASSWORD; /* an identity token that POST did not take */
        if (as_password.username == NULL) {
            as_password.username = nobody;
        }
        status = tug__basic_authorization(&as_password, &authorization, err);
    }
    if (status == TUG_OK) {
        status = ask_server(fetch, url.data, NULL, authorization, answer, err);
    }
    tug__wipe_free(authorization);
    tug__buf_fini(&url);
    return status == TUG_OK ? take_answer(fetch, answer, out_reply, err) : status;
}

static enum tug_status fetch_token(void *context, struct tug__token_reply *out_reply,
                                   struct tug_error *err)
{
    const struct token_fetch *const fetch = context;
    const struct tug__token_query query = {
        .url = fetch->known->realm_url,
        .service = fetch->known->service,
        .scope = fetch->known->scope,
        .account = fetch->credential->kind == TUG__CREDENTIAL_PASSWORD ? fetch->credential->username
                                                                       : NULL,
    };
    struct token_answer answer = {0};
    bool is_unsupported = true;
    enum tug_status status = TUG_OK;

    tug__buf_init(&answer.body, TUG__TOKEN_REPLY_MAX);
    if (fetch->credential->kind == TUG__CREDENTIAL_IDENTITY) {
        status = post_token(fetch, &query, &answer, out_reply, &is_unsupported, err);
    }
    if (status == TUG_OK && is_unsupported) {
        status = get_token(fetch, &query, &answer, out_reply, err);
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

/* --- a request's authorisation --- */

static struct tug__token_key key_of(const struct tug__auth *auth)
{
    return (struct tug__token_key){
        .origin = auth->origin,
        .realm = auth->known.realm_url,
        .service = auth->known.service,
        .scope = auth->known.scope,
        .account = auth->account,
    };
}

static enum tug_status use_token(struct tug__client *client, struct tug__ask *ask,
                                 struct tug__endpoint *endpoint, const struct tug__origin *origin,
                                 const struct tug__credential *credential, struct tug__auth *auth,
                                 struct tug_error *err)
{
    struct token_fetch fetch = {
        .client = client,
        .ask = ask,
        .endpoint = endpoint,
        .origin = origin,
        .known = &auth->known,
        .credential = credential,
    };
    struct tug__token_request request = {
        .fetch = fetch_token,
        .fetch_context = &fetch,
        .should_stop = client->settings.should_stop,
        .stop_context = client->settings.stop_context,
    };
    char *token = NULL;
    enum tug_status status;

    if (credential->kind != TUG__CREDENTIAL_NONE) {
        auth->account = strdup(credential->username != NULL ? credential->username : "<token>");
        if (auth->account == NULL) {
            return tug__fail_memory(err);
        }
    }
    request.key = key_of(auth);
    status = tug__token_get(tug__session_tokens(client->session), &request, &token,
                            &auth->generation, err);
    if (status != TUG_OK) {
        return status == TUG_ERR_AUTH ? tug__auth_hint(endpoint, auth, err) : status;
    }
    auth->has_token = true;
    if (asprintf(&auth->value, "Bearer %s", token) < 0) {
        auth->value = NULL;
        status = tug__fail_memory(err);
    }
    tug__wipe_free(token);
    return status;
}

static enum tug_status use_credential(struct tug__client *client, struct tug__ask *ask,
                                      struct tug__endpoint *endpoint,
                                      const struct tug__origin *origin,
                                      const struct tug__credential *credential,
                                      struct tug__auth *auth, struct tug_error *err)
{
    if (credential->source != NULL) {
        auth->source = strdup(credential->source);
        if (auth->source == NULL) {
            return tug__fail_memory(err);
        }
    }
    if (credential->kind == TUG__CREDENTIAL_BEARER) {
        if (asprintf(&auth->value, "Bearer %s", credential->secret) < 0) {
            auth->value = NULL;
            return tug__fail_memory(err);
        }
        return TUG_OK;
    }
    if (auth->known.scheme == TUG__AUTH_BEARER) {
        return use_token(client, ask, endpoint, origin, credential, auth, err);
    }
    if (credential->kind == TUG__CREDENTIAL_PASSWORD) {
        return tug__basic_authorization(credential, &auth->value, err);
    }
    return TUG_OK; /* none that fits: the registry will say so */
}

enum tug_status tug__auth_find(struct tug__client *client, struct tug__ask *ask,
                               struct tug__endpoint *endpoint, const struct tug__origin *origin,
                               struct tug__auth *out_auth, struct tug_error *err)
{
    struct tug__credentials *const credentials = tug__session_credentials(client->session);
    const struct tug__credential_request request = {
        .host = endpoint->config->host,
        .repository = ask->source->repository,
        .should_stop = client->settings.should_stop,
        .stop_context = client->settings.stop_context,
    };
    struct tug__credential credential = {0};
    enum tug_status status;

    *out_auth = (struct tug__auth){0};
    (void)tug__origin_format(out_auth->origin, origin);
    status = tug__session_known_auth(client->session, endpoint, ask->source->repository,
                                     &out_auth->known, err);
    if (status != TUG_OK || out_auth->known.scheme == TUG__AUTH_NONE) {
        return status; /* nobody asked for anything yet: no file is read, no helper run */
    }
    out_auth->is_known = true;
    status = tug__credentials_get(credentials, &request, &credential, err);
    if (status == TUG_OK) {
        status =
            tug__credentials_headers(credentials, &out_auth->headers, &out_auth->header_count, err);
    }
    if (status == TUG_OK) {
        status = use_credential(client, ask, endpoint, origin, &credential, out_auth, err);
    }
    tug__credential_fini(&credential);
    return status;
}

void tug__auth_accept(struct tug__client *client, const struct tug__auth *auth)
{
    if (auth->has_token) {
        const struct tug__token_key key = key_of(auth);

        tug__token_accept(tug__session_tokens(client->session), &key, auth->generation);
    }
}

/* --- 401 --- */

static bool same_text(const char *left, const char *right)
{
    return strcmp(left != NULL ? left : "", right != NULL ? right : "") == 0;
}

static bool same_known(const struct tug__known_auth *left, const struct tug__known_auth *right)
{
    return left->scheme == right->scheme && same_text(left->realm_url, right->realm_url) &&
           same_text(left->service, right->service) && same_text(left->scope, right->scope);
}

/* Turn what the answer says into what is to be remembered. */
static enum tug_status read_challenge(const struct tug__ask *ask, const char *url,
                                      const struct tug__http_response *response,
                                      struct tug__known_auth *out_known, struct tug_error *err)
{
    char realm_url[TUG__TOKEN_URL_MAX];
    struct tug__challenge *const challenge = malloc(sizeof *challenge);
    const char *value;
    enum tug_status status = TUG_OK;

    *out_known = (struct tug__known_auth){0};
    if (challenge == NULL) {
        return tug__fail_memory(err);
    }
    tug__challenge_init(challenge);
    for (size_t i = 0;
         i < 32 && (value = tug__http_header_at(response, "WWW-Authenticate", i)) != NULL; i++) {
        tug__challenge_add(challenge, value, strlen(value));
    }
    out_known->scheme = challenge->scheme;
    if (challenge->scheme == TUG__AUTH_BEARER) {
        status = tug__realm_resolve(url, challenge->realm, realm_url, err);
        if (status == TUG_OK) {
            out_known->realm_url = strdup(realm_url);
            out_known->service = strdup(challenge->service);
            if (challenge->scope[0] != '\0') {
                out_known->scope = strdup(challenge->scope);
            } else if (asprintf(&out_known->scope, "repository:%s:pull", ask->source->repository) <
                       0) {
                out_known->scope = NULL;
            }
            if (out_known->realm_url == NULL || out_known->service == NULL ||
                out_known->scope == NULL) {
                status = tug__fail_memory(err);
            }
        }
    }
    free(challenge);
    if (status != TUG_OK) {
        tug__known_auth_fini(out_known);
    }
    return status;
}

enum tug_status tug__auth_challenge(struct tug__client *client, struct tug__ask *ask,
                                    struct tug__endpoint *endpoint, const char *url,
                                    const struct tug__http_response *response,
                                    const struct tug__auth *auth, struct tug_error *err)
{
    struct tug__known_auth known;
    enum tug_status status;
    bool is_new;

    (void)tug__ask_fail(ask, response, err); /* what is said when there is no more to try */
    if (endpoint->has_authorization) {
        return tug__wrap(err, TUG_ERR_AUTH, "the Authorization header of hosts.toml is refused");
    }
    {
        struct tug_error error = {0};

        status = read_challenge(ask, url, response, &known, &error);
        if (status != TUG_OK) {
            if (err != NULL) {
                *err = error;
            }
            return status;
        }
    }
    is_new = !auth->is_known || !same_known(&known, &auth->known);
    if (known.scheme == TUG__AUTH_NONE) {
        return tug__wrap(err, TUG_ERR_AUTH, "it asks for no kind of authentication that tug knows");
    }
    if (is_new) {
        tug__session_learn_auth(client->session, endpoint, ask->source->repository, &known);
        status = TUG_OK;
    } else if (auth->has_token) {
        const struct tug__token_key key = key_of(auth);

        status = tug__token_reject(tug__session_tokens(client->session), &key, auth->generation)
                     ? TUG_OK
                     : tug__auth_hint(endpoint, auth, err);
    } else {
        status = tug__auth_hint(endpoint, auth, err);
    }
    tug__known_auth_fini(&known);
    if (status == TUG_OK && err != NULL) {
        *err = (struct tug_error){0};
    }
    return status;
}

enum tug_status tug__auth_hint(const struct tug__endpoint *endpoint, const struct tug__auth *auth,
                               struct tug_error *err)
{
    char message[TUG_ERROR_MESSAGE_MAX];
    char hint[512];
    size_t length;

    if (err == NULL) {
        return TUG_ERR_AUTH;
    }
    if (!auth->is_known && auth->source == NULL) {
        return err->code; /* nobody asked for credentials: none would help */
    }
    if (auth->source != NULL) {
        (void)snprintf(hint, sizeof hint,
                       "; the credentials for %.90s from %.150s were used: renew them with 'docker "
                       "login %.90s', or give others with --user",
                       endpoint->registry_host, auth->source, endpoint->registry_host);
    } else {
        (void)snprintf(hint, sizeof hint,
                       "; no credentials for %.90s were found: use 'docker login %.90s', "
                       "--authfile or --user",
                       endpoint->registry_host, endpoint->registry_host);
    }
    length = strlen(err->message);
    if (length + strlen(hint) >= sizeof message) { /* the hint matters more than the end */
        length = sizeof message - 1 - strlen(hint);
    }
    memcpy(message, err->message, length);
    (void)tug_text_escape(message + length, sizeof message - length, hint, strlen(hint));
    memcpy(err->message, message, sizeof err->message);
    return err->code;
}
