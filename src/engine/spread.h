/* SPDX-License-Identifier: Apache-2.0
 *
 * When large blobs get more connections: a pure function of measurements. Which ones: deal.h.
 *
 * A connection may be slow because the server or the way to it caps each one, or because the link
 * is full: only trying tells. So once a blob's first answer has been measured, all idle workers
 * that the blobs' rests are worth join in at once; what does not raise the rate of the whole run in
 * return is given back, and not tried again for a while. A run that is fast already is more likely
 * bound by this machine, where connections cost time: there few join in at a time, and only when
 * much is left. But as many as have proved to pay go on with what is left, fast or not.
 * Threads: the resolver. Blocks: never.
 */
#ifndef TUG_ENGINE_SPREAD_H
#define TUG_ENGINE_SPREAD_H

#include <stdbool.h>
#include <stdint.h>

/* How long a rate is measured. */
#define TUG__SPREAD_SAMPLE_NS UINT64_C(100000000)

/* State between two calls; initially all zero. */
struct tug__spread {
    uint64_t since_ns; /* start of the current sample; 0: none */
    uint64_t since_bytes;
    unsigned connections; /* during the current sample */
    bool is_trying;       /* the sample shows whether the last addition paid off */
    uint64_t tried_ns;    /* when the last addition was made */
    uint64_t pending_ns;  /* when responses of the last addition were last seen missing */
    double rate_before;   /* bytes/s before it */
    unsigned connections_before;
    uint64_t quiet_until_ns;   /* an addition did not pay off: none until then */
    uint64_t quiet_ns;         /* how long the last such pause was */
    double rate;               /* bytes/s of the last complete sample, 0: none yet */
    unsigned rate_connections; /* during that sample */
    unsigned held;             /* most connections of a sample that nothing speaks against */
    unsigned proven;           /* most connections that have paid off */
};

/* Input from the resolver. */
struct tug__spread_view {
    uint64_t now_ns;
    uint64_t received_bytes;   /* by the whole run, so far */
    unsigned connections;      /* blob requests in progress */
    unsigned pending;          /* of these: without a response yet */
    unsigned can_join;         /* idle workers that the blobs' rests are worth (tug__deal) */
    uint64_t answer_ns;        /* from a request to its first byte, at best; 0: not known */
    uint64_t rest_bytes;       /* of the blob whose rest takes longest; 0: there is none */
    uint64_t each_bytes;       /* most that a blob has left for each of its connections */
    uint64_t each_bytes_after; /* the same, should all of can_join join in */
};

enum tug__spread_advice {
    TUG__SPREAD_STAY = 0,
    TUG__SPREAD_ADD,    /* *out_count more */
    TUG__SPREAD_RETURN, /* the last addition did not pay off: *out_count fewer */
};

/* Evaluate the measurements and advise.
 * out_count: of connections, for ADD (1 to can_join) and RETURN (less than there are). */
enum tug__spread_advice tug__spread_advise(struct tug__spread *spread,
                                           const struct tug__spread_view *view,
                                           unsigned *out_count);

/* Bytes/s of one connection, by the last complete sample; 0: none yet. */
double tug__spread_rate_each(const struct tug__spread *spread);

#endif
