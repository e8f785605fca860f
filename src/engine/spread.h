/* SPDX-License-Identifier: Apache-2.0
 *
 * When a large blob gets more connections: a pure function of what was measured.
 *
 * On a link that is not capped by connection, more of them cost time and give nothing. So idle
 * workers join in only while there is much left to do, a few at a time, and more only after the
 * last ones raised the rate of the whole run.
 * Threads: the resolver. Blocks: never.
 */
#ifndef TUG_ENGINE_SPREAD_H
#define TUG_ENGINE_SPREAD_H

#include <stdbool.h>
#include <stdint.h>

/* How long a rate is measured. */
#define TUG__SPREAD_SAMPLE_NS UINT64_C(100000000)

/* State between two looks; all zero to begin with. */
struct tug__spread {
    uint64_t since_ns; /* start of the present sample; 0: none */
    uint64_t since_bytes;
    unsigned connections; /* during the present sample */
    bool is_trying;       /* the sample tells whether the last addition paid */
    uint64_t tried_ns;    /* when that was */
    double rate_before;   /* bytes/s before it */
    unsigned connections_before;
    uint64_t quiet_until_ns; /* an addition did not pay: none until then */
    uint64_t quiet_ns;       /* how long the last such pause was */
    double rate;             /* bytes/s of the last complete sample, 0: none yet */
};

/* What the resolver sees. */
struct tug__spread_view {
    uint64_t now_ns;
    uint64_t received_bytes;   /* by the whole run, so far */
    unsigned connections;      /* blob requests that are out */
    unsigned pending;          /* of these: not answered yet */
    unsigned idle_workers;     /* nothing is queued for them */
    uint64_t rest_bytes;       /* of the blob that has most left */
    unsigned rest_connections; /* that it has now */
};

enum tug__spread_advice {
    TUG__SPREAD_STAY = 0,
    TUG__SPREAD_ADD,    /* *out_count more for that blob */
    TUG__SPREAD_RETURN, /* the last addition did not pay: back to the number before it */
};

/* Look and advise.
 * out_count: of connections, for ADD (1 to idle_workers). */
enum tug__spread_advice tug__spread_look(struct tug__spread *spread,
                                         const struct tug__spread_view *view, unsigned *out_count);

#endif
