/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a file of credentials, shared by authfile.c (lookups) and authfile_parse.c.
 * Threads: immutable after the parse: any.
 */
#ifndef TUG_AUTH_AUTHFILE_INTERNAL_H
#define TUG_AUTH_AUTHFILE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

/* One entry of "auths"; texts are NULL when missing or empty. */
struct tug__auth_entry {
    char *key; /* as written in the file */
    char *auth;
    char *username;
    char *password;
    char *identity_token;
    char *registry_token;
};

/* One entry of "credHelpers". */
struct tug__auth_helper {
    char *key;
    char *name;
};

struct tug__authfile {
    /* set at parse, then read-only */
    char *name;
    struct tug__auth_entry *entries;
    size_t entry_count;
    struct tug__auth_helper *helpers;
    size_t helper_count;
    char *store; /* credsStore; NULL when missing or empty */
    char **headers;
    size_t header_count;
    bool is_readable_by_others; /* by the mode of the file it was read from */
};

#endif
