/* SPDX-License-Identifier: Apache-2.0
 *
 * The internals of the pool:
 *
 *   pool.c          threads and queues: created, fed, stopped, joined
 *   pool_shared.c   communication between its threads and the resolver
 *   worker.c        a job, from the ring to its result: piece.c, piece_open.c and piece_front.c
 *                   (bytes into a partial file), hashed.c (the hash of a blob's beginning),
 *                   feed_registry.c and feed_copy.c (where they come from), recheck.c (a blob of
 *                   the store), donors.c and delta_plan.c (what of a blob the store has)
 *   lane.c          a lane's loop: lane_hash.c (blobs), lane_document.c (documents), lane_group.c
 *                   (commit of verified content), lane_naming.c (images into index.json)
 *
 * Threads: those named at each member and function.
 */
#ifndef TUG_POOL_INTERNAL_H
#define TUG_POOL_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <tug/fetch.h>

#include "base/cancel.h"
#include "base/queue.h"
#include "base/trace.h"
#include "pool/budget.h"
#include "pool/piece.h"
#include "pool/pool.h"
#include "pool/progress.h"
#include "pool/task.h"

/* Bytes a lane reads back at a time: more saves no time, and costs memory in each lane. */
#define TUG__READ_BACK_BYTES ((size_t)64 * 1024)

/* What a worker is doing (struct tug__worker). */
enum tug__worker_phase {
    TUG__WORKER_IDLE = 0, /* or at a job without a request */
    TUG__WORKER_ASKING,   /* a request was made, and no byte has arrived */
    TUG__WORKER_RECEIVING,
};

/* A download worker: one thread, one connection. */
struct tug__worker {
    /* set at start, then read-only */
    struct tug__pool *pool;
    unsigned number;
    struct tug__client *client;
    struct tug__queue *events;                   /* → resolver */
    struct tug__queue *segments[TUG__LANES_MAX]; /* → lane i */
    struct tug__trace_row *row;                  /* NULL: no trace */
    pthread_t thread;
    bool is_started;
    /* worker thread only */
    struct tug__job *job; /* the current one */
    uint8_t *buffer;      /* TUG__PIECE_BYTES, allocated for the first blob */
    /* shared: bytes received over the network. Writer: the worker; reader: the resolver */
    struct tug__counter received;
    /* shared: a tug__worker_phase. Writer: the worker; reader: the resolver */
    struct tug__counter phase;
};

/* Verified content and publications that wait to be committed together. All zero: empty. */
struct tug__group {
    struct tug__transfer *blobs;                 /* newest first */
    struct tug__job *jobs[TUG__GROUP_MAX];       /* of documents */
    struct tug__ingest *ingests[TUG__GROUP_MAX]; /* theirs; NULL: the document was present */
    unsigned job_count;
    struct tug__publication *publications; /* in order of arrival */
    unsigned count;                        /* all three together */
    uint64_t since_ns;                     /* when the oldest of them was added */
};

/* A lane of the hash/commit stage: one thread, responsible for a fixed share of the blobs. */
struct tug__lane {
    /* set at start, then read-only */
    struct tug__pool *pool;
    unsigned number;
    struct tug__queue *events;  /* → resolver */
    struct tug__queue *inbox;   /* resolver → this lane */
    struct tug__bell *bell;     /* rung by inbox and by every worker's segments[number] */
    struct tug__trace_row *row; /* NULL: no trace */
    pthread_t thread;
    bool is_started;
    /* lane thread only */
    uint8_t *buffer;               /* TUG__READ_BACK_BYTES */
    struct tug__transfer *lagging; /* those with bytes in the file not hashed yet, in turn */
    struct tug__group group;
    unsigned next_sender;  /* whose segments are checked next */
    uint64_t stop_seen_ns; /* while waiting for the store's lock; 0: not yet */
    bool is_stopping;      /* STOP came */
    bool is_stopped;       /* STOPPED was sent */
    bool is_ending;        /* END came */
};

struct tug__pool {
    /* set at start, then read-only */
    struct tug_store *store;
    struct tug__bell *resolver_bell;
    struct tug__bell *job_bell;
    struct tug__queue *jobs;
    unsigned worker_count; /* as many as requested, or fewer: see tug__pool_start */
    unsigned lane_count;
    pthread_mutex_t gate; /* held by tug__pool_start while the counts may still change */
    struct tug__worker workers[TUG_DOWNLOADS_MAX];
    struct tug__lane lanes[TUG__LANES_MAX];
    /* resolver only */
    unsigned running_workers; /* threads whose ENDED has not arrived */
    unsigned running_lanes;
    unsigned working_lanes; /* of these: STOPPED has not arrived */
    unsigned next_sender;   /* whose events are checked next */
    /* shared: set once, by the resolver, when the workers have to end */
    struct tug__cancel stop;
    /* shared: workers without a job. Writer: the resolver; readers: workers */
    struct tug__counter idle_workers;
    /* shared: the rate limit; has a mutex of its own */
    struct tug__budget budget;
    /* shared, under notice_lock: what a lane waits for, until the resolver has reported it */
    pthread_mutex_t notice_lock;
    char notice[TUG_ERROR_MESSAGE_MAX];
};

