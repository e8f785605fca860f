/* SPDX-License-Identifier: Apache-2.0
 *
 * Find signatures by the two ways in which they refer to what they sign.
 *
 * Knows: walks, Cosign's tags. Does not know: documents, requests, OpenSSL.
 * Threads: a walk's.
 */
#include "upkeep/signers.h"

#include <stdlib.h>
#include <string.h>

#include <tug/ref.h>

#include "base/error.h"
#include "index/annotations.h"
#include "oci/digest.h"
#include "plan/signed.h"

static enum tug_status add(struct tug__signers *signers, const struct tug_digest *signed_digest,
                           const struct tug__walk_blob *manifest, struct tug_error *err)
{
    if (signers->count == signers->capacity) {
        const size_t capacity = signers->capacity > 0 ? 2 * signers->capacity : 64;
        struct tug__signer *const grown =
            reallocarray(signers->items, capacity, sizeof *signers->items);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        signers->items = grown;
        signers->capacity = capacity;
    }
    signers->items[signers->count++] = (struct tug__signer){
        .signed_digest = *signed_digest,
        .manifest = manifest->digest,
        .is_named = manifest->is_named,
    };
    return TUG_OK;
}

/* Take apart a name whose tag is made of a digest: Cosign's, and what stands for referrers. */
static bool read_name(const char *name, struct tug_digest *out_digest, bool *out_is_signature)
{
    const char *end = "";
    struct tug_ref *ref = NULL;
    bool is_one =
        tug__digest_tag_read(name, out_digest, &end); /* other tools write the tag alone */

    if (!is_one && tug_ref_parse(name, &ref, NULL) == TUG_OK && tug_ref_tag(ref) != NULL) {
        is_one = tug__digest_tag_read(tug_ref_tag(ref), out_digest, &end);
    }
    *out_is_signature = is_one && strcmp(end, ".sig") == 0;
    tug_ref_destroy(ref);
    return is_one;
}

/* Get the subject of a document. Returns: NULL: it has none. */
static const struct tug_digest *subject_of(const struct tug__walk *walk, uint32_t blob)
{
    size_t count = 0;
    const struct tug__walk_child *const children = tug__walk_children(walk, blob, &count);

    return count > 0 && children[count - 1].role == TUG__ROLE_SUBJECT
               ? &tug__walk_blob(walk, children[count - 1].blob)->digest
               : NULL;
}

static int compare(const void *a, const void *b)
{
    const struct tug__signer *const left = a;
    const struct tug__signer *const right = b;
    const int order = tug__digest_compare(&left->signed_digest, &right->signed_digest);

    if (order != 0) {
        return order;
    }
    if (left->is_named != right->is_named) {
        return left->is_named ? -1 : 1;
    }
    return tug__digest_compare(&left->manifest, &right->manifest);
}

enum tug_status tug__signers_find(const struct tug__walk *walk, struct tug__signers *out_signers,
                                  struct tug_error *err)
{
    const struct tug__walk_counts counts = tug__walk_counts(walk);
    enum tug_status status = TUG_OK;

    for (uint32_t i = 0; status == TUG_OK && i < counts.images; i++) {
        const struct tug__walk_image *const image = tug__walk_image(walk, i);
        struct tug_digest digest;
        bool is_signature = false;

        if (image->name != NULL && image->root != TUG__WALK_NONE &&
            read_name(image->name, &digest, &is_signature) && is_signature) {
            status = add(out_signers, &digest, tug__walk_blob(walk, image->root), err);
        }
    }
    for (uint32_t i = 0; status == TUG_OK && i < counts.blobs; i++) {
        const struct tug_digest *const subject = subject_of(walk, i);

        if (subject != NULL) {
            status = add(out_signers, subject, tug__walk_blob(walk, i), err);
        }
    }
    if (out_signers->count > 0) {
        qsort(out_signers->items, out_signers->count, sizeof *out_signers->items, compare);
    }
    return status;
}

void tug__signers_fini(struct tug__signers *signers)
{
    free(signers->items);
    *signers = (struct tug__signers){0};
}

size_t tug__signers_of(const struct tug__signers *signers, const struct tug_digest *digest,
                       struct tug_digest *manifests, size_t most)
{
    size_t low = 0;
    size_t high = signers->count;
    size_t count = 0;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (tug__digest_compare(&signers->items[middle].signed_digest, digest) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < signers->count && tug_digest_equal(&signers->items[low].signed_digest, digest);
         low++) {
        if (count < most) {
            manifests[count] = signers->items[low].manifest;
        }
        count++;
    }
    return count;
}

bool tug__is_referrer(const struct tug__walk *walk, uint32_t image)
{
    const struct tug__walk_image *const entry = tug__walk_image(walk, image);
    const struct tug_digest *const subject =
        entry->root != TUG__WALK_NONE ? subject_of(walk, entry->root) : NULL;
    struct tug_digest digest = {0};
    bool is_signature = false;
    uint32_t blob;

    if (tug__walk_annotation(entry, TUG__INDEX_REFERS_TO) != NULL) {
        return true; /* a fetch has found that out */
    }
    /* what a named manifest says of itself must not exempt it from a check */
    if (entry->name != NULL && !read_name(entry->name, &digest, &is_signature)) {
        return false;
    }
    if (entry->name == NULL && subject == NULL) {
        return false;
    }
    blob = tug__walk_find(walk, entry->name != NULL ? &digest : subject);
    return blob != TUG__WALK_NONE && tug__walk_blob(walk, blob)->state == TUG__BLOB_PRESENT;
}
