/* SPDX-License-Identifier: Apache-2.0
 *
 * The Authorization header of requests.
 *
 * Knows: challenges, credentials, the token cache. Does not know: manifests, curl, the store.
 * Threads: the client's owner.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token_wire.h"
#include "base/error.h"
#include "base/str.h"
#include "registry/client_internal.h"

void tug__auth_fini(struct tug__auth *auth)
{
    tug__wipe_free(auth->value);
    free(auth->source);
    free(auth->account);
    tug__known_auth_fini(&auth->known);
    *auth = (struct tug__auth){0};
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

/* Tell whether other credentials could help after a token server's refusal: OAuth2 answers 400 to
 * wrong ones; any other status, or an answer without a token, is the server's own fault. */
static bool is_about_credentials(const struct tug_error *err)
{
    return err == NULL || err->http_status == 400 || err->http_status == 401 ||
           err->http_status == 403;
}

static enum tug_status use_token(struct tug__exchange *exchange,
                                 const struct tug__credential *credential, struct tug_error *err)
{
    struct tug__client *const client = exchange->client;
    struct tug__auth *const auth = &exchange->auth;
    struct tug__token_fetch fetch = {
        .exchange = exchange,
        .known = &auth->known,
        .credential = credential,
    };
    struct tug__token_request request = {
        .fetch = tug__token_fetch,
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
        return status == TUG_ERR_AUTH && is_about_credentials(err) ? tug__auth_hint(exchange, err)
                                                                   : status;
    }
    auth->has_token = true;
    if (asprintf(&auth->value, "Bearer %s", token) < 0) {
        auth->value = NULL;
        status = tug__fail_memory(err);
    }
    tug__wipe_free(token);
    return status;
}

static enum tug_status use_credential(struct tug__exchange *exchange,
                                      const struct tug__credential *credential,
                                      struct tug_error *err)
{
    struct tug__auth *const auth = &exchange->auth;

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
        return use_token(exchange, credential, err);
    }
    if (credential->kind == TUG__CREDENTIAL_PASSWORD) {
        return tug__basic_authorization(credential, &auth->value, err);
    }
    return TUG_OK; /* no matching one: the registry will say so */
}

/* Remember the secret in a line "Name: value". */
static enum tug_status learn_header(struct tug__client *client, const char *line,
                                    struct tug_error *err)
{
    const char *const colon = strchr(line, ':');
    const char *value = colon != NULL ? colon + 1 : line;

    value += strspn(value, " ");
    return tug__secrets_add_header(tug__session_secrets(client->session), "", value, err);
}

enum tug_status tug__auth_find(struct tug__exchange *exchange, struct tug_error *err)
{
    struct tug__client *const client = exchange->client;
    const struct tug__endpoint *const endpoint = exchange->endpoint;
    const char *const repository = exchange->ask->what.repository;
    struct tug__auth *const auth = &exchange->auth;
    struct tug__credentials *const credentials = tug__session_credentials(client->session);
    const struct tug__credential_request request = {
        .host = endpoint->config->host,
        .registry_host = endpoint->config->is_upstream ? endpoint->registry_host : NULL,
        .repository = repository,
        .should_stop = client->settings.should_stop,
        .stop_context = client->settings.stop_context,
    };
    struct tug__credential credential = {0};
    enum tug_status status;

    *auth = (struct tug__auth){0};
    (void)tug__origin_format(auth->origin, &exchange->origin);
    status = tug__session_known_auth(client->session, endpoint, repository, &auth->known, err);
    if (status != TUG_OK || auth->known.scheme == TUG__AUTH_NONE) {
        return status; /* no challenge yet: no file is read and no helper run */
    }
    auth->is_known = true;
    status = tug__credentials_get(credentials, &request, &credential, err);
    if (status == TUG_OK) { /* Basic sends any kind as the password */
        status = tug__secrets_add_login(tug__session_secrets(client->session), credential.username,
                                        credential.secret, err);
    }
    if (status == TUG_OK && endpoint->config->is_upstream) { /* T-12: not for mirrors */
        status = tug__credentials_headers(credentials, &auth->headers, &auth->header_count, err);
    }
    for (size_t i = 0; status == TUG_OK && i < auth->header_count; i++) {
        status = learn_header(client, auth->headers[i], err);
    }
    if (status == TUG_OK) {
        status = use_credential(exchange, &credential, err);
    }
    tug__credential_fini(&credential);
    return status;
}

