/* SPDX-License-Identifier: Apache-2.0
 *
 * One endpoint's part of a call: its URL, its tokens, its redirect targets, its refusals.
 *
 * Knows: the distribution API's URLs, what statuses mean. Does not know: curl, manifests, the
 * store, retries.
 * Threads: the client's owner.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "http/warning.h"
#include "registry/client_internal.h"
#include "registry/response.h"
#include "registry/tls_hint.h"
#include "url/url.h"

/* Requests that an endpoint may cost because of 401s: without a token, with one, with a newer one.
 */
#define AUTH_ROUNDS_MAX 3

/* A 4xx of a redirect's target that means that the URL is not, or no longer, valid. */
static bool is_stale(int status)
{
    return status >= 400 && status < 500 && status != 408 && status != 416 && status != 425 &&
           status != 429;
}

static void collect_warnings(struct tug__client *client, const struct tug__endpoint *endpoint,
                             const struct tug__http_response *response)
{
    char text[TUG__WARNING_MAX];
    const char *value;

    for (size_t i = 0; i < 8 && (value = tug__http_header_at(response, "Warning", i)) != NULL;
         i++) {
        if (tug__warning_parse(value, text, sizeof text)) {
            tug__session_add_warning(client->session, endpoint->config->host, text);
        }
    }
}

enum tug_status tug__ask_blame_coding(const struct tug__ask *ask, enum tug_status status,
                                      struct tug_error *err)
{
    if (status != TUG_ERR_CONTENT || ask->result.coding == NULL || ask->is_ours) {
        return status;
    }
    return tug__wrap(err, status,
                     "the registry sent it with Content-Encoding '%s', which was not asked for",
                     ask->result.coding);
}

/* Follow a path from the endpoint's own URL, or from a remembered target. */
static enum tug_status follow(struct tug__exchange *exchange, const char *target,
                              struct tug_error *err)
{
    const struct tug__health health =
        tug__session_health(exchange->client->session, exchange->endpoint);

    free(exchange->path.final_url);
    exchange->path = (struct tug__path){
        .endpoint = exchange->endpoint,
        .url = target != NULL ? target : exchange->url,
        .is_outside = target != NULL,
        .is_public = !health.is_private,
        .authorization = exchange->auth.value,
        .more_headers = exchange->auth.headers,
        .more_header_count = exchange->auth.header_count,
    };
    return tug__path_follow(exchange->client, exchange->ask, &exchange->path, err);
}

/* Note what an answer says about the endpoint. */
static void note_answer(struct tug__exchange *exchange)
{
    struct tug__session *const session = exchange->client->session;
    const struct tug__http_response *const response = &exchange->path.response;
    const int status = response->status;

    if (status == 429 || (status == 503 && response->retry_after_ms > 0)) {
        exchange->ask->result.retry_after_ms =
            tug__session_pause(session, exchange->endpoint, response->retry_after_ms);
    } else if (status >= 500) {
        tug__session_note_failure(session, exchange->endpoint);
    } else {
        tug__session_note_answer(session, exchange->endpoint, exchange->scheme,
                                 !exchange->path.has_left && response->was_private);
    }
    if (!exchange->path.has_left) {
        collect_warnings(exchange->client, exchange->endpoint, response);
    }
}

/* A good answer has ended. Problems with it are reported with the server that sent it. */
static enum tug_status finish(const struct tug__exchange *exchange, struct tug_error *err)
{
    struct tug__ask *const ask = exchange->ask;
    const struct tug__path *const path = &exchange->path;
    const enum tug_status status =
        ask->is_ended ? TUG_OK : ask->handler->on_end(ask->context, &path->response, err);
    char shown[192];

    if (status == TUG_OK || !path->has_left || path->final_url == NULL) {
        return status;
    }
    return tug__wrap(err, status, "redirected to %s",
                     tug__url_redact(shown, sizeof shown, path->final_url));
}

