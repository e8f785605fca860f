/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a digest signed? The judgement over signatures that are in the store.
 * Threads: any; the keys of a call belong to one thread. Blocks: on the disk.
 */
#ifndef TUG_PLAN_SIGNED_H
#define TUG_PLAN_SIGNED_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>
#include <tug/oci.h>
#include <tug/ref.h>
#include <tug/store.h>

#include "oci/digest_set.h"
#include "trust/trust.h"

/* What has to be signed, and what may show it. All borrowed. */
struct tug__signed_question {
    struct tug_store *store;
    const struct tug__keys *keys;
    const struct tug_digest *digest;    /* which index.json names, or will */
    const struct tug_ref *ref;          /* of its repository; NULL: any name will do */
    const struct tug_digest *manifests; /* in the store, that may hold signatures of it */
    size_t manifest_count;              /* no more than TUG__SIGNATURES_MAX are read */
};

/* Judge the signatures in manifests, in their order, until one counts.
 * verdict: zero, or of an earlier call with the same digest; added to. Returns: TUG_OK whatever the
 * verdict is: what cannot be read is a reason. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__signed_judge(const struct tug__signed_question *question,
                                  struct tug__verdict *verdict, struct tug_error *err);

/* Tell whether a manifest in the store names one of these digests, or cannot be read. */
bool tug__signed_lacks(struct tug_store *store, const struct tug_digest *manifest,
                       const struct tug__digest_set *lost);

/* Take apart a tag that is made of a digest: its algorithm, '-', its hex digits, and an end such as
 * Cosign's ".sig". Pure. out_digest, out_end: that digest, and what follows it, within tag; both
 * untouched on failure. Returns: false: it is another tag. */
bool tug__digest_tag_read(const char *tag, struct tug_digest *out_digest, const char **out_end);

#endif
