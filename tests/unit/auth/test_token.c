/* SPDX-License-Identifier: Apache-2.0
 *
 * The token cache: how often tokens are fetched, by whom, and what failures do.
 */
#include "auth/token.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"

#define THREADS 8

/* A token server: counts, and answers what it is told to. */
struct server {
    atomic_int fetches;
    atomic_int waits; /* counted by should_stop of those who wait */
    atomic_bool is_stopped;
    enum tug_status status;
    uint64_t lifetime_s;
    uint64_t now_ns;   /* of a test's own clock */
    uint64_t takes_ms; /* moves that clock during a fetch */
    bool holds;        /* answer only after a post */
    sem_t go;
    struct tug__token_cache *cache;
};

static enum tug_status fetch(void *context, struct tug__token_reply *out_reply,
                             struct tug_error *err)
{
    struct server *const server = context;
    const int number = atomic_fetch_add(&server->fetches, 1) + 1;
    char text[32];

    if (server->holds) {
        (void)sem_wait(&server->go);
    }
    server->now_ns += server->takes_ms * TUG__NS_PER_MS;
    if (server->status != TUG_OK) {
        return tug__fail(err, server->status, "failure %d", number);
    }
    (void)snprintf(text, sizeof text, "token-%d", number);
    *out_reply = (struct tug__token_reply){.token = strdup(text), .lifetime_s = server->lifetime_s};
    return TUG_OK;
}

static bool should_stop(void *context)
{
    struct server *const server = context;

    (void)atomic_fetch_add(&server->waits, 1);
    return atomic_load(&server->is_stopped);
}

static void start(struct server *server, uint64_t lifetime_s)
{
    memset(server, 0, sizeof *server);
    server->lifetime_s = lifetime_s;
    cr_assert_eq(sem_init(&server->go, 0, 0), 0);
    cr_assert_eq(tug__token_cache_create(&server->cache, NULL), TUG_OK);
}

static void stop(struct server *server)
{
    tug__token_cache_destroy(server->cache);
    (void)sem_destroy(&server->go);
}

static const struct tug__token_key a_key = {.origin = "https://r:443", .realm = "https://a/t"};

static struct tug__token_request request_of(struct server *server)
{
    return (struct tug__token_request){.key = a_key,
                                       .fetch = fetch,
                                       .fetch_context = server,
                                       .should_stop = should_stop,
                                       .stop_context = server};
}

static void expect_key(struct server *server, const struct tug__token_key *key, const char *text,
                       uint64_t *out_generation)
{
    struct tug__token_request request = request_of(server);
    struct tug_error err = {0};
    char *token = NULL;
    uint64_t generation = 0;

    request.key = *key;
    cr_assert_eq(tug__token_get(server->cache, &request, &token, &generation, &err), TUG_OK, "%s",
                 err.message);
    cr_assert_str_eq(token, text);
    cr_assert_neq(generation, 0u);
    tug__wipe_free(token);
    if (out_generation != NULL) {
        *out_generation = generation;
    }
}

static void expect(struct server *server, const char *text, uint64_t *out_generation)
{
    expect_key(server, &a_key, text, out_generation);
}

static void expect_failure(struct server *server, enum tug_status code, const char *why)
{
    const struct tug__token_request request = request_of(server);
    struct tug_error err = {0};
    char *token = NULL;
    uint64_t generation = 0;

    cr_assert_eq(tug__token_get(server->cache, &request, &token, &generation, &err), code);
    cr_assert_eq(err.code, code);
    cr_assert_not_null(strstr(err.message, why), "%s", err.message);
    cr_assert_null(token);
    cr_assert_eq(generation, 0u);
}

/* Wait until a moment of the monotonic clock. */
static void sleep_until(uint64_t when_ns)
{
    const struct timespec when = {.tv_sec = (time_t)(when_ns / TUG__NS_PER_S),
                                  .tv_nsec = (long)(when_ns % TUG__NS_PER_S)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) != 0) {
    }
}

