/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's state, shared by its files: engine.c (the door), wanted.c (who wants what), jobs.c
 * (requests), dispatch.c (whose turn it is), parts.c (blobs over several connections), sources.c
 * (who is asked), outcome.c (what workers and lanes say), failure.c (what comes of failed jobs),
 * settled.c and answer.c (what those that wait are told), stored.c (what need not be asked for).
 * All of it belongs to the resolver's thread.
 */
#ifndef TUG_ENGINE_STATE_H
#define TUG_ENGINE_STATE_H

#include "engine/engine.h"
#include "engine/graph.h"
#include "engine/spread.h"
#include "pool/pool.h"
#include "registry/retry.h"

/* A first-in first-out list of nodes that wait for their turn. */
struct tug__node_list {
    struct tug__node *first, *last;
};

/* A registry, as references name it: what waits for it, and what is known of it. */
struct tug__host {
    const char *name;                       /* borrowed from a reference */
    struct tug__node_list queued_documents; /* first: they make the next work known */
    struct tug__node_list queued_blobs;
    uint64_t pause_until_ns; /* it asked to be left alone */
    unsigned jobs_out;       /* at workers or in their ring */
    bool ignores_ranges;
    struct tug__host *next;
};

struct tug__engine {
    struct tug__engine_settings settings; /* a copy */
    struct tug__pool *pool;
    struct tug__graph graph;
    struct tug__host *hosts;         /* asked in turn: after each look the first goes to the end */
    void *hosts_by_name;             /* the same, as a tsearch tree */
    struct tug__transfer *transfers; /* all that are open */
    struct tug__spread spread;
    struct tug__retry_policy retry_policy;
    uint32_t random;                     /* state of the jitter */
    struct tug__node_list queued_inline; /* for a lane */

    /* counts that bound what is under way */
    unsigned transfers_open;
    unsigned jobs_out; /* at workers or in their ring */
    unsigned inline_out;
    unsigned next_lane;

    /* for those that wait */
    struct tug__node_list settled;        /* linked by outcome.next */
    struct tug__node *taken;              /* the one that was handed out last; NULL: none */
    struct tug__publication *publication; /* at lane 0; NULL: none */
    struct tug__publication *published;   /* back from there; NULL: none */
    bool is_stopping;                     /* no new work */
};

/* --- look.c --- */

/* A source has no manifest of a node: look for a blob, where that will do. Returns: false when it
 * is no way out. */
bool tug__node_ask_as_blob(struct tug__engine *engine, struct tug__node *node,
                           const struct tug_error *error);
/* A HEAD told how long a blob is: go on with it as with any other. */
void tug__node_take_looked(struct tug__engine *engine, struct tug__node *node,
                           const struct tug__job *job);

/* --- settled.c --- */

/* Tell of something as it happens. */
void tug__engine_emit(struct tug__engine *engine, struct tug_event *event);
/* Put a node on the list of what settled. */
void tug__node_settle(struct tug__engine *engine, struct tug__node *node,
                      enum tug__settled_kind kind);
/* Nobody needs a node that has neither a job nor a transfer: it is in no line any more. */
void tug__node_release(struct tug__engine *engine, struct tug__node *node);

/* --- stored.c --- */

/* Look whether the store has what a node is to bring (another process may have brought it); digest:
 * of it. A blob that has to be hashed (settings.recheck) is that next.
 * Returns: true when the node has settled: with what the store has, or because the store cannot be
 * looked at. */
bool tug__node_find_in_store(struct tug__engine *engine, struct tug__node *node,
                             const struct tug_digest *digest);

/* --- jobs.c --- */

/* Put a node in line for its turn, unless jobs for it are still out; one whose bytes came already
 * goes to the head. */
void tug__node_enqueue(struct tug__engine *engine, struct tug__node *node);
/* Make a job of a node and hand it to the workers.
 * share: of a blob that is open already, NULL for anything else; moved into the job.
 * Returns: false when there is no room or no memory; nothing has changed then. */
bool tug__node_submit(struct tug__engine *engine, struct tug__node *node,
                      const struct tug__share *share);
