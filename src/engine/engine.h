/* SPDX-License-Identifier: Apache-2.0
 *
 * The door of the engine: digests into the store.
 *
 * Somebody wants a digest (tug__engine_start) and is told later, in tug__engine_next_settled, what
 * came of it. In between the engine asks registries, tries again, divides blobs among connections,
 * verifies and commits. It knows nothing of images: who waits is a struct tug__waiter, and what for
 * is a number of the waiter's own.
 *
 *   tug__engine_take_event ─▶ settled list ─▶ tug__engine_next_settled ─▶ whoever waited
 *            ▲                                                                 │
 *            └──────────────── tug__engine_start, tug__engine_forget ◀─────────┘
 *
 * No function here calls back to those that wait: what happened is put on the list, and the caller
 * empties it after each call that may fill it (take_event, submit, wake). Only events that are told
 * as they happen (a start, a retry) go out by settings.on_event, which must not call the engine.
 *
 * Threads: all functions belong to the thread that made the engine, the resolver. It owns the graph
 * (nodes, edges, transfers, jobs, retry timers, what is known of hosts) and never touches the
 * network: other threads do, and pool/pool.h has the picture of them and the order of shutdown. No
 * locks in this room.
 */
#ifndef TUG_ENGINE_ENGINE_H
#define TUG_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/fetch.h>

#include "base/buf.h"
#include "oci/document.h"
#include "pool/publication.h"
#include "store/store.h"

struct tug__bell;
struct tug__edge;
struct tug__engine;
struct tug__node;
struct tug__session;

/* All of an engine's input; what it points to is borrowed and must outlive the engine. */
struct tug__engine_settings {
    struct tug_store *store;      /* NULL: none; is_dry must be set then */
    struct tug__session *session; /* of registries; shared with the workers */
    struct tug__bell *bell;       /* rung when there is an event to take */
    struct tug_ref *const *refs;  /* every source is of one of these registries */
    size_t ref_count;
    unsigned worker_count;
    unsigned max_per_host; /* requests at once to one registry; 0: no limit */
    uint64_t bytes_per_s;  /* limit for all together; 0: none */
    uint64_t connect_timeout_ms, stall_timeout_ms;
    uint64_t chunk_size_bytes;  /* blobs up to this size come over one connection */
    unsigned retries;           /* failed attempts in a row after the first; 0: never try again */
    uint64_t retry_max_wait_ms; /* longest single wait */
    bool never_split;           /* no blob comes over several connections */
    bool is_dry;                /* documents are verified and not stored */
    bool recheck;               /* a blob that turns out to be in the store is hashed */
    /* STARTED, RETRY, WAITING and WARNING, as they happen. Must not call the engine. */
    void (*on_event)(void *context, struct tug_event *event);
    void *event_context;
};

/* Embedded in whatever waits for digests; all zero: it waits for nothing. */
struct tug__waiter {
    struct tug__edge *edges;
};

/* A waiter waits for a node. */
struct tug__edge {
    struct tug__waiter *waiter;   /* NULL: it has been forgotten */
    unsigned number;              /* the waiter's own */
    const struct tug_ref *source; /* whose registry and repository may be asked; borrowed */
    bool has_size;                /* size_bytes was told for this source */
    uint64_t size_bytes;
    struct tug__node *node;
    struct tug__edge *next;                             /* of the same node */
    struct tug__edge *next_of_waiter, **link_of_waiter; /* of the same waiter, while it is set */
};

/* What is wanted. */
struct tug__wanted {
    struct tug_digest digest; /* first: it is found by that; unset: a tag */
    char *tag;                /* NULL unless digest is unset, or is_lookup */
    bool has_size;
    uint64_t size_bytes;
    enum tug__media_kind kind;
    bool is_document;             /* asked for as a manifest, handled in memory */
    char *media_type;             /* NULL: what the registry says */
    uint8_t *data;                /* inline content of size_bytes, NULL: none */
    char *urls;                   /* of a foreign layer that may be fetched from them, see
                                     tug__descriptor; NULL: none */
    const struct tug_ref *source; /* whose registry and repository are asked; borrowed */
    bool asks_digest_first;       /* a tag: its digest may be in the store already */
    bool may_be_blob;   /* is_document, by digest: a blob will do if there is no manifest */
    uint64_t max_bytes; /* may_be_blob: largest blob; 0: no limit */
    bool is_recheck;    /* the store has it, but it has to be hashed first */
    bool is_lookup;     /* only digest, type and size are wanted, as this source reports them. tag:
                           tag or digest to request. The result has no body when the headers were
                           enough; its errors do not name the manifest */
};

enum tug__settled_kind {
    TUG__SETTLED_NOT = 0,
    TUG__SETTLED_DONE,      /* verified, durable, in the store (is_dry: only verified) */
    TUG__SETTLED_REUSED,    /* the store turned out to have it */
    TUG__SETTLED_FAILED,    /* for good: tug__settled_refusal says why, for each edge */
    TUG__SETTLED_FORGOTTEN, /* nobody waits for it any more; never handed out */
};

/* What came of a node. All borrowed. */
struct tug__settled {
    enum tug__settled_kind kind;
    const char *ref; /* the full name of the first that waits */
    struct tug_digest digest;
    const char *announced_type; /* its media type, as whoever wanted it said; NULL: unknown */
    const char *media_type;     /* that, or else what the registry said; "": unknown */
    uint64_t size_bytes;
    const char *body;              /* of a document: size_bytes of it; NULL: none */
    bool is_document;              /* as it was wanted */
    bool is_pinned;                /* its digest is somebody's promise; false: found by a tag */
    bool was_present;              /* DONE: the store had it already */
    bool is_rechecked;             /* DONE: it was hashed in the store */
    double seconds;                /* since its first job began */
    const struct tug__edge *edges; /* who waits or waited, the first that asked first */
};

