/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash a blob from its beginning.
 *
 * Knows: digests, the store's interface. Does not know: workers, lanes, the engine.
 * Threads: see hashed.h.
 */
#include "pool/hashed.h"

#include "base/error.h"
#include "oci/digest.h"

static enum tug_status need_hash(struct tug__hashed *hashed, const struct tug__ingest *ingest,
                                 struct tug_error *err)
{
    return hashed->hash != NULL
               ? TUG_OK
               : tug__hash_create(tug__digest_algorithm_name(ingest->digest.algorithm),
                                  &hashed->hash, err);
}

enum tug_status tug__hashed_add(struct tug__hashed *hashed, const struct tug__ingest *ingest,
                                const void *bytes, size_t length, struct tug_error *err)
{
    enum tug_status status = need_hash(hashed, ingest, err);

    if (status == TUG_OK) {
        status = tug__hash_update(hashed->hash, bytes, length, err);
    }
    if (status == TUG_OK) {
        hashed->bytes += length;
    }
    return status;
}

void tug__hashed_push(struct tug__hashed *hashed, const struct tug__ingest *ingest,
                      uint64_t least_bytes)
{
    const uint64_t length = hashed->bytes - hashed->pushed_bytes;

    if (length > 0 && length >= least_bytes) {
        tug__ingest_write_back(ingest, hashed->pushed_bytes, length);
        hashed->pushed_bytes = hashed->bytes;
    }
}

enum tug_status tug__hashed_check(struct tug__hashed *hashed, const struct tug__ingest *ingest,
                                  struct tug_error *err)
{
    struct tug_digest found = {.algorithm = ingest->digest.algorithm};
    char text[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = need_hash(hashed, ingest, err);

    if (status == TUG_OK) {
        status = tug__hash_finish(hashed->hash, found.bytes, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    if (!tug_digest_equal(&found, &ingest->digest)) {
        return tug__fail(err, TUG_ERR_CONTENT, "its content has the digest %s",
                         tug_digest_format(&found, text));
    }
    return TUG_OK;
}

void tug__hashed_fini(struct tug__hashed *hashed)
{
    tug__hash_destroy(hashed->hash);
    *hashed = (struct tug__hashed){0};
}
