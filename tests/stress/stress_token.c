/* SPDX-License-Identifier: Apache-2.0
 *
 * Stress of the token cache: many threads, few keys, a registry that refuses tokens, a token server
 * that fails, wakes and cancels all the time. No key is ever fetched by two threads at once, every
 * token belongs to its key, nobody sleeps for ever. A plain program, because criterion does not run
 * under ThreadSanitizer.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token.h"
#include "base/error.h"
#include "base/str.h"

#define THREADS 8
#define KEYS 5
#define ROUNDS 4000

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* One key's token server. */
struct server {
    char scope[16];
    atomic_int fetching;
    atomic_uint fetches;
};

struct thread {
    struct tug__token_cache *cache;
    struct server *servers;
    unsigned seed;
    unsigned tokens;
    pthread_t thread;
};

static enum tug_status fetch(void *context, struct tug__token_reply *out_reply,
                             struct tug_error *err)
{
    static const enum tug_status failures[] = {TUG_ERR_NETWORK, TUG_ERR_CANCELLED};
    struct server *const server = context;
    const unsigned number = atomic_fetch_add(&server->fetches, 1);
    enum tug_status status = TUG_OK;

    REQUIRE(atomic_fetch_add(&server->fetching, 1) == 0);
    for (unsigned i = 0; i < number % 4; i++) {
        (void)sched_yield();
    }
    if (number % 5 == 1) {
        status = tug__fail(err, failures[number % 2], "failure %u", number);
    } else {
        out_reply->token = strdup(server->scope);
        out_reply->lifetime_s = 60 + number % 100;
        REQUIRE(out_reply->token != NULL);
    }
    REQUIRE(atomic_fetch_sub(&server->fetching, 1) == 1);
    return status;
}

static bool should_stop(void *context)
{
    struct thread *const thread = context;

    return rand_r(&thread->seed) % 16 == 0;
}

/* One request: get a token, be accepted or refused by the registry. */
static void ask(struct thread *thread)
{
    struct server *const server = &thread->servers[(unsigned)rand_r(&thread->seed) % KEYS];
    const struct tug__token_request request = {.key = {.origin = "o", .scope = server->scope},
                                               .fetch = fetch,
                                               .fetch_context = server,
                                               .should_stop = should_stop,
                                               .stop_context = thread};
    char *token = NULL;
    uint64_t generation = 0;
    struct tug_error err = {0};
    const enum tug_status status =
        tug__token_get(thread->cache, &request, &token, &generation, &err);

    if (status != TUG_OK) {
        REQUIRE(status == TUG_ERR_NETWORK || status == TUG_ERR_CANCELLED);
        REQUIRE(err.code == status);
        return;
    }
    REQUIRE(strcmp(token, server->scope) == 0 && generation != 0);
    tug__wipe_free(token);
    tug__token_accept(thread->cache, &request.key, generation);
    if (rand_r(&thread->seed) % 4 == 0) {
        REQUIRE(tug__token_reject(thread->cache, &request.key, generation));
    }
    thread->tokens++;
}

static void *run(void *argument)
{
    struct thread *const thread = argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        ask(thread);
        if (i % 8 == 0) {
            tug__token_cache_wake(thread->cache);
        }
    }
    return NULL;
}

int main(void)
{
    struct server servers[KEYS];
    struct thread threads[THREADS];
    struct tug__token_cache *cache = NULL;
    unsigned tokens = 0;
    unsigned fetches = 0;

    REQUIRE(tug__token_cache_create(&cache, NULL) == TUG_OK);
    memset(servers, 0, sizeof servers);
    for (unsigned i = 0; i < KEYS; i++) {
        (void)snprintf(servers[i].scope, sizeof servers[i].scope, "scope-%u", i);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = (struct thread){.cache = cache, .servers = servers, .seed = i + 1};
        REQUIRE(pthread_create(&threads[i].thread, NULL, run, &threads[i]) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        REQUIRE(pthread_join(threads[i].thread, NULL) == 0);
        tokens += threads[i].tokens;
    }
    for (unsigned i = 0; i < KEYS; i++) {
        fetches += atomic_load(&servers[i].fetches);
    }
    REQUIRE(tokens > 0 && fetches > 0);
    tug__token_cache_destroy(cache);
    printf("%u tokens, %u fetches\n", tokens, fetches);
    return 0;
}
