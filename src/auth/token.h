/* SPDX-License-Identifier: Apache-2.0
 *
 * The tokens of a run, shared by all its workers: each is fetched once, by one of the threads that
 * need it.
 *
 * How a request is authorised:
 *   1. tug__token_get before a request whose key is known (from an earlier 401), else nothing;
 *   2. any answer but a 401: tug__token_accept;
 *   3. a 401: tug__token_reject with the generation that was sent. true: get again (newer token)
 * and repeat the request; false, or a second 401 for the same request: final, TUG_ERR_AUTH.
 *
 * Does not know: HTTP, credentials; how tokens are fetched is the callback's affair.
 * Threads: any. One mutex, held for a few lines, never while the callbacks run.
 */
#ifndef TUG_AUTH_TOKEN_H
#define TUG_AUTH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>

/* Most tokens kept; the least recently used one makes room. */
#define TUG__TOKEN_CACHE_MAX 256
/* How long a refusal of the token server is remembered. */
#define TUG__TOKEN_REFUSED_MS 10000

/* What a token is for. NULL is the same as empty. Borrowed for the call. */
struct tug__token_key {
    const char *origin; /* of the registry (tug__origin_format) */
    const char *realm;  /* resolved token URL */
    const char *service;
    const char *scope;
    const char *account; /* user name, or another mark of the account; empty: anonymous */
};

/* A token as the token server gave it (tug__token_reply_parse). */
struct tug__token_reply {
    char *token;         /* owned; wiped by tug__token_reply_fini */
    char *refresh_token; /* owned; NULL when none came */
    uint64_t lifetime_s; /* 1 to 86400 */
};

/* Wipe and free what a reply owns; it is empty then. */
void tug__token_reply_fini(struct tug__token_reply *reply);

/* Borrowed for the call. */
struct tug__token_request {
    struct tug__token_key key;
    /* Fetches a token: run by exactly one of the threads that wait for this key, in that thread,
     * without any lock held. out_reply: filled on success, owned by the cache from then on. */
    enum tug_status (*fetch)(void *context, struct tug__token_reply *out_reply,
                             struct tug_error *err);
    void *fetch_context;
    /* Checked when the wait begins and whenever tug__token_cache_wake is called; true ends the
     * wait. NULL: not checked. */
    bool (*should_stop)(void *context);
    void *stop_context;
};

struct tug__token_cache;

/* Make an empty cache. out_cache: owned. Errors: TUG_ERR_NO_MEMORY, TUG_ERR_INTERNAL. */
enum tug_status tug__token_cache_create(struct tug__token_cache **out_cache, struct tug_error *err);
/* Wipe and free; NULL is allowed. No other thread may be inside. */
void tug__token_cache_destroy(struct tug__token_cache *cache);
/* Use another clock than tug__now_ns, for tests of lifetimes; before any other thread knows the
 * cache. now_ns: must not call the cache. */
void tug__token_cache_set_clock(struct tug__token_cache *cache, uint64_t (*now_ns)(void *context),
                                void *context);
/* Wake every waiter so that it checks should_stop. Threads: any. Blocks: no. */
void tug__token_cache_wake(struct tug__token_cache *cache);

/* Get the token of a key: the cached one, or a newly fetched one. A token of 60 s or more is
 * renewed after 80 % of its life by the first thread that asks then, while others keep using the
 * old one (which also stays when the renewal fails); a shorter one is used for all of its life, so
 * that it costs one request per lifetime. Life counts from before the fetch. out_token: owned copy;
 * free it with tug__wipe_free. out_generation: names it, never 0.
 * Errors: TUG_ERR_CANCELLED; the result of fetch: every thread that waited for it gets its error.
 * TUG_ERR_AUTH is remembered for TUG__TOKEN_REFUSED_MS, other failures are not; a cancelled fetch
 * is repeated by the next waiter. TUG_ERR_AUTH also after a final tug__token_reject, for the same
 * time. TUG_ERR_NO_MEMORY. On failure outputs are untouched.
 * Blocks: while it or another thread fetches. */
enum tug_status tug__token_get(struct tug__token_cache *cache,
                               const struct tug__token_request *request, char **out_token,
                               uint64_t *out_generation, struct tug_error *err);

/* Report that the registry answered a request with this token by anything but 401. */
void tug__token_accept(struct tug__token_cache *cache, const struct tug__token_key *key,
                       uint64_t generation);

/* Report that the registry answered 401 to a request with this token, which is not used again.
 * Returns: true: tug__token_get returns a newer one now, repeat the request once; false: final: it
 * was fresh, fetched because the previous one was refused, and was never accepted. */
bool tug__token_reject(struct tug__token_cache *cache, const struct tug__token_key *key,
                       uint64_t generation);

#endif
