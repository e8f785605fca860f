/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of digests. Threads: its owner's.
 */
#ifndef TUG_PIPELINE_DIGEST_SET_H
#define TUG_PIPELINE_DIGEST_SET_H

#include <stdbool.h>

#include <tug/oci.h>

/* All zero: empty. */
struct tug__digest_set {
    void *root; /* tsearch tree */
};

/* Put a digest in. Returns: false when it was there. Without memory it is not kept, and counts as
 * new again. */
bool tug__digest_set_add(struct tug__digest_set *set, const struct tug_digest *digest);
/* Tell whether a digest is in it. */
bool tug__digest_set_has(const struct tug__digest_set *set, const struct tug_digest *digest);
/* Empty it. */
void tug__digest_set_fini(struct tug__digest_set *set);

#endif
