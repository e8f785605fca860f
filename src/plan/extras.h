/* SPDX-License-Identifier: Apache-2.0
 *
 * What refers to an image: signatures, SBOMs, attestations. Questions to the registry, and the
 * manifests that answer them, with where each was found.
 *
 * A question is about one manifest, its subject: either what the registry lists as referring to it
 * (the referrers API, or its tag), or what one of Cosign's tags for it names. Referrers have
 * referrers in turn, so depth counts the steps: questions about the image's own manifests have
 * depth 0, and so have the extras that answer them.
 *
 * Threads: the resolver.
 */
#ifndef TUG_PLAN_EXTRAS_H
#define TUG_PLAN_EXTRAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>

#include "oci/digest_set.h"
#include "oci/document.h"

struct tug__wish;

/* Most questions about one image: their numbers are part of an edge's. */
#define TUG__QUESTIONS_MAX ((size_t)400000)

/* A question to the registry. */
struct tug__question {
    struct tug_digest subject;
    unsigned depth;
    char *tag; /* owned; one of Cosign's; NULL: the list of referrers */
    char
        *list; /* owned; the index with the answer, and later with only what was kept; NULL: none */
    size_t list_length;
    struct tug_digest made; /* of list, once it is complete and on its way to the store */
    char *name;             /* owned; in index.json; NULL: nothing is to be named */
};

/* A manifest that refers, or claims to refer, to a subject. */
struct tug__extra {
    struct tug_digest digest;
    struct tug_digest subject;
    unsigned depth;
    size_t question; /* that it answers, by its place */
    bool has_tag;    /* found by a tag of Cosign's: no `subject` is demanded of it */
    bool is_read;    /* its document was looked at */
    bool is_kept;    /* and it is a referrer, of a type that is wanted */
    bool is_index;   /* the document is an index */
    uint64_t size_bytes;
    char *media_type;    /* owned; never NULL */
    char *artifact_type; /* owned; as the list says, then as the document does, of which the
                            config's type stands for a missing one; NULL: none */
};

/* All of an image. All zero: none. */
struct tug__extras {
    struct tug__question *questions; /* owned */
    size_t question_count, question_capacity;
    struct tug__extra *items; /* owned */
    size_t item_count, item_capacity;
    struct tug__digest_set asked; /* subjects of questions */
    size_t list_bytes;            /* of all lists */
    size_t payload_count;         /* requested when only signatures are wanted */
    struct tug__digest_set lost;  /* of these, those that the registry does not have */
    char *root;                   /* owned; the image's digest as text, once named; NULL: not yet */
    bool is_made;                 /* every list is complete, and on its way to the store */
};

/* Add a question; tag: copied, NULL: about the list of referrers. out_question: its place.
 * Errors: TUG_ERR_TOO_LARGE, TUG_ERR_NO_MEMORY. */
enum tug_status tug__extras_add_question(struct tug__extras *extras,
                                         const struct tug__question *question, size_t *out_question,
                                         struct tug_error *err);
/* Add a manifest; its texts are copied. Errors: TUG_ERR_TOO_LARGE (TUG__EXTRAS_MAX),
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__extras_add(struct tug__extras *extras, const struct tug__extra *item,
                                size_t *out_item, struct tug_error *err);
/* Say in an error what was asked. */
void tug__extras_blame(const struct tug__question *question, struct tug_error *error);
/* Free everything. */
void tug__extras_fini(struct tug__extras *extras);

/* How many manifests are kept, each digest counted once. */
size_t tug__extras_count(const struct tug__extras *extras);

/* Tell whether nothing but signatures is wanted: then their number and size are limited
 * (tug__image_want_payloads). Pure. */
bool tug__extras_are_signatures(const struct tug__wish *wish);
/* Tell whether a child of a manifest of signatures is fetched then: payloads, and the config, which
 * says nothing but belongs to the manifest. payload_count: requested before, of the image. Pure. */
bool tug__extras_wants_payload(const struct tug__document *document, size_t child,
                               size_t payload_count);
/* Tell whether a listed referrer has to be looked at, by the artifact type in the list; NULL: it
 * does not say. */
bool tug__extras_may_be_wanted(const struct tug__wish *wish, const char *artifact_type);
/* Tell whether a referrer is wanted, by its document. has_tag: found by a tag of Cosign's. */
bool tug__extras_is_wanted(const struct tug__wish *wish, const struct tug__document *document,
                           bool has_tag);
/* The artifact type of a document: its own, or that of its config; NULL: none. Borrowed. */
const char *tug__extras_type_of(const struct tug__document *document);

#endif