/* Remember when the first job of a node began. */
void tug__node_note_start(struct tug__node *node);
/* Take a node that nobody needs off whatever it was about to do. */
void tug__node_abandon(struct tug__engine *engine, struct tug__node *node);
/* Have the lane close a node's transfer, as soon as all its jobs are back; running ones are
 * cancelled. */
void tug__node_drop_transfer(struct tug__engine *engine, struct tug__node *node,
                             enum tug__drop drop);
/* Cancel the jobs of a node: their results are of no use. */
void tug__node_cancel_jobs(struct tug__engine *engine, struct tug__node *node);
/* Free a node's transfer that no lane holds. */
void tug__transfer_free(struct tug__engine *engine, struct tug__node *node);
/* Make a job for a node, without its share; NULL without memory. */
struct tug__job *tug__job_create(struct tug__engine *engine, struct tug__node *node);
/* Count a job that is on its way as one of its node's. */
void tug__node_add_job(struct tug__node *node, struct tug__job *job);
/* Make the transfer of a blob that has none. Returns: false without memory. */
bool tug__transfer_create(struct tug__engine *engine, struct tug__node *node);
/* Tell whether a registry may get one more request. */
bool tug__host_has_room(const struct tug__engine *engine, const struct tug__host *host);
/* Make the lines of every registry that the references name. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__hosts_create(struct tug__engine *engine, struct tug_error *err);
/* A registry of the run: what is known of it, and what waits for it. */
struct tug__host *tug__host_find(struct tug__engine *engine, const char *name);
/* No job for a node until then, unless one is out. */
void tug__node_wait(struct tug__engine *engine, struct tug__node *node, uint64_t wake_ns);
/* Free the jobs and transfers of all nodes; the pool is stopped. */
void tug__jobs_fini(struct tug__engine *engine);

/* --- parts.c --- */

/* Give idle workers shares of blobs that are being fetched already. */
void tug__parts_submit(struct tug__engine *engine);
/* Workers that have nothing to do and nothing waiting for them. */
unsigned tug__parts_idle_workers(const struct tug__engine *engine);
/* A share for a node that has no job out: the first of its blob, or the rest of one that was
 * interrupted. Returns: false when nothing is missing (or no memory). */
bool tug__parts_take(struct tug__engine *engine, struct tug__node *node,
                     struct tug__share *out_share);

/* --- outcome.c --- */

/* A message of a worker or a lane about a job or a transfer. */
void tug__jobs_take_event(struct tug__engine *engine, const struct tug__msg *msg);

/* --- failure.c --- */

/* A job of a node failed: go on, wait and try again, or fail. */
void tug__node_take_failure(struct tug__engine *engine, struct tug__node *node,
                            struct tug__job *job);
/* No further job beside a running one for a moment: the last one was of no use. */
void tug__node_wait_beside(struct tug__node *node);
/* What came is not what was named: once more from zero, then it is final. */
void tug__node_refetch(struct tug__engine *engine, struct tug__node *node,
                       const struct tug_error *error);
/* Somebody removed the file, or a directory, while we wrote: begin anew at once, but not for ever.
 * job: a document's that has its body; NULL: none. */
void tug__node_begin_anew(struct tug__engine *engine, struct tug__node *node, struct tug__job *job,
                          const struct tug_error *error);

/* --- sources.c --- */

/* Let a node ask for what this edge wants; it has no job out. */
void tug__node_ask_for(struct tug__node *node, const struct tug__edge *edge);
/* A node's source failed for good. When nobody else who waits has one that was not tried, so has
 * the node; that is decided when it is taken from the settled list. */
void tug__node_fail(struct tug__engine *engine, struct tug__node *node,
                    const struct tug_error *error);
/* A failed node is taken from the settled list: go on with the source of another that waits.
 * Returns: false when there is none. */
bool tug__node_ask_elsewhere(struct tug__engine *engine, struct tug__node *node);
/* Say in an error's message what it is about. */
void tug__node_add_subject(const struct tug__node *node, struct tug_error *error);
/* Why a repository has failed to give a node's content, with that size. Borrowed from the node;
 * NULL: it was not tried. */
const struct tug_error *tug__node_refused(const struct tug__node *node,
                                          const struct tug_ref *source, bool has_size,
                                          uint64_t size_bytes);

#endif
