/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's state, shared by its files: engine.c (create, stop, query), wanted.c (requests of
 * waiters), jobs.c (jobs), dispatch.c (whose turn it is), parts.c (blobs over several connections),
 * sources.c (which repository is used), untyped.c (digests of unknown kind), outcome.c (messages
 * from workers and lanes), failure.c (failed jobs), settled.c and answer.c (results for waiters),
 * stored.c (content already in the store). All of it belongs to the resolver's thread.
 */
#ifndef TUG_ENGINE_STATE_H
#define TUG_ENGINE_STATE_H

#include "engine/delta.h"
#include "engine/engine.h"
#include "engine/graph.h"
#include "engine/spread.h"
#include "pool/pool.h"
#include "registry/retry.h"

/* A registry, as named by references: its queues, and facts about it. */
struct tug__host {
    const char *name;                       /* borrowed from a reference */
    struct tug__node_list queued_documents; /* served first: they reveal further work */
    struct tug__node_list queued_blobs;
    uint64_t pause_until_ns; /* it asked for a pause */
    unsigned jobs_out;       /* at workers or in their ring */
    bool ignores_ranges;
    bool has_ranges;    /* it has answered with one */
    bool has_connected; /* connections were opened ahead of the work, or need not be */
    uint64_t answer_ns; /* from a request for a blob to its first byte, at best; 0: not known */
    struct tug__host *next;
};

/* A publication on its way: NULL: none. */
struct tug__naming {
    struct tug__publication *out;      /* at lane 0 */
    struct tug__publication *returned; /* by lane 0 */
};

/* Whose turn it is. */
struct tug__turn {
    unsigned next_lane;    /* of those that have equally much to do */
    uint64_t submitted_ns; /* when work was handed out last: longer pauses were kept */
};

struct tug__engine {
    struct tug__engine_settings settings; /* a copy */
    struct tug__pool *pool;
    struct tug__graph graph;
    struct tug__host *hosts;         /* served in turn: the one just served moves to the end */
    void *hosts_by_name;             /* the same hosts, as a tsearch tree */
    struct tug__transfer *transfers; /* all open ones */
    struct tug__spread spread;
    struct tug__retry_policy retry_policy;
    uint32_t random;                     /* state of the jitter */
    struct tug__node_list queued_inline; /* for lanes */

    /* counts that bound the work in progress */
    unsigned transfers_open;
    unsigned jobs_out; /* at workers or in their ring */
    unsigned inline_out;
    struct tug__turn turn;

    /* results for waiters */
    struct tug__node_list settled; /* linked by outcome.next */
    struct tug__node *taken;       /* the one returned last; NULL: none */
    struct tug__naming naming;
    bool is_stopping; /* no new work */
    struct tug__delta_state delta;
};

/* --- connect.c --- */

/* A registry is far away: let idle workers connect to it now. */
void tug__engine_connect_ahead(struct tug__engine *engine, struct tug__host *host);
/* Such a worker is idle again. job: freed. */
void tug__engine_note_connected(struct tug__engine *engine, struct tug__job *job);

/* --- untyped.c --- */

/* A source has no manifest for a node: check for a blob, if one is acceptable. Returns: false when
 * that is not possible. */
bool tug__node_ask_as_blob(struct tug__engine *engine, struct tug__node *node,
                           const struct tug_error *error);
/* A HEAD returned a blob's length: go on with it as with any other. */
void tug__node_use_blob_head(struct tug__engine *engine, struct tug__node *node,
                             const struct tug__job *job);

/* --- settled.c --- */

/* Report an event as it happens. */
void tug__engine_emit(struct tug__engine *engine, struct tug_event *event);
/* Append a node to the settled list. */
void tug__node_settle(struct tug__engine *engine, struct tug__node *node,
                      enum tug__settled_kind kind);
/* Dequeue a node that has no waiter, no job and no transfer. */
void tug__node_release(struct tug__engine *engine, struct tug__node *node);

/* --- stored.c --- */

/* Check whether the store has a node's content (another process may have added it); digest: of the
 * content. A blob that has to be hashed (settings.recheck) gets a job for that. Returns: true when
 * the node has settled: with the store's content, or because the store cannot be read. */
bool tug__node_find_in_store(struct tug__engine *engine, struct tug__node *node,
                             const struct tug_digest *digest);

/* --- wanted.c --- */

/* Kind of the job that requests the content itself. */
enum tug__job_kind tug__content_job(const struct tug__engine *engine,
                                    const struct tug__wanted *wanted);

/* --- jobs.c --- */

/* Queue a node, unless jobs for it are still in progress; one with bytes already received goes to
 * the head. */
