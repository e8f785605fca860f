/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the engine: digests into the store.
 *
 * A caller wants a digest (tug__engine_start) and gets the result later, from
 * tug__engine_next_settled. In between the engine sends requests to registries, retries, divides
 * blobs among connections, verifies and commits. It knows nothing about images: a caller waits with
 * a struct tug__waiter, and says what for by a number of its own.
 *
 *   tug__engine_handle_event ─▶ settled list ─▶ tug__engine_next_settled ─▶ waiters
 *            ▲                                                                 │
 *            └──────────────── tug__engine_start, tug__engine_forget ◀─────────┘
 *
 * No function here calls back to waiters: results are put on the list, and the caller empties it
 * after each call that may fill it (handle_event, submit, wake). Only immediate events (a start, a
 * retry) are reported by settings.on_event, which must not call the engine.
 *
 * Threads: all functions belong to the thread that created the engine, the resolver. It owns the
 * graph (nodes, edges, transfers, jobs, retry timers, facts about hosts) and never uses the
 * network: other threads do, and pool/pool.h shows them and the order of shutdown. No locks in this
 * room.
 */
#ifndef TUG_ENGINE_ENGINE_H
#define TUG_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/fetch.h>

#include "base/buf.h"
#include "base/trace.h"
#include "oci/document.h"
#include "pool/publication.h"
#include "store/store.h"

struct tug__bell;
struct tug__chunked_place;
struct tug__edge;
struct tug__engine;
struct tug__node;
struct tug__session;

/* All of an engine's input; everything it points to is borrowed and must outlive the engine. */
struct tug__engine_settings {
    /* NULL: none. is_dry must be set then, and a blob is returned in memory, as a document is: its
     * size is for the caller to bound. */
    struct tug_store *store;
    struct tug__session *session; /* of registries; shared with the workers */
    struct tug__bell *bell;       /* rung when there is an event to take */
    struct tug__trace *trace;     /* NULL: none */
    struct tug_ref *const *refs;  /* every source is in one of their registries */
    size_t ref_count;
    unsigned worker_count;
    unsigned max_per_host; /* requests at once to one registry; 0: no limit */
    uint64_t bytes_per_s;  /* limit for all connections together; 0: none */
    uint64_t connect_timeout_ms, stall_timeout_ms;
    uint64_t chunk_size_bytes;  /* blobs up to this size use one connection */
    unsigned retries;           /* failed attempts in a row after the first; 0: never retry */
    uint64_t retry_max_wait_ms; /* longest single wait */
    bool never_split;           /* one connection per blob */
    bool is_dry;                /* documents are verified but not stored */
    bool recheck;               /* hash blobs that turn out to be in the store */
    /* Reports STARTED, RETRY, WAITING and WARNING, as they happen. Must not call the engine. */
    void (*on_event)(void *context, struct tug_event *event);
    void *event_context;
};

/* Embedded in structs that wait for digests; all zero: waits for nothing. */
struct tug__waiter {
    struct tug__edge *edges;
};

/* Links a waiter to a node that it waits for. */
struct tug__edge {
    struct tug__waiter *waiter;   /* NULL: forgotten */
    unsigned number;              /* chosen by the waiter */
    const struct tug_ref *source; /* registry and repository to request from; borrowed */
    bool has_size;                /* size_bytes is known for this source */
    uint64_t size_bytes;
    struct tug__node *node;
    struct tug__edge *next;                             /* of the same node */
    struct tug__edge *next_of_waiter, **link_of_waiter; /* of the same waiter, while it is set */
};

/* A layer with a table of contents. */
struct tug__layer_toc {
    const struct tug__chunked_place *place; /* borrowed */
    unsigned number;                        /* of the layer, in its manifest */
};

/* What is wanted of a digest, whose text is the tag then. */
enum tug__inquiry {
    TUG__INQUIRY_NONE = 0,  /* its content */
    TUG__INQUIRY_REFERRERS, /* what refers to it: one index, in memory only. media_type: only those
                               of this artifact type */
    TUG__INQUIRY_UNPACKED,  /* a layer that the store has: what it is when it is unpacked and hashed
                             */
};

/* What is known of a layer. */
struct tug__wanted_layer {
    const struct tug__layer_toc *toc; /* borrowed for the call of tug__engine_start; NULL: none */
    char *urls; /* of a foreign layer that may be fetched from there, see tug__descriptor; NULL:
                   none */
};

