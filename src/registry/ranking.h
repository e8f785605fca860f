/* SPDX-License-Identifier: Apache-2.0
 *
 * Which of several endpoints' failures becomes the call's.
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
    bool was_asked;   /* false: it was paused, so no request was made */
};

/* Tell whether a failure replaces the one kept so far. As in containerd, the first one other than a
 * 404 is kept: "not found" is worth reporting only when no endpoint failed for another
 * reason. An endpoint that was not asked outranks a 404 (it may have the content) and nothing else.
 * A permanent failure of a mirror (no access, wrong content, a limit) does not end a call that the
 * registry itself may still serve: the registry's transient failure is kept instead. */
bool tug__failure_outranks(const struct tug__failure *failure, const struct tug__failure *kept);

#endif