/* Try the endpoint's last redirect target.
 * Returns: true when that settles the call, with *out_status; false: ask the endpoint. */
static bool try_target(struct tug__exchange *exchange, enum tug_status *out_status,
                       struct tug_error *err)
{
    struct tug__ask *const ask = exchange->ask;
    struct tug__session *const session = exchange->client->session;
    char *const target = ask->digest != NULL
                             ? tug__session_redirect(session, exchange->endpoint, ask->digest)
                             : NULL;
    enum tug_status status;
    bool is_settled;

    if (target == NULL) {
        return false;
    }
    status = follow(exchange, target, err);
    tug__wipe_free(target);
    if (status == TUG_OK && ask->is_success) {
        *out_status = finish(exchange, err);
        return true;
    }
    tug__session_set_redirect(session, exchange->endpoint, ask->digest, NULL);
    is_settled = status != TUG_OK && (exchange->path.response.body_bytes > 0 || ask->is_ours ||
                                      status != TUG_ERR_NETWORK);
    if (is_settled) {
        *out_status = status;
        return true;
    }
    if (err != NULL) {
        *err = (struct tug_error){0};
    }
    return false;
}

/* Neither a redirect nor good: decide whether to ask again.
 * Returns: TUG_OK: ask again. */
static enum tug_status judge_refusal(struct tug__exchange *exchange, int round,
                                     struct tug_error *err)
{
    const struct tug__http_response *const response = &exchange->path.response;
    enum tug_status status;

    if (exchange->path.has_left && is_stale(response->status)) {
        char shown[192];

        if (!exchange->was_reasked) {
            exchange->was_reasked = true;
            return TUG_OK;
        }
        (void)tug__ask_fail(exchange->client, exchange->ask, response, err);
        if (err != NULL && err->code == TUG_ERR_AUTH) {
            err->code = TUG_ERR_NETWORK; /* no password was involved */
        }
        return tug__wrap(err, TUG_ERR_NETWORK, "redirected to %s",
                         tug__url_redact(shown, sizeof shown, exchange->path.final_url));
    }
    if (response->status == 401 && !exchange->path.has_left) {
        if (round + 1 < AUTH_ROUNDS_MAX) {
            return tug__auth_challenge(exchange, err);
        }
        (void)tug__ask_fail(exchange->client, exchange->ask, response, err);
        return tug__auth_hint(exchange, err);
    }
    status = tug__ask_fail(exchange->client, exchange->ask, response, err);
    if (status == TUG_ERR_AUTH) {
        status = tug__auth_hint(exchange, err);
    }
    return status;
}

/* Ask the endpoint itself, with the authorisation it requires. */
static enum tug_status ask_itself(struct tug__exchange *exchange, struct tug_error *err)
{
    if (!tug__origin_parse(exchange->url, &exchange->origin)) {
        return tug__fail(err, TUG_ERR_CONFIG, "'%s' is not a usable endpoint",
                         exchange->endpoint->config->host);
    }
    for (int round = 0;;) {
        enum tug_status status;

        tug__auth_fini(&exchange->auth);
        status = tug__auth_find(exchange, err);
        exchange->is_at_token_server = status != TUG_OK;
        if (status == TUG_OK) {
            status = follow(exchange, NULL, err);
        }
        if (exchange->path.response.status != 0) {
            note_answer(exchange);
        }
        if (status != TUG_OK) {
            return status;
        }
        if (exchange->ask->is_success) {
            tug__auth_accept(exchange);
            return finish(exchange, err);
        }
        status = judge_refusal(exchange, round, err);
        if (status != TUG_OK) {
            return status;
        }
        round += exchange->path.has_left ? 0 : 1;
    }
}

