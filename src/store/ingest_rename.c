/* SPDX-License-Identifier: Apache-2.0
 *
 * Name a partial file after the digest that its content turned out to have.
 *
 * Knows: ingest/<alg>/<hex>. Does not know: documents, the network. Threads: as the ingest.
 */
#include "store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/error.h"
#include "oci/digest.h"

enum tug_status tug__ingest_open_unnamed(struct tug_store *store, uint64_t size_bytes,
                                         struct tug__ingest **out_ingest, struct tug_error *err)
{
    struct tug_digest digest = {.algorithm = TUG_DIGEST_SHA256};
    const ssize_t length = (ssize_t)tug__digest_length(digest.algorithm);

    if (getrandom(digest.bytes, (size_t)length, 0) != length) {
        return tug__fail_errno(err, TUG_ERR_INTERNAL, errno, "no random numbers");
    }
    return tug__ingest_open(store, &digest, size_bytes, out_ingest, err);
}

enum tug_status tug__ingest_rename(struct tug__ingest *ingest, const struct tug_digest *digest,
                                   struct tug_error *err)
{
    char old_name[TUG_DIGEST_TEXT_MAX];
    char new_name[TUG_DIGEST_TEXT_MAX];
    char state_name[TUG__STATE_NAME_MAX];
    struct tug__algorithm_dirs dirs;
    enum tug_status status = tug__ingest_check_name(ingest, err);

    if (status == TUG_OK) {
        status = tug__store_dirs(ingest->store, digest->algorithm, true, &dirs, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    (void)tug__digest_hex(&ingest->digest, old_name);
    (void)tug__digest_hex(digest, new_name);
    if (renameat(dirs.ingest_fd, old_name, dirs.ingest_fd, new_name) != 0) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot rename '%s'", old_name);
    }
    ingest->digest = *digest;
    /* Of the partial download that had the name: it says nothing of this one. */
    (void)snprintf(state_name, sizeof state_name, "%s.state", new_name);
    if (unlinkat(dirs.ingest_fd, state_name, 0) != 0 && errno != ENOENT) {
        return tug__fail_errno(err, TUG_ERR_STORE, errno, "cannot remove '%s'", state_name);
    }
    return TUG_OK;
}
