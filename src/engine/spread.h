/* SPDX-License-Identifier: Apache-2.0
 *
 * When a large blob gets more connections: a pure function of measurements.
 *
 * On a link without a per-connection cap, more connections cost time and gain nothing. So idle
 * workers join in only while much is left to fetch, a few at a time, and more only after the last
 * ones raised the rate of the whole run.
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
    double rate_before;   /* bytes/s before it */
    unsigned connections_before;
    uint64_t quiet_until_ns; /* an addition did not pay off: none until then */
    uint64_t quiet_ns;       /* how long the last such pause was */
    double rate;             /* bytes/s of the last complete sample, 0: none yet */
};

/* Input from the resolver. */
struct tug__spread_view {
    uint64_t now_ns;
    uint64_t received_bytes;   /* by the whole run, so far */
    unsigned connections;      /* blob requests in progress */
    unsigned pending;          /* of these: without a response yet */
    unsigned idle_workers;     /* without queued work */
    uint64_t rest_bytes;       /* of the blob with most bytes left */
    unsigned rest_connections; /* connections that it has now */
};

enum tug__spread_advice {
    TUG__SPREAD_STAY = 0,
    TUG__SPREAD_ADD,    /* *out_count more for that blob */
    TUG__SPREAD_RETURN, /* the last addition did not pay off: back to the number before it */
};

/* Evaluate the measurements and advise.
 * out_count: of connections, for ADD (1 to idle_workers). */
enum tug__spread_advice tug__spread_advise(struct tug__spread *spread,
                                           const struct tug__spread_view *view,
                                           unsigned *out_count);

#endif
