/* SPDX-License-Identifier: Apache-2.0
 *
 * The secrets in use, and how they are cut from every text that leaves the library.
 *
 * Servers echo what they are sent in error messages, headers, documents and warnings. A text does
 * not show that it holds a secret, so texts are searched for the secrets themselves: each one that
 * a session uses is added here before it is sent anywhere, and is cut from every text for people
 * (errors, events, log lines).
 *
 * These are found: the text itself; parts or all of it percent-encoded, with the escapes of JSON,
 * HTML or tug_text_escape; and its base64 (both alphabets, padded or not), also within the base64
 * of a longer text. A beginning of at least TUG__SECRET_PREFIX_MIN bytes is cut too, since texts
 * are shortened on their way.
 *
 * Short secrets: one of fewer than TUG__SECRET_SHORT bytes is cut where it is a whole word (no
 * letter or digit beside it); its base64 is only known as part of "user:password". A value of a
 * configured header or of a query that is this short is not a key, and is not cut at all.
 *
 * Threads: any; it locks itself, for as long as one text takes. Blocks: no.
 */
#ifndef TUG_HTTP_SECRETS_H
#define TUG_HTTP_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>

/* A shorter secret is cut as a whole word only. */
#define TUG__SECRET_SHORT 4
/* This much of a secret's beginning is cut even without the rest. */
#define TUG__SECRET_PREFIX_MIN 12
/* Tokens that are remembered: twice what the token cache holds, with a refresh token each. */
#define TUG__SECRETS_TOKENS_MAX 1024
/* Values of presigned URLs that are remembered: 8 for each remembered redirect. */
#define TUG__SECRETS_VALUES_MAX 1024

struct tug__secrets;

/* How long a secret is remembered. */
enum tug__secret_life {
    TUG__SECRET_CONFIGURED = 0, /* to the end of the session */
    TUG__SECRET_TOKEN,          /* until TUG__SECRETS_TOKENS_MAX later ones were added */
    TUG__SECRET_VALUE,          /* until TUG__SECRETS_VALUES_MAX later ones were added */
};

/* Make an empty set. out_secrets: owned. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__secrets_create(struct tug__secrets **out_secrets, struct tug_error *err);
/* Wipe and free; NULL is allowed. No other thread may be inside. */
void tug__secrets_destroy(struct tug__secrets *secrets);

/* Remember a secret, unless it is known already. secrets: NULL does nothing, here and below. text:
 * copied; NULL and empty text are ignored. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__secrets_add(struct tug__secrets *secrets, enum tug__secret_life life,
                                 const char *text, struct tug_error *err);
/* Remember a password, and its "Basic" encoding with the user name (NULL: empty). */
enum tug_status tug__secrets_add_login(struct tug__secrets *secrets, const char *user,
                                       const char *password, struct tug_error *err);
/* Remember the value of a configured header, and of an Authorization header the part after its
 * scheme, decoded when that is "Basic". */
enum tug_status tug__secrets_add_header(struct tug__secrets *secrets, const char *name,
                                        const char *value, struct tug_error *err);
/* Remember the values in a URL's query that may be keys: by their length (8 bytes or more) or by
 * their name. */
enum tug_status tug__secrets_add_url(struct tug__secrets *secrets, const char *url,
                                     struct tug_error *err);

/* A text that may hold secrets. Borrowed for the call. */
struct tug__raw_text {
    const char *bytes;
    size_t length;
    bool is_torn; /* it may end in the middle of a secret, so an end that matches 4 bytes of one or
                     more is cut */
};

/* Copy a text with "REDACTED" instead of each secret.
 * out_text: NUL-terminated, cut at the capacity (at least 1); no part of raw.
 * Returns: bytes written, without the NUL. */
size_t tug__secrets_cut(struct tug__secrets *secrets, char *out_text, size_t capacity,
                        const struct tug__raw_text *raw);
/* Cut the secrets out of an error's message, in place. err: NULL does nothing. */
void tug__secrets_cut_error(struct tug__secrets *secrets, struct tug_error *err);

#endif
