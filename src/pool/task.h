/* SPDX-License-Identifier: Apache-2.0
 *
 * The units of work passed between the threads, and their owners.
 *
 *   job       created by the resolver; pushed to the workers; returns in a JOB_DONE or JOB_FAILED
 *             message, from the worker or (documents) by way of a lane of the hash/commit stage.
 *   transfer  a blob on its way to the store. It outlives its jobs: each fetches one share of the
 *             blob, one after the other or several at once. One lane follows with the hash.
 */
#ifndef TUG_POOL_TASK_H
#define TUG_POOL_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>

#include "base/cancel.h"
#include "pool/delta_plan.h"
#include "pool/donors.h"
#include "pool/hashed.h"
#include "pool/progress.h"
#include "pool/publication.h"
#include "pool/ranges.h"
#include "registry/registry.h"
#include "store/store.h"
#include "unpack/unpack.h"

/* Kinds of tug__msg, with its object. */
enum tug__msg_kind {
    TUG__MSG_NONE = 0,
    /* resolver → workers */
    TUG__MSG_JOB, /* job */
    /* worker → lane */
    TUG__MSG_SEGMENT, /* transfer: bytes [offset, offset + length) are in the file */
    TUG__MSG_FRONT,   /* transfer: so are bytes [0, length), and they are hashed: see its front */
    /* worker or resolver → lane */
    TUG__MSG_DOCUMENT, /* job with a body: verify, store, return */
    /* resolver → lane */
    TUG__MSG_DROP,    /* transfer: drop it; length != 0: remove the partial file, too */
    TUG__MSG_PUBLISH, /* publication: name its images in index.json */
    TUG__MSG_STOP,    /* the lane itself: finish complete transfers, then send STOPPED */
    TUG__MSG_END,     /* the lane itself: no more messages; end when all is done */
    /* worker → resolver, lane → resolver */
    TUG__MSG_STARTED,  /* job (lent): its worker opened the partial file; parts already in it are in
                          job->result.present, the part to fetch now is in job->share */
    TUG__MSG_FLOWING,  /* job (lent): the first byte of the response has arrived, its cut is made */
    TUG__MSG_FAR,      /* name of a registry, as in its source: it is far away */
    TUG__MSG_JOB_DONE, /* job (documents: verified and durable; blobs: all bytes received) */
    TUG__MSG_JOB_FAILED, /* job: see job->result.error */
    TUG__MSG_COMMITTED,  /* transfer: in the store, durable; closed */
    TUG__MSG_REJECTED,   /* transfer: see transfer->error; the file was removed, cannot be used, or
                            is whole but has no name in blobs; closed */
    TUG__MSG_DROPPED,    /* transfer: closed */
    TUG__MSG_PUBLISHED,  /* publication: see publication->error (code TUG_OK: named) */
    TUG__MSG_STOPPED,    /* the lane itself: all complete transfers are committed */
    TUG__MSG_ENDED,      /* the worker or lane itself: the thread ends after this */
};

/* Progress of a lane in hashing a blob. */
struct tug__hashing {
    struct tug__hashed done;
    struct tug__counter told;      /* the bytes that are done, for the resolver's choice of lanes */
    struct tug__extents announced; /* parts known to be in the file */
    uint64_t announced_bytes;  /* sum of the segments received: each byte is announced once, so when
                                  it equals the blob's size, no message about it is in flight */
    unsigned unnoted_segments; /* since the beginning was recorded in slot 0 */
    bool is_lagging;           /* in the lane's list of transfers with bytes left to hash */
    struct tug__transfer *next_lagging;
};

/* A blob on its way to the store. */
struct tug__transfer {
    /* set at create, then read-only */
    struct tug_digest digest;
    uint64_t size_bytes;
    unsigned lane;          /* which lane hashes it, for its whole life */
    bool is_repair;         /* the blob in the store is bad and has to be replaced */
    void *owner;            /* the resolver's node */
    const char *media_type; /* announced; borrowed from the node; NULL: unknown */

    /* set by the worker of the first job, before STARTED and the first SEGMENT; then read-only for
     * workers and lane, until the lane closes it */
    struct tug__ingest *ingest;

    /* the worker of the first job, until it sends FRONT; then the lane. Bytes that it hashed
     * itself, and has not announced */
    struct tug__hashed front;

    /* resolver only */
    struct tug__ranges ranges;
    struct tug__transfer *next, *previous; /* in the list of open transfers */

    /* lane only, until COMMITTED, REJECTED or DROPPED */
    struct tug__hashing hashing;
    struct tug__transfer *next_ready; /* in the group */
    struct tug_error error;           /* REJECTED: why */

