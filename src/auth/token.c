/* SPDX-License-Identifier: Apache-2.0
 *
 * The tokens of a run.
 *
 * Knows: lifetimes, who waits for whom. Does not know: HTTP, how tokens are fetched.
 * Threads: any number. One mutex guards everything; callbacks run without it.
 */
#include "auth/token.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"

/* A shorter life is used up to its end. */
#define RENEWED_EARLY_S 60
/* Parts of a key. */
#define KEY_PARTS 5

/* A token's text, shared by its entry and those who copy it. */
struct secret {
    unsigned refs; /* guarded by the cache's mutex */
    char *text;    /* owned; read-only */
};

/* What is known for one key. Guarded by the cache's mutex, but for key. */
struct entry {
    /* set at create, then read-only */
    char *key;
    size_t key_length;
    /* guarded */
    struct entry *next;
    unsigned users;        /* threads that hold a pointer to it */
    uint64_t last_use;     /* cache->uses then */
    struct secret *secret; /* NULL: none, or it was refused */
    uint64_t generation;   /* of secret */
    uint64_t renew_ns;
    uint64_t expires_ns;
    bool is_renewal;           /* secret was fetched because the one before was refused */
    bool is_accepted;          /* the registry took it once */
    bool was_refused;          /* the next one will be such a renewal */
    bool is_fetching;          /* some thread is in its fetch */
    uint64_t flight;           /* number of the fetch that runs, or ran last */
    uint64_t failed_flight;    /* the last one that failed */
    uint64_t refused_until_ns; /* until then failure is everyone's answer */
    struct tug_error failure;  /* of failed_flight, or of the refusal */
};

struct tug__token_cache {
    /* set at create, then read-only */
    uint64_t (*clock)(void *context);
    void *clock_context;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a fetch has ended, or wakes has changed */
    /* guarded */
    struct entry *entries;
    size_t count;
    uint64_t uses;
    uint64_t generation; /* last one given */
    uint64_t wakes;
};

/* What tug__token_get does next. */
enum step {
    STEP_TAKE,
    STEP_FETCH,
    STEP_FAIL,
    STEP_WAIT,
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

static void free_secret(struct secret *secret)
{
    if (secret != NULL) {
        tug__wipe_free(secret->text);
        free(secret);
    }
}

/* Give up one reference. Returns: what the caller has to free without the lock, or NULL. */
static struct secret *unref_locked(struct secret *secret)
{
    return secret != NULL && --secret->refs == 0 ? secret : NULL;
}

static void free_entry(struct entry *entry)
{
    if (entry != NULL) {
        free_secret(entry->secret);
        free(entry->key);
        free(entry);
    }
}

/* All parts of a key in one text, each with its NUL. Returns: owned; NULL without memory. */
static char *join_key(const struct tug__token_key *key, size_t *out_length)
{
    const char *const parts[KEY_PARTS] = {key->origin, key->realm, key->service, key->scope,
                                          key->account};
    size_t length = 0;
    char *joined;

    for (size_t i = 0; i < KEY_PARTS; i++) {
        length += (parts[i] != NULL ? strlen(parts[i]) : 0) + 1;
    }
    joined = malloc(length);
    *out_length = 0;
    for (size_t i = 0; joined != NULL && i < KEY_PARTS; i++) {
        const char *const part = parts[i] != NULL ? parts[i] : "";

        memcpy(joined + *out_length, part, strlen(part) + 1);
        *out_length += strlen(part) + 1;
    }
    return joined;
}

static struct entry *find_locked(struct tug__token_cache *cache, const char *key, size_t length)
{
    struct entry *entry = cache->entries;

    while (entry != NULL && (entry->key_length != length || memcmp(entry->key, key, length) != 0)) {
        entry = entry->next;
    }
    return entry;
}

/* Take the entry that nobody has used for longest out of the list. NULL: all are in use. */
static struct entry *evict_locked(struct tug__token_cache *cache)
{
    struct entry **oldest = NULL;
    struct entry *evicted = NULL;

    for (struct entry **at = &cache->entries; *at != NULL; at = &(*at)->next) {
        if ((*at)->users == 0 && (oldest == NULL || (*at)->last_use < (*oldest)->last_use)) {
            oldest = at;
        }
    }
    if (oldest != NULL) {
        evicted = *oldest;
        *oldest = evicted->next;
        cache->count--;
    }
    return evicted;
}

/* Find or make the entry of a key, and hold it. NULL without memory. */
static struct entry *hold_entry(struct tug__token_cache *cache, const struct tug__token_key *key)
{
    struct entry *made = calloc(1, sizeof *made);
    struct entry *evicted = NULL;
    struct entry *entry;

