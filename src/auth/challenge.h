/* SPDX-License-Identifier: Apache-2.0
 *
 * The challenge of a 401: the WWW-Authenticate headers (RFC 9110 section 11.6.1), and where a token
 * may be fetched.
 * Does not know: HTTP, tokens, addresses, which are judged after the name lookup.
 * Threads: any; a challenge belongs to one thread. Blocks: never.
 */
#ifndef TUG_AUTH_CHALLENGE_H
#define TUG_AUTH_CHALLENGE_H

#include <stddef.h>

#include <tug/error.h>

/* Longest header value that is parsed; a longer one is ignored as a whole. */
#define TUG__CHALLENGE_HEADER_MAX ((size_t)64 * 1024)
/* Capacities with NUL. A challenge whose realm, service or scope is longer is ignored. */
#define TUG__CHALLENGE_REALM_MAX 2048
#define TUG__CHALLENGE_SERVICE_MAX 512
#define TUG__CHALLENGE_SCOPE_MAX 4096
#define TUG__CHALLENGE_ERROR_MAX 64
/* Longest token URL, NUL included. */
#define TUG__TOKEN_URL_MAX 4096

enum tug__auth_scheme {
    TUG__AUTH_NONE = 0, /* no challenge that tug can answer */
    TUG__AUTH_BASIC,
    TUG__AUTH_BEARER, /* realm is not empty */
};

/* The best challenge so far. Missing parameters are empty. Values hold no control characters, but
 * are foreign text otherwise. */
struct tug__challenge {
    enum tug__auth_scheme scheme;
    char realm[TUG__CHALLENGE_REALM_MAX];
    char service[TUG__CHALLENGE_SERVICE_MAX];
    char scope[TUG__CHALLENGE_SCOPE_MAX]; /* separated by spaces, as received */
    char error[TUG__CHALLENGE_ERROR_MAX]; /* "invalid_token", "insufficient_scope"; cut if longer */
};

/* Make an empty challenge (TUG__AUTH_NONE). */
void tug__challenge_init(struct tug__challenge *challenge);

/* Add one WWW-Authenticate header; called once for each such header of the answer.
 * challenge: becomes the better of itself and each challenge in the header: Bearer with a realm
 * before Basic before nothing, the first of equals; the first of a repeated parameter counts.
 * value: length bytes, need not be NUL-terminated. A syntax error ends the parse of the header: the
 * challenge it is in does not count, earlier ones do. Never fails. */
void tug__challenge_add(struct tug__challenge *challenge, const char *value, size_t length);

/* Build the URL of the token server from a challenge's realm (T-07).
 * request_url: the absolute URL that was answered with 401, of the registry itself, never of a
 * redirect's target. realm: foreign text; a relative one is resolved against request_url (RFC
 * 3986). out_url: absolute, without fragment; untouched on failure. https is always allowed. http
 * is allowed only when the registry itself is reached by http and has the same host and port, or
 * both hosts are literal loopback ones. User information, anything but visible ASCII, other schemes
 * and malformed hosts are refused.
 * Errors: TUG_ERR_AUTH (refused; the message names the realm without its query),
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__realm_resolve(const char *request_url, const char *realm,
                                   char out_url[TUG__TOKEN_URL_MAX], struct tug_error *err);

#endif
