/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a client, from the whole call to the single request:
 *
 *   manifest.c, blob.c,
 *   tags.c               the request, and which answers are good
 *   endpoint.c           the order of endpoints
 *   exchange.c           one endpoint: tokens, expired URLs, bad answers
 *   authorize.c          the Authorization header
 *   token_fetch.c        asking token servers
 *   redirect.c           one request and its redirects
 *   next_page.c          where a list goes on
 *
 * Threads: the client's owner.
 */
#ifndef TUG_REGISTRY_CLIENT_INTERNAL_H
#define TUG_REGISTRY_CLIENT_INTERNAL_H

#include "base/buf.h"
#include "http/http.h"
#include "registry/endpoint_url.h"
#include "registry/session.h"

/* Most redirects of one request; registries use one or two. */
#define TUG__REDIRECTS_OF_REQUEST_MAX 10

struct tug__client {
    struct tug__client_settings settings;
    struct tug__session *session;
    struct tug__http *http;
};

/* What becomes of the answers to a question. */
struct tug__ask_handler {
    /* The range still wanted, for the next request; NULL: everything. Borrowed until the next call.
     * out_bytes: how long it is. Without this function: everything, which is short. */
    const char *(*range)(void *context, uint64_t *out_bytes);
    /* Accepts or refuses a 2xx answer, before its body. */
    enum tug_status (*on_success)(void *context, const struct tug__http_response *response,
                                  struct tug_error *err);
    /* Receives a piece of its body. May set is_ended of the question: nothing more is wanted,
     * whatever it returns; or is_ours: the failure is ours, not the endpoint's. */
    enum tug_status (*on_data)(void *context, const void *bytes, size_t length,
                               struct tug_error *err);
    /* Called when the body has ended well, to accept or refuse the whole. */
    enum tug_status (*on_end)(void *context, const struct tug__http_response *response,
                              struct tug_error *err);
};

/* An on_data, or an on_body, that wants none of the body. Returns: TUG_OK. */
enum tug_status tug__ignore_body(void *context, const void *bytes, size_t length,
                                 struct tug_error *err);

/* One question to a registry, whichever endpoint serves it. */
struct tug__ask {
    const struct tug__source *source;
    struct tug__resource what;
    unsigned capabilities; /* TUG__CAN_… an endpoint must have */
    unsigned avoid;        /* endpoint to be tried last; 0: none */
    unsigned only;         /* the one endpoint to be asked; 0: any */
    bool is_head;
    bool has_digest; /* the digest is known: the bytes are delivered as received, whatever
                        Content-Encoding says, and checked against it */
    const char *accept;
    char *out_server;                /* as in registry.h; NULL: not wanted */
    const struct tug_digest *digest; /* of a blob, whose redirect target is remembered; or NULL */
    const struct tug__ask_handler *handler;
    void *context; /* for the handler's functions */

    /* set by the handler */
    bool is_ended;
    bool is_ours;

    /* the present request */
    const char *url;            /* the endpoint's own; borrowed */
    bool is_success;            /* the answer is 2xx */
    struct tug__buf error_body; /* of an answer that is neither 2xx nor a redirect */

    /* results, also on failure */
    struct tug__call_result result;
    unsigned asked; /* number of the endpoint asked now, or asked last; 0: none */
};

/* One request to a first URL, and its redirects. */
struct tug__path {
    struct tug__endpoint *endpoint;  /* whose settings apply; NULL: a foreign layer's URL */
    const char *url;                 /* where to begin */
    bool is_outside;                 /* url is not the endpoint's own: no secret is sent */
    bool allow_http;                 /* url may be http */
    bool is_public;                  /* private addresses outside of the endpoint are refused */
    const char *authorization;       /* for the endpoint's own origin; or NULL */
    const char *const *more_headers; /* the same */
    size_t more_header_count;

    /* results, also on failure */
    struct tug__http_response response;
    char *final_url; /* owned by the caller; NULL: there was no redirect */
    bool has_left;   /* the answer is from outside of the endpoint's origin */
};

/* Follow a path to an answer that is not a redirect. ask: its callbacks get the answer; is_success
 * tells whether it was 2xx. Errors: as tug__http_perform; TUG_ERR_NETWORK, permanent, for redirects
 * that are refused. */