    if (made == NULL || (made->key = join_key(key, &made->key_length)) == NULL) {
        free_entry(made);
        return NULL;
    }
    lock(cache);
    entry = find_locked(cache, made->key, made->key_length);
    if (entry == NULL) {
        evicted = cache->count >= TUG__TOKEN_CACHE_MAX ? evict_locked(cache) : NULL;
        entry = made;
        made = NULL;
        entry->next = cache->entries;
        cache->entries = entry;
        cache->count++;
    }
    entry->users++;
    entry->last_use = ++cache->uses;
    unlock(cache);
    free_entry(made);
    free_entry(evicted);
    return entry;
}

/* Decide what a thread does that wants a token.
 * waited_for: number of the fetch it has waited for; 0: none yet. */
static enum step choose_locked(const struct entry *entry, uint64_t waited_for, uint64_t now_ns)
{
    const bool is_usable = entry->secret != NULL && now_ns < entry->expires_ns;

    if (is_usable && (now_ns < entry->renew_ns || entry->is_fetching)) {
        return STEP_TAKE;
    }
    if (!is_usable && now_ns < entry->refused_until_ns) {
        return STEP_FAIL;
    }
    if (!is_usable && waited_for != 0 && entry->failed_flight >= waited_for) {
        return STEP_FAIL;
    }
    return entry->is_fetching ? STEP_WAIT : STEP_FETCH;
}

/* Put a fetched token into its entry. Returns: the old one if it is to be freed. */
static struct secret *install_locked(struct tug__token_cache *cache, struct entry *entry,
                                     struct secret *secret, uint64_t started_ns,
                                     uint64_t lifetime_s)
{
    struct secret *const old = unref_locked(entry->secret);
    const uint64_t lifetime_ns = lifetime_s * TUG__NS_PER_S;

    entry->secret = secret;
    entry->generation = ++cache->generation;
    entry->expires_ns = started_ns + lifetime_ns;
    entry->renew_ns =
        lifetime_s < RENEWED_EARLY_S ? entry->expires_ns : started_ns + lifetime_ns / 5 * 4;
    entry->is_renewal = entry->was_refused;
    entry->was_refused = false;
    entry->is_accepted = false;
    entry->refused_until_ns = 0;
    return old;
}

/* Remember a failed fetch. Returns: whether the old token still serves. */
static bool note_failure_locked(struct entry *entry, const struct tug_error *error, uint64_t now_ns)
{
    if (error->code != TUG_ERR_CANCELLED) {
        entry->failed_flight = entry->flight;
        entry->failure = *error;
        entry->renew_ns = entry->expires_ns; /* not again and again */
    }
    if (error->code == TUG_ERR_AUTH) {
        entry->refused_until_ns = now_ns + TUG__TOKEN_REFUSED_MS * TUG__NS_PER_MS;
    }
    return error->code != TUG_ERR_CANCELLED && entry->secret != NULL && now_ns < entry->expires_ns;
}

/* Fetch a token. Called with the lock held and entry->is_fetching set by the caller; returns with
 * the lock held. out_secret: a new reference. */
static enum tug_status fetch_unlocking(struct tug__token_cache *cache, struct entry *entry,
                                       const struct tug__token_request *request,
                                       struct secret **out_secret, uint64_t *out_generation,
                                       struct tug_error *error)
{
    struct tug__token_reply reply = {0};
    struct secret *unused = NULL;
    struct secret *secret;
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
        free_secret(secret);
    }
    lock(cache);
    if (status == TUG_OK) {
        unused = install_locked(cache, entry, secret, started_ns, reply.lifetime_s);
        *out_secret = secret;
    } else if (note_failure_locked(entry, error, now(cache))) {
        *out_secret = entry->secret;
        entry->secret->refs++;
        status = TUG_OK;
    }
    *out_generation = entry->generation;
    entry->is_fetching = false;
    (void)pthread_cond_broadcast(&cache->changed);
    unlock(cache);
    free_secret(unused);
    tug__token_reply_fini(&reply);
    lock(cache);
    return status;
}

