/* SPDX-License-Identifier: Apache-2.0
 *
 * The threads of a run: started, fed with documents, stopped. Nothing here uses the network.
 */
#include "pool/internal.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/fs.h"
#include "oci/digest.h"
#include "support/tmpdir.h"

struct run {
    char *path;
    struct tug_store *store;
    struct tug__bell *bell;
    struct tug__session *session;
    struct tug__pool *pool;
    unsigned done;   /* documents that came back good */
    unsigned failed; /* and bad */
};

static struct run run_begin(unsigned worker_count)
{
    struct run run = {.path = tmpdir_create()};
    struct tug__pool_settings settings = {
        .worker_count = worker_count,
        .client = {.connect_timeout_ms = 1000, .stall_timeout_ms = 1000}};

    cr_assert_eq(tug__registry_acquire(NULL), TUG_OK);
    cr_assert_eq(tug_store_open(run.path, NULL, &run.store, NULL), TUG_OK);
    cr_assert_eq(tug__bell_create(&run.bell, NULL), TUG_OK);
    settings.store = run.store;
    cr_assert_eq(tug__session_create(&(struct tug__session_settings){0}, &run.session, NULL),
                 TUG_OK);
    settings.client.session = run.session;
    cr_assert_eq(tug__pool_start(&settings, run.bell, &run.pool, NULL), TUG_OK);
    return run;
}

static void on_event(void *context, const struct tug__msg *msg)
{
    struct run *const run = context;

    run->done += msg->kind == TUG__MSG_JOB_DONE;
    run->failed += msg->kind == TUG__MSG_JOB_FAILED;
}

static void run_free(struct run *run)
{
    cr_assert_eq(run->pool->running_workers, 0);
    cr_assert_eq(run->pool->running_lanes, 0);
    tug__pool_destroy(run->pool);
    tug__session_destroy(run->session);
    tug__bell_destroy(run->bell);
    tug_store_close(run->store);
    tug__registry_release();
    tmpdir_remove(run->path);
}

static void run_end(struct run *run)
{
    tug__pool_stop(run->pool, &(struct tug__pool_handler){.on_event = on_event, .context = run});
    run_free(run);
}

Test(pool, starts_and_stops, .timeout = 60)
{
    static const unsigned counts[] = {1, 2, 3, 16, TUG_DOWNLOADS_MAX};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct run run = run_begin(counts[i]);
        struct tug__msg msg;

        cr_assert_eq(run.pool->running_workers, counts[i]);
        cr_assert_geq(run.pool->lane_count, 1);
        cr_assert_leq(run.pool->lane_count,
                      counts[i] < TUG__LANES_MAX ? counts[i] : TUG__LANES_MAX);
        cr_assert_eq(run.pool->running_lanes, run.pool->lane_count);
        cr_assert(tug__pool_received(run.pool) == 0);
        cr_assert_not(tug__pool_next_event(run.pool, &msg));
        tug__pool_wake(run.pool);
        run_end(&run);
        cr_assert_eq(run.done + run.failed, 0);
    }
    tug__pool_destroy(NULL);
}

static void ignore_event(void *context, const struct tug__msg *msg)
{
    (void)context;
    (void)msg;
}