static enum tug_status ask_with_scheme(struct tug__exchange *exchange, enum tug__scheme scheme,
                                       struct tug_error *err)
{
    exchange->scheme = scheme;
    exchange->path.response = (struct tug__http_response){0};
    if (!tug__endpoint_url(exchange->url, exchange->endpoint, scheme, &exchange->ask->what)) {
        return tug__fail(err, TUG_ERR_CONFIG, "the URL at '%s' is over the limit of %d characters",
                         exchange->endpoint->config->host, TUG__URL_MAX - 1);
    }
    exchange->ask->url = exchange->url;
    return ask_itself(exchange, err);
}

/* Use https; on a loopback host that does not speak it, http. */
static enum tug_status ask_scheme(struct tug__exchange *exchange, struct tug_error *err)
{
    const enum tug__scheme known =
        tug__session_health(exchange->client->session, exchange->endpoint).scheme;
    enum tug_status status;

    if (known == TUG__SCHEME_HTTP) {
        return ask_with_scheme(exchange, TUG__SCHEME_HTTP, err);
    }
    status = ask_with_scheme(exchange, TUG__SCHEME_HTTPS, err);
    if (known == TUG__SCHEME_UNKNOWN && status == TUG_ERR_NETWORK &&
        exchange->path.response.status == 0 && !exchange->path.has_left &&
        (exchange->path.response.failure == TUG__HTTP_NO_TLS ||
         exchange->path.response.failure == TUG__HTTP_NO_CONNECTION)) {
        const struct tug_error first = err != NULL ? *err : (struct tug_error){0};
        const struct tug__buf *const body = &exchange->ask->error_body;

        if (err != NULL) {
            *err = (struct tug_error){0};
        }
        status = ask_with_scheme(exchange, TUG__SCHEME_HTTP, err);
        if (err != NULL && err->http_status != 0 &&
            tug__tls_trouble_of_answer(err->http_status, body->data, body->length) ==
                TUG__TLS_IS_SPOKEN) {
            *err = first; /* it does speak TLS, and the first error says what is wrong */
            status = first.code;
        }
    }
    return status;
}

/* Add advice to a failure of TLS. */
static enum tug_status advise(const struct tug__exchange *exchange, enum tug_status status,
                              struct tug_error *err)
{
    const struct tug__endpoint *const endpoint = exchange->endpoint;
    const struct tug__buf *const body = &exchange->ask->error_body;
    const struct tug__tls_party party = {
        .is_registry = endpoint->config->is_upstream,
        .is_elsewhere = exchange->is_at_token_server || exchange->path.has_left,
        .has_scheme = endpoint->config->scheme != TUG__SCHEME_UNKNOWN,
        .has_client = endpoint->tls.certificate_file != NULL || endpoint->tls.choice.count > 0,
    };
    enum tug__tls_trouble trouble;
    const char *advice;

    if (err == NULL || (status != TUG_ERR_NETWORK && status != TUG_ERR_AUTH)) {
        return status;
    }
    trouble = err->http_status == 0
                  ? tug__tls_trouble_of(err->message)
                  : tug__tls_trouble_of_answer(err->http_status, body->data, body->length);
    advice = tug__tls_advice(trouble, &party);
    return advice != NULL ? tug__advise(err, status, "%s", advice) : status;
}

enum tug_status tug__ask_endpoint(struct tug__client *client, struct tug__ask *ask,
                                  struct tug__endpoint *endpoint, struct tug_error *err)
{
    struct tug__exchange exchange = {.client = client, .ask = ask, .endpoint = endpoint};
    enum tug_status status = TUG_OK;

    tug__buf_init(&ask->error_body, TUG__ERROR_BODY_MAX);
    if (!try_target(&exchange, &status, err)) {
        status = ask_scheme(&exchange, err);
    }
    status = advise(&exchange, status, err);
    tug__auth_fini(&exchange.auth);
    tug__wipe_free(exchange.path.final_url);
    tug__buf_fini(&ask->error_body);
    return tug__ask_blame_coding(ask, status, err);
}