Test(auth_token, fetches_once_for_each_key)
{
    static const struct tug__token_key others[] = {
        {.origin = "https://r:444", .realm = "https://a/t"},
        {.origin = "https://r:443", .realm = "https://b/t"},
        {.origin = "https://r:443", .realm = "https://a/t", .service = "s"},
        {.origin = "https://r:443", .realm = "https://a/t", .scope = "s"},
        {.origin = "https://r:443", .realm = "https://a/t", .account = "s"},
    };
    struct server server;
    char text[32];

    start(&server, 300);
    expect(&server, "token-1", NULL);
    expect(&server, "token-1", NULL);
    for (int i = 0; i < 5; i++) {
        (void)snprintf(text, sizeof text, "token-%d", i + 2);
        expect_key(&server, &others[i], text, NULL);
        expect_key(&server, &others[i], text, NULL);
    }
    expect(&server, "token-1", NULL);
    stop(&server);
}

Test(auth_token, remembers_a_bounded_number)
{
    struct server server;
    char scope[32];
    char text[32];

    start(&server, 300);
    for (int i = 1; i <= TUG__TOKEN_CACHE_MAX + 10; i++) {
        const struct tug__token_key key = {.origin = "o", .scope = scope};

        (void)snprintf(scope, sizeof scope, "%d", i);
        (void)snprintf(text, sizeof text, "token-%d", i);
        expect_key(&server, &key, text, NULL);
        (void)strcpy(scope, "1"); // used all the time, stays
        expect_key(&server, &key, "token-1", NULL);
    }
    {
        const struct tug__token_key key = {.origin = "o", .scope = "2"}; // not used for longest

        (void)snprintf(text, sizeof text, "token-%d", TUG__TOKEN_CACHE_MAX + 11);
        expect_key(&server, &key, text, NULL);
    }
    stop(&server);
}

static void *get_one(void *argument)
{
    struct server *const server = argument;
    const struct tug__token_request request = request_of(server);
    char *token = NULL;
    uint64_t generation = 0;
    struct tug_error *const err = calloc(1, sizeof *err);

    if (tug__token_get(server->cache, &request, &token, &generation, err) == TUG_OK) {
        (void)snprintf(err->message, sizeof err->message, "%s", token);
    }
    tug__wipe_free(token);
    return err;
}

/* Start threads that want the same token, and let the server answer once all others wait. */
static void run_threads(struct server *server, struct tug_error errors[THREADS])
{
    pthread_t threads[THREADS];

    server->holds = true;
    for (size_t i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, get_one, server), 0);
    }
    while (atomic_load(&server->waits) < THREADS - 1) {
        sleep_until(tug__deadline_ns(1));
    }
    for (size_t i = 0; i < THREADS; i++) {
        (void)sem_post(&server->go); // more fetches than one would go through too
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *result = NULL;

        cr_assert_eq(pthread_join(threads[i], &result), 0);
        errors[i] = *(struct tug_error *)result;
        free(result);
    }
}

Test(auth_token, fetches_once_for_many_threads, .timeout = 30)
{
    struct tug_error errors[THREADS];
    struct server server;

    start(&server, 300);
    run_threads(&server, errors);
    for (size_t i = 0; i < THREADS; i++) {
        cr_assert_str_eq(errors[i].message, "token-1");
    }
    cr_assert_eq(atomic_load(&server.fetches), 1);
    stop(&server);
}

Test(auth_token, gives_a_failure_to_all_who_waited_for_it, .timeout = 30)
{
    struct tug_error errors[THREADS];
    struct server server;

    start(&server, 300);
    server.status = TUG_ERR_NETWORK; // which is not remembered for those who come later
    run_threads(&server, errors);
    for (size_t i = 0; i < THREADS; i++) {
        cr_assert_eq(errors[i].code, TUG_ERR_NETWORK);
        cr_assert_str_eq(errors[i].message, "failure 1");
    }
    cr_assert_eq(atomic_load(&server.fetches), 1);
    stop(&server);
}

