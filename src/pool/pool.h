/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the pool: the threads of a run and the queues between them.
 *
 *                jobs (spmc)                    segments (spsc each)
 *   resolver ───────────────▶ N workers ───────────────────────────▶ lanes (hash, commit)
 *      ▲  ╲__________________________ inbox (spsc each) ______________▶ │
 *      └──────────── events (an spsc ring per worker and per lane) ────┘
 *
 * Resolver: the thread that started the pool. It creates everything passed here (jobs, transfers,
 * publications), and never uses the network.
 *
 * Locks: one of the rate limit (budget.h), two of the pool, and one of the registry's session
 * (registry/session.h), each held for a few lines and never nested. Objects have one owner at a
 * time; queues hand them over.
 *
 * Shutdown, always in this order (tug__pool_stop walks 1 to 5):
 *   1. the resolver submits no more jobs and sets the pool's stop flag;
 *   2. workers that wait for a job or for the network are woken; each writes out what it holds,
 *      sends its job back, then ENDED; the resolver goes on receiving events, so that no worker
 *      waits for room;
 *   3. each lane gets STOP: it hashes and commits what is complete, then sends STOPPED; images that
 *      are then complete get their names;
 *   4. each lane gets END, and sends ENDED;
 *   5. all threads are joined;
 *   6. transfers that are not complete are closed (their files stay for the next run), jobs left
 *      in the ring are freed, then queues, bells and clients.
 *
 * Threads: the functions below belong to the resolver.
 */
#ifndef TUG_POOL_POOL_H
#define TUG_POOL_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <tug/fetch.h>

#include "base/queue.h"
#include "base/trace.h"
#include "pool/task.h"

/* Most verified blobs, documents and publications that a lane commits together. */
#define TUG__GROUP_MAX 64

/* Bounds of work in progress in all lanes together, with that many workers. The resolver keeps to
 * them, whatever the references are (engine/dispatch.c, pipeline/publish.c). Each complete but
 * uncommitted blob holds a file, hence the group in the first bound. */
#define TUG__TRANSFERS_OPEN_MAX(workers) (2 * (workers) + TUG__GROUP_MAX)
/* Jobs: one in progress and one ready for each worker; of small blobs more are ready, so that the
 * resolver need not wake for each. Further ones wait in the resolver's order. */
#define TUG__JOBS_OUT_LONG(workers) (2 * (workers))
#define TUG__JOBS_OUT_MAX(workers) (4 * (workers))
/* Largest small blob. */
#define TUG__SMALL_BYTES TUG__INGEST_WHOLE_BYTES
#define TUG__INLINE_OUT_MAX 64
#define TUG__PUBLICATIONS_OUT_MAX 1
/* Messages to a lane: a DROP for each transfer, inline documents, publications, STOP and END. */
#define TUG__INBOX_MESSAGES_MAX(workers)                                                           \
    (TUG__TRANSFERS_OPEN_MAX(workers) + TUG__INLINE_OUT_MAX + TUG__PUBLICATIONS_OUT_MAX + 2)
/* Messages from a lane: a verdict and DROPPED for each transfer, a result for each document and
 * publication, STOPPED and ENDED. */
#define TUG__LANE_MESSAGES_MAX(workers)                                                            \
    (2 * TUG__TRANSFERS_OPEN_MAX(workers) + TUG__JOBS_OUT_MAX(workers) + TUG__INLINE_OUT_MAX +     \
     TUG__PUBLICATIONS_OUT_MAX + 2)
/* Capacity of the rings between the resolver and one lane, in either direction. It holds all of the
 * above, so neither ever waits for the other. A ring of 2^n slots holds 2^n - 1 messages. */
#define TUG__LANE_WORK_MAX 1023
_Static_assert(TUG__INBOX_MESSAGES_MAX(TUG_DOWNLOADS_MAX) <= TUG__LANE_WORK_MAX,
               "the resolver never waits for a lane");
