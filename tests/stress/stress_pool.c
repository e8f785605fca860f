/* SPDX-License-Identifier: Apache-2.0
 *
 * Stress of a run's threads: started, fed with documents and stopped at any moment. Every document
 * comes back exactly once, the good ones stored, and nobody sleeps for ever.
 */
#include <string.h>

#include "base/clock.h"
#include "oci/digest.h"
#include "pool/pool.h"
#include "stress/stress.h"
#include "support/tmpdir.h"

#define ROUNDS 6
#define DOCUMENTS_MAX 300

struct round {
    struct tug__job jobs[DOCUMENTS_MAX];
    unsigned returns[DOCUMENTS_MAX];
    unsigned returned;
};

static void on_event(void *context, const struct tug__msg *msg)
{
    struct round *const round = context;
    const struct tug__job *const job = msg->object;
    const size_t number = (size_t)(job - round->jobs);

    REQUIRE(msg->kind == TUG__MSG_JOB_DONE || msg->kind == TUG__MSG_JOB_FAILED);
    REQUIRE((msg->kind == TUG__MSG_JOB_DONE) == (number % 10 != 9)); /* see fill */
    round->returns[number]++;
    round->returned++;
}

/* Make a document; every tenth has not the digest it is asked for by. */
static void fill(struct tug__job *job, unsigned number)
{
    char text[64];

    (void)snprintf(text, sizeof text, "{\"number\":%u}", number);
    job->kind = TUG__JOB_INLINE;
    job->request.has_size = true;
    job->request.size_bytes = strlen(text);
    job->result.reply.length = strlen(text);
    REQUIRE(tug__digest_of(TUG_DIGEST_SHA256, text, strlen(text), &job->request.digest, NULL) ==
            TUG_OK);
    if (number % 10 == 9) {
        text[2] ^= 1;
    }
    job->result.reply.body = strdup(text);
    REQUIRE(job->result.reply.body != NULL);
    tug__cancel_init(&job->cancel);
}

/* Send documents, taking events now and then, and stop in the middle of it all. */
static void feed(struct tug__pool *pool, struct tug__bell *bell, struct round *round,
                 unsigned count, uint64_t *random)
{
    struct tug__msg event;

    for (unsigned i = 0; i < count; i++) {
        const struct tug__msg msg = {.kind = TUG__MSG_DOCUMENT, .object = &round->jobs[i]};

        fill(&round->jobs[i], i);
        tug__pool_send(pool, stress_random(random, tug__pool_lane_count(pool)), &msg);
        if (stress_random(random, 50) == 0) {
            tug__pool_wake(pool);
        }
        if (stress_random(random, 20) == 0) {
            tug__bell_wait(bell, tug__deadline_ns(1));
            while (tug__pool_next_event(pool, &event)) {
                on_event(round, &event);
            }
        }
    }
    tug__pool_stop(pool, &(struct tug__pool_handler){.on_event = on_event, .context = round});
}

static void run_round(struct tug_store *store, uint64_t *random)
{
    struct tug__pool_settings settings = {
        .store = store,
        .worker_count = 1 + stress_random(random, 12),
        .client = {.connect_timeout_ms = 1000, .stall_timeout_ms = 1000}};
    const unsigned count = stress_random(random, DOCUMENTS_MAX);
    struct round *const round = calloc(1, sizeof *round);
    struct tug__pool *pool = NULL;
    struct tug__bell *bell = NULL;
    struct tug__session *session = NULL;

    REQUIRE(round != NULL);
    REQUIRE(tug__bell_create(&bell, NULL) == TUG_OK);
    REQUIRE(tug__session_create(&(struct tug__session_settings){0}, &session, NULL) == TUG_OK);
    settings.client.session = session;
    REQUIRE(tug__pool_start(&settings, bell, &pool, NULL) == TUG_OK);
    feed(pool, bell, round, count, random);
    tug__pool_destroy(pool);
    tug__session_destroy(session);
    tug__bell_destroy(bell);
    REQUIRE(round->returned == count);
    for (unsigned i = 0; i < count; i++) {
        bool is_present = false;

        REQUIRE(round->returns[i] == 1);
        REQUIRE(tug_store_stat(store, &round->jobs[i].request.digest, &is_present, NULL, NULL) ==
                TUG_OK);
        REQUIRE(is_present == (i % 10 != 9));
        free(round->jobs[i].result.reply.body);
    }
    free(round);
}

int main(int argc, char **argv)
{
    uint64_t random = stress_seed(argc, argv);
    const struct tug_store_options options = {.size = sizeof options,
                                              .durability = TUG_DURABILITY_NONE};

    REQUIRE(tug__registry_acquire(NULL) == TUG_OK);
    for (unsigned i = 0; i < ROUNDS; i++) {
        char *const path = tmpdir_create();
        struct tug_store *store = NULL;

        REQUIRE(tug_store_open(path, &options, &store, NULL) == TUG_OK);
        run_round(store, &random);
        tug_store_close(store);
        tmpdir_remove(path);
    }
    tug__registry_release();
    puts("stress-pool: every document came back once");
    return 0;
}
