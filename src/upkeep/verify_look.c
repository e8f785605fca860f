/* SPDX-License-Identifier: Apache-2.0
 *
 * What a round of a verification looks at, and what it found.
 *
 * Knows: walks, marks, hashing. Does not know: registries, what becomes of damage.
 * Threads: the verification's.
 */
#include "upkeep/verify_internal.h"

#include <stdlib.h>

#include "base/error.h"
#include "oci/digest.h"
#include "upkeep/hashing.h"
#include "upkeep/needed.h"

/* --- notes --- */

/* Make room for one more. Returns: NULL without memory, and items stay as they are. */
static void *grow(void *items, size_t count, size_t *capacity, size_t item_bytes)
{
    void *grown;

    if (count < *capacity) {
        return items;
    }
    grown = reallocarray(items, *capacity > 0 ? 2 * *capacity : 64, item_bytes);
    if (grown != NULL) {
        *capacity = *capacity > 0 ? 2 * *capacity : 64;
    }
    return grown;
}

enum tug_status tug__verification_add(struct tug__pending *pending, const struct tug__bad *bad,
                                      struct tug_error *err)
{
    struct tug__bad *const grown =
        grow(pending->bad, pending->count, &pending->capacity, sizeof *grown);

    if (grown == NULL) {
        return tug__fail_memory(err);
    }
    pending->bad = grown;
    grown[pending->count++] = *bad;
    return TUG_OK;
}

void tug__verification_sort(struct tug__verification *verification)
{
    if (verification->seen_count > 0) {
        qsort(verification->seen, verification->seen_count, sizeof *verification->seen,
              tug__digest_compare);
    }
}

bool tug__verification_has_seen(const struct tug__verification *verification,
                                const struct tug_digest *digest)
{
    return verification->seen_count > 0 &&
           bsearch(digest, verification->seen, verification->seen_count, sizeof *verification->seen,
                   tug__digest_compare) != NULL;
}

enum tug_status tug__verification_see(struct tug__verification *verification,
                                      const struct tug_digest *digest, struct tug_error *err)
{
    struct tug_digest *const grown = grow(verification->seen, verification->seen_count,
                                          &verification->seen_capacity, sizeof *grown);

    if (grown == NULL) {
        return tug__fail_memory(err);
    }
    verification->seen = grown;
    grown[verification->seen_count++] = *digest;
    return TUG_OK;
}

enum tug_status tug__verification_keep(struct tug__verification *verification,
                                       const struct tug__memo_entry *entry, struct tug_error *err)
{
    struct tug__memo *const kept = &verification->kept;
    struct tug__memo_entry *const grown =
        grow(kept->entries, kept->count, &verification->kept_capacity, sizeof *grown);

    if (grown == NULL) {
        return tug__fail_memory(err);
    }
    kept->entries = grown;
    grown[kept->count++] = *entry;
    return TUG_OK;
}

/* --- looking --- */

static int compare_sizes(const void *a, const void *b)
{
    const struct tug__hash_item *const left = a;
    const struct tug__hash_item *const right = b;

    return left->size_bytes != right->size_bytes
               ? (left->size_bytes > right->size_bytes ? -1 : 1)
               : tug__digest_compare(&left->digest, &right->digest);
}

static int compare_places(const void *a, const void *b)
{
    const struct tug__hash_item *const left = a;
    const struct tug__hash_item *const right = b;

    return (left->inode > right->inode) - (left->inode < right->inode);
}

/* Put blobs into the order in which they are hashed. On a disk that turns, as they lie on it; else
 * the largest first, so that no thread begins one when the others have nothing left to do. */
static void sort_items(struct tug_store *store, struct tug__hash_item *items, size_t count)
{
    if (count > 0) {
        qsort(items, count, sizeof *items,
              tug__store_is_on_rotating_disk(store) ? compare_places : compare_sizes);
    }
}

/* Choose what is to be hashed in this round, and note what is missing.
 * out_items: owned; as many as *out_count. */
