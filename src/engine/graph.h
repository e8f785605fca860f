/* SPDX-License-Identifier: Apache-2.0
 *
 * The graph of a run: nodes (one per digest that is being fetched) and edges (a waiter waits for
 * that node). Owned by the resolver, touched by no other thread.
 *
 * A node lives from the moment somebody needs a digest that the store does not have until those
 * that waited have taken what came of it; after that the store itself is the memory. A node that
 * failed for good stays until the end of the run, so that the next waiter with the same source
 * fails at once.
 */
#ifndef TUG_ENGINE_GRAPH_H
#define TUG_ENGINE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/fetch.h>

#include "engine/engine.h"
#include "oci/document.h"
#include "pool/task.h"

struct tug__host;

enum tug__node_state {
    TUG__NODE_QUEUED = 0, /* waits for its turn */
    TUG__NODE_ACTIVE,     /* a job is out, or a lane commits */
    TUG__NODE_WAITING,    /* until wake_ns: backoff, or another process has it */
    TUG__NODE_DROPPING,   /* a lane closes its transfer */
    TUG__NODE_FAILED,     /* for good */
};

/* A repository did not give a node's content, or not that of this size. */
struct tug__refusal {
    const struct tug_ref *source; /* borrowed; NULL: the failure was ours, whoever is asked */
    bool has_size;
    uint64_t size_bytes;
    struct tug_error error;
    struct tug__refusal *next;
};

/* What shall become of a transfer that is given up. */
enum tug__drop {
    TUG__DROP_NOT = 0,
    TUG__DROP_KEEP,   /* its partial file stays */
    TUG__DROP_REMOVE, /* its partial file is bad */
};

/* How it goes with the attempts to fetch a node. */
struct tug__attempt {
    bool is_at_urls;     /* the source does not have it: its URLs are asked */
    unsigned failures;   /* in a row, without progress (tug__retry_count) */
    const char *coding;  /* what bytes of it were said to be encoded in; NULL: nothing */
    unsigned served_by;  /* endpoint its bytes are from, of several the first in order, 0: none:
                            the registry itself, the last, is the least likely to lie */
    unsigned avoid;      /* endpoint that gave bad content, 0: none */
    uint64_t mark_bytes; /* of the blob in the file at the last failure */
    bool is_second_try;  /* content was bad once: it was fetched again from zero */
    bool is_repair;      /* the store has something bad under its name */
    unsigned removals;   /* how often its file was removed while we had it */
    bool is_wait_told;   /* TUG_EVENT_WAITING was sent */
    uint64_t wake_ns;    /* no job before */
    uint64_t beside_ns;  /* no further job beside a running one before */
    uint64_t started_ns; /* when its first job began, 0: none has */
    bool is_running;     /* its bytes are asked for or come, and STARTED was told */
};

/* What came of a node, until those that wait have taken it. */
struct tug__outcome {
    enum tug__settled_kind kind;
    bool is_unrecorded; /* FAILED: there was no memory to keep why */
    bool was_present;
    struct tug_digest digest;
    uint64_t size_bytes;
    struct tug__job *answer; /* owned; with a document's body; NULL: see node->wanted.data */
    struct tug__node *next;  /* on the settled list */
};

/* The lists a node is in. */
struct tug__node_links {
    struct tug__node *next, *previous; /* all nodes */
    struct tug__node *next_queued;
    size_t waiting_at; /* its place in graph->waiting plus one; 0: it has none */
};

/* Something to be fetched. */
struct tug__node {
    struct tug__wanted wanted; /* first; its strings and data are owned */
    struct tug__attempt attempt;
    struct tug__outcome outcome;
    struct tug__node_links links;
    struct tug__refusal *refusals; /* owned; sources that failed for good */
    struct tug__host *host;        /* its source's registry, once it was in line; borrowed */

    enum tug__node_state state;
    enum tug__job_kind job_kind; /* what to ask next */
    struct tug__job *jobs;       /* out; more than one only for a blob */
    unsigned job_count;
    enum tug__msg_kind verdict; /* COMMITTED or REJECTED that came before the last job's end */
    struct tug__transfer *transfer;
    enum tug__drop drop; /* to be sent to the lane when the last job is back */
    unsigned width;      /* connections a blob should have */

    struct tug__edge *edges; /* who waits, the first that asked first */
    struct tug__edge *last_edge;
    size_t needed_by;         /* edges that were not forgotten */
    struct tug__graph *graph; /* the one it is in */
    uint64_t counted_bytes;   /* of it, in graph->wanted_bytes */
};

/* A node and its wake_ns when it began to wait. */
struct tug__waiting {
    uint64_t wake_ns;
    struct tug__node *node;
};

struct tug__graph {
    void *nodes_by_digest;   /* tsearch tree */
    struct tug__node *nodes; /* all of them, newest first */
    size_t node_count;
    /* heap by wake_ns, first on top: nodes that wait until then, and perhaps some no more. Owned;
     * has room for all nodes */
    struct tug__waiting *waiting;
    size_t waiting_count, waiting_capacity;
    /* sum of the sizes of all blobs that are needed; exact below TUG__WANTED_BYTES_MAX */
    uint64_t wanted_bytes;
};

/* Largest sum of sizes that is added up: more than any disk has (sizes are a registry's word). */
#define TUG__WANTED_BYTES_MAX (UINT64_C(1) << 62)

/* Find the node of a digest; NULL when there is none. */
struct tug__node *tug__graph_find(struct tug__graph *graph, const struct tug_digest *digest);
/* Add a zeroed node with its digest, or without one (a tag). Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__graph_add(struct tug__graph *graph, const struct tug_digest *digest,
                               struct tug__node **out_node, struct tug_error *err);
/* Take a node out and free it with its edges. Its job and transfer must be gone. */
void tug__graph_remove(struct tug__graph *graph, struct tug__node *node);
/* Have a digest's node not be found any more: the next one who wants it gets another. */
void tug__graph_hide(struct tug__graph *graph, struct tug__node *node);
/* Make a waiter wait for a node. like: what the edge shall be like; its links do not count. Errors:
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__node_add_edge(struct tug__node *node, const struct tug__edge *like,
                                   struct tug_error *err);
/* The full name of the first that waits for it; when nobody does, of the one whose repository is
 * asked. Borrowed from the run. */
const char *tug__node_ref(const struct tug__node *node);
/* Tell whether somebody waits for it. */
bool tug__node_is_needed(const struct tug__node *node);
/* A waiter waits no longer by this edge, which stays. */
void tug__edge_leave(struct tug__edge *edge);
/* A waiter waits no longer for one of its nodes.
 * Returns: that node; NULL when it waits for nothing any more. */
struct tug__node *tug__waiter_leave(struct tug__waiter *waiter);
/* The size of a node changed, or whether it is needed: bring graph->wanted_bytes up to date. */
void tug__node_count(struct tug__node *node);

/* --- waiting.c --- */

/* Put a node among those that wait (again: with its new wake_ns), or take it out. */
void tug__graph_add_waiting(struct tug__graph *graph, struct tug__node *node);
void tug__graph_remove_waiting(struct tug__graph *graph, struct tug__node *node);

#endif
