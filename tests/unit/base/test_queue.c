/* SPDX-License-Identifier: Apache-2.0
 *
 * Queues and bells: capacity, order, one ring a message, two threads. tests/stress has the rest.
 */
#include "base/queue.h"

#include <pthread.h>
#include <signal.h>

#include <criterion/criterion.h>

#include "base/clock.h"

static int objects[16];

static struct tug__msg message(uint64_t number)
{
    return (struct tug__msg){.kind = (uint32_t)number,
                             .object = &objects[number % 16],
                             .offset = number,
                             .length = number * 2};
}

struct pair {
    struct tug__bell *bell;
    struct tug__queue *queue;
};

static struct pair pair_create(enum tug__queue_shape shape, uint32_t capacity)
{
    struct pair pair = {0};

    cr_assert_eq(tug__bell_create(&pair.bell, NULL), TUG_OK);
    cr_assert_eq(tug__queue_create(shape, capacity, pair.bell, &pair.queue, NULL), TUG_OK);
    return pair;
}

static void pair_destroy(struct pair *pair)
{
    tug__queue_destroy(pair->queue);
    tug__bell_destroy(pair->bell);
}

static void expect_message(struct tug__queue *queue, uint64_t number)
{
    struct tug__msg msg = {0};

    cr_assert(tug__queue_pop(queue, &msg), "message %d is missing", (int)number);
    cr_assert_eq(msg.kind, (uint32_t)number);
    cr_assert_eq(msg.object, &objects[number % 16]);
    cr_assert(msg.offset == number);
    cr_assert(msg.length == number * 2);
}

Test(base_queue, holds_its_capacity_in_order)
{
    static const uint32_t capacities[] = {1, 2, 3, 4, 7, 8, 100, 1024, 65535};

    for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
        for (int shape = TUG__QUEUE_SPSC; shape <= TUG__QUEUE_SPMC; shape++) {
            struct pair pair = pair_create((enum tug__queue_shape)shape, capacities[i]);
            struct tug__msg msg = message(0);

            for (uint64_t n = 0; n < capacities[i]; n++) {
                msg = message(n);
                cr_assert(tug__queue_try_push(pair.queue, &msg), "%u of %u", (unsigned)n,
                          capacities[i]);
            }
            cr_assert_not(tug__queue_try_push(pair.queue, &msg), "more than %u", capacities[i]);
            for (uint64_t n = 0; n < capacities[i]; n++) {
                expect_message(pair.queue, n);
            }
            cr_assert_not(tug__queue_pop(pair.queue, &msg));
            pair_destroy(&pair);
        }
    }
    tug__queue_destroy(NULL);
    tug__bell_destroy(NULL);
}

Test(base_queue, goes_round_and_round)
{
    struct pair pair = pair_create(TUG__QUEUE_SPMC, 3);
    uint64_t pushed = 0;
    uint64_t popped = 0;

    while (popped < 1000) {
        struct tug__msg msg = message(pushed);

        while (tug__queue_try_push(pair.queue, &msg)) {
            msg = message(++pushed);
        }
        cr_assert(pushed == popped + 3);
        for (uint64_t i = 0; i <= popped % 3; i++) {
            expect_message(pair.queue, popped);
            popped++;
        }
    }
    pair_destroy(&pair);
}

Test(base_queue, rings_once_a_message)
{
    struct pair pair = pair_create(TUG__QUEUE_SPSC, 2);
    struct tug__msg msg = message(1);

    cr_assert_not(tug__bell_try(pair.bell));
    cr_assert(tug__queue_try_push(pair.queue, &msg));
    tug__queue_push(pair.queue, &msg);
    cr_assert_not(tug__queue_try_push(pair.queue, &msg));
    cr_assert(tug__bell_try(pair.bell));
    cr_assert(tug__bell_try(pair.bell));
    cr_assert_not(tug__bell_try(pair.bell), "a push that failed rang");
    cr_assert(tug__queue_pop(pair.queue, &msg));
    cr_assert_not(tug__bell_try(pair.bell), "a pop rang");
    tug__bell_ring(pair.bell);
    tug__bell_ring(pair.bell);
    tug__bell_take(pair.bell);
    cr_assert(tug__bell_try(pair.bell), "take used up more than one ring");
    cr_assert_not(tug__bell_try(pair.bell));
    pair_destroy(&pair);
}

