/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of digests. Threads: its owner's.
 */
#ifndef TUG_OCI_DIGEST_SET_H
#define TUG_OCI_DIGEST_SET_H

#include <stdbool.h>

#include <tug/oci.h>

/* All zero: empty. */
struct tug__digest_set {
    void *root; /* tsearch tree */
};

/* Add a digest. Returns: false when the set has it already. When out of memory it is not added, and
 * counts as new the next time. */
bool tug__digest_set_add(struct tug__digest_set *set, const struct tug_digest *digest);
/* Tell whether the set has a digest. */
bool tug__digest_set_has(const struct tug__digest_set *set, const struct tug_digest *digest);
/* Empty the set. */
void tug__digest_set_fini(struct tug__digest_set *set);

#endif