Test(auth_token, remembers_refusals_but_no_network_failures)
{
    struct server server;

    start(&server, 300);
    server.status = TUG_ERR_NETWORK;
    expect_failure(&server, TUG_ERR_NETWORK, "failure 1");
    expect_failure(&server, TUG_ERR_NETWORK, "failure 2");
    server.status = TUG_ERR_RATE_LIMITED;
    expect_failure(&server, TUG_ERR_RATE_LIMITED, "failure 3");
    server.status = TUG_OK;
    expect(&server, "token-4", NULL);
    stop(&server);
    start(&server, 300);
    server.status = TUG_ERR_AUTH;
    expect_failure(&server, TUG_ERR_AUTH, "failure 1");
    server.status = TUG_OK;
    expect_failure(&server, TUG_ERR_AUTH, "failure 1");
    cr_assert_eq(atomic_load(&server.fetches), 1);
    stop(&server);
}

Test(auth_token, renews_a_refused_token_once)
{
    struct server server;
    uint64_t first = 0;
    uint64_t second = 0;

    start(&server, 300);
    expect(&server, "token-1", &first);
    cr_assert(tug__token_reject(server.cache, &a_key, first));
    expect(&server, "token-2", &second);
    cr_assert_gt(second, first);
    cr_assert(tug__token_reject(server.cache, &a_key, first), "a newer one is there already");
    expect(&server, "token-2", NULL);
    cr_assert(!tug__token_reject(server.cache, &a_key, second), "fresh, and refused as well");
    expect_failure(&server, TUG_ERR_AUTH, "just issued");
    cr_assert(!tug__token_reject(server.cache, &a_key, second));
    cr_assert(!tug__token_reject(server.cache, &a_key, first));
    cr_assert_eq(atomic_load(&server.fetches), 2);
    stop(&server);
}

Test(auth_token, renews_a_token_that_was_accepted_before)
{
    struct server server;
    uint64_t generation = 0;

    start(&server, 300);
    expect(&server, "token-1", &generation);
    cr_assert(tug__token_reject(server.cache, &a_key, generation));
    expect(&server, "token-2", &generation);
    tug__token_accept(server.cache, &a_key, generation);
    cr_assert(tug__token_reject(server.cache, &a_key, generation));
    expect(&server, "token-3", &generation);
    tug__token_accept(server.cache, &a_key, generation - 1); // says nothing about this one
    cr_assert(!tug__token_reject(server.cache, &a_key, generation));
    stop(&server);
}

static uint64_t read_own_clock(void *context)
{
    return ((const struct server *)context)->now_ns;
}

/* Start with a clock that stands still until the test moves it. */
static void start_with_clock(struct server *server, uint64_t lifetime_s)
{
    start(server, lifetime_s);
    server->now_ns = 1000 * TUG__NS_PER_S;
    tug__token_cache_set_clock(server->cache, read_own_clock, server);
}

static void set_age(struct server *server, uint64_t age_ms)
{
    server->now_ns = 1000 * TUG__NS_PER_S + age_ms * TUG__NS_PER_MS;
}

Test(auth_token, uses_a_short_token_for_its_whole_life)
{
    struct server server;

    start_with_clock(&server, 5);
    expect(&server, "token-1", NULL);
    set_age(&server, 4999);
    expect(&server, "token-1", NULL);
    set_age(&server, 5000);
    expect(&server, "token-2", NULL);
    set_age(&server, 9999);
    expect(&server, "token-2", NULL);
    set_age(&server, 10000);
    server.takes_ms = 2000; // life counts from before the fetch
    expect(&server, "token-3", NULL);
    set_age(&server, 15000);
    expect(&server, "token-4", NULL);
    server.takes_ms = 6000; // over when it comes, but handed to the one who asked for it
    set_age(&server, 25000);
    expect(&server, "token-5", NULL);
    expect(&server, "token-6", NULL);
    stop(&server);
}

Test(auth_token, renews_a_long_token_early)
{
    struct server server;

    start_with_clock(&server, 100);
    expect(&server, "token-1", NULL);
    set_age(&server, 79999);
    expect(&server, "token-1", NULL);
    set_age(&server, 80000);
    expect(&server, "token-2", NULL);
    stop(&server);
}

