/* SPDX-License-Identifier: Apache-2.0
 *
 * The tokens of a run.
 *
 * Knows: which thread waits for which. Does not know: HTTP, JSON, registries.
 * Threads: any number. One mutex guards everything; callbacks run without it.
 */
#include "auth/token.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token_table.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"

struct tug__token_cache {
    /* set at create, then read-only */
    uint64_t (*clock)(void *context);
    void *clock_context;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a fetch has ended, or wakes has changed */
    /* guarded */
    struct tug__token_table table;
    uint64_t wakes;
};

static void lock(struct tug__token_cache *cache)
{
    (void)pthread_mutex_lock(&cache->mutex);
}

static void unlock(struct tug__token_cache *cache)
{
    (void)pthread_mutex_unlock(&cache->mutex);
}

static uint64_t read_clock(void *context)
{
    (void)context;
    return tug__now_ns();
}

static uint64_t now(const struct tug__token_cache *cache)
{
    return cache->clock(cache->clock_context);
}

/* Find or make the entry of a key, and hold it. NULL when out of memory. */
static struct tug__token_entry *hold_entry(struct tug__token_cache *cache,
                                           const struct tug__token_key *key)
{
    struct tug__token_entry *const made = tug__token_entry_make(key);
    struct tug__token_entry *unused = NULL;
    struct tug__token_entry *entry;

    if (made == NULL) {
        return NULL;
    }
    lock(cache);
    entry = tug__token_table_hold(&cache->table, made, &unused);
    unlock(cache);
    tug__token_entry_free(unused);
    return entry;
}

/* A token that a caller holds. */
struct held {
    struct tug__token_secret *secret; /* a reference */
    uint64_t generation;
};

/* Fetch a token. Called with the lock held and entry->is_fetching set by the caller; returns with
 * the lock held. out_token: untouched on failure. */
static enum tug_status fetch_unlocking(struct tug__token_cache *cache,
                                       struct tug__token_entry *entry,
                                       const struct tug__token_request *request,
                                       struct held *out_token, struct tug_error *error)
{
    struct tug__token_reply reply = {0};
    struct tug__token_secret *unused = NULL;
    struct tug__token_secret *secret;
    uint64_t started_ns;
    enum tug_status status = TUG_ERR_NO_MEMORY;

    unlock(cache);
    started_ns = now(cache);
    secret = calloc(1, sizeof *secret);
    if (secret == NULL) {
        (void)tug__fail_memory(error);
    } else {
        status = request->fetch(request->fetch_context, &reply, error);
    }
    if (status == TUG_OK) {
        secret->text = reply.token;
        secret->refs = 2; /* the entry's and the caller's */
        reply.token = NULL;
    } else {
        error->code = status;
        tug__token_secret_free(secret);
    }
    lock(cache);
    if (status == TUG_OK) {
        unused = tug__token_install(&cache->table, entry, secret, started_ns, reply.lifetime_s);
        out_token->secret = secret;
    } else if (tug__token_note_failure(entry, error, now(cache))) {
        out_token->secret = entry->secret;
        entry->secret->refs++;
        status = TUG_OK;
    }
    if (status == TUG_OK) {
        out_token->generation = entry->generation;
    }
    entry->is_fetching = false;
    (void)pthread_cond_broadcast(&cache->changed);
    unlock(cache);
    tug__token_secret_free(unused);
    tug__token_reply_fini(&reply);
    lock(cache);
    return status;
}

/* Sleep until the running fetch has ended or the cache is woken. Called with the lock held, returns
 * with it held. should_stop is called without it; a wake in the meantime is seen by its number. */
static enum tug_status wait_unlocking(struct tug__token_cache *cache,
                                      const struct tug__token_entry *entry,
                                      const struct tug__token_request *request,
                                      struct tug_error *error)
{
    const uint64_t wakes = cache->wakes;
    const uint64_t flight = entry->flight;
    bool is_stopped;

    unlock(cache);
    is_stopped = request->should_stop != NULL && request->should_stop(request->stop_context);
    lock(cache);
    if (is_stopped) {
        return tug__fail(error, TUG_ERR_CANCELLED, "interrupted");
    }
    while (cache->wakes == wakes && entry->is_fetching && entry->flight == flight) {
        (void)pthread_cond_wait(&cache->changed, &cache->mutex);
    }
    return TUG_OK;
}

/* Get a reference to a token. Called with the lock held, returns with it held. */
static enum tug_status get_unlocking(struct tug__token_cache *cache, struct tug__token_entry *entry,
                                     const struct tug__token_request *request,
                                     struct held *out_token, struct tug_error *error)
{
    uint64_t waited_for = 0;
    enum tug_status status;