/* Threads of this process: the test's own, and what its surroundings need. */
static unsigned count_threads(void)
{
    DIR *const dir = opendir("/proc/self/task");
    unsigned count = 0;

    cr_assert_not_null(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    (void)closedir(dir);
    return count - 2; /* "." and ".." */
}

static void *tell_number(void *argument)
{
    *(pid_t *)argument = (pid_t)syscall(SYS_gettid);
    return NULL;
}

/* ThreadSanitizer starts a thread of its own before the first one of ours, which counts until the
 * kernel is done with it: that is later than the join. */
static void start_one_thread(void)
{
    char path[64];
    pthread_t thread;
    pid_t number = 0;

    cr_assert_eq(pthread_create(&thread, NULL, tell_number, &number), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    (void)snprintf(path, sizeof path, "/proc/self/task/%d", (int)number);
    while (access(path, F_OK) == 0) {
        (void)sched_yield();
    }
}

/* The process may have so many threads more: the pool makes do with those, from two on. */
static void start_with_threads(unsigned most)
{
    struct rlimit few;
    struct tug__pool_settings settings = {.worker_count = 16};
    struct tug__bell *bell = NULL;
    struct tug__pool *pool = NULL;
    struct tug__session *session = NULL;
    struct tug__session_settings session_settings = {0};
    struct tug_error err = {0};

    start_one_thread();
    few.rlim_cur = few.rlim_max = most + count_threads();
    cr_assert_eq(tug__registry_acquire(NULL), TUG_OK);
    cr_assert_eq(tug__session_create(&session_settings, &session, NULL), TUG_OK);
    cr_assert_eq(tug__bell_create(&bell, NULL), TUG_OK);
    settings.client.session = session;
    /* Root has no limit, and nobody else is this user: no two processes have one number. */
    cr_assert_eq(setuid(543210 + (uid_t)getpid()), 0);
    cr_assert_eq(setrlimit(RLIMIT_NPROC, &few), 0);
    if (most < 2) {
        cr_assert_eq(tug__pool_start(&settings, bell, &pool, &err), TUG_ERR_NO_MEMORY);
        cr_assert_eq(err.os_errno, EAGAIN);
        cr_assert_null(pool);
    } else {
        cr_assert_eq(tug__pool_start(&settings, bell, &pool, &err), TUG_OK, "%s", err.message);
        cr_assert_eq(pool->worker_count + pool->lane_count, most);
        cr_assert_eq(pool->running_workers, pool->worker_count);
        cr_assert_eq(pool->running_lanes, pool->lane_count);
        tug__pool_stop(pool, &(struct tug__pool_handler){.on_event = ignore_event});
        tug__pool_destroy(pool);
    }
    tug__bell_destroy(bell);
    tug__session_destroy(session);
    tug__registry_release();
}

Test(pool, f30_without_threads_nothing_runs, .timeout = 60)
{
    if (geteuid() == 0) {
        start_with_threads(1);
    }
}

Test(pool, f30_two_threads_will_do, .timeout = 60)
{
    if (geteuid() == 0) {
        start_with_threads(2);
    }
}

Test(pool, f30_fewer_threads_are_fewer_workers, .timeout = 60)
{
    if (geteuid() == 0) {
        start_with_threads(8);
    }
}

/* A document that came inside a descriptor. */
static void fill_document(struct tug__job *job, const char *text, const char *digest_of_text)
{
    *job = (struct tug__job){.kind = TUG__JOB_INLINE, .request.has_size = true};
    job->request.size_bytes = strlen(text);
    job->result.reply.body = strdup(text);
    job->result.reply.length = strlen(text);
    cr_assert_eq(tug__digest_of(TUG_DIGEST_SHA256, digest_of_text, strlen(digest_of_text),
                                &job->request.digest, NULL),
                 TUG_OK);
    tug__cancel_init(&job->cancel);
}

static void send_document(struct run *run, unsigned lane, struct tug__job *job)
{
    const struct tug__msg msg = {.kind = TUG__MSG_DOCUMENT, .object = job};

    tug__pool_send(run->pool, lane, &msg);
}

static bool is_present(const struct run *run, const struct tug_digest *digest)
{
    bool present = false;

    cr_assert_eq(tug_store_stat(run->store, digest, &present, NULL, NULL), TUG_OK);
    return present;
}

Test(pool, a_lane_verifies_and_stores_documents, .timeout = 30)
{
    struct run run = run_begin(2);
    struct tug__job jobs[2];

    fill_document(&jobs[0], "{\"a\":1}", "{\"a\":1}");
    fill_document(&jobs[1], "{\"a\":2}", "{\"a\":3}");
    send_document(&run, 0, &jobs[0]);
    send_document(&run, run.pool->lane_count - 1, &jobs[1]);
    while (run.done + run.failed < 2) {
        struct tug__msg msg;

        tug__bell_wait(run.bell, tug__deadline_ns(10000));
        while (tug__pool_next_event(run.pool, &msg)) {
            cr_assert(msg.object == &jobs[0] || msg.object == &jobs[1]);
            on_event(&run, &msg);
        }
    }
    cr_assert_eq(run.done, 1);
    cr_assert_eq(jobs[0].result.error.code, TUG_OK);
    cr_assert_eq(jobs[1].result.error.code, TUG_ERR_CONTENT);
    cr_assert(is_present(&run, &jobs[0].request.digest));
    cr_assert_not(is_present(&run, &jobs[1].request.digest),
                  "content of another digest was stored");
    run_end(&run);
    free(jobs[0].result.reply.body);
    free(jobs[1].result.reply.body);
}

/* Stopping is not forgetting: what a lane has, it commits first, and every job comes back. */
Test(pool, stopping_finishes_what_is_complete, .timeout = 30)
{
    enum { COUNT = 150 }; /* more than two groups */
    struct run run = run_begin(4);
    struct tug__job *const jobs = calloc(COUNT, sizeof *jobs);

    for (unsigned i = 0; i < COUNT; i++) {
        char text[32];

        (void)snprintf(text, sizeof text, "{\"a\":%u}", i);
        fill_document(&jobs[i], text, text);
        send_document(&run, i % run.pool->lane_count, &jobs[i]);
    }
    tug__pool_stop(run.pool, &(struct tug__pool_handler){.on_event = on_event, .context = &run});
    cr_assert_eq(run.done, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        cr_assert(is_present(&run, &jobs[i].request.digest), "document %u", i);
        free(jobs[i].result.reply.body);
    }
    run_free(&run);
    free(jobs);
}

/* A share that its worker never began: what comes back says that nothing of it was fetched. */
Test(pool, a_job_cancelled_before_its_turn_has_fetched_nothing, .timeout = 30)
{
    struct run run = run_begin(1);
    struct tug__transfer transfer = {.size_bytes = 10000};
    struct tug__job job = {.kind = TUG__JOB_BLOB, .transfer = &transfer, .share.first_byte = 4096};
    struct tug__msg msg;

    tug__cancel_init(&job.cancel);
    tug__cancel_set(&job.cancel);
    cr_assert(tug__pool_submit(run.pool, &job));
    while (!tug__pool_next_event(run.pool, &msg)) {
        tug__bell_wait(run.bell, TUG__NEVER_NS);
    }
    cr_assert_eq(msg.object, &job);
    cr_assert_eq(msg.kind, TUG__MSG_JOB_FAILED);
    cr_assert_eq(job.result.error.code, TUG_ERR_CANCELLED);
    cr_assert_eq(job.result.next_byte, 4096);
    run_end(&run);
}

enum { DROPPED_COUNT = 40 };

/* Transfers that are given up when their last byte is there, and what was told of each. */
struct dropped {
    struct tug__transfer transfers[DROPPED_COUNT];
    bool is_over[DROPPED_COUNT];
    unsigned late; /* messages about one after DROPPED: its owner has freed it by then */
};

static void note_dropped(void *context, const struct tug__msg *msg)
{
    struct dropped *const dropped = context;

    if (msg->kind == TUG__MSG_COMMITTED || msg->kind == TUG__MSG_REJECTED ||
        msg->kind == TUG__MSG_DROPPED) {
        const ptrdiff_t i = (struct tug__transfer *)msg->object - dropped->transfers;

        dropped->late += dropped->is_over[i];
        dropped->is_over[i] |= msg->kind == TUG__MSG_DROPPED;
    }
}

/* Write a whole blob into its partial file. */
static void fill_transfer(const struct run *run, struct tug__transfer *transfer, unsigned number)
{
    char text[32];

    transfer->size_bytes = (uint64_t)snprintf(text, sizeof text, "blob %u", number);
    cr_assert_eq(
        tug__digest_of(TUG_DIGEST_SHA256, text, transfer->size_bytes, &transfer->digest, NULL),
        TUG_OK);
    tug__gate_init(&transfer->has_state);
    tug__counter_set(&transfer->noted, 0);
    cr_assert_eq(tug__ingest_open(run->store, &transfer->digest, transfer->size_bytes,
                                  &transfer->ingest, NULL),
                 TUG_OK);
    cr_assert_eq(tug__fs_pwrite_all(transfer->ingest->fd, text, transfer->size_bytes, 0, NULL),
                 TUG_OK);
}

/* A blob that nobody wants any more may be complete: waiting in a group to be committed. */
Test(pool, what_is_dropped_is_in_no_group, .timeout = 30)
{
    struct run run = run_begin(1);
    struct dropped *const dropped = calloc(1, sizeof *dropped);

    for (unsigned i = 0; i < DROPPED_COUNT; i++) {
        fill_transfer(&run, &dropped->transfers[i], i);
    }
    for (unsigned i = 0; i < DROPPED_COUNT; i++) {
        struct tug__transfer *const transfer = &dropped->transfers[i];

        tug__pool_send(run.pool, 0,
                       &(struct tug__msg){.kind = TUG__MSG_SEGMENT,
                                          .object = transfer,
                                          .length = transfer->size_bytes});
        tug__pool_send(run.pool, 0, &(struct tug__msg){.kind = TUG__MSG_DROP, .object = transfer});
    }
    tug__pool_stop(run.pool,
                   &(struct tug__pool_handler){.on_event = note_dropped, .context = dropped});
    cr_assert_eq(dropped->late, 0);
    for (unsigned i = 0; i < DROPPED_COUNT; i++) {
        cr_assert(dropped->is_over[i], "transfer %u", i);
        cr_assert_null(dropped->transfers[i].ingest);
    }
    run_free(&run);
    free(dropped);
}
