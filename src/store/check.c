/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash a committed blob again: does it still match its name?
 *
 * Knows: blobs, digests. Does not know: documents, the network, what is done with a damaged blob.
 * Threads: any.
 */
#include "store/internal.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/hash.h"
#include "oci/digest.h"

/* Hash from the offset reached so far to the end of the file. */
static enum tug_status hash_file(int fd, struct tug__hash *hash, const struct tug__check *check,
                                 uint64_t *out_bytes, struct tug_error *err)
{
    *out_bytes = 0;
    for (;;) {
        const ssize_t count = pread(fd, check->buffer, check->buffer_bytes, (off_t)*out_bytes);
        enum tug_status status;

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count == 0 ? TUG_OK
                              : tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot read a blob");
        }
        status = tug__hash_update(hash, check->buffer, (size_t)count, err);
        if (status != TUG_OK) {
            return status;
        }
        *out_bytes += (uint64_t)count;
        if (check->should_stop != NULL && check->should_stop(check->context)) {
            return tug__fail(err, TUG_ERR_CANCELLED, "interrupted");
        }
    }
}

enum tug_status tug__file_digest(int fd, enum tug_digest_algorithm algorithm,
                                 const struct tug__check *check, struct tug_digest *out_digest,
                                 uint64_t *out_bytes, struct tug_error *err)
{
    struct tug_digest digest = {.algorithm = algorithm};
    struct tug__hash *hash = NULL;
    uint64_t bytes = 0;
    enum tug_status status = tug__hash_create(tug__digest_algorithm_name(algorithm), &hash, err);

    if (status == TUG_OK) {
        status = hash_file(fd, hash, check, &bytes, err);
    }
    if (status == TUG_OK) {
        status = tug__hash_finish(hash, digest.bytes, err);
    }
    tug__hash_destroy(hash);
    if (status == TUG_OK) {
        *out_digest = digest;
        *out_bytes = bytes;
    }
    return status;
}

/* Tell whether unreadable content is lost for good, so that only a new file can repair it. */
static bool is_lost(const struct tug_error *error)
{
    return error->code == TUG_ERR_STORE && (error->os_errno == EIO || error->os_errno == ENOENT);
}

enum tug_status tug__store_check(struct tug_store *store, const struct tug_digest *digest,
                                 uint64_t size_bytes, const struct tug__check *check,
                                 bool *out_is_damaged, struct tug_error *err)
{
    TUG__AUTO_FD int fd = -1;
    struct tug_digest found = {0};
    struct tug_error error = {0};
    uint64_t bytes = 0;
    enum tug_status status = tug__store_open_blob(store, digest, &fd, &error);

    if (status == TUG_OK) {
        status = tug__file_digest(fd, digest->algorithm, check, &found, &bytes, &error);
    }
    if (status != TUG_OK && !is_lost(&error)) {
        if (err != NULL) {
            *err = error;
        }
        return status;
    }
    *out_is_damaged = status != TUG_OK || bytes != size_bytes || !tug_digest_equal(&found, digest);
    return TUG_OK;
}
