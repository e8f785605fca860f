/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash what is reused (options.recheck), on a worker.
 *
 * Knows: the store's files, digests. Does not know: the network, images.
 * Threads: the worker's; the set of what was hashed is the resolver's.
 *
 * A blob that is not what its name says stays until verified content is renamed over it: those who
 * read it have never less than before, and what is verified is never replaced by what is not.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "oci/digest.h"
#include "pipeline/pool.h"

/* Hash the whole file. Errors: TUG_ERR_CANCELLED; TUG_ERR_STORE: it cannot be read. */
static enum tug_status hash_file(struct tug__worker *worker, int fd, struct tug__hash *hash,
                                 uint64_t *out_bytes, struct tug_error *err)
{
    *out_bytes = 0;
    for (;;) {
        const ssize_t count = pread(fd, worker->piece, TUG__PIECE_BYTES, (off_t)*out_bytes);
        enum tug_status status = TUG_OK;

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count == 0 ? TUG_OK
                              : tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot read a blob");
        }
        status = tug__hash_update(hash, worker->piece, (size_t)count, err);
        if (status != TUG_OK) {
            return status;
        }
        *out_bytes += (uint64_t)count;
        if (tug__worker_should_stop(worker)) {
            return tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
        }
    }
}

/* Say what is wrong with a blob; nothing when it is what its name says. */
static enum tug_status judge(struct tug__job *job, struct tug__hash *hash, uint64_t size_bytes,
                             struct tug_error *err)
{
    struct tug_digest found = {.algorithm = job->digest.algorithm};
    const enum tug_status status = tug__hash_finish(hash, found.bytes, err);

    job->is_damaged = status == TUG_OK &&
                      (size_bytes != job->size_bytes || !tug_digest_equal(&found, &job->digest));
    return status;
}

/* A read that fails for a damaged disk is answered by a new file. */
static bool is_damage(const struct tug_error *error)
{
    return error->code == TUG_ERR_STORE && (error->os_errno == EIO || error->os_errno == ENOENT);
}

static enum tug_status recheck(struct tug__worker *worker, struct tug__job *job,
                               struct tug_error *err)
{
    TUG__AUTO_FD int fd = -1;
    struct tug__hash *hash = NULL;
    uint64_t size_bytes = 0;
    enum tug_status status = tug__store_open_blob(worker->pool->store, &job->digest, &fd, err);

    if (status == TUG_OK) {
        status = tug__hash_create(tug__digest_algorithm_name(job->digest.algorithm), &hash, err);
    }
    if (status == TUG_OK) {
        status = hash_file(worker, fd, hash, &size_bytes, err);
    }
    if (status == TUG_OK) {
        status = judge(job, hash, size_bytes, err);
    }
    tug__hash_destroy(hash);
    return status;
}

enum tug_status tug__worker_recheck(struct tug__worker *worker, struct tug__job *job,
                                    struct tug_error *err)
{
    enum tug_status status;

    if (worker->piece == NULL) {
        worker->piece = malloc(TUG__PIECE_BYTES);
        if (worker->piece == NULL) {
            return tug__fail_memory(err);
        }
    }
    status = recheck(worker, job, err);
    if (status != TUG_OK && is_damage(err)) {
        *err = (struct tug_error){0};
        job->is_damaged = true;
        status = TUG_OK;
    }
    return status;
}
