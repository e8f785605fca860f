/* SPDX-License-Identifier: Apache-2.0
 *
 * Images: one for each reference in progress, with its state. Owned by the resolver; no other
 * thread accesses them.
 */
#ifndef TUG_PIPELINE_IMAGE_H
#define TUG_PIPELINE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/fetch.h>

#include "oci/document.h"
#include "engine/engine.h"
#include "plan/extras.h"
#include "plan/conversion.h"
#include "plan/gathered.h"
#include "plan/plan.h"
#include "trust/trust.h"

/* Why an image wants a digest; packed into the number of its edge. */
struct tug__purpose {
    enum tug__want want; /* how much of a manifest */
    unsigned depth;      /* indexes above it, at most TUG__INDEX_DEPTH_MAX */
    bool is_root;
    bool is_document; /* the image has to read it */
    bool
        is_again; /* the image has read this document before; it was removed from the store since */
    bool is_optional; /* the image is complete without it if the registry does not have it */
    /* Of what refers to the image (extras.h), by its place there plus one: is_optional: a question;
     * otherwise an extra, depth indexes below it. 0: it is part of the image */
    unsigned extra;
};

/* A request of an image for one digest. */
struct tug__request {
    const struct tug__descriptor *descriptor;
    bool has_size;    /* the descriptor's size is known */
    bool is_document; /* a manifest or index */
    bool is_root;
    bool is_optional; /* as in a purpose */
    bool is_recheck;  /* the store has it, but has to hash it first */
    bool is_known;    /* the image does not have to read it */
    enum tug__want want;
    unsigned depth;
    unsigned extra;        /* as in a purpose */
    unsigned layer_number; /* of a layer: its place in the manifest */
};

/* Pack a purpose into a number, and unpack it. */
unsigned tug__purpose_pack(const struct tug__purpose *purpose);
struct tug__purpose tug__purpose_unpack(unsigned number);

enum tug__image_state {
    TUG__IMAGE_IDLE = 0,   /* not started */
    TUG__IMAGE_GATHERING,  /* its indexes are being read */
    TUG__IMAGE_FETCHING,   /* everything it needs is known, or will be */
    TUG__IMAGE_PUBLISHING, /* a lane is adding it to index.json */
    TUG__IMAGE_DONE,       /* complete or failed; reported */
};

/* A digest that an image needs: counted once, and checked again before the image is named. */
struct tug__need {
    struct tug_digest digest;     /* first: the tree compares by it */
    const struct tug__need *next; /* noted before it; NULL: none */
    bool is_document;
    bool has_size;
    uint64_t size_bytes;
    enum tug__media_kind kind;
    char *urls;       /* owned; of a foreign layer; NULL: none */
    bool is_left_out; /* the image is complete without it */
};

/* Facts found out about an image, for its result and for index.json. */
struct tug__found {
    char *media_type; /* owned; of the root */
    struct tug_platform platform;
    struct tug_digest *left_out; /* owned; result.left_out_count of them */
    char *left_out_text; /* owned; for index.json, written when the image is complete; NULL: none */
    char *platforms_text; /* owned; for index.json: those chosen from an index; NULL: none are known
                           */
};

/* A reference in progress: created when it starts, freed after its result was reported. */
struct tug__image {
    struct tug__waiter waiter; /* first: an edge's waiter is converted to its image */

    /* what is wanted: set at the start */
    const struct tug_ref *ref;                   /* borrowed from the run */
    const struct tug_reference_options *options; /* borrowed from the run; NULL: none of its own */
    struct tug__wish wish;
    const struct tug__keys *keys; /* borrowed from the run; NULL: no signature is needed */
    uint64_t started_ns;

    /* progress */
    enum tug__image_state state;
    unsigned pending; /* digests that it waits for */
    struct {
        void *tree; /* of tsearch: struct tug__need */
        const struct tug__need *last;
    } needs;
    uint64_t wanted_bytes;         /* sum of their sizes, as far as given by descriptors */
    unsigned repairs;              /* how often content was missing at the final check */
    struct tug__gathered gathered; /* until everything it needs is in the store */
    struct tug__extras extras;     /* what refers to it */
    struct tug__conversion conversion;

    /* reporting */
    struct tug_image_result result;
    struct tug__found found;
    uint64_t reported_marks; /* sum over its last TUG_EVENT_IMAGE_PROGRESS; 0: none was sent */

    /* lists that contain it */
    struct tug__image *next,
        *previous; /* all in progress; in the list of finished ones, only next */
    struct tug__image *next_publishing; /* in the queue for a name, or in the same publication */
};

/* How much is wanted of a manifest that is the root, or an entry of an index. */
enum tug__want tug__image_root_want(const struct tug__image *image);
/* Get the image that waits by an edge; NULL: it has failed meanwhile. */
struct tug__image *tug__image_of(const struct tug__edge *edge);
/* Note that an image needs a digest. *out_is_new: false when it was noted before.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_see(struct tug__image *image, const struct tug_digest *digest,
                               bool *out_is_new, struct tug_error *err);
/* Find an image's need for a digest, to fill it in; NULL: none. Borrowed from the image. */
struct tug__need *tug__image_need(const struct tug__image *image, const struct tug_digest *digest);
/* Free everything an image owns, but not the struct. */
void tug__image_fini(struct tug__image *image);

#endif