/* A digest or tag to fetch. */
struct tug__wanted {
    struct tug_digest digest; /* first: it is found by that; unset: a tag */
    char *tag;                /* NULL unless digest is unset, or is_lookup */
    bool has_size;            /* a blob without is asked for its size first */
    uint64_t size_bytes;
    enum tug__media_kind kind;
    bool is_document;               /* requested as a manifest, handled in memory */
    char *media_type;               /* NULL: the registry's */
    uint8_t *data;                  /* inline content of size_bytes, NULL: none */
    struct tug__wanted_layer layer; /* of a layer */
    const struct tug_ref *source;   /* registry and repository to request from; borrowed */
    bool asks_digest_first;         /* a tag: get its digest first, which the store may have */
    bool may_be_blob;     /* is_document, by digest: a blob will do if there is no manifest */
    uint64_t max_bytes;   /* of a blob without a size: largest; 0: no limit */
    bool accepts_schema1; /* is_document: a schema 1 manifest is one, too */
    bool is_recheck;      /* the store has it, but it has to be hashed first */
    bool is_lookup; /* only digest, type and size are wanted, as this source reports them. tag:
                       tag or digest to request. The result has no body when the headers were
                       enough; its errors do not name the manifest */
    enum tug__inquiry inquiry;
};

enum tug__settled_kind {
    TUG__SETTLED_NOT = 0,
    TUG__SETTLED_DONE,      /* verified, durable, in the store (is_dry: only verified) */
    TUG__SETTLED_REUSED,    /* the store turned out to have it */
    TUG__SETTLED_FAILED,    /* for good: tug__settled_refusal says why, for each edge */
    TUG__SETTLED_FORGOTTEN, /* no waiter is left; never returned */
};

/* Result of a node. All borrowed. */
struct tug__settled {
    enum tug__settled_kind kind;
    const char *ref; /* the full name of the first waiter's source */
    struct tug_digest digest;
    const char *announced_type; /* media type given in tug__wanted; NULL: unknown */
    const char *media_type;     /* that, or else the registry's; "": unknown */
    uint64_t size_bytes;
    const char *body;  /* of a document, or without a store: size_bytes of it; NULL: none */
    bool is_document;  /* as it was wanted */
    bool is_referrers; /* likewise: body is an answer to a question, and no content */
    bool is_pinned;    /* its digest was promised; false: found by a tag */
    bool was_present;  /* DONE: the store had it already */
    bool is_rechecked; /* DONE: it was hashed in the store */
    const struct tug__unpacked *unpacked; /* of a layer that was to be; digest is the layer's */
    uint64_t copied_bytes;         /* DONE: of these, copied from layers that were there already */
    double seconds;                /* since its first job started */
    const struct tug__edge *edges; /* current and former waiters, in order of tug__engine_start */
};

/* An open download, as a view of it. All borrowed. */
struct tug__download {
    const char *ref;
    const struct tug_digest *digest;
    const char *media_type;
    uint64_t size_bytes;
    uint64_t done_bytes;
    uint64_t copied_bytes; /* of done_bytes: from donors */
    bool is_running;       /* requested or arriving */
    const struct tug__edge *edges;
};

/* Callbacks while the engine stops. */
struct tug__engine_handler {
    /* An event was handled: empty the settled list. */
    void (*on_settled)(void *context);
    /* All available events were handled: send what follows from them. Returns: true while a
     * publication is owed. */
    bool (*on_round)(void *context);
    void *context;
};

/* Load of the engine. */
struct tug__engine_load {
    unsigned worker_count;
    unsigned idle_workers; /* without queued work */
    uint64_t received_bytes;
};

/* Create an engine and start its threads; fewer than requested if the system has no more.
 * out_engine: owned. Errors: TUG_ERR_NO_MEMORY, TUG_ERR_INTERNAL. */
enum tug_status tug__engine_create(const struct tug__engine_settings *settings,
                                   struct tug__engine **out_engine, struct tug_error *err);

/* Put layers with a table of contents together from those that stores have; without this call all
 * are fetched as a whole. stores: to be searched beside the engine's own, read only; borrowed, as
 * the settings. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__engine_use_deltas(struct tug__engine *engine, struct tug_store *const *stores,
                                       size_t store_count, struct tug_error *err);

/* In a dry run: tell whether stores have a layer that this one may be put together from. Nothing is
 * requested. number: among the layers of its manifest. out_donor: the likeliest. out_copied_bytes:
 * at most, all but the end, which says how much. Returns: false, also when out of memory: none, and
 * nothing is set. Blocks: on the disk, the first time. */
bool tug__engine_ask_donors(struct tug__engine *engine, const struct tug__descriptor *layer,
                            unsigned number, const struct tug_ref *source,
                            struct tug_digest *out_donor, uint64_t *out_copied_bytes);

