/* SPDX-License-Identifier: Apache-2.0
 *
 * The ranking of failures.
 *
 * Knows: error codes. Does not know: endpoints, HTTP, the store.
 * Threads: any.
 */
#include "registry/ranking.h"

#include "registry/retry.h"

bool tug__failure_outranks(const struct tug__failure *failure, const struct tug__failure *kept)
{
    if (kept->error.code == TUG_OK) {
        return true;
    }
    if (failure->error.code == TUG_ERR_NOT_FOUND || kept->error.code == TUG_ERR_NOT_FOUND) {
        return failure->error.code != TUG_ERR_NOT_FOUND;
    }
    if (!failure->was_asked || !kept->was_asked) {
        return failure->was_asked;
    }
    return failure->is_upstream && tug__retry_may_pass(&failure->error) &&
           (kept->error.code == TUG_ERR_RATE_LIMITED || !tug__retry_may_pass(&kept->error));
}