/* --- pool_shared.c --- */

/* Tell whether a worker has to give up: its job is cancelled, or the pool stops. worker: a struct
 * tug__worker. Threads: the worker. */
bool tug__worker_should_stop(void *worker);
/* A worker's connection takes long: tell the resolver if it is for a manifest, because blobs of the
 * same registry follow. worker: a struct tug__worker. Threads: the worker. */
void tug__worker_tell_far(void *worker);
/* Leave a line for the resolver; replaces one that it has not read. Threads: any. */
void tug__pool_leave_notice(struct tug__pool *pool, const char *text);

/* Send the resolver a message. Threads: the lane. */
void tug__lane_send(struct tug__lane *lane, enum tug__msg_kind kind, void *object);

/* --- worker.c and its parts. Threads: the worker --- */

void *tug__worker_main(void *worker);

/* feed_registry.c: the feed (piece.h) that requests the bytes from a registry. context: the worker.
 * Errors: as tug__client_get_blob, TUG_ERR_CANCELLED. */
enum tug_status tug__feed_registry(void *context, struct tug__piece *piece, struct tug_error *err);

/* feed_copy.c: the feed that copies the bytes of a local share out of its donor. A donor that
 * cannot be read is no error: see job->result.has_bad_donor. Errors: TUG_ERR_CANCELLED,
 * TUG_ERR_STORE. */
enum tug_status tug__feed_copy(void *context, struct tug__piece *piece, struct tug_error *err);

/* recheck.c: hash a blob that is in the store: job->result.is_damaged. Errors: TUG_ERR_CANCELLED;
 * TUG_ERR_STORE: the blob cannot be read. Blocks: on the disk. */
enum tug_status tug__worker_recheck(struct tug__worker *worker, struct tug__job *job,
                                    struct tug_error *err);

/* recheck.c: unpack and hash a layer that is in the store: job->result.unpacked. Errors: as
 * tug__unpack_digest. */
enum tug_status tug__worker_unpack(struct tug__worker *worker, struct tug__job *job,
                                   struct tug_error *err);

/* --- lane.c and its parts. Threads: the lane. They block on the disk. --- */

void *tug__lane_main(void *lane);

/* lane_hash.c: a worker wrote [offset, offset + length) of a blob, or found it in the partial file,
 * and may have hashed it (FRONT). With the last byte comes the verdict: the transfer is added to
 * the group, or sent back. */
void tug__lane_handle_segment(struct tug__lane *lane, const struct tug__msg *msg);
/* Hash more of a blob that lags behind, each in turn. When the run is stopping, only complete blobs
 * with little left are hashed: the next run hashes the rest again anyway. Returns: false when no
 * blob lags. */
bool tug__lane_follow_next(struct tug__lane *lane);
/* Remove a transfer from the list of lagging ones, if it is there. */
void tug__lane_stop_following(struct tug__lane *lane, struct tug__transfer *transfer);

/* lane_document.c: verify a document and put it into the group, or send it back. */
void tug__lane_handle_document(struct tug__lane *lane, struct tug__job *job);

/* lane_group.c: add verified content or a publication to the group. A group that is then full is
 * committed. ingest: consumed; NULL: the document is in the store. */
void tug__lane_add_blob(struct tug__lane *lane, struct tug__transfer *transfer);
void tug__lane_add_document(struct tug__lane *lane, struct tug__job *job,
                            struct tug__ingest *ingest);
void tug__lane_add_publication(struct tug__lane *lane, struct tug__publication *publication);
/* Remove a transfer from the group, if it is there. */
void tug__lane_remove_blob(struct tug__lane *lane, const struct tug__transfer *transfer);
/* Tell whether the group has waited so long that it must not wait any longer for a blob that
 * streams without a pause. */
bool tug__lane_is_commit_due(const struct tug__lane *lane);
/* Commit everything in the group, files, then directories, then index.json, and report it. */
void tug__lane_commit(struct tug__lane *lane);

/* lane_naming.c: name the images of the publications in the group, in one rewrite of index.json,
 * and send them back. Blocks: for another process's lock. */
void tug__lane_name_images(struct tug__lane *lane);

#endif
