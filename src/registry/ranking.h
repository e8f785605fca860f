/* SPDX-License-Identifier: Apache-2.0
 *
 * Of several endpoints that failed, whose failure is the call's.
 * Threads: any. Blocks: never.
 */
#ifndef TUG_REGISTRY_RANKING_H
#define TUG_REGISTRY_RANKING_H

#include <stdbool.h>
#include <stdint.h>

#include <tug/error.h>

/* How one endpoint failed. */
struct tug__failure {
    struct tug_error error; /* TUG_OK: none yet */
    uint64_t retry_after_ms;
    bool is_upstream; /* the registry itself, not a mirror */
    bool was_asked;   /* false: it pauses, so nobody asked */
};

/* Tell whether a failure takes the place of the one that is kept.
 * As in containerd the first that is no 404 is kept: what is not there is worth saying only when
 * nobody had another reason. One that was not asked counts more than a 404 (it may have the
 * content) and less than all others. And a mirror's last word (no access, wrong content, a limit)
 * does not end a call that the registry itself may still serve: its failure that may pass is kept
 * instead. */
bool tug__failure_outranks(const struct tug__failure *failure, const struct tug__failure *kept);

#endif
