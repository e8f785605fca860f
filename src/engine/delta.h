/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers that are put together: what a donor of the store has is copied, and the rest requested.
 *
 *   admit ─▶ TAIL ─▶ PLAN ─▶ COPY        a layer with a table of contents, and donors for it
 *     │       └──────┴─────▶ PLAIN       no donor, no gain, or anything that went wrong
 *     └─▶ (donors are searched; another layer that may be one is awaited)
 *
 * TAIL requests the end of the layer, where its table is. PLAN, on a worker, compares it with those
 * of donors. COPY hands out shares of two kinds until nothing is missing: local ones, which workers
 * copy, and requests. Both are shares as any other: their progress is in the state file, the lane
 * hashes all of it, and the digest decides. If that is wrong, the layer is fetched once more,
 * plainly, and its donors are not used again.
 *
 * Threads: the resolver.
 */
#ifndef TUG_ENGINE_DELTA_H
#define TUG_ENGINE_DELTA_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/delta_plan.h"
#include "pool/donors.h"

struct tug__delta;
struct tug__engine;
struct tug__job;
struct tug__node;
struct tug__share;
struct tug__wanted;
struct tug_error;

/* A first-in first-out list of nodes that wait for their turn. */
struct tug__node_list {
    struct tug__node *first, *last;
};

/* The engine's part: which donors there are. */
struct tug__delta_state {
    struct tug__donors donors;     /* while is_searching, a worker's */
    struct tug__donors planned;    /* in a dry run: layers that would be fetched */
    struct tug__node_list waiting; /* for the search */
    struct tug__node_list ready;   /* what they waited for has come, or will not */
    struct tug_store **stores;     /* owned: to be searched; NULL: no layer is put together */
    struct tug__node *plans;       /* to be made, the largest layer first */
    double rate;                   /* bytes/s while tails came, at best; 0: not known */
    unsigned plans_out;            /* PLAN jobs at workers */
    uint64_t plan_bytes;           /* of text that they read */
    unsigned copies_out;           /* local shares at workers */
    bool is_searching;
    bool is_searched;
};

/* Create the part of a node that has a table of contents. Out of memory, or with deltas off, it has
 * none. */
void tug__delta_create(struct tug__engine *engine, struct tug__node *node,
                       const struct tug__wanted *wanted);
/* Free it; NULL is allowed. */
void tug__delta_free(struct tug__delta *delta);
/* Free the engine's part. */
void tug__delta_state_fini(struct tug__engine *engine);

/* A node without a transfer is about to be submitted. Returns: false when it has to wait: it is in
 * a list here, or its job is another one now, and it is queued. */
bool tug__delta_admit(struct tug__engine *engine, struct tug__node *node);
/* The first byte to request when the partial file is opened. */
uint64_t tug__delta_first(const struct tug__node *node);
/* Tell whether no share may be handed out beside the running one: the plan is not made yet. */
bool tug__delta_is_early(const struct tug__node *node);
/* Tell whether shares are handed out by the plan, and so may be many at once. */
bool tug__delta_is_copying(const struct tug__node *node);
/* Tell whether only an answer with a range is useful for a share of this node. */
bool tug__delta_needs_range(const struct tug__node *node);
/* Choose a share that comes before others: of the tail, or one to be copied. */
bool tug__delta_choose(struct tug__engine *engine, struct tug__node *node,
                       struct tug__share *out_share);
/* The first byte of a share has come. */
void tug__delta_note_flow(const struct tug__engine *engine, struct tug__node *node);
/* Get the plan that a PLAN job is about; NULL: none. */
struct tug__delta_plan *tug__delta_plan_of(struct tug__node *node);
/* Tell a local share's job where its bytes are. */
void tug__delta_fill_in(struct tug__engine *engine, const struct tug__node *node,
                        struct tug__job *job);
/* Number of local shares at workers. */
unsigned tug__delta_copying(const struct tug__node *node);
/* Bytes of the blob that local shares have brought. */
uint64_t tug__delta_copied(const struct tug__node *node);
/* A share could not be handed to a worker. */
void tug__delta_take_back(struct tug__engine *engine, struct tug__node *node,
                          const struct tug__share *share);
/* Count the bytes of a share that has ended, well or not. */
void tug__delta_note_share(struct tug__engine *engine, struct tug__node *node,
                           const struct tug__job *job);
/* A node has no job. Returns: true when its plan comes next, and waits for its turn. */
bool tug__delta_continue(struct tug__engine *engine, struct tug__node *node);
/* Take the node whose plan is to be made now. Returns: NULL: there is none, or as many are being
 * made as there are lanes, or they read as much text as they may. */
struct tug__node *tug__delta_next_plan(struct tug__engine *engine);
/* A node's PLAN job was submitted. */
void tug__delta_note_plan(struct tug__engine *engine, const struct tug__node *node);
/* A DONORS or PLAN job has returned. */
void tug__delta_handle_job(struct tug__engine *engine, struct tug__node *node, struct tug__job *job,
                           bool has_failed);
/* A share has failed. Returns: true when that is dealt with: the layer is fetched plainly. */
bool tug__delta_handle_failure(struct tug__engine *engine, struct tug__node *node,
                               const struct tug__job *job);
/* A node is about to fail. Returns: true when it is fetched plainly instead. */
bool tug__delta_fall_back(struct tug__engine *engine, struct tug__node *node,
                          const struct tug_error *error);
/* The content is wrong. Returns: true when it was put together, and is fetched plainly now. The
 * transfer is freed already. */
bool tug__delta_handle_rejected(struct tug__engine *engine, struct tug__node *node,
                                const struct tug_error *error);
/* A node's transfer was dropped: begin anew. */
void tug__delta_reset(struct tug__node *node);
/* A node has its blob in the store, so it is a donor from now on. */
void tug__delta_handle_committed(struct tug__engine *engine, struct tug__node *node);
/* A node has settled, whatever the result, or an attempt has failed: those that waited for it are
 * ready. */
void tug__delta_let_go(struct tug__engine *engine, struct tug__node *node);
/* Queue the nodes that are ready. */
void tug__delta_resume(struct tug__engine *engine);

#endif