enum tug_status tug__path_follow(struct tug__client *client, struct tug__ask *ask,
                                 struct tug__path *path, struct tug_error *err);

/* Add the Content-Encoding, if there was one, to an error about content. Returns: status. */
enum tug_status tug__ask_blame_coding(const struct tug__ask *ask, enum tug_status status,
                                      struct tug_error *err);

/* Ask one endpoint, tokens and all. Errors: as the calls of registry.h. */
enum tug_status tug__ask_endpoint(struct tug__client *client, struct tug__ask *ask,
                                  struct tug__endpoint *endpoint, struct tug_error *err);
/* Fail for an answer with a bad status. */
enum tug_status tug__ask_fail(struct tug__client *client, struct tug__ask *ask,
                              const struct tug__http_response *response, struct tug_error *err);

/* Ask the endpoints of a registry in order until one serves. */
enum tug_status tug__ask(struct tug__client *client, struct tug__ask *ask, struct tug_error *err);

/* Find the next page of a list in the Link headers of an answer. out_query: as tug__page_next;
 * empty before the call. Errors: as tug__page_next. */
enum tug_status tug__ask_next_page(const struct tug__ask *ask,
                                   const struct tug__http_response *response,
                                   char out_query[TUG__PAGE_QUERY_MAX], struct tug_error *err);

/* How a request is authorised. All text is owned. */
struct tug__auth {
    char *value;   /* of the Authorization header; NULL: anonymous */
    char *source;  /* source of the credential; NULL: there is none */
    bool is_known; /* the endpoint's challenge is known, so this is the best we have */
    bool has_token;
    uint64_t generation;
    struct tug__known_auth known;
    char *account;
    char origin[TUG__ORIGIN_TEXT_MAX];
    const char *const *headers; /* docker's HttpHeaders; borrowed from the credentials */
    size_t header_count;
};

/* One endpoint's part of a call. */
struct tug__exchange {
    /* borrowed */
    struct tug__client *client;
    struct tug__ask *ask;
    struct tug__endpoint *endpoint;
    /* the endpoint's own URL, by the scheme in use, and what goes along with it */
    enum tug__scheme scheme;
    char url[TUG__URL_MAX];
    struct tug__origin origin;
    struct tug__auth auth;
    /* the present request */
    struct tug__path path;
    bool is_at_token_server; /* the token server is being asked, or was the last to be */
    bool was_reasked; /* the registry was asked again because a redirect's target had refused */
};

/* A token fetch in progress. All is borrowed. */
struct tug__token_fetch {
    const struct tug__exchange *exchange;
    const struct tug__known_auth *known;
    const struct tug__credential *credential;
};

/* Ask the token server that known names: by POST when there is a password or an identity token, by
 * GET when there is none or the server does not support POST (404, 405, 400, 401).
 * context: a struct tug__token_fetch, for tug__token_request. out_reply: owned; untouched on
 * failure. Errors: TUG_ERR_AUTH, TUG_ERR_RATE_LIMITED (its pause is noted), TUG_ERR_NETWORK,
 * TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY. Blocks: as tug__http_perform, for each request. */
enum tug_status tug__token_fetch(void *context, struct tug__token_reply *out_reply,
                                 struct tug_error *err);

/* Wipe and free. */
void tug__auth_fini(struct tug__auth *auth);
/* Work out how to authorise a request, from earlier challenges. May fetch a token.
 * exchange: its auth is filled; tug__auth_fini it, also on failure. Errors: TUG_ERR_AUTH,
 * TUG_ERR_CONFIG, TUG_ERR_NETWORK, TUG_ERR_RATE_LIMITED, … */
enum tug_status tug__auth_find(struct tug__exchange *exchange, struct tug_error *err);
/* Tell the token cache that the endpoint accepted the token. */
void tug__auth_accept(const struct tug__exchange *exchange);
/* Read the 401 that exchange->path ended in and remember its challenge.
 * Returns: TUG_OK: call tug__auth_find again and repeat the request; TUG_ERR_AUTH: final; err says
 * what the user can do. */
enum tug_status tug__auth_challenge(const struct tug__exchange *exchange, struct tug_error *err);
/* Add the credentials used, and what to do, to an error about access. */
enum tug_status tug__auth_hint(const struct tug__exchange *exchange, struct tug_error *err);

#endif