    /* shared: open when there is a state file. Writer: the worker that created it; readers:
     * workers, the lane */
    struct tug__gate has_state;
    /* shared: all bytes before it are in the file, recorded in slot 0 if there is a state file.
     * Writer: the lane, before FRONT the first job's worker; readers: workers, the resolver */
    struct tug__counter noted;
};

enum tug__job_kind {
    TUG__JOB_NONE = 0,
    TUG__JOB_RESOLVE,   /* HEAD by tag: for the digest only */
    TUG__JOB_MANIFEST,  /* GET by tag or digest, verify, store; the body is returned */
    TUG__JOB_INLINE,    /* the body was embedded in a descriptor: verify and store it */
    TUG__JOB_BLOB,      /* GET into a transfer */
    TUG__JOB_BLOB_BODY, /* GET of a small blob, verify; the body is returned */
    TUG__JOB_BLOB_HEAD, /* HEAD of a blob: for its size and type */
    TUG__JOB_REFERRERS, /* list what refers to a digest; the list is returned, and not stored */
    TUG__JOB_RECHECK,   /* no request: hash a blob that is in the store */
    TUG__JOB_CONNECT,   /* open a connection ahead of the work; whatever comes of it */
    TUG__JOB_UNPACK,    /* no request: unpack a layer that is in the store, and hash that */
    TUG__JOB_DONORS,    /* no request: find the layers of the store that others can be made of */
    TUG__JOB_PLAN,      /* no request: find out which bytes of a blob donors have */
};

/* What a job has to fetch. */
struct tug__job_request {
    struct tug__source source; /* host and repository borrowed from a reference of the run */
    char reference[TUG_DIGEST_TEXT_MAX]; /* tag or digest to request; UNPACK: digest of the layer */
    struct tug_digest digest;            /* expected digest; unset for a tag */
    const char *media_type; /* a document's announced type; borrowed from the node; NULL: unknown.
                               REFERRERS: only those of this artifact type; NULL: all */
    bool is_document;       /* content that is not a manifest or index is refused */
    bool has_size;          /* size_bytes is from the descriptor */
    uint64_t size_bytes;
    bool accepts_schema1; /* documents: schema 1 is one */
    bool is_dry;          /* documents: verify only, do not store */
    bool is_opening;      /* the first job of its transfer: opens the partial file */
    bool is_beside;       /* others fetch the same blob: only a range response is useful */
    unsigned avoid;       /* endpoint that gave bad content, 0: none */
    /* of a local share: the donor, and where its bytes begin there */
    const struct tug__donor *donor;
    uint64_t from;
};

/* Result of a job. */
struct tug__job_result {
    struct tug__manifest_reply reply; /* documents: body, media type; digest, when verified */
    struct tug__call_result call;     /* details of the request, from the registry room */
    struct tug__extents present; /* is_opening: parts in the partial file; set before STARTED */
    uint64_t next_byte; /* blobs: the share's bytes before it are in the file; never less than the
                           share's first byte */
    uint64_t
        answer_ns;    /* blobs: from the request to its first byte; set before FLOWING. 0: not known
                       */
    bool was_present; /* the store had the document already */
    bool is_damaged;  /* RECHECK: the blob does not match its name, or is gone */
    struct tug__unpacked unpacked; /* UNPACK */
    bool has_bad_donor; /* a local share: the donor cannot be read; the job is done all the same */
    struct tug_error error;
};

/* One request to be made. Owned by the resolver except between push and return. */
struct tug__job {
    /* set at create, then read-only */
    enum tug__job_kind kind;
    void *owner;                    /* the resolver's node; CONNECT: its registry */
    struct tug__transfer *transfer; /* of a blob; NULL for anything else */
    unsigned lane;                  /* of a document */
    struct tug__job_request request;

    /* of a blob; ranges.h says which thread may access what */
    struct tug__share share;

    /* of DONORS and PLAN: lent by the resolver, which uses neither meanwhile */
    struct tug__donors *donors;
    struct tug__delta_plan *plan;

    /* the thread that has the job (of a lent job, the members named by the message may be read) */
    struct tug__job_result result;

    /* resolver only */
    struct tug__job *next; /* of the same node */

    /* shared: set by the resolver when the result is not needed any more */
    struct tug__cancel cancel;
};

/* Close a transfer's file, which stays unless it was removed before. Threads: the lane's; the
 * resolver once the threads have ended. */
void tug__transfer_close(struct tug__transfer *transfer);
/* Free a job and the body it holds; NULL is allowed. */
void tug__job_free(struct tug__job *job);

#endif