Test(auth_token, keeps_the_old_token_when_a_renewal_fails)
{
    struct server server;
    uint64_t first = 0;
    uint64_t generation = 0;

    start_with_clock(&server, 100);
    expect(&server, "token-1", &first);
    server.status = TUG_ERR_NETWORK;
    set_age(&server, 85000);
    expect(&server, "token-1", &generation);
    cr_assert_eq(generation, first);
    set_age(&server, 99999);
    expect(&server, "token-1", NULL);
    cr_assert_eq(atomic_load(&server.fetches), 2, "not asked again and again");
    set_age(&server, 100000);
    expect_failure(&server, TUG_ERR_NETWORK, "failure 3");
    server.status = TUG_OK;
    expect(&server, "token-4", NULL);
    stop(&server);
}

Test(auth_token, goes_on_with_the_old_token_during_a_renewal, .timeout = 30)
{
    struct server server;
    pthread_t thread;
    void *result = NULL;

    start_with_clock(&server, 100);
    expect(&server, "token-1", NULL);
    set_age(&server, 90000);
    server.holds = true;
    cr_assert_eq(pthread_create(&thread, NULL, get_one, &server), 0);
    while (atomic_load(&server.fetches) < 2) {
        sleep_until(tug__deadline_ns(1));
    }
    expect(&server, "token-1", NULL);
    cr_assert_eq(atomic_load(&server.waits), 0);
    (void)sem_post(&server.go);
    cr_assert_eq(pthread_join(thread, &result), 0);
    cr_assert_str_eq(((struct tug_error *)result)->message, "token-2");
    free(result);
    expect(&server, "token-2", NULL);
    stop(&server);
}

Test(auth_token, forgets_a_refusal_after_a_while)
{
    struct server server;
    uint64_t generation = 0;

    start_with_clock(&server, 100);
    server.status = TUG_ERR_AUTH;
    expect_failure(&server, TUG_ERR_AUTH, "failure 1");
    set_age(&server, TUG__TOKEN_REFUSED_MS - 1);
    server.status = TUG_OK;
    expect_failure(&server, TUG_ERR_AUTH, "failure 1");
    set_age(&server, TUG__TOKEN_REFUSED_MS);
    expect(&server, "token-2", &generation);
    cr_assert(tug__token_reject(server.cache, &a_key, generation));
    expect(&server, "token-3", &generation);
    cr_assert(!tug__token_reject(server.cache, &a_key, generation));
    expect_failure(&server, TUG_ERR_AUTH, "just issued");
    set_age(&server, 2 * TUG__TOKEN_REFUSED_MS);
    expect(&server, "token-4", NULL);
    stop(&server);
}

Test(auth_token, lets_those_who_wait_be_cancelled, .timeout = 30)
{
    struct server server;
    struct server waiter;
    pthread_t threads[2];
    void *result = NULL;

    start(&server, 300);
    server.holds = true;
    cr_assert_eq(pthread_create(&threads[0], NULL, get_one, &server), 0);
    while (atomic_load(&server.fetches) == 0) {
        sleep_until(tug__deadline_ns(1));
    }
    memset(&waiter, 0, sizeof waiter);
    waiter.cache = server.cache;
    cr_assert_eq(pthread_create(&threads[1], NULL, get_one, &waiter), 0);
    while (atomic_load(&waiter.waits) == 0) {
        sleep_until(tug__deadline_ns(1));
    }
    // asked already, asleep or about to be: the wake must reach it in both cases
    atomic_store(&waiter.is_stopped, true);
    tug__token_cache_wake(server.cache);
    cr_assert_eq(pthread_join(threads[1], &result), 0);
    cr_assert_eq(((struct tug_error *)result)->code, TUG_ERR_CANCELLED);
    free(result);
    (void)sem_post(&server.go);
    cr_assert_eq(pthread_join(threads[0], &result), 0);
    cr_assert_str_eq(((struct tug_error *)result)->message, "token-1");
    free(result);
    cr_assert_eq(atomic_load(&waiter.fetches), 0);
    stop(&server);
}

Test(auth_token, lets_another_fetch_when_the_first_is_cancelled, .timeout = 30)
{
    struct tug_error errors[THREADS];
    struct server server;

    start(&server, 300);
    server.status = TUG_ERR_CANCELLED;
    run_threads(&server, errors);
    cr_assert_eq(atomic_load(&server.fetches), THREADS, "nobody inherits another's cancel");
    stop(&server);
}
