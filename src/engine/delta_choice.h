/* SPDX-License-Identifier: Apache-2.0
 *
 * The decisions of a delta, as pure functions: which donors, which copies, whether it is worth it.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_ENGINE_DELTA_CHOICE_H
#define TUG_ENGINE_DELTA_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool/donors.h"

/* A layer that donors are looked for. */
struct tug__donor_wish {
    const struct tug_digest *digest;
    enum tug__chunked_format format;
    uint64_t repository;
    unsigned number;
};

/* Choose the likeliest donors, best first: of the same repository, at about the same place in their
 * manifest, of the newest images; only some hundreds are looked at. Bad ones, those of another
 * format, and the layer itself are none.
 * Returns: how many, at most capacity. */
unsigned tug__donors_choose(const struct tug__donors *donors, const struct tug__donor_wish *wish,
                            struct tug__donor **out_donors, unsigned capacity);

/* Bytes that come in the time that a request costs: on one connection until it is answered, or on
 * all of them while this machine works for it. rate_each, rate_all: bytes/s; 0: not known. */
uint64_t tug__copies_request_bytes(double rate_each, uint64_t answer_ns, double rate_all);

/* Drop short copies, so that the bytes around them are requested at once: the shortest first, none
 * of request_bytes or more. At most a two-hundredth of the layer is requested more than needed;
 * where much is requested anyway, and what a request costs is known, it may be more.
 * request_bytes: tug__copies_request_bytes; 0: not known. */
void tug__copies_join(struct tug__chunked_copies *copies, uint64_t layer_bytes,
                      uint64_t request_bytes);

/* Tell whether copies can be worth it at all. tail_byte: where the layer's tail begins, which is
 * requested in any case: all before it may be copied at best. */
bool tug__copies_may_be_worth_it(uint64_t tail_byte);

/* What copies save and cost. */
struct tug__copies_gain {
    uint64_t copied_bytes;  /* that need not be requested */
    uint64_t missing_bytes; /* of the layer, with these */
    size_t gap_count;       /* stretches that have to be requested */
    uint64_t request_bytes; /* as for tug__copies_join */
    bool is_begun; /* an earlier run has copied already, so nobody knows how much it saves */
};

/* Tell whether copies are worth their requests. */
bool tug__copies_are_worth_it(const struct tug__copies_gain *gain);

#endif
