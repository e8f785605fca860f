/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer of the store, as it was before it was compressed.
 *
 * Knows: compressed content. Does not know: documents, HTTP. Threads: the calling one.
 */
#include "archive/layer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "archive/limits.h"
#include "archive/tar_in.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/hash.h"
#include "oci/digest.h"

static enum tug__packing packing_of(const uint8_t *bytes, ssize_t length)
{
    static const uint8_t gzip[] = {0x1f, 0x8b};
    static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd};

    if (length >= (ssize_t)sizeof gzip && memcmp(bytes, gzip, sizeof gzip) == 0) {
        return TUG__PACKING_GZIP;
    }
    return length >= (ssize_t)sizeof zstd && memcmp(bytes, zstd, sizeof zstd) == 0
               ? TUG__PACKING_ZSTD
               : TUG__PACKING_NONE;
}

/* Hash what comes out of a reader. */
static enum tug_status hash_all(struct tug__intake *intake, struct tug__tar_in *in,
                                struct tug_digest *out_digest, struct tug_error *err)
{
    struct tug__hash *hash = NULL;
    size_t length = 1;
    enum tug_status status =
        tug__hash_create(tug__digest_algorithm_name(out_digest->algorithm), &hash, err);

    while (status == TUG_OK && length > 0) {
        status = tug__tar_in_read(in, intake->piece, TUG__ARCHIVE_PIECE, &length, err);
        if (status == TUG_OK) {
            status = tug__hash_update(hash, intake->piece, length, err);
        }
        if (status == TUG_OK) {
            status = tug__watch_check(&intake->work->watch, err);
        }
    }
    if (status == TUG_OK) {
        status = tug__hash_finish(hash, out_digest->bytes, err);
    }
    tug__hash_destroy(hash);
    return status;
}

static enum tug_status unpacked_digest(struct tug__intake *intake, int fd,
                                       struct tug_digest *out_digest, struct tug_error *err)
{
    struct tug__work unseen = {.watch = intake->work->watch}; /* no progress of the import's */
    struct tug__tar_in *in = NULL;
    struct tug__tar_member member;
    bool is_end = false;
    enum tug_status status;

    unseen.watch.given.on_progress = NULL;
    status = tug__tar_in_open_raw(fd, &unseen, &in, err);
    if (status == TUG_OK) {
        status = tug__tar_in_next(in, &member, &is_end, err);
    }
    if (status == TUG_OK && is_end) {
        status = tug__fail(err, TUG_ERR_CONTENT, "it is empty");
    }
    if (status == TUG_OK) {
        status = hash_all(intake, in, out_digest, err);
    }
    tug__tar_in_close(in);
    return status;
}

enum tug_status tug__layer_check(struct tug__intake *intake, const struct tug_digest *digest,
                                 const struct tug_digest *diff_id, enum tug__packing *out_packing,
                                 struct tug_error *err)
{
    struct tug_digest found = {.algorithm = diff_id->algorithm};
    TUG__AUTO_FD int fd = -1;
    uint8_t magic[4];
    ssize_t length;
    enum tug_status status = tug__store_open_blob(intake->store, digest, &fd, err);

    if (status != TUG_OK) {
        return status;
    }
    length = pread(fd, magic, sizeof magic, 0);
    if (length < 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot read a blob");
    }
    *out_packing = packing_of(magic, length);
    if (*out_packing == TUG__PACKING_NONE && diff_id->algorithm == digest->algorithm) {
        found = *digest;
    } else {
        status = unpacked_digest(intake, fd, &found, err);
    }
    if (status == TUG_OK && !tug_digest_equal(&found, diff_id)) {
        status = tug__fail(err, TUG_ERR_CONTENT, "its content is not what the config says");
    }
    return status;
}