void tug__auth_accept(const struct tug__exchange *exchange)
{
    const struct tug__auth *const auth = &exchange->auth;

    if (auth->has_token) {
        const struct tug__token_key key = key_of(auth);

        tug__token_accept(tug__session_tokens(exchange->client->session), &key, auth->generation);
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

/* Extract the authorisation to remember from a 401. */
static enum tug_status read_challenge(const struct tug__exchange *exchange,
                                      struct tug__known_auth *out_known, struct tug_error *err)
{
    const struct tug__path *const path = &exchange->path;
    const char *const url = path->final_url != NULL ? path->final_url : exchange->url;
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
         i < 32 && (value = tug__http_header_at(&path->response, "WWW-Authenticate", i)) != NULL;
         i++) {
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
            } else if (asprintf(&out_known->scope, "repository:%s:pull",
                                exchange->ask->what.repository) < 0) {
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

enum tug_status tug__auth_challenge(const struct tug__exchange *exchange, struct tug_error *err)
{
    struct tug__client *const client = exchange->client;
    const struct tug__endpoint *const endpoint = exchange->endpoint;
    const struct tug__auth *const auth = &exchange->auth;
    struct tug__ask *const ask = exchange->ask;
    struct tug__known_auth known;
    enum tug_status status;
    bool is_new;

    /* The error if there is nothing more to try. */
    (void)tug__ask_fail(client, ask, &exchange->path.response, err);
    if (endpoint->has_authorization) {
        return tug__wrap(err, TUG_ERR_AUTH, "the Authorization header of hosts.toml is refused");
    }
    {
        struct tug_error error = {0};

        status = read_challenge(exchange, &known, &error);
        if (status != TUG_OK) {
            if (err != NULL) {
                *err = error;
            }
            return status;
        }
    }
    is_new = !auth->is_known || !same_known(&known, &auth->known);
    if (known.scheme == TUG__AUTH_NONE) {
        return tug__wrap(err, TUG_ERR_AUTH,
                         "it asks for no kind of authentication that tug supports");
    }
    if (is_new) {
        tug__session_learn_auth(client->session, endpoint, ask->what.repository, &known);
        status = TUG_OK;
    } else if (auth->has_token) {
        const struct tug__token_key key = key_of(auth);

        status = tug__token_reject(tug__session_tokens(client->session), &key, auth->generation)
                     ? TUG_OK
                     : tug__auth_hint(exchange, err);
    } else {
        status = tug__auth_hint(exchange, err);
    }
    tug__known_auth_fini(&known);
    if (status == TUG_OK && err != NULL) {
        *err = (struct tug_error){0};
    }
    return status;
}

enum tug_status tug__auth_hint(const struct tug__exchange *exchange, struct tug_error *err)
{
    const struct tug__endpoint *const endpoint = exchange->endpoint;
    const struct tug__auth *const auth = &exchange->auth;
    const char *others;

    if (err == NULL) {
        return TUG_ERR_AUTH;
    }
    if (!auth->is_known && auth->source == NULL) {
        return err->code; /* no challenge: credentials would not help */
    }
    if (auth->source != NULL && strcmp(auth->source, TUG__CREDENTIAL_PROGRAM) == 0) {
        return tug__advise(err, err->code,
                           "the credentials for %.90s that the program gave were used",
                           endpoint->config->host);
    }
    others = tug__credentials_ask_program(tug__session_credentials(exchange->client->session))
                 ? "the program's on_credential"
                 : "--user";
    if (auth->source != NULL) {
        return tug__advise(err, err->code,
                           "the credentials for %.90s from %.150s were used: renew them with "
                           "'docker login %.90s', or give others with %s",
                           endpoint->registry_host, auth->source, endpoint->registry_host, others);
    }
    return tug__advise(err, err->code,
                       "no credentials for %.90s were found: use 'docker login %.90s', "
                       "--authfile or %s",
                       endpoint->config->host, endpoint->config->host, others);
}
