/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash content of the store, on a worker: reused blobs (options.recheck), and layers as they are
 * unpacked (options.convert).
 *
 * Knows: the store's check, the room that unpacks. Does not know: images.
 * Threads: the worker's; the set of hashed blobs belongs to the resolver.
 *
 * A blob that does not match its name stays until verified content is renamed over it: a reader
 * never has less than before, and unverified content never replaces verified content.
 */
#include <string.h>

#include "base/cleanup.h"
#include "oci/limits.h"
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

enum tug_status tug__worker_unpack(struct tug__worker *worker, struct tug__job *job,
                                   struct tug_error *err)
{
    const struct tug__unpacking unpacking = {
        .buffer = worker->buffer,
        .buffer_bytes = TUG__PIECE_BYTES,
        .max_bytes = TUG__SCHEMA1_UNPACKED_MAX,
        .should_stop = should_stop,
        .context = worker,
    };
    const char *const text = job->request.reference;
    struct tug_digest layer;
    TUG__AUTO_FD int fd = -1;
    enum tug_status status = tug_digest_parse(text, strlen(text), &layer, err);

    if (status == TUG_OK) {
        status = tug__store_open_blob(worker->pool->store, &layer, &fd, err);
    }
    if (status == TUG_OK) {
        status = tug__unpack_digest(fd, TUG_DIGEST_SHA256, &unpacking, &job->result.unpacked, err);
    }
    return status;
}
