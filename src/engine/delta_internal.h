/* SPDX-License-Identifier: Apache-2.0
 *
 * What delta.c, delta_copy.c and delta_state.c share.
 * Threads: the resolver.
 */
#ifndef TUG_ENGINE_DELTA_INTERNAL_H
#define TUG_ENGINE_DELTA_INTERNAL_H

#include "engine/state.h"

enum tug__delta_stage {
    TUG__DELTA_NEW = 0,
    TUG__DELTA_TAIL,
    TUG__DELTA_PLAN,
    TUG__DELTA_COPY,
    TUG__DELTA_PLAIN, /* nothing of this file applies */
};

struct tug__delta {
    enum tug__delta_stage stage;
    bool is_off; /* for this layer, for good */
    struct tug__chunked_place place;
    uint64_t repository;
    unsigned number;     /* of the layer in its manifest */
    uint64_t tail_byte;  /* the tail begins here */
    uint64_t flow_ns;    /* when its first byte came */
    uint64_t flow_bytes; /* that had been received by then, of whatever */
    struct tug__donor *donors[TUG__PLAN_DONORS_MAX];
    struct tug__delta_plan plan; /* the worker's, while a PLAN job is out */
    size_t next_copy;            /* copies before it are handed out, or cannot be */
    unsigned copying;            /* local shares at workers */
    uint64_t copied_bytes;
    struct tug__node_list waiting; /* nodes for which this layer may be a donor */
};

/* Append to a list of nodes that wait. */
void tug__delta_append(struct tug__node_list *list, struct tug__node *node);
/* Tell whether a node has a layer at this stage. */
bool tug__delta_is_at(const struct tug__node *node, enum tug__delta_stage stage);
/* From now on the layer is fetched as any other, at least until it is begun anew. */
void tug__delta_go_plain(struct tug__node *node);
/* Queue a node for its plan: the largest layer first, as it has most to do after it. */
void tug__plans_add(struct tug__node **plans, struct tug__node *node);
/* Tell whether a plan that reads so much text may begin: no more at once than there are lanes, nor
 * than memory allows; one always. */
bool tug__plan_may_begin(const struct tug__delta_state *state, uint64_t bytes, unsigned lane_count);
/* Tell whether a layer may have one more part copied beside those that are being copied. While
 * plans are being made, plans and copies together are at most as many as there are lanes, but for
 * one copy: they would slow down the plan of a large layer, which then ends last. */
bool tug__copy_may_begin(const struct tug__delta_state *state, unsigned copying,
                         unsigned worker_count, unsigned lane_count);
/* Bytes of text that a PLAN job reads, about. */
uint64_t tug__delta_plan_bytes(const struct tug__delta *delta);
/* delta.c: the repository of a layer that is wanted, as a donor's. */
uint64_t tug__delta_repository(const struct tug_ref *ref);

/* delta.c: warn, once, of a donor store that could not be read. */
void tug__delta_tell_unread(struct tug__engine *engine);
/* delta.c: the search for donors has ended. One that was stopped with the node that it was for
 * starts again. */
void tug__delta_handle_donors(struct tug__engine *engine, struct tug__node *node,
                              const struct tug_error *error);

#endif
