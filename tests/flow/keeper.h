/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program with a store of its own, in memory, that checks how content is handed to it. It makes
 * no assertions, because it is called on many threads: keeper_check() looks at what it noted.
 */
#ifndef KEEPER_H
#define KEEPER_H

#include <pthread.h>

#include "flow.h"

#define KEEPER_MAX 32

/* Which call about content a keeper does something odd in. */
enum keeper_call {
    KEEPER_NONE = 0,
    KEEPER_HAVE,
    KEEPER_READ,
    KEEPER_BEGIN,
    KEEPER_WRITE,
    KEEPER_COMMIT
};

/* Content that was handed over, or is being handed over. */
struct kept {
    char digest[TUG_DIGEST_TEXT_MAX]; /* "": this one is free */
    char media_type[128];
    char *bytes; /* owned */
    uint64_t size_bytes;
    uint64_t length; /* received so far */
    bool is_committed;
};

struct keeper {
    struct tug_sink sink; /* to be used */

    /* set by the test, before a run */
    enum keeper_call refused;   /* call to refuse */
    const char *refused_digest; /* content that it is refused for; NULL: any */
    enum tug_status refusal;    /* what it returns */
    unsigned lost_after;        /* have: lose the content when it was asked so often since its
                                   commit, once; 0: never */
    const char *lost_digest;
    unsigned slow_ms; /* the first write of slow_digest takes so long */
    const char *slow_digest;
    /* Cancel the run with the first write of a content, unless it has a timeout, and write on once
     * it has stopped: when it has given up a request that never ends. */
    struct {
        const char *digest;         /* NULL: do not */
        struct flow *flow;          /* whose fetch it is */
        const char *endless_digest; /* of that request */
        bool has_failed;
    } cancel;

    /* what happened */
    pthread_mutex_t lock;
    struct kept kept[KEEPER_MAX];
    unsigned begun, committed, aborted, writes, active, most_active;
    unsigned asked; /* have, for lost_digest since its commit */
    unsigned reads;
    enum tug_status why; /* of the last abort */
    const char *fault;   /* what was done wrong first; NULL: nothing */
};

/* Start with nothing. keeper_fini() is due. */
void keeper_init(struct keeper *keeper);
/* Check that each begin had its commit or abort, and all the rest of the contract, and that what is
 * kept has its digest; free everything. */
void keeper_fini(struct keeper *keeper);
/* Find what was committed; NULL: it was not. For a keeper that nothing uses now. */
struct kept *keeper_find(struct keeper *keeper, const char *digest);
/* Number of contents that were committed. */
size_t keeper_count(struct keeper *keeper);
/* Forget what the calls counted, but not the content. */
void keeper_mark(struct keeper *keeper);

#endif
