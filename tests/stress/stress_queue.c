/* SPDX-License-Identifier: Apache-2.0
 *
 * Stress of the queues: many messages, few places, more threads than cores; every message arrives
 * exactly once, in order within its queue, and nobody sleeps for ever. A plain program, because
 * criterion does not run under ThreadSanitizer.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/queue.h"
#include "stress/stress.h"

#define CONSUMERS_MAX 8
#define ROUNDS 4
#define MESSAGES 20000
#define STOP_KIND 7

/* What a message carries: plain memory, so that a hand-over without ordering is a race TSan sees.
 */
struct item {
    uint64_t number;
    uint64_t check;
};

struct consumer {
    struct tug__queue *jobs;
    struct tug__bell *job_bell;
    struct tug__queue *results;
    pthread_t thread;
};

/* Take jobs, change them, send them on. */
static void *consume(void *argument)
{
    struct consumer *const consumer = argument;

    for (;;) {
        struct tug__msg msg;

        tug__bell_take(consumer->job_bell);
        if (!tug__queue_pop(consumer->jobs, &msg)) {
            continue;
        }
        if (msg.kind != STOP_KIND) {
            struct item *const item = msg.object;

            REQUIRE(item->number == msg.offset);
            item->check = item->number * 3;
        }
        tug__queue_push(consumer->results, &msg);
        if (msg.kind == STOP_KIND) {
            return NULL;
        }
    }
}

/* One producer, several consumers, and back over one queue each. */
static void run_round(uint32_t capacity, unsigned consumer_count, struct item *items)
{
    struct consumer consumers[CONSUMERS_MAX] = {0};
    struct tug__bell *job_bell = NULL;
    struct tug__bell *own_bell = NULL;
    struct tug__queue *jobs = NULL;
    uint64_t sent = 0;
    uint64_t received = 0;
    unsigned stopped = 0;

    REQUIRE(tug__bell_create(&job_bell, NULL) == TUG_OK);
    REQUIRE(tug__bell_create(&own_bell, NULL) == TUG_OK);
    REQUIRE(tug__queue_create(TUG__QUEUE_SPMC, capacity, job_bell, &jobs, NULL) == TUG_OK);
    for (unsigned i = 0; i < consumer_count; i++) {
        consumers[i].jobs = jobs;
        consumers[i].job_bell = job_bell;
        REQUIRE(tug__queue_create(TUG__QUEUE_SPSC, capacity, own_bell, &consumers[i].results,
                                  NULL) == TUG_OK);
        REQUIRE(pthread_create(&consumers[i].thread, NULL, consume, &consumers[i]) == 0);
    }
    while (stopped < consumer_count) {
        struct tug__msg msg = {.kind = 1};

        for (; sent < MESSAGES + consumer_count; sent++) {
            items[sent] = (struct item){.number = sent};
            msg.kind = sent < MESSAGES ? 1 : STOP_KIND;
            msg.object = &items[sent];
            msg.offset = sent;
            if (!tug__queue_try_push(jobs, &msg)) {
                break;
            }
        }
        tug__bell_wait(own_bell, tug__deadline_ns(10000));
        for (unsigned i = 0; i < consumer_count; i++) {
            while (tug__queue_pop(consumers[i].results, &msg)) {
                if (msg.kind == STOP_KIND) {
                    stopped++;
                } else {
                    REQUIRE(((struct item *)msg.object)->check == msg.offset * 3);
                    received++;
                }
            }
        }
    }
    REQUIRE(received == MESSAGES);
    for (unsigned i = 0; i < consumer_count; i++) {
        REQUIRE(pthread_join(consumers[i].thread, NULL) == 0);
        tug__queue_destroy(consumers[i].results);
    }
    tug__queue_destroy(jobs);
    tug__bell_destroy(job_bell);
    tug__bell_destroy(own_bell);
}

int main(int argc, char **argv)
{
    static const uint32_t capacities[] = {1, 2, 3, 12, 64, 1024};
    uint64_t random = stress_seed(argc, argv);
    struct item *const items = calloc(MESSAGES + CONSUMERS_MAX, sizeof *items);

    REQUIRE(items != NULL);
    for (unsigned round = 0; round < ROUNDS; round++) {
        const uint32_t capacity =
            capacities[stress_random(&random, sizeof capacities / sizeof *capacities)];
        const unsigned consumer_count = 1 + stress_random(&random, CONSUMERS_MAX);

        printf("%u places, %u consumers\n", capacity, consumer_count);
        (void)fflush(stdout);
        run_round(capacity, consumer_count, items);
    }
    free(items);
    puts("stress-queue: every message arrived once");
    return 0;
}