_Static_assert(TUG__LANE_MESSAGES_MAX(TUG_DOWNLOADS_MAX) <= TUG__LANE_WORK_MAX,
               "a lane never waits for the resolver");

struct tug__pool;

/* Most threads that hash: more than there are cores are useless, and four outrun any disk. */
#define TUG__LANES_MAX 4

struct tug__pool_settings {
    struct tug_store *store;            /* borrowed, must outlive the pool; NULL: jobs need none */
    unsigned worker_count;              /* 1 to TUG_DOWNLOADS_MAX */
    uint64_t bytes_per_s;               /* limit for all together; 0: none */
    struct tug__trace *trace;           /* the resolver's; NULL: none */
    struct tug__client_settings client; /* should_stop and its context are filled in by the pool */
};

/* Start all threads, with all signals blocked; fewer if the system has no more, but at least one of
 * each kind. settings: borrowed for the call. bell: the resolver sleeps on it; borrowed, must
 * outlive the pool. out_pool: owned. Errors: TUG_ERR_NO_MEMORY (also for threads and descriptors,
 * see os_errno), TUG_ERR_INTERNAL; no thread is left running then. */
enum tug_status tug__pool_start(const struct tug__pool_settings *settings, struct tug__bell *bell,
                                struct tug__pool **out_pool, struct tug_error *err);

/* Number of workers and lanes: as many as requested, or fewer. Threads: any. */
unsigned tug__pool_worker_count(const struct tug__pool *pool);
unsigned tug__pool_lane_count(const struct tug__pool *pool);

/* Pass a job to the next free worker, and with it its ownership. Returns: false when the ring is
 * full; the caller keeps the job. Blocks: no. */
bool tug__pool_submit(struct tug__pool *pool, struct tug__job *job);
/* Send a message to a lane, with the ownership of its object. The caller keeps to
 * TUG__INBOX_MESSAGES_MAX, so there is room (asserted). Blocks: no. */
void tug__pool_send(struct tug__pool *pool, unsigned lane, const struct tug__msg *msg);
/* Receive the next event of any thread, each thread in turn. STOPPED and ENDED are counted here and
 * not returned. Returns: false when there is none. Blocks: no. */
bool tug__pool_next_event(struct tug__pool *pool, struct tug__msg *out_msg);
/* Tell the workers how many of them have no job: they hash their blobs themselves while there is
 * none. Blocks: no. */
void tug__pool_set_idle(struct tug__pool *pool, unsigned count);
/* Wake every worker so that it checks its job's cancel flag. Blocks: no. */
void tug__pool_wake(struct tug__pool *pool);
/* Get the line that a lane left about what it waits for, once. out_text: TUG_ERROR_MESSAGE_MAX
 * bytes. Returns: false when there is none. */
bool tug__pool_get_notice(struct tug__pool *pool, char *out_text);
/* Bytes received over the network so far, all workers together. */
uint64_t tug__pool_received(const struct tug__pool *pool);
/* Count the requests in progress: those that wait for their first byte, and those whose bytes
 * arrive. Documents count among the former until they are complete. */
void tug__pool_count_requests(const struct tug__pool *pool, unsigned *out_asking,
                              unsigned *out_receiving);

/* Callbacks while the pool stops. */
struct tug__pool_handler {
    /* An event came. */
    void (*on_event)(void *context, const struct tug__msg *msg);
    /* All available events have been passed on: send what follows from them. Returns: true while a
     * lane still owes a result for something sent here. NULL: nothing ever follows. */
    bool (*on_round)(void *context);
    void *context;
};

/* Stop in order ("Shutdown" above): first the workers, then the lanes, which still commit and
 * publish complete content. handler: borrowed for the call.
 * Blocks: until all threads have ended and are joined: some milliseconds plus the disk. */
void tug__pool_stop(struct tug__pool *pool, const struct tug__pool_handler *handler);
/* Free a stopped pool; NULL is allowed. */
void tug__pool_destroy(struct tug__pool *pool);

#endif