    for (;;) {
        switch (tug__token_choose(entry, waited_for, now(cache))) {
        case TUG__TOKEN_TAKE:
            *out_token = (struct held){.secret = entry->secret, .generation = entry->generation};
            entry->secret->refs++;
            return TUG_OK;
        case TUG__TOKEN_FAIL:
            *error = entry->failure;
            return error->code;
        case TUG__TOKEN_FETCH:
            entry->is_fetching = true;
            entry->flight++;
            return fetch_unlocking(cache, entry, request, out_token, error);
        case TUG__TOKEN_WAIT:
            waited_for = entry->flight;
            status = wait_unlocking(cache, entry, request, error);
            if (status != TUG_OK) {
                return status;
            }
            break;
        }
    }
}

enum tug_status tug__token_get(struct tug__token_cache *cache,
                               const struct tug__token_request *request, char **out_token,
                               uint64_t *out_generation, struct tug_error *err)
{
    struct tug__token_entry *const entry = hold_entry(cache, &request->key);
    struct held held = {0};
    struct tug_error error = {0};
    char *token = NULL;
    enum tug_status status;

    if (entry == NULL) {
        return tug__fail_memory(err);
    }
    lock(cache);
    status = get_unlocking(cache, entry, request, &held, &error);
    entry->users--;
    unlock(cache);
    if (status != TUG_OK) {
        if (err != NULL) {
            *err = error;
        }
        return status;
    }
    token = strdup(held.secret->text);
    lock(cache);
    held.secret = tug__token_secret_unref(held.secret);
    unlock(cache);
    tug__token_secret_free(held.secret);
    if (token == NULL) {
        return tug__fail_memory(err);
    }
    *out_token = token;
    *out_generation = held.generation;
    return TUG_OK;
}

void tug__token_accept(struct tug__token_cache *cache, const struct tug__token_key *key,
                       uint64_t generation)
{
    size_t length;
    char *const joined = tug__token_key_join(key, &length);
    struct tug__token_entry *entry;

    if (joined == NULL) {
        return; /* at worst, a refusal is final without need */
    }
    lock(cache);
    entry = tug__token_table_find(&cache->table, joined, length);
    if (entry != NULL && entry->generation == generation) {
        entry->is_accepted = true;
    }
    unlock(cache);
    free(joined);
}

bool tug__token_reject(struct tug__token_cache *cache, const struct tug__token_key *key,
                       uint64_t generation)
{
    size_t length;
    char *const joined = tug__token_key_join(key, &length);
    struct tug__token_secret *unused = NULL;
    struct tug__token_entry *entry;
    bool is_worth_it = true;

    if (joined == NULL) {
        return false;
    }
    lock(cache);
    entry = tug__token_table_find(&cache->table, joined, length);
    if (entry != NULL) {
        is_worth_it = tug__token_refuse(entry, generation, now(cache), &unused);
    }
    unlock(cache);
    tug__token_secret_free(unused);
    free(joined);
    return is_worth_it;
}

void tug__token_reply_fini(struct tug__token_reply *reply)
{
    tug__wipe_free(reply->token);
    tug__wipe_free(reply->refresh_token);
    *reply = (struct tug__token_reply){0};
}

enum tug_status tug__token_cache_create(struct tug__token_cache **out_cache, struct tug_error *err)
{
    struct tug__token_cache *const cache = calloc(1, sizeof *cache);

    if (cache == NULL || pthread_mutex_init(&cache->mutex, NULL) != 0) {
        free(cache);
        return tug__fail_memory(err);
    }
    if (pthread_cond_init(&cache->changed, NULL) != 0) {
        (void)pthread_mutex_destroy(&cache->mutex);
        free(cache);
        return tug__fail_memory(err);
    }
    cache->clock = read_clock;
    *out_cache = cache;
    return TUG_OK;
}

void tug__token_cache_set_clock(struct tug__token_cache *cache, uint64_t (*now_ns)(void *context),
                                void *context)
{
    cache->clock = now_ns;
    cache->clock_context = context;
}

void tug__token_cache_destroy(struct tug__token_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    tug__token_table_fini(&cache->table);
    (void)pthread_cond_destroy(&cache->changed);
    (void)pthread_mutex_destroy(&cache->mutex);
    free(cache);
}

void tug__token_cache_wake(struct tug__token_cache *cache)
{
    lock(cache);
    cache->wakes++;
    (void)pthread_cond_broadcast(&cache->changed);
    unlock(cache);
}
