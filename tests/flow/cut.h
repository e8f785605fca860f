/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scene of tests about resuming: an image "app:1" of one layer, whose first request is cut
 * short. Runs have two retries and hardly wait between them.
 */
#ifndef CUT_H
#define CUT_H

#include "flow.h"

#define CUT_LAYER_BYTES 1500000
/* Body bytes of the layer that the first answer has. */
#define CUT_AT_BYTES 700001
/* Seed of the layer's content, see fake_generate(). */
#define CUT_SEED 9

struct cut {
    struct flow flow;
    struct build_image_result built;
    const char *layer; /* digest */
};

/* Set it up; flow_close(&cut->flow) is due. */
void cut_open(struct cut *scene, enum fake_cut cut);

/* Add a rule for requests of the layer with a Range header. */
void cut_on_range(struct cut *scene, struct fake_rule rule);

/* Check the Range header of the nth request for the layer, from first to the end; first 0: none. */
void cut_expect_range(struct cut *scene, size_t nth, uint64_t first);

/* Fetch, and check that it went well and took so many requests for the layer. */
void cut_expect_done(struct cut *scene, size_t requests);

#endif
