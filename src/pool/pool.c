/* SPDX-License-Identifier: Apache-2.0
 *
 * Start, feed, stop and join the threads of a run.
 *
 * Knows: threads and queues. Does not know: images, what jobs mean.
 * Threads: the resolver.
 */
#include "pool/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"

/* A ring of 2^n slots holds 2^n - 1 messages, hence the odd numbers: one more would double it.
 * Messages in a segment ring: 63 pieces are 16 MiB that the hash may lag behind. */
#define SEGMENTS_CAPACITY 63
/* Messages from a worker to the resolver: a few for each of its two jobs. When the ring is full,
 * the worker waits; the resolver never waits for a worker. */
#define WORKER_EVENTS_CAPACITY 63

static unsigned choose_lane_count(unsigned worker_count)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = cores < 1 ? 1 : (unsigned)cores;

    count = count < TUG__LANES_MAX ? count : TUG__LANES_MAX;
    return count < worker_count ? count : worker_count;
}

static enum tug_status make_worker(struct tug__pool *pool, unsigned number,
                                   struct tug__client_settings settings, struct tug_error *err)
{
    struct tug__worker *const worker = &pool->workers[number];
    enum tug_status status;

    worker->pool = pool;
    worker->number = number;
    settings.should_stop = tug__worker_should_stop;
    settings.stop_context = worker;
    settings.on_far = tug__worker_tell_far;
    settings.far_context = worker;
    status = tug__client_create(&settings, &worker->client, err);
    if (status == TUG_OK) {
        status = tug__queue_create(TUG__QUEUE_SPSC, WORKER_EVENTS_CAPACITY, pool->resolver_bell,
                                   &worker->events, err);
    }
    for (unsigned i = 0; status == TUG_OK && i < pool->lane_count; i++) {
        status = tug__queue_create(TUG__QUEUE_SPSC, SEGMENTS_CAPACITY, pool->lanes[i].bell,
                                   &worker->segments[i], err);
    }
    return status;
}

static enum tug_status make_lane(struct tug__pool *pool, unsigned number, struct tug_error *err)
{
    struct tug__lane *const lane = &pool->lanes[number];
    enum tug_status status;

    lane->pool = pool;
    lane->number = number;
    lane->buffer = malloc(TUG__READ_BACK_BYTES);
    if (lane->buffer == NULL) {
        return tug__fail_memory(err);
    }
    status = tug__bell_create(&lane->bell, err);
    if (status == TUG_OK) {
        status =
            tug__queue_create(TUG__QUEUE_SPSC, TUG__LANE_WORK_MAX, lane->bell, &lane->inbox, err);
    }
    if (status == TUG_OK) {
        status = tug__queue_create(TUG__QUEUE_SPSC, TUG__LANE_WORK_MAX, pool->resolver_bell,
                                   &lane->events, err);
    }
    return status;
}

static enum tug_status make_parts(struct tug__pool *pool, const struct tug__client_settings *client,
                                  struct tug_error *err)
{
    enum tug_status status = tug__bell_create(&pool->job_bell, err);

    if (status == TUG_OK) {
        status = tug__queue_create(TUG__QUEUE_SPMC, TUG__JOBS_OUT_MAX(pool->worker_count),
                                   pool->job_bell, &pool->jobs, err);
    }
    for (unsigned i = 0; status == TUG_OK && i < pool->lane_count; i++) {
        status = make_lane(pool, i, err);
    }
    for (unsigned i = 0; status == TUG_OK && i < pool->worker_count; i++) {
        status = make_worker(pool, i, *client, err);
    }
    return status;
}

/* Give every thread its row. The order is that of what is shown. */
static void make_rows(struct tug__pool *pool, struct tug__trace *trace)
{
    for (unsigned i = 0; i < pool->worker_count; i++) {
        pool->workers[i].row = tug__trace_row(trace, "worker", (int)i);
    }
    for (unsigned i = 0; i < pool->lane_count; i++) {
        pool->lanes[i].row = tug__trace_row(trace, "lane", (int)i);
    }
}

/* Threads start working when their number is known (see start_threads). */
static void wait_at_gate(struct tug__pool *pool)
{
    (void)pthread_mutex_lock(&pool->gate);
    (void)pthread_mutex_unlock(&pool->gate);
}

static void *lane_main(void *argument)
{
    struct tug__lane *const lane = argument;

    wait_at_gate(lane->pool);
    return tug__lane_main(lane);
}

static void *worker_main(void *argument)
{
    struct tug__worker *const worker = argument;

    wait_at_gate(worker->pool);
    return tug__worker_main(worker);
}

static enum tug_status start_lane(struct tug__pool *pool, unsigned number, struct tug_error *err)
{
    struct tug__lane *const lane = &pool->lanes[number];
    const enum tug_status status = tug__thread_start(&lane->thread, lane_main, lane, err);

    lane->is_started = status == TUG_OK;
    pool->running_lanes += lane->is_started;
    pool->working_lanes += lane->is_started;
    return status;
}