/* An open download, as a view of it. All borrowed. */
struct tug__download {
    const char *ref;
    const struct tug_digest *digest;
    const char *media_type;
    uint64_t size_bytes;
    uint64_t done_bytes;
    bool is_running; /* its bytes are asked for or come */
    const struct tug__edge *edges;
};

/* What the end of an engine asks its owner. */
struct tug__engine_handler {
    /* An event was taken: empty the settled list. */
    void (*on_settled)(void *context);
    /* All events that were there were taken: send what follows from them. Returns: true while a
     * publication is owed. */
    bool (*on_round)(void *context);
    void *context;
};

/* How busy the engine is. */
struct tug__engine_load {
    unsigned worker_count;
    unsigned idle_workers; /* nothing is queued for them */
    uint64_t received_bytes;
};

/* Make an engine and start its threads; fewer than were wanted when the system has no more.
 * out_engine: owned. Errors: TUG_ERR_NO_MEMORY, TUG_ERR_INTERNAL. */
enum tug_status tug__engine_create(const struct tug__engine_settings *settings,
                                   struct tug__engine **out_engine, struct tug_error *err);

/* Want a digest (or a tag): joins those that want it already, otherwise it is put in line. That the
 * store may have it is for the caller to look at before, except where nobody knows the digest yet.
 * wanted: borrowed for the call. waiter, number: of the edge that it gets.
 * Errors: TUG_ERR_NO_MEMORY; why this source failed to give it before. Nothing waits then. */
enum tug_status tug__engine_start(struct tug__engine *engine, const struct tug__wanted *wanted,
                                  struct tug__waiter *waiter, unsigned number,
                                  struct tug_error *err);
/* A waiter waits for nothing any more. Requests that are for nobody are cancelled. */
void tug__engine_forget(struct tug__engine *engine, struct tug__waiter *waiter);
/* Tell whether a digest is wanted, or failed for good. */
bool tug__engine_knows(struct tug__engine *engine, const struct tug_digest *digest);

/* Give out as much work as there is room for. */
void tug__engine_submit(struct tug__engine *engine);
/* Measure, and decide whether blobs get more connections. Returns: when to look again. */
uint64_t tug__engine_look(struct tug__engine *engine);
/* Go on with what has waited long enough. Returns: when the next wait ends (tug__now_ns). */
uint64_t tug__engine_wake(struct tug__engine *engine);
/* Begin nothing new, and try nothing again: the run ends. */
void tug__engine_halt(struct tug__engine *engine);
/* Take one message of a worker or a lane. Returns: false when there is none. */
bool tug__engine_take_event(struct tug__engine *engine);
/* Take what settled next, the first first. Returns: false when nothing is left.
 * out_settled: valid until the next call, which also frees what is not needed any more: the caller
 * goes on until it gets false. */
bool tug__engine_next_settled(struct tug__engine *engine, struct tug__settled *out_settled);
/* Why one that waits does not get what settled: the refusal of its own source, or another's; also
 * of what is DONE or REUSED but has not the size that was promised to it.
 * Returns: false when it gets it. */
bool tug__settled_refusal(const struct tug__settled *settled, const struct tug__edge *edge,
                          struct tug_error *out_error);

/* Have lane 0 put images into index.json. Takes the publication; one at a time. */
void tug__engine_publish(struct tug__engine *engine, struct tug__publication *publication);
/* The publication that is back from there; NULL: none. The caller owns it again. */
struct tug__publication *tug__engine_take_published(struct tug__engine *engine);
/* What a lane waits for, a line. out_text: TUG_ERROR_MESSAGE_MAX bytes. Returns: false: none. */
bool tug__engine_take_notice(struct tug__engine *engine, char *out_text);

/* Call visit for each open download. */
void tug__engine_each_download(const struct tug__engine *engine,
                               void (*visit)(void *context, const struct tug__download *download),
                               void *context);
/* How busy it is. */
struct tug__engine_load tug__engine_load(const struct tug__engine *engine);
/* The sum of the sizes of all blobs that are wanted, at most TUG__WANTED_BYTES_MAX. */
uint64_t tug__engine_wanted_bytes(const struct tug__engine *engine);
/* The disk space that these still need. Blocks: on the disk. */
uint64_t tug__engine_missing_bytes(const struct tug__engine *engine);

/* Stop in order (pool/pool.h, "Shutdown"); what is complete is still committed and published.
 * handler: borrowed for the call. Blocks: until all threads have ended. */
void tug__engine_stop(struct tug__engine *engine, const struct tug__engine_handler *handler);
/* Free a stopped engine, with all that is left of its work; NULL is allowed. */
void tug__engine_destroy(struct tug__engine *engine);

/* Read a document that is in the store into buf.
 * Returns: false when it has to be fetched: whatever is wrong with its content, a fetch puts it
 * right or says why not. Blocks: on the disk. */
bool tug__stored_document(struct tug_store *store, const struct tug_digest *digest,
                          struct tug__buf *buf);
/* Disk space that a blob still needs. Blocks: on the disk. */
uint64_t tug__stored_missing_bytes(struct tug_store *store, const struct tug_digest *digest,
                                   uint64_t size_bytes);

#endif
