/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to a token server and its answers (distribution's token specification, and its OAuth2
 * form).
 * Does not know: HTTP, registries, the store.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_AUTH_TOKEN_WIRE_H
#define TUG_AUTH_TOKEN_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>

#include "auth/credential.h"
#include "auth/token.h"
#include "base/buf.h"

/* Largest answer of a token server, and longest token in it. */
#define TUG__TOKEN_REPLY_MAX ((size_t)1024 * 1024)
#define TUG__TOKEN_TEXT_MAX ((size_t)64 * 1024)
/* Largest URL or form we build. */
#define TUG__TOKEN_QUERY_MAX ((size_t)512 * 1024)

/* The parameters of a request. NULL is the same as empty. Borrowed for the call. */
struct tug__token_query {
    const char *url; /* of the token server (tug__realm_resolve) */
    const char *service;
    const char *scope;   /* one or several, separated by spaces */
    const char *account; /* user name for GET; empty: none */
};

/* Read an answer (status 200). `token` counts, else `access_token`. expires_in, a number or a text
 * of digits, counts as it is from 1 s to 24 h; more is 24 h; missing, 0, negative or malformed is
 * 60 s.
 * out_reply: owned (tug__token_reply_fini), untouched on failure.
 * Errors: TUG_ERR_AUTH (not JSON, no token, one with anything but visible ASCII, too large),
 * TUG_ERR_NO_MEMORY. No message quotes the answer. */
enum tug_status tug__token_reply_parse(const char *body, size_t length,
                                       struct tug__token_reply *out_reply, struct tug_error *err);

/* Append the URL of a GET: the query of the token URL is kept, then service, one scope parameter
 * for each scope, client_id=tug, account. Authorization (tug__basic_authorization) is the caller's.
 * url: appended to; NUL-terminated then. Errors: TUG_ERR_TOO_LARGE, TUG_ERR_NO_MEMORY. */
enum tug_status tug__token_get_url(const struct tug__token_query *query, struct tug__buf *url,
                                   struct tug_error *err);

/* Append the form of a POST to query->url (application/x-www-form-urlencoded): grant_type
 * refresh_token for an identity credential, password for a user and password; all scopes in one
 * parameter. Holds secrets: tug__wipe it.
 * Errors: TUG_ERR_INVALID_ARGUMENT (another kind of credential), TUG_ERR_TOO_LARGE,
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__token_post_form(const struct tug__token_query *query,
                                     const struct tug__credential *credential,
                                     struct tug__buf *form, struct tug_error *err);

/* Tell whether a status means that the server does not support POST: 400, 401, 404, 405. */
bool tug__token_post_is_unsupported(int http_status);
/* Tell whether a status means that the server does not support GET: 404, 405, 501. */
bool tug__token_get_is_unsupported(int http_status);

/* Build the value of an Authorization header, "Basic …", for a TUG__CREDENTIAL_PASSWORD.
 * out_value: owned; free it with tug__wipe_free.
 * Errors: TUG_ERR_INVALID_ARGUMENT (another kind), TUG_ERR_NO_MEMORY. */
enum tug_status tug__basic_authorization(const struct tug__credential *credential, char **out_value,
                                         struct tug_error *err);

#endif
