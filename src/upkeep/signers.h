/* SPDX-License-Identifier: Apache-2.0
 *
 * The manifests of a store that may hold signatures of others.
 * Threads: a walk's. Blocks: no.
 */
#ifndef TUG_UPKEEP_SIGNERS_H
#define TUG_UPKEEP_SIGNERS_H

#include <stdbool.h>
#include <stddef.h>

#include "walk/walk.h"

/* A manifest that refers to a digest. */
struct tug__signer {
    struct tug_digest signed_digest;
    struct tug_digest manifest;
    bool is_named; /* by index.json or a document, so that a fetch has brought it with its image */
};

/* All of a store, by the digest that they refer to; of one digest, named ones first: no number of
 * manifests that a refused fetch has left behind hides them. All zero: none. */
struct tug__signers {
    struct tug__signer *items; /* owned */
    size_t count, capacity;
};

/* Find them: images with Cosign's tag of a digest, and documents with a subject. walk: with
 * referrers (TUG__ORPHANS_REFERRERS). out_signers: zero; tug__signers_fini is due, also on failure.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__signers_find(const struct tug__walk *walk, struct tug__signers *out_signers,
                                  struct tug_error *err);
void tug__signers_fini(struct tug__signers *signers);

/* Get those of one digest. manifests: room for most. Returns: how many there are; at most `most`
 * are filled in. */
size_t tug__signers_of(const struct tug__signers *signers, const struct tug_digest *digest,
                       struct tug_digest *manifests, size_t most);

/* Tell whether an image only refers to another digest that the store has: by its name, or, without
 * one, by its subject. */
bool tug__is_referrer(const struct tug__walk *walk, uint32_t image);

#endif
