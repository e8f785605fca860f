/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs by digest.
 *
 * Knows: digests. Does not know: files, what names a blob.
 * Threads: the walk's owner.
 */
#include "walk/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "oci/digest.h"

/* Blobs have numbers in 32 bits, with room for sums. */
#define BLOBS_MAX ((uint32_t)1 << 31)

/* A place of the table. The tag spares a look at most blobs that are not meant. */
struct tug__slot {
    uint32_t number; /* TUG__WALK_NONE: empty */
    uint32_t tag;    /* of its digest's hash */
};

static uint64_t hash_digest(const struct tug__walk *walk, const struct tug_digest *digest)
{
    const size_t length = tug__digest_length(digest->algorithm);
    uint64_t hash = walk->seed ^ (uint64_t)digest->algorithm;

    for (size_t i = 0; i < length; i += sizeof hash) {
        uint64_t word;

        memcpy(&word, digest->bytes + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

/* Find the slot of a digest with that hash, or the empty one where it belongs. */
static struct tug__slot *find_slot(const struct tug__walk *walk, const struct tug_digest *digest,
                                   uint64_t hash)
{
    const uint32_t tag = (uint32_t)(hash >> 32);

    for (size_t at = (size_t)hash;; at++) {
        struct tug__slot *const slot = &walk->slots[at & (walk->slot_count - 1)];

        if (slot->number == TUG__WALK_NONE ||
            (slot->tag == tag && tug_digest_equal(&walk->blobs[slot->number].digest, digest))) {
            return slot;
        }
    }
}

static enum tug_status grow_slots(struct tug__walk *walk, struct tug_error *err)
{
    const size_t slot_count = walk->slot_count > 0 ? 2 * walk->slot_count : 1024;
    struct tug__slot *slots;

    if (2 * (size_t)walk->blob_count < walk->slot_count) {
        return TUG_OK;
    }
    slots = malloc(slot_count * sizeof *slots);
    if (slots == NULL) {
        return tug__fail_memory(err);
    }
    memset(slots, 0xff, slot_count * sizeof *slots);
    free(walk->slots);
    walk->slots = slots;
    walk->slot_count = slot_count;
    for (uint32_t i = 0; i < walk->blob_count; i++) {
        const struct tug_digest *const digest = &walk->blobs[i].digest;
        const uint64_t hash = hash_digest(walk, digest);

        *find_slot(walk, digest, hash) =
            (struct tug__slot){.number = i, .tag = (uint32_t)(hash >> 32)};
    }
    return TUG_OK;
}

uint32_t tug__walk_find(const struct tug__walk *walk, const struct tug_digest *digest)
{
    return walk->slot_count > 0 ? find_slot(walk, digest, hash_digest(walk, digest))->number
                                : TUG__WALK_NONE;
}

static enum tug_status grow_blobs(struct tug__walk *walk, struct tug_error *err)
{
    const size_t count = walk->blob_count;
    size_t capacity = walk->blob_capacity;
    size_t node_capacity = capacity;
    struct tug__walk_blob *const blobs =
        tug__walk_grow(walk->blobs, count, &capacity, sizeof *blobs);
    struct tug__node *nodes;

    walk->blobs = blobs != NULL ? blobs : walk->blobs;
    nodes = tug__walk_grow(walk->nodes, count, &node_capacity, sizeof *nodes);
    walk->nodes = nodes != NULL ? nodes : walk->nodes;
    if (blobs == NULL || nodes == NULL) {
        return tug__fail_memory(err);
    }
    walk->blob_capacity = (uint32_t)capacity;
    return TUG_OK;
}

enum tug_status tug__walk_add(struct tug__walk *walk, const struct tug_digest *digest,
                              uint32_t *out_blob, struct tug_error *err)
{
    const uint64_t hash = hash_digest(walk, digest);
    enum tug_status status = grow_slots(walk, err);
    struct tug__slot *slot;

    if (status != TUG_OK) {
        return status;
    }
    slot = find_slot(walk, digest, hash);
    if (slot->number == TUG__WALK_NONE) {
        if (walk->blob_count >= BLOBS_MAX) {
            return tug__fail(err, TUG_ERR_TOO_LARGE, "a store of more than %u blobs", BLOBS_MAX);
        }
        status = grow_blobs(walk, err);
        if (status != TUG_OK) {
            return status;
        }
        walk->blobs[walk->blob_count] = (struct tug__walk_blob){.digest = *digest};
        walk->nodes[walk->blob_count] =
            (struct tug__node){.first_referrer = TUG__WALK_NONE, .last_image = TUG__WALK_NONE};
        *slot = (struct tug__slot){.number = walk->blob_count++, .tag = (uint32_t)(hash >> 32)};
    }
    *out_blob = slot->number;
    return TUG_OK;
}