void tug__node_enqueue(struct tug__engine *engine, struct tug__node *node);
/* Create a job for a node and submit it to the workers. share: of a blob that is open already, NULL
 * for anything else; moved into the job. Returns: false when there is no room or no memory; nothing
 * has changed then. */
bool tug__node_submit(struct tug__engine *engine, struct tug__node *node,
                      const struct tug__share *share);
/* Record when the first job of a node started. */
void tug__node_note_start(struct tug__node *node);
/* Abandon a node without waiters, whatever its state is. */
void tug__node_abandon(struct tug__engine *engine, struct tug__node *node);
/* Let the lane close a node's transfer as soon as all its jobs have returned; running ones are
 * cancelled. */
void tug__node_drop_transfer(struct tug__engine *engine, struct tug__node *node,
                             enum tug__drop drop);
/* Cancel the jobs of a node: their results are not needed. */
void tug__node_cancel_jobs(struct tug__engine *engine, struct tug__node *node);
/* Free a node's transfer that no lane holds. */
void tug__transfer_free(struct tug__engine *engine, struct tug__node *node);
/* Create a job for a node, without its share; NULL when out of memory. */
struct tug__job *tug__job_create(struct tug__engine *engine, struct tug__node *node);
/* Count a submitted job as one of its node's. */
void tug__node_add_job(struct tug__node *node, struct tug__job *job);
/* Create the transfer of a blob that has none. Returns: false when out of memory. */
bool tug__transfer_create(struct tug__engine *engine, struct tug__node *node);
/* Tell whether a registry may get one more request. */
bool tug__host_has_room(const struct tug__engine *engine, const struct tug__host *host);
/* Create the queues of every registry named by the references. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__hosts_create(struct tug__engine *engine, struct tug_error *err);
/* Find a registry of the run by its name. */
struct tug__host *tug__host_find(struct tug__engine *engine, const char *name);
/* Start no job for a node before wake_ns, unless one is in progress. */
void tug__node_wait(struct tug__engine *engine, struct tug__node *node, uint64_t wake_ns);
/* Free the jobs and transfers of all nodes; the pool is stopped. */
void tug__jobs_fini(struct tug__engine *engine);

/* --- parts.c --- */

/* Give idle workers shares of blobs already being fetched. */
void tug__parts_submit(struct tug__engine *engine);
/* Number of workers without a current or queued job. */
unsigned tug__parts_idle_workers(const struct tug__engine *engine);
/* Choose a share for a node without jobs: the first of its blob, or the rest of an interrupted one.
 * Returns: false when nothing is missing (or when out of memory). */
bool tug__parts_choose(struct tug__engine *engine, struct tug__node *node,
                       struct tug__share *out_share);

/* --- outcome.c --- */

/* Handle a message from a worker or a lane about a job or a transfer. */
void tug__jobs_handle_event(struct tug__engine *engine, const struct tug__msg *msg);

/* --- failure.c --- */

/* Handle a failed job of a node: go on, wait and retry, or fail. */
void tug__node_handle_failure(struct tug__engine *engine, struct tug__node *node,
                              struct tug__job *job);
/* Start no additional job beside a running one for a moment: the last one was useless. */
void tug__node_wait_beside(struct tug__node *node);
/* The content does not match its digest: retry once from zero, then fail for good. */
void tug__node_refetch(struct tug__engine *engine, struct tug__node *node,
                       const struct tug_error *error);
/* The file or a directory was removed during the download: start over at once, but not forever.
 * job: of a document, with its body; NULL: none. */
void tug__node_begin_anew(struct tug__engine *engine, struct tug__node *node, struct tug__job *job,
                          const struct tug_error *error);

/* --- sources.c --- */

/* Use this edge's source and size for a node that has no job in progress. */
void tug__node_ask_for(struct tug__node *node, const struct tug__edge *edge);
/* A node's source failed for good. If no waiter has a source that was not tried, so did the node;
 * that is decided when it is removed from the settled list. */
void tug__node_fail(struct tug__engine *engine, struct tug__node *node,
                    const struct tug_error *error);
/* A failed node is removed from the settled list: go on with the source of another waiter. Returns:
 * false when there is none. */
bool tug__node_ask_elsewhere(struct tug__engine *engine, struct tug__node *node);
/* Prefix an error's message with its subject. */
void tug__node_add_subject(const struct tug__node *node, struct tug_error *error);
/* Tell of content that does not match its digest and is fetched once more. error: why. */
void tug__node_tell_second_try(struct tug__engine *engine, struct tug__node *node,
                               const struct tug_error *error);
/* Find out why a repository failed to deliver a node's content with that size. Borrowed from the
 * node; NULL: it was not tried. */
const struct tug_error *tug__node_refused(const struct tug__node *node,
                                          const struct tug_ref *source, bool has_size,
                                          uint64_t size_bytes);

#endif
