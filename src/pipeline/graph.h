/* SPDX-License-Identifier: Apache-2.0
 *
 * The graph of a run: images (one per reference), nodes (one per digest that is being fetched), and
 * edges (this image waits for that node). Owned by the resolver, touched by no other thread.
 *
 * A node lives from the moment somebody needs a digest that the store does not have until it is
 * committed; after that the store itself is the memory. A node that failed for good stays until the
 * end of the run, so that the next image of the same repository that needs it fails at once.
 */
#ifndef TUG_PIPELINE_GRAPH_H
#define TUG_PIPELINE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/fetch.h>

#include "oci/document.h"
#include "pipeline/plan.h"
#include "pipeline/task.h"

struct tug__image;
struct tug__host;
struct tug__node;

/* An image waits for a node. */
struct tug__edge {
    struct tug__image *image; /* NULL: it has failed meanwhile */
    struct tug__node *node;
    enum tug__want want; /* of a manifest: how much */
    unsigned depth;      /* indexes above it */
    bool is_root;
    bool is_again;    /* the image has read this document: it was removed from the store since */
    bool is_optional; /* when its registry does not have it, the image does without */
    bool has_size;    /* the image's descriptor told size_bytes */
    uint64_t size_bytes;
    struct tug__edge *next;                           /* of the same node */
    struct tug__edge *next_of_image, **link_of_image; /* of the same image, while it is set */
};

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

/* Something to be fetched. */
struct tug__node {
    struct tug_digest digest; /* unset: a tag whose digest is not known yet */
    char *tag;                /* owned; NULL unless digest is unset */
    bool has_size;
    uint64_t size_bytes;
    enum tug__media_kind kind;
    bool is_document;             /* asked for as a manifest, handled in memory */
    char *media_type;             /* owned; NULL: what the registry says */
    uint8_t *data;                /* owned; inline content of size_bytes, NULL: none */
    char *urls;                   /* owned; of a foreign layer that may be fetched from them, see
                                     tug__descriptor; NULL: none */
    bool is_at_urls;              /* the source does not have it: they are asked */
    const struct tug_ref *source; /* whose registry and repository are asked; borrowed */
    struct tug__host *host;       /* that registry, once it was in line; borrowed */

    enum tug__node_state state;
    enum tug__job_kind job_kind; /* what to ask next */
    struct tug__job *jobs;       /* out; more than one only for a blob */
    unsigned job_count;
    enum tug__msg_kind verdict; /* COMMITTED or REJECTED that came before the last job's end */
    struct tug__transfer *transfer;
    enum tug__drop drop;     /* to be sent to the lane when the last job is back */
    struct tug__edge *edges; /* who waits, the first that asked first */
    struct tug__edge *last_edge;
    size_t needed_by;    /* edges whose image has not failed */
    unsigned width;      /* connections a blob should have */
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
    struct tug__refusal *refusals; /* owned; sources that failed for good */

    struct tug__graph *graph;          /* the one it is in */
    uint64_t counted_bytes;            /* of it, in graph->wanted_bytes */
    struct tug__node *next, *previous; /* all nodes */
    struct tug__node *next_queued;
    size_t waiting_at; /* its place in graph->waiting plus one; 0: it has none */
};

enum tug__image_state {
    TUG__IMAGE_IDLE = 0,   /* not begun */
    TUG__IMAGE_GATHERING,  /* its indexes are being read */
    TUG__IMAGE_FETCHING,   /* everything it needs is known or on its way to be */
    TUG__IMAGE_PUBLISHING, /* a lane names it */
    TUG__IMAGE_DONE,       /* complete or failed; reported */
};

/* Something that an image needs: counted once, and looked at once more before it is named. */
struct tug__need {
    struct tug_digest digest; /* first: it is found by that */
    bool is_document;
    bool has_size;
    uint64_t size_bytes;
    enum tug__media_kind kind;
    char *urls;       /* owned; of a foreign layer; NULL: none */
    bool is_left_out; /* the image does without */
};

/* A config whose platform is to be compared with what was promised. */
struct tug__config_check {
    struct tug_digest digest;
    bool is_entry;              /* false: the manifest is the root, compare with the wish */
    struct tug_digest manifest; /* is_entry: compare with what the indexes say of it */
    struct tug__config_check *next;
};