Test(base_queue, one_bell_serves_several_queues)
{
    struct pair pair = pair_create(TUG__QUEUE_SPSC, 4);
    struct tug__queue *other = NULL;
    struct tug__msg msg = message(1);

    cr_assert_eq(tug__queue_create(TUG__QUEUE_SPSC, 4, pair.bell, &other, NULL), TUG_OK);
    tug__queue_push(pair.queue, &msg);
    tug__queue_push(other, &msg);
    cr_assert(tug__bell_try(pair.bell));
    cr_assert(tug__bell_try(pair.bell));
    cr_assert_not(tug__bell_try(pair.bell));
    tug__queue_destroy(other);
    pair_destroy(&pair);
}

Test(base_queue, waiting_uses_up_all_rings, .timeout = 20)
{
    struct pair pair = pair_create(TUG__QUEUE_SPSC, 4);

    for (int i = 0; i < 5; i++) {
        tug__bell_ring(pair.bell);
    }
    tug__bell_wait(pair.bell, TUG__NEVER_NS);
    cr_assert_not(tug__bell_try(pair.bell));
    tug__bell_ring(pair.bell);
    tug__bell_wait(pair.bell, 0); /* a deadline long past */
    cr_assert_not(tug__bell_try(pair.bell));
    pair_destroy(&pair);
}

Test(base_queue, waiting_ends_at_the_deadline, .timeout = 20)
{
    struct pair pair = pair_create(TUG__QUEUE_SPSC, 4);
    const uint64_t deadline_ns = tug__deadline_ns(30);

    tug__bell_wait(pair.bell, deadline_ns);
    cr_assert(tug__now_ns() >= deadline_ns, "woken up early");
    tug__bell_wait(pair.bell, 0);
    pair_destroy(&pair);
}

#define MESSAGES 20000

static void *produce(void *argument)
{
    struct tug__queue *const queue = argument;

    for (uint64_t n = 0; n < MESSAGES; n++) {
        const struct tug__msg msg = message(n);

        tug__queue_push(queue, &msg);
    }
    return NULL;
}

Test(base_queue, two_threads_keep_the_order, .timeout = 60)
{
    static const uint32_t capacities[] = {1, 2, 64};

    for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
        for (int shape = TUG__QUEUE_SPSC; shape <= TUG__QUEUE_SPMC; shape++) {
            struct pair pair = pair_create((enum tug__queue_shape)shape, capacities[i]);
            pthread_t producer;

            cr_assert_eq(pthread_create(&producer, NULL, produce, pair.queue), 0);
            for (uint64_t n = 0; n < MESSAGES; n++) {
                tug__bell_take(pair.bell);
                expect_message(pair.queue, n); /* a ring means that one is there */
            }
            cr_assert_eq(pthread_join(producer, NULL), 0);
            cr_assert_not(tug__bell_try(pair.bell));
            pair_destroy(&pair);
        }
    }
}

struct sleeper {
    struct tug__bell *bell;
    bool has_woken; /* read after the join */
};

static void ignore_signal(int number)
{
    (void)number;
}

static void *sleep_on_bell(void *argument)
{
    struct sleeper *const sleeper = argument;

    tug__bell_wait(sleeper->bell, TUG__NEVER_NS);
    sleeper->has_woken = true;
    return NULL;
}

/* A signal without SA_RESTART interrupts the wait, but is no ring. */
Test(base_queue, signals_are_no_rings, .timeout = 20)
{
    struct pair pair = pair_create(TUG__QUEUE_SPSC, 1);
    const struct sigaction action = {.sa_handler = ignore_signal};
    struct sleeper sleeper = {.bell = pair.bell};
    struct timespec deadline;
    pthread_t thread;

    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    cr_assert_eq(pthread_create(&thread, NULL, sleep_on_bell, &sleeper), 0);
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(pthread_kill(thread, SIGUSR1), 0);
    }
    (void)clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += deadline.tv_nsec / 950000000;
    deadline.tv_nsec = (deadline.tv_nsec + 50000000) % 1000000000;
    cr_assert_neq(pthread_timedjoin_np(thread, NULL, &deadline), 0, "a signal ended the wait");
    tug__bell_ring(pair.bell);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert(sleeper.has_woken);
    pair_destroy(&pair);
}
