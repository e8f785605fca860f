/* SPDX-License-Identifier: Apache-2.0
 *
 * The graph of a run: nodes (one per digest being fetched) and edges (a waiter waits for a node).
 * Owned by the resolver; no other thread accesses it.
 *
 * A node lives from the first request for a digest that the store does not have until its waiters
 * have received the result; after that the store itself remembers. A node that failed for good
 * stays until the end of the run, so that the next waiter with the same source fails at once.
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

struct tug__delta;
struct tug__host;

enum tug__node_state {
    TUG__NODE_QUEUED = 0, /* waiting for its turn */
    TUG__NODE_ACTIVE,     /* a job is out, or a lane commits */
    TUG__NODE_WAITING,    /* until wake_ns: back-off, or another process has the blob */
    TUG__NODE_DROPPING,   /* a lane closes its transfer */
    TUG__NODE_FAILED,     /* for good */
};

/* A repository that failed to deliver a node's content, or content of this size. */
struct tug__refusal {
    const struct tug_ref *source; /* borrowed; NULL: the failure was ours, for any source */
    bool has_size;
    uint64_t size_bytes;
    struct tug_error error;
    struct tug__refusal *next;
};

/* What to do with the file of a transfer that is given up. */
enum tug__drop {
    TUG__DROP_NOT = 0,
    TUG__DROP_KEEP,   /* its partial file stays */
    TUG__DROP_REMOVE, /* its partial file is bad */
};

/* State of the attempts to fetch a node. */
struct tug__attempt {
    bool is_at_urls;    /* the source does not have it: its URLs are tried */
    unsigned failures;  /* in a row, without progress (tug__retry_count) */
    const char *coding; /* Content-Encoding of its bytes, as labelled; NULL: none */
    unsigned
        served_by;  /* endpoint that its bytes came from; of several the first in order, because the
                       last, the registry itself, is the least likely to be wrong; 0: none */
    unsigned avoid; /* endpoint that returned bad content, 0: none */
    uint64_t mark_bytes;      /* bytes of the blob in the file at the last failure */
    bool is_second_try;       /* content was bad once and is being fetched again from zero */
    bool is_repair;           /* the blob in the store is bad */
    unsigned removals;        /* how often its file was removed during the download */
    bool is_wait_told;        /* TUG_EVENT_WAITING was sent */
    uint64_t wake_ns;         /* no job before */
    uint64_t beside_ns;       /* no additional job beside a running one before */
    uint64_t started_ns;      /* when its first job started, 0: none has */
    bool is_running;          /* its bytes are requested or arriving, and STARTED was reported */
    struct tug__delta *delta; /* owned; of a layer with a table of contents; NULL: none */
};

/* Result of a node, until its waiters have received it. */
struct tug__outcome {
    enum tug__settled_kind kind;
    bool is_unrecorded; /* FAILED: there was no memory to record why */
    bool was_present;
    struct tug_digest digest;
    uint64_t size_bytes;
    uint64_t copied_bytes;
    struct tug__job *answer; /* owned; with a document's body; NULL: see node->wanted.data */
    struct tug__node *next;  /* on the settled list */
};

/* The lists that contain a node. */
struct tug__node_links {
    struct tug__node *next, *previous; /* all nodes */
    struct tug__node *next_queued;
    size_t waiting_at; /* index in graph->waiting plus one; 0: not in it */
};

/* Content to fetch. */
struct tug__node {
    struct tug__wanted wanted; /* first; its strings and data are owned */
    struct tug__attempt attempt;
    struct tug__outcome outcome;
    struct tug__node_links links;
    struct tug__refusal *refusals; /* owned; sources that failed for good */
    struct tug__host *host;        /* its source's registry, once it was queued; borrowed */

    enum tug__node_state state;
    enum tug__job_kind job_kind; /* kind of the next job */
    struct tug__job *jobs;       /* jobs in progress; more than one only for a blob */
    unsigned job_count;
    enum tug__msg_kind verdict; /* COMMITTED or REJECTED that arrived before the last job's end */
    struct tug__transfer *transfer;
    enum tug__drop drop; /* sent to the lane when the last job has returned */
    unsigned width;      /* connections a blob should have */

    struct tug__edge *edges; /* waiters, in order of their requests */
    struct tug__edge *last_edge;
    size_t needed_by;         /* edges not forgotten */
    struct tug__graph *graph; /* the graph that contains it */
    uint64_t counted_bytes;   /* its part of graph->wanted_bytes */
};

/* A node, and its wake_ns when the wait started. */
struct tug__waiting {
    uint64_t wake_ns;
    struct tug__node *node;
};

struct tug__graph {
    void *nodes_by_digest;   /* tsearch tree */
    struct tug__node *nodes; /* all of them, newest first */
    size_t node_count;
    /* heap by wake_ns, earliest on top: nodes that wait, and perhaps some that no longer do. Owned;
     * has room for all nodes */
    struct tug__waiting *waiting;
    size_t waiting_count, waiting_capacity;
    /* sum of the sizes of all needed blobs; exact below TUG__WANTED_BYTES_MAX */
    uint64_t wanted_bytes;
};

/* Largest sum of sizes: more than any disk has (sizes come from registries). */
#define TUG__WANTED_BYTES_MAX (UINT64_C(1) << 62)

/* Find the node of a digest; NULL when there is none. */
struct tug__node *tug__graph_find(struct tug__graph *graph, const struct tug_digest *digest);
/* Add a zeroed node with its digest, or without one (a tag). Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__graph_add(struct tug__graph *graph, const struct tug_digest *digest,
                               struct tug__node **out_node, struct tug_error *err);
/* Remove a node and free it with its edges. It must have no job and no transfer. */
void tug__graph_remove(struct tug__graph *graph, struct tug__node *node);
/* Hide a digest's node from tug__graph_find: the next request for the digest creates another. */
void tug__graph_hide(struct tug__graph *graph, struct tug__node *node);
/* Add an edge to a node. like: template of the edge; its links are ignored. Errors:
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__node_add_edge(struct tug__node *node, const struct tug__edge *like,
                                   struct tug_error *err);
/* Get the full name of the first waiter's source; without waiters, of the source being used.
 * Borrowed from the run. */
const char *tug__node_ref(const struct tug__node *node);
/* Tell whether a node has waiters. */
bool tug__node_is_needed(const struct tug__node *node);
/* Detach an edge, which stays, from its waiter. */
void tug__edge_leave(struct tug__edge *edge);
/* Detach a waiter from one of its nodes. Returns: that node; NULL when there was none. */
struct tug__node *tug__waiter_leave(struct tug__waiter *waiter);
/* Update graph->wanted_bytes after a node's size or need has changed. */
void tug__node_count(struct tug__node *node);

/* --- waiting.c --- */

/* Add a node to the waiting ones (again: with its new wake_ns), or remove it. */
void tug__graph_add_waiting(struct tug__graph *graph, struct tug__node *node);
void tug__graph_remove_waiting(struct tug__graph *graph, struct tug__node *node);

#endif
