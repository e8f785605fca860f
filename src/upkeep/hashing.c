/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash a list of blobs with several threads.
 *
 * Knows: blobs as files, digests, the memo. Does not know: documents, images, what is done with a
 * damaged blob.
 * Threads: each runs run_worker; the caller's only waits. An atomic counter hands out items, so an
 * item belongs to one thread, and to the caller again after the join.
 */
#include "upkeep/hashing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/thread.h"

/* Larger buffers do not hash faster. */
#define BUFFER_BYTES ((size_t)256 * 1024)
/* More threads do not hash any disk faster. */
#define THREADS_MAX 64
#define LOOK_MS 100

struct work {
    const struct tug__hashing *hashing; /* read-only */
    uint64_t total_bytes;               /* read-only */
    atomic_size_t next;                 /* next item */
    atomic_size_t done;                 /* finished items */
    atomic_uint_fast64_t done_bytes;    /* of finished and current items, trusted or not */
    atomic_bool is_stopped;
    pthread_mutex_t lock;
    pthread_cond_t ended;   /* signals that a thread has ended; with lock */
    unsigned running;       /* threads; under lock */
    struct tug_error error; /* of the first failure; under lock */
};

/* State of one thread. */
struct worker {
    struct work *work;
    struct tug__trace_row *row; /* NULL: no trace */
    void *buffer;               /* BUFFER_BYTES; owned */
    pthread_t thread;
};

static bool is_stopped(void *context)
{
    struct work *const work = context;

    (void)atomic_fetch_add(&work->done_bytes, BUFFER_BYTES);
    return atomic_load(&work->is_stopped);
}

static int64_t real_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * (int64_t)TUG__NS_PER_S + now.tv_nsec;
}

/* Classify the failure to open a file. */
static enum tug_damage judge_failure(int os_errno)
{
    switch (os_errno) {
    case ENOENT:
        return TUG_DAMAGE_MISSING;
    case 0:     /* opened, and found not to be a regular file */
    case ELOOP: /* a link */
    case ENXIO: /* a socket */
        return TUG_DAMAGE_NOT_A_FILE;
    default:
        return TUG_DAMAGE_UNREADABLE;
    }
}

/* Hash an open file. Returns: TUG_OK, even if it is damaged; other values end the work. */
static enum tug_status hash_file(struct worker *worker, struct tug__hash_item *item, int fd,
                                 struct tug_error *err)
{
    const struct tug__check check = {
        .buffer = worker->buffer,
        .buffer_bytes = BUFFER_BYTES,
        .should_stop = is_stopped,
        .context = worker->work,
    };
    struct tug_digest found = {0};
    const int64_t began_ns = real_now_ns();
    const enum tug_status status =
        tug__file_digest(fd, item->digest.algorithm, &check, &found, &item->hashed_bytes, err);

    if (status == TUG_ERR_STORE) {
        item->damage = TUG_DAMAGE_UNREADABLE;
        item->os_errno = err->os_errno;
        return TUG_OK;
    }
    if (status != TUG_OK) {
        return status;
    }
    if (!tug_digest_equal(&found, &item->digest)) {
        item->damage = TUG_DAMAGE_CONTENT;
    }
    item->may_be_kept = tug__memo_may_keep(&item->seen, began_ns);
    return TUG_OK;
}

static enum tug_status look_at(struct worker *worker, struct tug__hash_item *item,
                               struct tug_error *err)
{
    const struct tug__hashing *const hashing = worker->work->hashing;
    TUG__AUTO_FD int fd = -1;
    struct stat file;

    if (tug__store_open_blob(hashing->store, &item->digest, &fd, err) != TUG_OK) {
        item->os_errno = err->os_errno;
        item->damage = judge_failure(item->os_errno);
        return TUG_OK;
    }
    if (fstat(fd, &file) != 0) {
        item->os_errno = errno;
        item->damage = TUG_DAMAGE_UNREADABLE;
        return TUG_OK;
    }
    item->seen = tug__memo_entry(&item->digest, &file);
    if (item->has_right_size && item->seen.size_bytes != item->right_bytes) {
        item->damage = TUG_DAMAGE_SIZE; /* its content cannot be right */
        return TUG_OK;
    }
    if (hashing->memo != NULL && tug__memo_has(hashing->memo, &item->seen)) {
        item->is_trusted = true;
        item->may_be_kept = true;
        return TUG_OK;
    }
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return hash_file(worker, item, fd, err);
}

/* The same, with a span for it. */
static enum tug_status look_at_traced(struct worker *worker, struct tug__hash_item *item,
                                      struct tug_error *err)
{
    const uint64_t began_ns = tug__trace_begin(worker->row);
    const enum tug_status status = look_at(worker, item, err);

    tug__trace_end(worker->row, began_ns,
                   &(struct tug_trace_event){
                       .name = item->is_trusted ? "trust" : "hash",
                       .digest = item->digest,
                       .length = item->hashed_bytes,
                       .status = item->damage != TUG_DAMAGE_NONE ? TUG_ERR_CONTENT : status,
                   });
    return status;
}

/* Make progress exact at the end of an item, whatever was counted before. */
static void count_item(struct work *work, const struct tug__hash_item *item)
{
    const uint64_t counted =
        (item->hashed_bytes + BUFFER_BYTES - 1) / BUFFER_BYTES * (uint64_t)BUFFER_BYTES;

    (void)atomic_fetch_add(&work->done_bytes, item->size_bytes - counted); /* modulo 2^64 */
    (void)atomic_fetch_add(&work->done, 1);
}