static enum tug_status choose(struct tug__verification *verification,
                              struct tug__hash_item **out_items, size_t *out_count,
                              struct tug_error *err)
{
    const uint32_t blobs = tug__walk_counts(verification->walk).blobs;
    struct tug__hash_item *const items = calloc(blobs > 0 ? blobs : 1, sizeof *items);
    enum tug_status status = TUG_OK;
    size_t count = 0;

    if (items == NULL) {
        return tug__fail_memory(err);
    }
    tug__verification_sort(verification);
    for (uint32_t i = 0; status == TUG_OK && i < blobs; i++) {
        const struct tug__walk_blob *const blob = tug__walk_blob(verification->walk, i);
        const unsigned marks = verification->marks[i];

        if ((marks & TUG__MARK_CHOSEN) == 0 ||
            tug__verification_has_seen(verification, &blob->digest)) {
            continue;
        }
        if (blob->state != TUG__BLOB_ABSENT) {
            items[count++] = (struct tug__hash_item){
                .digest = blob->digest,
                .inode = blob->inode,
                .size_bytes = blob->file_bytes,
                .has_right_size = blob->state == TUG__BLOB_WRONG_SIZE,
                .right_bytes = blob->size_bytes,
            };
        } else if ((marks & TUG__MARK_NEEDED) != 0) {
            status = tug__verification_add(
                &verification->pending,
                &(struct tug__bad){.digest = blob->digest, .damage = TUG_DAMAGE_MISSING}, err);
        }
    }
    *out_items = items;
    *out_count = count;
    return status;
}

/* Judge what was hashed. */
static enum tug_status judge(struct tug__verification *verification,
                             const struct tug__hash_item *item, struct tug_error *err)
{
    const struct tug__walk_blob *const blob =
        tug__walk_blob(verification->walk, tug__walk_find(verification->walk, &item->digest));
    struct tug__bad bad = {
        .digest = item->digest,
        .damage = item->damage,
        .file_bytes = item->seen.size_bytes,
        .os_errno = item->os_errno,
    };
    enum tug_status status = tug__verification_see(verification, &item->digest, err);

    verification->result->blobs++;
    verification->result->blobs_trusted += item->is_trusted ? 1 : 0;
    if (bad.damage == TUG_DAMAGE_NONE && blob->is_reached && blob->problem != NULL) {
        bad.damage = TUG_DAMAGE_DOCUMENT;
    }
    if (status == TUG_OK && item->damage == TUG_DAMAGE_NONE && item->may_be_kept) {
        status = tug__verification_keep(verification, &item->seen, err);
    }
    if (bad.damage == TUG_DAMAGE_MISSING && blob->is_named == false) {
        return status; /* gone since it was listed, and nothing needs it */
    }
    return status == TUG_OK && bad.damage != TUG_DAMAGE_NONE
               ? tug__verification_add(&verification->pending, &bad, err)
               : status;
}

/* Hash what was chosen. */
enum tug_status tug__verification_look(struct tug__verification *verification,
                                       struct tug_error *err)
{
    const struct tug__verify_settings *const settings = verification->settings;
    struct tug__hash_item *items = NULL;
    uint64_t hashed_bytes = 0;
    size_t count = 0;
    enum tug_status status = choose(verification, &items, &count, err);

    if (status == TUG_OK) {
        const struct tug__hashing hashing = {
            .store = settings->store,
            .items = items,
            .count = count,
            .threads = settings->options->threads,
            .memo = settings->options->is_quick ? &verification->memo : NULL,
            .watch = settings->watch,
            .trace = settings->trace,
        };

        sort_items(settings->store, items, count);
        status = tug__hash_all(&hashing, &hashed_bytes, err);
        verification->result->bytes_hashed += hashed_bytes;
    }
    for (size_t i = 0; i < count; i++) {
        struct tug_error error = {0};
        const enum tug_status judged =
            items[i].is_done ? judge(verification, &items[i], &error) : TUG_OK;

        if (status == TUG_OK && judged != TUG_OK) {
            status = judged;
            *err = error;
        }
    }
    free(items);
    return status;
}
