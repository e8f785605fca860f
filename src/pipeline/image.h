/* SPDX-License-Identifier: Apache-2.0
 *
 * Images: one for each reference at work, and what it keeps. Owned by the resolver, touched by no
 * other thread.
 */
#ifndef TUG_PIPELINE_IMAGE_H
#define TUG_PIPELINE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/fetch.h>

#include "oci/document.h"
#include "engine/engine.h"
#include "pipeline/gathered.h"
#include "pipeline/plan.h"

/* What for an image wants a digest: the number of its edge, packed. */
struct tug__purpose {
    enum tug__want want; /* of a manifest: how much */
    unsigned depth;      /* indexes above it, at most TUG__INDEX_DEPTH_MAX */
    bool is_root;
    bool is_document; /* it is to be read */
    bool is_again;    /* the image has read this document: it was removed from the store since */
    bool is_optional; /* when its registry does not have it, the image does without */
};

/* What an image wants of one digest. */
struct tug__request {
    const struct tug__descriptor *descriptor;
    bool has_size;    /* the descriptor's size is known */
    bool is_document; /* a manifest or index */
    bool is_root;
    bool is_optional; /* as of a purpose */
    bool is_recheck;  /* the store has it, but it has to be hashed first */
    enum tug__want want;
    unsigned depth;
};

/* A purpose as a number, and back. */
unsigned tug__purpose_pack(const struct tug__purpose *purpose);
struct tug__purpose tug__purpose_unpack(unsigned number);

enum tug__image_state {
    TUG__IMAGE_IDLE = 0,   /* not begun */
    TUG__IMAGE_GATHERING,  /* its indexes are being read */
    TUG__IMAGE_FETCHING,   /* everything it needs is known or on its way to be */
    TUG__IMAGE_PUBLISHING, /* a lane names it */
    TUG__IMAGE_DONE,       /* complete or failed; reported */
};

/* Something that an image needs: counted once, and looked at once more before it is named. */
struct tug__need {
    struct tug_digest digest; /* first: it is found by that */
    bool is_document;
    bool has_size;
    uint64_t size_bytes;
    enum tug__media_kind kind;
    char *urls;       /* owned; of a foreign layer; NULL: none */
    bool is_left_out; /* the image does without */
};

/* What was found out about an image: its result points to it, index.json gets it. */
struct tug__found {
    char *media_type; /* owned; of the root */
    struct tug_platform platform;
    struct tug_digest *left_out; /* owned; result.left_out_count of them */
    char *left_out_text;         /* owned; for index.json, made when all is there; NULL: none */
};

/* One reference on its way: made when it begins, freed after its result was told. */
struct tug__image {
    struct tug__waiter waiter; /* first: an edge's waiter is found by it */

    /* what is wanted: set when it begins */
    const struct tug_ref *ref;                   /* borrowed from the run */
    const struct tug_reference_options *options; /* borrowed from the run; NULL: none of its own */
    struct tug__wish wish;
    uint64_t started_ns;

    /* how far it is */
    enum tug__image_state state;
    unsigned pending;              /* what it waits for */
    void *needs;                   /* tsearch tree of struct tug__need */
    uint64_t wanted_bytes;         /* sum of their sizes, as far as descriptors tell */
    unsigned repairs;              /* how often something was missing in the end */
    struct tug__gathered gathered; /* until everything it needs is there */

    /* what is told of it */
    struct tug_image_result result;
    struct tug__found found;
    uint64_t told_marks; /* what its last TUG_EVENT_IMAGE_PROGRESS said, 0: none came */

    /* lists it is in */
    struct tug__image *next, *previous; /* all that are at work; of those done, next alone */
    struct tug__image *next_publishing; /* of those in line, or of the same publication */
};

/* How much is wanted of a root that turns out to be a manifest, and of the same in an index. */
enum tug__want tug__image_root_want(const struct tug__image *image);
/* The image whose waiter an edge has; NULL: it has failed meanwhile. */
struct tug__image *tug__image_of(const struct tug__edge *edge);
/* Remember that an image needs a digest. *out_is_new: false when it did already.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_see(struct tug__image *image, const struct tug_digest *digest,
                               bool *out_is_new, struct tug_error *err);
/* What an image needs of a digest, to be filled in; NULL: nothing. Borrowed from the image. */
struct tug__need *tug__image_need(const struct tug__image *image, const struct tug_digest *digest);
/* Free everything of an image but the struct. */
void tug__image_fini(struct tug__image *image);

#endif