/* Start fetching a digest (or a tag): joins a fetch in progress, or queues a new one. The caller
 * must first check whether the store has it, unless the digest is not known yet. wanted: borrowed
 * for the call. waiter, number: of the new edge. Errors: TUG_ERR_NO_MEMORY; the reason why this
 * source failed to deliver it before. Without success no edge is added. */
enum tug_status tug__engine_start(struct tug__engine *engine, const struct tug__wanted *wanted,
                                  struct tug__waiter *waiter, unsigned number,
                                  struct tug_error *err);
/* Remove a waiter from all its nodes. Requests without a waiter are cancelled. */
void tug__engine_forget(struct tug__engine *engine, struct tug__waiter *waiter);
/* Tell whether a digest is being fetched, or failed for good. */
bool tug__engine_knows(struct tug__engine *engine, const struct tug_digest *digest);

/* Hand out as much work as there is room for. */
void tug__engine_submit(struct tug__engine *engine);
/* Measure the rate, and decide whether blobs get more connections. Returns: when to call again. */
uint64_t tug__engine_measure(struct tug__engine *engine);
/* Resume nodes whose wait is over. */
void tug__engine_wake(struct tug__engine *engine);
/* When the next wait ends (tug__now_ns); TUG__NEVER_NS: none does. To be asked last before sleep:
 * work that is handed out may end in a wait. */
uint64_t tug__engine_due(const struct tug__engine *engine);
/* Start nothing new, and retry nothing: the run ends. */
void tug__engine_halt(struct tug__engine *engine);
/* Handle one message from a worker or a lane. Returns: false when there is none. */
bool tug__engine_handle_event(struct tug__engine *engine);
/* Get the next settled node, in order. Returns: false when none is left. out_settled: valid until
 * the next call, which also frees nodes that are no longer needed: call until it returns false. */
bool tug__engine_next_settled(struct tug__engine *engine, struct tug__settled *out_settled);
/* Find out why a waiter does not get the settled content: its own source failed, or another one; or
 * the content, although DONE or REUSED, does not have the size promised to this waiter. Returns:
 * false when the waiter does get it. */
bool tug__settled_refusal(const struct tug__settled *settled, const struct tug__edge *edge,
                          struct tug_error *out_error);

/* Let lane 0 add images to index.json. publication: owned by the engine until it comes back; one at
 * a time. */
void tug__engine_publish(struct tug__engine *engine, struct tug__publication *publication);
/* Get the publication that came back from there; NULL: none. The caller owns it again. */
struct tug__publication *tug__engine_get_published(struct tug__engine *engine);
/* Get a line about what a lane waits for, once. out_text: TUG_ERROR_MESSAGE_MAX bytes. Returns:
 * false when there is none. */
bool tug__engine_get_notice(struct tug__engine *engine, char *out_text);

/* Call visit for each open download. */
void tug__engine_each_download(const struct tug__engine *engine,
                               void (*visit)(void *context, const struct tug__download *download),
                               void *context);
/* Get the load. */
struct tug__engine_load tug__engine_load(const struct tug__engine *engine);
/* Count the requests in progress: those that wait for their first byte, and those whose bytes
 * arrive. */
void tug__engine_count_requests(const struct tug__engine *engine, unsigned *out_asking,
                                unsigned *out_receiving);
/* Get the sum of the sizes of all wanted blobs, at most TUG__WANTED_BYTES_MAX. */
uint64_t tug__engine_wanted_bytes(const struct tug__engine *engine);
/* Get the disk space that these still need. Blocks: on the disk. */
uint64_t tug__engine_missing_bytes(const struct tug__engine *engine);

/* Stop in order (pool/pool.h, "Shutdown"); complete content is still committed and published.
 * handler: borrowed for the call. Blocks: until all threads have ended. */
void tug__engine_stop(struct tug__engine *engine, const struct tug__engine_handler *handler);
/* Free a stopped engine, with all unfinished work; NULL is allowed. */
void tug__engine_destroy(struct tug__engine *engine);

/* Read a document from the store into buf. Returns: false when it has to be fetched: whatever is
 * wrong with the content, a fetch repairs it or reports why not. Blocks: on the disk. */
bool tug__stored_document(struct tug_store *store, const struct tug_digest *digest,
                          struct tug__buf *buf);
/* Get the disk space that a blob still needs. Blocks: on the disk. */
uint64_t tug__stored_missing_bytes(struct tug_store *store, const struct tug_digest *digest,
                                   uint64_t size_bytes);

#endif
