/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the set of secrets, shared by its files: secrets.c (the set), secrets_match.c (one
 * secret at one place of a text), secrets_find.c (secrets in a URL or a header).
 * Threads: any; nothing here is shared.
 */
#ifndef TUG_HTTP_SECRETS_INTERNAL_H
#define TUG_HTTP_SECRETS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

/* One way in which a secret is written. */
struct tug__secret_form {
    char *text;
    size_t length;
    bool is_cut;                   /* the secret is longer */
    bool is_word;                  /* counts only with no letter or digit beside it */
    bool is_base64;                /* '-' and '_' are as good as '+' and '/' */
    struct tug__secret_form *next; /* with the same first byte */
};

/* A text being searched. */
struct tug__secret_text {
    const char *bytes;
    size_t length;
    size_t prefix_at_end; /* this much of a secret at its end counts as a match */
};

/* The bytes that a place may stand for: as written, and with an escape undone. Returns: how
 * many. */
size_t tug__secret_first_bytes(const struct tug__secret_text *text, size_t at,
                               unsigned char out_bytes[3]);
/* Tell how many bytes at a place are the form, or enough of its beginning; 0: none. */
size_t tug__secret_match(const struct tug__secret_form *form, const struct tug__secret_text *text,
                         size_t at);

#endif
