/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer of the store, compared with what a config says of it.
 *
 * Knows: how layers are unpacked. Does not know: documents, HTTP. Threads: the calling one.
 */
#include "archive/layer.h"

#include "archive/limits.h"
#include "base/cleanup.h"
#include "base/error.h"

enum tug_status tug__layer_check(struct tug__intake *intake, const struct tug_digest *digest,
                                 const struct tug_digest *diff_id, enum tug__packing *out_packing,
                                 struct tug_error *err)
{
    const struct tug__unpacking unpacking = {
        .buffer = intake->piece,
        .buffer_bytes = TUG__ARCHIVE_PIECE,
        .max_bytes = UINT64_MAX,
        .should_stop = tug__watch_should_stop,
        .context = &intake->work->watch,
    };
    struct tug__unpacked unpacked = {.digest = *digest};
    TUG__AUTO_FD int fd = -1;
    enum tug_status status = tug__store_open_blob(intake->store, digest, &fd, err);

    if (status == TUG_OK) {
        status = tug__packing_find(fd, out_packing, err);
    }
    if (status == TUG_OK &&
        (*out_packing != TUG__PACKING_NONE || diff_id->algorithm != digest->algorithm)) {
        status = tug__unpack_digest(fd, diff_id->algorithm, &unpacking, &unpacked, err);
    }
    if (status == TUG_OK && !tug_digest_equal(&unpacked.digest, diff_id)) {
        status = tug__fail(err, TUG_ERR_CONTENT, "its content is not what the config says");
    }
    return status;
}