/* Sleep until the running fetch has ended or a wake came. Called with the lock held, returns with
 * it held. should_stop is asked without it; a wake since then is seen by its number. */
static enum tug_status wait_unlocking(struct tug__token_cache *cache, const struct entry *entry,
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
        return tug__fail(error, TUG_ERR_CANCELLED, "cancelled");
    }
    while (cache->wakes == wakes && entry->is_fetching && entry->flight == flight) {
        (void)pthread_cond_wait(&cache->changed, &cache->mutex);
    }
    return TUG_OK;
}

/* Get a reference to a token. Called with the lock held, returns with it held. */
static enum tug_status get_unlocking(struct tug__token_cache *cache, struct entry *entry,
                                     const struct tug__token_request *request,
                                     struct secret **out_secret, uint64_t *out_generation,
                                     struct tug_error *error)
{
    uint64_t waited_for = 0;
    enum tug_status status;

    for (;;) {
        switch (choose_locked(entry, waited_for, now(cache))) {
        case STEP_TAKE:
            *out_secret = entry->secret;
            *out_generation = entry->generation;
            entry->secret->refs++;
            return TUG_OK;
        case STEP_FAIL:
            *error = entry->failure;
            return error->code;
        case STEP_FETCH:
            entry->is_fetching = true;
            entry->flight++;
            return fetch_unlocking(cache, entry, request, out_secret, out_generation, error);
        case STEP_WAIT:
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
    struct entry *const entry = hold_entry(cache, &request->key);
    struct secret *secret = NULL;
    struct tug_error error = {0};
    char *token = NULL;
    uint64_t generation = 0;
    enum tug_status status;

    if (entry == NULL) {
        return tug__fail_memory(err);
    }
    lock(cache);
    status = get_unlocking(cache, entry, request, &secret, &generation, &error);
    entry->users--;
    unlock(cache);
    if (status != TUG_OK) {
        if (err != NULL) {
            *err = error;
        }
        return status;
    }
    token = strdup(secret->text);
    lock(cache);
    secret = unref_locked(secret);
    unlock(cache);
    free_secret(secret);
    if (token == NULL) {
        return tug__fail_memory(err);
    }
    *out_token = token;
    *out_generation = generation;
    return TUG_OK;
}

void tug__token_accept(struct tug__token_cache *cache, const struct tug__token_key *key,
                       uint64_t generation)
{
    size_t length;
    char *const joined = join_key(key, &length);
    struct entry *entry;

    if (joined == NULL) {
        return; /* at worst a refusal is final that need not be */
    }
    lock(cache);
    entry = find_locked(cache, joined, length);
    if (entry != NULL && entry->generation == generation) {
        entry->is_accepted = true;
    }
    unlock(cache);
    free(joined);
}

/* Take a refused token out of its entry. Returns: whether another one may be tried. */
static bool refuse_locked(struct entry *entry, uint64_t generation, uint64_t now_ns,
                          struct secret **out_unused)
{
    if (entry->secret == NULL || entry->generation != generation) {
        /* another thread was here before: a newer one is there or comes, or it was final */
        return entry->secret != NULL || now_ns >= entry->refused_until_ns;
    }
    *out_unused = unref_locked(entry->secret);
    entry->secret = NULL;
    if (!entry->is_renewal || entry->is_accepted) {
        entry->was_refused = true;
        return true;
    }
    (void)tug__fail(&entry->failure, TUG_ERR_AUTH,
                    "the registry refuses a token that was just made for it");
    entry->refused_until_ns = now_ns + TUG__TOKEN_REFUSED_MS * TUG__NS_PER_MS;
    return false;
}

bool tug__token_reject(struct tug__token_cache *cache, const struct tug__token_key *key,
                       uint64_t generation)
{
    size_t length;
    char *const joined = join_key(key, &length);
    struct secret *unused = NULL;
    struct entry *entry;
    bool is_worth_it = true;

    if (joined == NULL) {
        return false;
    }
    lock(cache);
    entry = find_locked(cache, joined, length);
    if (entry != NULL) {
        is_worth_it = refuse_locked(entry, generation, now(cache), &unused);
    }
    unlock(cache);
    free_secret(unused);
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
    while (cache->entries != NULL) {
        struct entry *const entry = cache->entries;

        cache->entries = entry->next;
        free_entry(entry);
    }
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