static enum tug_status start_worker(struct tug__pool *pool, unsigned number, struct tug_error *err)
{
    struct tug__worker *const worker = &pool->workers[number];
    const enum tug_status status = tug__thread_start(&worker->thread, worker_main, worker, err);

    worker->is_started = status == TUG_OK;
    pool->running_workers += worker->is_started;
    return status;
}

static void worker_fini(struct tug__pool *pool, struct tug__worker *worker)
{
    for (unsigned lane = 0; lane < pool->lane_count; lane++) {
        tug__queue_destroy(worker->segments[lane]);
    }
    tug__queue_destroy(worker->events);
    tug__client_destroy(worker->client);
    free(worker->buffer);
    *worker = (struct tug__worker){0};
}

static void lane_fini(struct tug__lane *lane)
{
    tug__queue_destroy(lane->inbox);
    tug__queue_destroy(lane->events);
    tug__bell_destroy(lane->bell);
    free(lane->buffer);
    *lane = (struct tug__lane){0};
}

/* Free the workers and lanes that got no thread: the last ones. */
static void trim(struct tug__pool *pool)
{
    while (!pool->workers[pool->worker_count - 1].is_started) {
        worker_fini(pool, &pool->workers[--pool->worker_count]);
    }
    while (!pool->lanes[pool->lane_count - 1].is_started) {
        pool->lane_count--;
        for (unsigned i = 0; i < pool->worker_count; i++) {
            tug__queue_destroy(pool->workers[i].segments[pool->lane_count]);
            pool->workers[i].segments[pool->lane_count] = NULL;
        }
        lane_fini(&pool->lanes[pool->lane_count]);
    }
}

/* Start the threads, one of each kind first: if the system has no more, a run can work with those,
 * if slowly. They wait at the gate meanwhile, because each reads the number of threads. Threads
 * started before a failure stay counted. */
static enum tug_status start_threads(struct tug__pool *pool, struct tug_error *err)
{
    enum tug_status status;
    bool has_more = true;

    (void)pthread_mutex_lock(&pool->gate);
    status = start_lane(pool, 0, err);
    if (status == TUG_OK) {
        status = start_worker(pool, 0, err);
    }
    has_more = status == TUG_OK;
    for (unsigned i = 1; has_more && i < pool->lane_count; i++) {
        has_more = start_lane(pool, i, NULL) == TUG_OK;
    }
    for (unsigned i = 1; has_more && i < pool->worker_count; i++) {
        has_more = start_worker(pool, i, NULL) == TUG_OK;
    }
    if (status == TUG_OK) {
        trim(pool);
    }
    (void)pthread_mutex_unlock(&pool->gate);
    return status;
}

static void ignore_event(void *context, const struct tug__msg *msg)
{
    (void)context;
    (void)msg;
}

enum tug_status tug__pool_start(const struct tug__pool_settings *settings, struct tug__bell *bell,
                                struct tug__pool **out_pool, struct tug_error *err)
{
    struct tug__pool *const pool = calloc(1, sizeof *pool);
    enum tug_status status;

    if (pool == NULL) {
        return tug__fail_memory(err);
    }
    pool->store = settings->store;
    pool->resolver_bell = bell;
    pool->worker_count = settings->worker_count;
    pool->lane_count = choose_lane_count(settings->worker_count);
    (void)pthread_mutex_init(&pool->gate, NULL);
    (void)pthread_mutex_init(&pool->notice_lock, NULL);
    tug__cancel_init(&pool->stop);
    tug__counter_set(&pool->idle_workers, settings->worker_count);
    tug__budget_init(&pool->budget, settings->bytes_per_s);
    status = make_parts(pool, &settings->client, err);
    if (status == TUG_OK) {
        make_rows(pool, settings->trace);
        status = start_threads(pool, err);
        if (status != TUG_OK) {
            tug__pool_stop(pool, &(struct tug__pool_handler){.on_event = ignore_event});
        }
    }
    if (status != TUG_OK) {
        tug__pool_destroy(pool);
        return status;
    }
    *out_pool = pool;
    return TUG_OK;
}

unsigned tug__pool_worker_count(const struct tug__pool *pool)
{
    return pool->worker_count;
}

unsigned tug__pool_lane_count(const struct tug__pool *pool)
{
    return pool->lane_count;
}

bool tug__pool_submit(struct tug__pool *pool, struct tug__job *job)
{
    const struct tug__msg msg = {.kind = TUG__MSG_JOB, .object = job};

    return tug__queue_try_push(pool->jobs, &msg);
}

void tug__pool_send(struct tug__pool *pool, unsigned lane, const struct tug__msg *msg)
{
    const bool has_room = tug__queue_try_push(pool->lanes[lane].inbox, msg);

    assert(has_room); /* TUG__INBOX_MESSAGES_MAX */
    (void)has_room;
}

