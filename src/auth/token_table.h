/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the tokens of a run: the table of token.c, and decisions by its entries.
 * Threads: the lock of the table's owner is held (it is what "guarded" means), except where said.
 * Blocks: never.
 */
#ifndef TUG_AUTH_TOKEN_TABLE_H
#define TUG_AUTH_TOKEN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

#include "auth/token.h"

/* A token's text, shared by its entry and the threads copying it. */
struct tug__token_secret {
    unsigned refs; /* guarded */
    char *text;    /* owned; read-only */
};

/* The state of one key. Guarded, except key. */
struct tug__token_entry {
    /* set at create, then read-only */
    char *key;
    size_t key_length;
    /* guarded */
    struct tug__token_entry *next;
    unsigned users;                   /* threads that hold a pointer to it */
    uint64_t last_use;                /* uses of the table then */
    struct tug__token_secret *secret; /* NULL: none, or it was refused */
    uint64_t generation;              /* of secret */
    uint64_t renew_ns;
    uint64_t expires_ns;
    bool is_renewal;           /* secret was fetched because the previous one was refused */
    bool is_accepted;          /* the registry has accepted it once */
    bool was_refused;          /* the next one will be such a renewal */
    bool is_fetching;          /* a thread is fetching */
    uint64_t flight;           /* number of the running fetch, or of the last one */
    uint64_t failed_flight;    /* the last one that failed */
    uint64_t refused_until_ns; /* until then every caller gets failure */
    struct tug_error failure;  /* of failed_flight, or of the refusal */
};

/* Zero is an empty one. */
struct tug__token_table {
    struct tug__token_entry *entries;
    size_t count;
    uint64_t uses;
    uint64_t generation; /* last one given */
};

/* The next step of tug__token_get. */
enum tug__token_step {
    TUG__TOKEN_TAKE,
    TUG__TOKEN_FETCH,
    TUG__TOKEN_FAIL,
    TUG__TOKEN_WAIT,
};

/* Wipe and free it; NULL does nothing. Needs no lock. */
void tug__token_secret_free(struct tug__token_secret *secret);
/* Drop one reference. Returns: the secret for the caller to free without the lock, or NULL. */
struct tug__token_secret *tug__token_secret_unref(struct tug__token_secret *secret);

/* All parts of a key in one text, each with its NUL. Needs no lock.
 * Returns: owned; NULL when out of memory. */
char *tug__token_key_join(const struct tug__token_key *key, size_t *out_length);
/* Make an entry that is in no table. Needs no lock. Returns: owned; NULL when out of memory. */
struct tug__token_entry *tug__token_entry_make(const struct tug__token_key *key);
/* Free it with its secret; NULL does nothing. Needs no lock. */
void tug__token_entry_free(struct tug__token_entry *entry);

/* Find the entry of a joined key. Returns: borrowed; NULL: there is none. */
struct tug__token_entry *tug__token_table_find(const struct tug__token_table *table,
                                               const char *key, size_t length);
/* Hold the entry of a key: users is one more.
 * made: an entry of that key, which takes its place in the table when there is none; taken.
 * out_unused: what is to be freed without the lock; NULL: nothing. Returns: borrowed. */
struct tug__token_entry *tug__token_table_hold(struct tug__token_table *table,
                                               struct tug__token_entry *made,
                                               struct tug__token_entry **out_unused);
/* Free all entries. */
void tug__token_table_fini(struct tug__token_table *table);

/* Decide the next step of a thread that wants a token. waited_for: number of the fetch it waited
 * for; 0: none yet. */
enum tug__token_step tug__token_choose(const struct tug__token_entry *entry, uint64_t waited_for,
                                       uint64_t now_ns);
/* Store a fetched token in its entry. secret: a reference, owned by the entry from now on.
 * Returns: the old one if it is to be freed. */
struct tug__token_secret *tug__token_install(struct tug__token_table *table,
                                             struct tug__token_entry *entry,
                                             struct tug__token_secret *secret, uint64_t started_ns,
                                             uint64_t lifetime_s);
/* Remember a failed fetch. Returns: whether the old token is still usable. */
bool tug__token_note_failure(struct tug__token_entry *entry, const struct tug_error *error,
                             uint64_t now_ns);
/* Remove a refused token from its entry.
 * out_unused: set to what is to be freed without the lock, if anything.
 * Returns: whether another one may be tried. */
bool tug__token_refuse(struct tug__token_entry *entry, uint64_t generation, uint64_t now_ns,
                       struct tug__token_secret **out_unused);

#endif
