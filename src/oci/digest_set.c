/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of digests.
 *
 * Knows: digests. Does not know: HTTP, what they stand for.
 * Threads: its owner's.
 */
#include "oci/digest_set.h"

#include <search.h>
#include <stdlib.h>

#include "oci/digest.h"

bool tug__digest_set_add(struct tug__digest_set *set, const struct tug_digest *digest)
{
    struct tug_digest *copy;

    if (tug__digest_set_has(set, digest)) {
        return false;
    }
    copy = malloc(sizeof *copy);
    if (copy != NULL) {
        *copy = *digest;
        if (tsearch(copy, &set->root, tug__digest_compare) == NULL) {
            free(copy);
        }
    }
    return true;
}

bool tug__digest_set_has(const struct tug__digest_set *set, const struct tug_digest *digest)
{
    return tfind(digest, &set->root, tug__digest_compare) != NULL;
}

void tug__digest_set_fini(struct tug__digest_set *set)
{
    tdestroy(set->root, free);
    set->root = NULL;
}