/* The event queue of sender number i: workers first, then lanes. */
static struct tug__queue *events_of(const struct tug__pool *pool, unsigned i)
{
    return i < pool->worker_count ? pool->workers[i].events
                                  : pool->lanes[i - pool->worker_count].events;
}

bool tug__pool_next_event(struct tug__pool *pool, struct tug__msg *out_msg)
{
    const unsigned sender_count = pool->worker_count + pool->lane_count;

    for (unsigned checked = 0; checked < sender_count;) {
        const unsigned sender = pool->next_sender;

        if (!tug__queue_pop(events_of(pool, sender), out_msg)) {
            pool->next_sender = (sender + 1) % sender_count;
            checked++;
        } else if (out_msg->kind == TUG__MSG_ENDED) {
            if (sender < pool->worker_count) {
                pool->running_workers--;
            } else {
                pool->running_lanes--;
            }
        } else if (out_msg->kind == TUG__MSG_STOPPED) {
            pool->working_lanes--;
        } else {
            return true;
        }
    }
    return false;
}

void tug__pool_set_idle(struct tug__pool *pool, unsigned count)
{
    tug__counter_set(&pool->idle_workers, count);
}

void tug__pool_wake(struct tug__pool *pool)
{
    for (unsigned i = 0; i < pool->worker_count; i++) {
        tug__client_wake(pool->workers[i].client);
    }
    tug__budget_wake(&pool->budget);
}

uint64_t tug__pool_received(const struct tug__pool *pool)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < pool->worker_count; i++) {
        sum += tug__counter_get(&pool->workers[i].received);
    }
    return sum;
}

void tug__pool_count_requests(const struct tug__pool *pool, unsigned *out_asking,
                              unsigned *out_receiving)
{
    *out_asking = 0;
    *out_receiving = 0;
    for (unsigned i = 0; i < pool->worker_count; i++) {
        const uint64_t phase = tug__counter_get(&pool->workers[i].phase);

        *out_asking += phase == TUG__WORKER_ASKING;
        *out_receiving += phase == TUG__WORKER_RECEIVING;
    }
}

/* Pass on events until no thread counted by *running is left, and no answer is owed. */
static void drain_until(struct tug__pool *pool, const unsigned *running,
                        const struct tug__pool_handler *handler)
{
    struct tug__msg msg;

    for (;;) {
        bool is_owed;

        while (tug__pool_next_event(pool, &msg)) {
            handler->on_event(handler->context, &msg);
        }
        is_owed = handler->on_round != NULL && handler->on_round(handler->context);
        if (*running == 0 && !is_owed) {
            return;
        }
        tug__bell_wait(pool->resolver_bell,
                       TUG__NEVER_NS); /* woken by STOPPED, ENDED or an answer */
    }
}

static void send_to_lanes(struct tug__pool *pool, enum tug__msg_kind kind)
{
    for (unsigned i = 0; i < pool->lane_count; i++) {
        const struct tug__msg msg = {.kind = kind, .object = &pool->lanes[i]};

        if (pool->lanes[i].is_started) {
            tug__pool_send(pool, i, &msg);
        }
    }
}

static void join_threads(struct tug__pool *pool)
{
    for (unsigned i = 0; i < pool->worker_count; i++) {
        if (pool->workers[i].is_started) {
            (void)pthread_join(pool->workers[i].thread, NULL);
        }
    }
    for (unsigned i = 0; i < pool->lane_count; i++) {
        if (pool->lanes[i].is_started) {
            (void)pthread_join(pool->lanes[i].thread, NULL);
        }
    }
}

void tug__pool_stop(struct tug__pool *pool, const struct tug__pool_handler *handler)
{
    tug__cancel_set(&pool->stop);
    for (unsigned i = 0; i < pool->running_workers; i++) {
        tug__bell_ring(pool->job_bell); /* workers that wait for a job */
    }
    for (unsigned i = 0; i < pool->worker_count; i++) {
        if (pool->workers[i].is_started) {
            tug__client_wake(pool->workers[i].client); /* workers that wait for the network */
        }
    }
    tug__budget_wake(&pool->budget); /* workers held back by the rate limit */
    drain_until(pool, &pool->running_workers, handler);
    send_to_lanes(pool, TUG__MSG_STOP);
    drain_until(pool, &pool->working_lanes, handler);
    send_to_lanes(pool, TUG__MSG_END);
    drain_until(pool, &pool->running_lanes, handler);
    join_threads(pool);
}

void tug__pool_destroy(struct tug__pool *pool)
{
    if (pool == NULL) {
        return;
    }
    for (unsigned i = 0; i < pool->worker_count; i++) {
        worker_fini(pool, &pool->workers[i]);
    }
    for (unsigned i = 0; i < pool->lane_count; i++) {
        lane_fini(&pool->lanes[i]);
    }
    tug__queue_destroy(pool->jobs);
    tug__bell_destroy(pool->job_bell);
    tug__budget_fini(&pool->budget);
    (void)pthread_mutex_destroy(&pool->gate);
    (void)pthread_mutex_destroy(&pool->notice_lock);
    free(pool);
}
