/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash reused blobs (options.recheck), on a worker.
 *
 * Knows: the store's check. Does not know: images.
 * Threads: the worker's; the set of hashed blobs belongs to the resolver.
 *
 * A blob that does not match its name stays until verified content is renamed over it: a reader
 * never has less than before, and unverified content never replaces verified content.
 */
#include "pool/internal.h"

static bool should_stop(void *context)
{
    return tug__worker_should_stop(context);
}

enum tug_status tug__worker_recheck(struct tug__worker *worker, struct tug__job *job,
                                    struct tug_error *err)
{
    const struct tug__check check = {
        .buffer = worker->buffer,
        .buffer_bytes = TUG__PIECE_BYTES,
        .should_stop = should_stop,
        .context = worker,
    };

    return tug__store_check(worker->pool->store, &job->request.digest, job->request.size_bytes,
                            &check, &job->result.is_damaged, err);
}
