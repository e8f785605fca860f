/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks before the blobs of a manifest are requested: the image is within the user's size limit,
 * and the disk has space for it.
 *
 * Knows: sizes, the store's disk space. Does not know: requests.
 * Threads: the resolver.
 *
 * Other processes use space too, and file systems need some for themselves: this check only catches
 * hopeless cases early; the rest fails when the space is reserved or written to.
 */
#include "pipeline/resolver.h"

#include <errno.h>
#include <inttypes.h>

#include "base/error.h"

/* Add sizes without overflow: they come from a registry. */
static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Tell whether a blob is new to an image: no other manifest has brought it, and it has not come
 * before in this list, where blobs of the same size and digest are adjacent. */
static bool is_new(const struct tug__image *image, const struct tug__descriptor *const *blobs,
                   size_t position)
{
    const struct tug__descriptor *const blob = blobs[position];

    if (position > 0 && blobs[position - 1]->size_bytes == blob->size_bytes &&
        tug_digest_equal(&blobs[position - 1]->digest, &blob->digest)) {
        return false;
    }
    return tug__image_need(image, &blob->digest) == NULL;
}

/* Upper bound of the disk space that these blobs and everything in progress need. */
static uint64_t wanted_bytes(struct tug__resolver *resolver, const struct tug__image *image,
                             const struct tug__descriptor *const *blobs, size_t count)
{
    uint64_t sum = tug__engine_wanted_bytes(resolver->engine);

    for (size_t i = 0; i < count; i++) {
        if (is_new(image, blobs, i) && !tug__engine_knows(resolver->engine, &blobs[i]->digest)) {
            sum = add(sum, blobs[i]->size_bytes);
        }
    }
    return sum;
}

/* As wanted_bytes, minus the parts already on disk. */
static uint64_t missing_bytes(struct tug__resolver *resolver, const struct tug__image *image,
                              const struct tug__descriptor *const *blobs, size_t count)
{
    struct tug_store *const store = resolver->settings->store;
    uint64_t sum = tug__engine_missing_bytes(resolver->engine);

    for (size_t i = 0; i < count; i++) {
        const struct tug__descriptor *const blob = blobs[i];

        if (is_new(image, blobs, i) && !tug__engine_knows(resolver->engine, &blob->digest)) {
            sum = add(sum, tug__stored_missing_bytes(store, &blob->digest, blob->size_bytes));
        }
    }
    return sum;
}

static enum tug_status check_space(struct tug__resolver *resolver, const struct tug__image *image,
                                   const struct tug__descriptor *const *blobs, size_t count,
                                   struct tug_error *err)
{
    uint64_t free_bytes = 0;
    uint64_t missing;

    if (tug__store_free_bytes(resolver->settings->store, &free_bytes, NULL) != TUG_OK ||
        wanted_bytes(resolver, image, blobs, count) <= free_bytes) {
        return TUG_OK; /* enough, or unknown */
    }
    missing = missing_bytes(resolver, image, blobs, count);
    if (missing <= free_bytes) {
        return TUG_OK;
    }
    return tug__fail_errno(err, TUG_ERR_STORE, ENOSPC,
                           "the store lacks %" PRIu64 " bytes of disk space: %" PRIu64
                           " are still to be fetched, %" PRIu64 " are free",
                           missing - free_bytes, missing, free_bytes);
}

enum tug_status tug__image_admit(struct tug__resolver *resolver, const struct tug__image *image,
                                 const struct tug__descriptor *const *blobs, size_t count,
                                 struct tug_error *err)
{
    const uint64_t max_bytes = resolver->settings->options.max_size_bytes;
    uint64_t wanted_bytes = image->wanted_bytes;

    if (image->state == TUG__IMAGE_DONE) {
        return TUG_OK; /* nothing has to be fetched */
    }
    for (size_t i = 0; i < count; i++) {
        if (is_new(image, blobs, i)) {
            wanted_bytes = add(wanted_bytes, blobs[i]->size_bytes);
        }
    }
    if (max_bytes > 0 && wanted_bytes > max_bytes) {
        return tug__fail(err, TUG_ERR_TOO_LARGE,
                         "the image has %" PRIu64 " bytes or more, over the limit of %" PRIu64,
                         wanted_bytes, max_bytes);
    }
    return check_space(resolver, image, blobs, count, err);
}