/* One reference on its way: made when it begins, freed after its result was told. */
struct tug__image {
    const struct tug_ref *ref;                   /* borrowed from the run */
    const struct tug_reference_options *options; /* borrowed from the run; NULL: none of its own */
    struct tug__wish wish;
    enum tug__image_state state;
    struct tug_image_result result;
    char *media_type;            /* owned; of the root */
    struct tug_digest *left_out; /* owned; result.left_out_count of them */
    char *left_out_text;         /* owned; for index.json, made when all is there; NULL: none */
    bool is_index;               /* the root is an index: entries must be chosen */
    uint64_t started_ns;
    unsigned pending;                /* edges */
    struct tug__edge *edges;         /* the nodes it waits for */
    void *needs;                     /* tsearch tree of struct tug__need */
    unsigned repairs;                /* how often something was missing in the end */
    uint64_t wanted_bytes;           /* sum of their sizes, as far as descriptors tell */
    uint64_t told_marks;             /* what its last TUG_EVENT_IMAGE_PROGRESS said, 0: none came */
    struct tug__descriptor *entries; /* of its indexes, while gathering; owned */
    size_t entry_count, entry_capacity;
    bool has_ordered_entries;           /* by digest */
    struct tug__document held;          /* a root manifest whose config is judged before its layers
                                           are asked for; owned; zero: none */
    struct tug_platform platform;       /* what result.platform points to */
    struct tug__config_check *checks;   /* owned */
    struct tug__image *next, *previous; /* all that are at work */
    struct tug__image *next_publishing; /* of the same publication; or of those done */
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
/* Make like->image wait for a node. like: what it wants of it; its links do not count. Errors:
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__node_add_edge(struct tug__node *node, const struct tug__edge *like,
                                   struct tug_error *err);
/* The full name of the first image that waits for it; when none does, of the one whose repository
 * is asked. Borrowed from the run. */
const char *tug__node_ref(const struct tug__node *node);
/* Tell whether an image that has not failed waits for it. */
bool tug__node_is_needed(const struct tug__node *node);
/* An image does without what an edge of it stands for; its count of pending edges is not touched.
 */
void tug__edge_leave(struct tug__edge *edge);
/* An image has failed: it waits no longer for one of its nodes.
 * Returns: that node; NULL when the image waits for nothing any more. */
struct tug__node *tug__image_leave(struct tug__image *image);
/* The size of a node changed, or whether it is needed: bring graph->wanted_bytes up to date. */
void tug__node_count(struct tug__node *node);

/* --- waiting.c --- */

/* Put a node among those that wait (again: with its new wake_ns), or take it out. */
void tug__graph_add_waiting(struct tug__graph *graph, struct tug__node *node);
void tug__graph_remove_waiting(struct tug__graph *graph, struct tug__node *node);

/* Remember that an image needs a digest. *out_is_new: false when it did already.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_see(struct tug__image *image, const struct tug_digest *digest,
                               bool *out_is_new, struct tug_error *err);
/* Forget that again: it turned out not to be needed. */
void tug__image_unsee(struct tug__image *image, const struct tug_digest *digest);
/* What an image needs of a digest, to be filled in; NULL: nothing. Borrowed from the image. */
struct tug__need *tug__image_need(const struct tug__image *image, const struct tug_digest *digest);
/* Keep a copy of an index entry until all indexes are read. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_add_entry(struct tug__image *image, const struct tug__descriptor *entry,
                                     struct tug_error *err);
/* Remember to compare a config. manifest: whose config it is, of an index's entry; NULL compares
 * with the wish. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_add_check(struct tug__image *image, const struct tug_digest *config,
                                     const struct tug_digest *manifest, struct tug_error *err);
/* The configs of an image are compared: forget them. */
void tug__image_forget_checks(struct tug__image *image);
/* The entries that an image's indexes have for a digest.
 * out_count: of them; 0: none. Returns: the first of them. The entries are put in order for that,
 * so it is for the time after the choice among them. */
const struct tug__descriptor *tug__image_find_entries(struct tug__image *image,
                                                      const struct tug_digest *digest,
                                                      size_t *out_count);
/* Free what an image has only until everything it needs is there. */
void tug__image_release(struct tug__image *image);
/* Free everything of an image but the struct. */
void tug__image_fini(struct tug__image *image);

#endif