/* error: NULL, or why it cannot go on. */
static void end_worker(struct work *work, const struct tug_error *error)
{
    (void)pthread_mutex_lock(&work->lock);
    if (error != NULL && work->error.code == TUG_OK) {
        work->error = *error;
    }
    work->running--;
    (void)pthread_cond_signal(&work->ended);
    (void)pthread_mutex_unlock(&work->lock);
}

static void *run_worker(void *context)
{
    struct worker *const worker = context;
    struct work *const work = worker->work;
    enum tug_status status = TUG_OK;
    struct tug_error error;
    size_t index;

    while (!atomic_load(&work->is_stopped) &&
           (index = atomic_fetch_add(&work->next, 1)) < work->hashing->count) {
        struct tug__hash_item *const item = &work->hashing->items[index];

        error = (struct tug_error){0};
        status = look_at_traced(worker, item, &error);
        if (status != TUG_OK) {
            atomic_store(&work->is_stopped, true);
            break;
        }
        item->is_done = true;
        count_item(work, item);
    }
    end_worker(work, status != TUG_OK ? &error : NULL);
    return NULL;
}

static void tell(const struct work *work, bool is_end)
{
    const uint64_t done_bytes = atomic_load(&work->done_bytes);
    struct tug_work_progress progress = {
        .items_done = atomic_load(&work->done),
        .items_total = work->hashing->count,
        .bytes_done = done_bytes < work->total_bytes ? done_bytes : work->total_bytes,
        .bytes_total = work->total_bytes,
    };

    tug__watch_tell(work->hashing->watch, &progress, is_end);
}

/* Wait for all threads, with progress and stop checks meanwhile. */
static void wait_for_workers(struct work *work)
{
    uint64_t drain_ns = tug__trace_drain(work->hashing->trace);

    (void)pthread_mutex_lock(&work->lock);
    while (work->running > 0) {
        uint64_t look_ns = tug__deadline_ns(LOOK_MS);

        look_ns = look_ns < drain_ns ? look_ns : drain_ns;
        while (work->running > 0 && tug__now_ns() < look_ns) {
            tug__cond_wait_until(&work->ended, &work->lock, look_ns);
        }
        (void)pthread_mutex_unlock(&work->lock);
        tell(work, false);
        drain_ns = tug__trace_drain(work->hashing->trace);
        if (tug__watch_should_stop(work->hashing->watch)) {
            atomic_store(&work->is_stopped, true);
        }
        (void)pthread_mutex_lock(&work->lock);
    }
    (void)pthread_mutex_unlock(&work->lock);
}

static unsigned choose_threads(const struct tug__hashing *hashing)
{
    unsigned count = hashing->threads;
    cpu_set_t cores;

    if (count == 0) {
        count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? (unsigned)CPU_COUNT(&cores) : 1;
    }
    if (count > THREADS_MAX) {
        count = THREADS_MAX;
    }
    if (count > hashing->count) {
        count = (unsigned)hashing->count;
    }
    return count > 0 ? count : 1;
}

/* Start threads; fewer than wanted is not an error. Returns: their number. */
static unsigned start_workers(struct work *work, struct worker *workers, unsigned wanted,
                              struct tug_error *err)
{
    for (unsigned i = 0; i < wanted; i++) {
        struct worker *const worker = &workers[i];

        worker->work = work;
        worker->row = tug__trace_row(work->hashing->trace, "hash", (int)i);
        worker->buffer = malloc(BUFFER_BYTES);
        if (worker->buffer == NULL) {
            (void)tug__fail_memory(err);
            return i;
        }
        (void)pthread_mutex_lock(&work->lock);
        work->running++;
        (void)pthread_mutex_unlock(&work->lock);
        if (tug__thread_start(&worker->thread, run_worker, worker, err) != TUG_OK) {
            (void)pthread_mutex_lock(&work->lock);
            work->running--;
            (void)pthread_mutex_unlock(&work->lock);
            free(worker->buffer);
            return i;
        }
    }
    return wanted;
}

static enum tug_status run_workers(struct work *work, struct tug_error *err)
{
    struct worker workers[THREADS_MAX] = {0};
    const unsigned started = start_workers(work, workers, choose_threads(work->hashing), err);

    if (started == 0) {
        return err->code;
    }
    wait_for_workers(work);
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        free(workers[i].buffer);
    }
    tell(work, true);
    if (work->error.code != TUG_OK) {
        *err = work->error;
        return err->code;
    }
    return atomic_load(&work->is_stopped) ? tug__fail(err, TUG_ERR_CANCELLED, "interrupted")
                                          : TUG_OK;
}

enum tug_status tug__hash_all(const struct tug__hashing *hashing, uint64_t *out_hashed_bytes,
                              struct tug_error *err)
{
    struct work work = {.hashing = hashing};
    struct tug_error error = {0};
    enum tug_status status = tug__cond_init(&work.ended, err);

    *out_hashed_bytes = 0;
    if (status != TUG_OK) {
        return status;
    }
    (void)pthread_mutex_init(&work.lock, NULL);
    for (size_t i = 0; i < hashing->count; i++) {
        work.total_bytes += hashing->items[i].size_bytes;
    }
    status = run_workers(&work, &error);
    for (size_t i = 0; i < hashing->count; i++) {
        *out_hashed_bytes += hashing->items[i].hashed_bytes;
    }
    (void)pthread_mutex_destroy(&work.lock);
    (void)pthread_cond_destroy(&work.ended);
    if (status != TUG_OK && err != NULL) {
        *err = error;
    }
    return status;
}
