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

/* A config whose platform is to be compared with what was promised. */
struct tug__config_check {
    struct tug_digest digest;
    bool is_entry;              /* false: the manifest is the root, compare with the wish */
    struct tug_digest manifest; /* is_entry: compare with what the indexes say of it */
    struct tug__config_check *next;
};

/* One reference on its way: made when it begins, freed after its result was told. */
struct tug__image {
    struct tug__waiter waiter;                   /* first: an edge's waiter is found by it */
    const struct tug_ref *ref;                   /* borrowed from the run */
    const struct tug_reference_options *options; /* borrowed from the run; NULL: none of its own */
    struct tug__wish wish;
    enum tug__image_state state;
    struct tug_image_result result;
    char *media_type;            /* owned; of the root */
    struct tug_digest *left_out; /* owned; result.left_out_count of them */
    char *left_out_text;         /* owned; for index.json, made when all is there; NULL: none */
    bool is_index;               /* the root is an index: entries must be chosen */
    uint64_t started_ns;
    unsigned pending;                /* what it waits for */
    void *needs;                     /* tsearch tree of struct tug__need */
    unsigned repairs;                /* how often something was missing in the end */
    uint64_t wanted_bytes;           /* sum of their sizes, as far as descriptors tell */
    uint64_t told_marks;             /* what its last TUG_EVENT_IMAGE_PROGRESS said, 0: none came */
    struct tug__descriptor *entries; /* of its indexes, while gathering; owned */
    size_t entry_count, entry_capacity;
    bool has_ordered_entries;           /* by digest */
    struct tug__document held;          /* a root manifest whose config is judged before its layers
                                           are asked for; owned; zero: none */
    struct tug_platform platform;       /* what result.platform points to */
    struct tug__config_check *checks;   /* owned */
    struct tug__image *next, *previous; /* all that are at work */
    struct tug__image *next_publishing; /* of the same publication; or of those done */
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
/* Keep a copy of an index entry until all indexes are read. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_add_entry(struct tug__image *image, const struct tug__descriptor *entry,
                                     struct tug_error *err);
/* Remember to compare a config. manifest: whose config it is, of an index's entry; NULL compares
 * with the wish. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__image_add_check(struct tug__image *image, const struct tug_digest *config,
                                     const struct tug_digest *manifest, struct tug_error *err);
/* The configs of an image are compared: forget them. */
void tug__image_forget_checks(struct tug__image *image);
/* The entries that an image's indexes have for a digest.
 * out_count: of them; 0: none. Returns: the first of them. The entries are put in order for that,
 * so it is for the time after the choice among them. */
const struct tug__descriptor *tug__image_find_entries(struct tug__image *image,
                                                      const struct tug_digest *digest,
                                                      size_t *out_count);
/* Free what an image has only until everything it needs is there. */
void tug__image_release(struct tug__image *image);
/* Free everything of an image but the struct. */
void tug__image_fini(struct tug__image *image);

#endif
