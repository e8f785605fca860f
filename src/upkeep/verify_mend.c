/* SPDX-License-Identifier: Apache-2.0
 *
 * Have fetched again what is wrong, and tell of it.
 *
 * Knows: where blobs came from, that somebody can fetch them. Does not know: registries, how damage
 * is found.
 * Threads: the verification's.
 */
#include "upkeep/verify_internal.h"

#include <stdlib.h>

#include "base/error.h"
#include "index/annotations.h"
#include "store/recover.h"
#include "upkeep/origin.h"

static bool is_document(enum tug__media_kind kind)
{
    return kind == TUG__MEDIA_INDEX || kind == TUG__MEDIA_MANIFEST;
}

/* Tell whether something can be fetched again: a document leads to it, and its bytes are wrong. */
static bool can_mend(const struct tug__verification *verification, const struct tug__bad *bad)
{
    const uint32_t number = tug__walk_find(verification->walk, &bad->digest);

    return verification->settings->repair != NULL && bad->damage != TUG_DAMAGE_DOCUMENT &&
           number != TUG__WALK_NONE && tug__walk_blob(verification->walk, number)->is_named;
}

/* Describe a blob that is to be fetched, and make way for it. out_origins: what may be asked. */
static enum tug_status describe(struct tug__verification *verification, const struct tug__bad *bad,
                                struct tug__origins *out_origins, struct tug__refetch *out_blob,
                                struct tug_error *err)
{
    const uint32_t number = tug__walk_find(verification->walk, &bad->digest);
    const struct tug__walk_blob *const blob = tug__walk_blob(verification->walk, number);
    const enum tug_status status = tug__origins_find(verification->walk, number, out_origins, err);

    *out_blob = (struct tug__refetch){
        .digest = bad->digest,
        .has_size = blob->media_type != NULL, /* a subject alone says no size */
        .size_bytes = blob->size_bytes,
        .kind = blob->kind,
        .media_type = blob->media_type,
        .source_count = out_origins->count,
    };
    return status == TUG_OK && bad->damage == TUG_DAMAGE_NOT_A_FILE
               ? tug__store_clear_place(verification->settings->store, &bad->digest, err)
               : status;
}

/* Find an image that was converted (tug.converted-from) and needs a blob. out_name: borrowed from
 * the walk; NULL: none. */
static enum tug_status find_converted(struct tug__walk *walk, const struct tug_digest *digest,
                                      const char **out_name, struct tug_error *err)
{
    const char *const *names = NULL;
    size_t count = 0;
    const enum tug_status status =
        tug__walk_names(walk, tug__walk_find(walk, digest), &names, &count, err);

    *out_name = NULL;
    for (size_t i = 0; status == TUG_OK && *out_name == NULL && i < count; i++) {
        const uint32_t image = tug__walk_find_name(walk, names[i]);

        if (image != TUG__WALK_NONE &&
            tug__walk_annotation(tug__walk_image(walk, image), TUG__INDEX_CONVERTED_FROM) != NULL) {
            *out_name = names[i];
        }
    }
    return status;
}

/* Say what helps when no registry has a blob because it was made here. */
static enum tug_status explain_converted(struct tug__verification *verification,
                                         struct tug__refetch *blob, struct tug_error *err)
{
    const char *name = NULL;
    enum tug_status status = TUG_OK;

    if (!blob->is_done && blob->error.code == TUG_ERR_NOT_FOUND) {
        status = find_converted(verification->walk, &blob->digest, &name, err);
    }
    if (status == TUG_OK && name != NULL) {
        (void)tug__wrap(&blob->error, blob->error.code,
                        "if it was made here, fetch '%s' again with --convert oci", name);
    }
    return status;
}

/* Tell what became of blobs, and note whether documents are among them. */
static enum tug_status tell_all(struct tug__verification *verification, const struct tug__bad *bad,
                                struct tug__refetch *blobs, size_t count, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = explain_converted(verification, &blobs[i], err);
        if (status == TUG_OK) {
            status = tug__tell_bad(&verification->findings, verification->walk, &bad[i],
                                   blobs[i].is_done ? TUG__MENDED : TUG__MENDED_FAILED,
                                   &blobs[i].error, err);
        }
        if (status == TUG_OK) {
            status = tug__verification_see(verification, &bad[i].digest, err);
        }
        verification->has_mended_document =
            verification->has_mended_document || (blobs[i].is_done && is_document(blobs[i].kind));
    }
    return status;
}

/* What a call of mend needs for each blob. */
struct mending {
    struct tug__refetch *blobs;
    struct tug__origins *origins;
    struct tug__repair_origin *views; /* of origins */
};

static enum tug_status mend_described(struct tug__verification *verification,
                                      const struct tug__bad *bad, const struct mending *mending,
                                      size_t count, struct tug_error *err)
{
    const struct tug__verify_settings *const settings = verification->settings;
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        status = describe(verification, &bad[i], &mending->origins[i], &mending->blobs[i], err);
        mending->views[i].texts = (const char *const *)mending->origins[i].texts;
    }
    if (status == TUG_OK) {
        status = settings->repair(settings->repair_context, mending->blobs, mending->views, count,
                                  &verification->result->bytes_received, err);
    }
    return status == TUG_OK ? tell_all(verification, bad, mending->blobs, count, err) : status;
}

/* Have some blobs fetched again. */
static enum tug_status mend(struct tug__verification *verification, const struct tug__bad *bad,
                            size_t count, struct tug_error *err)
{
    const struct mending mending = {
        .blobs = calloc(count, sizeof *mending.blobs),
        .origins = calloc(count, sizeof *mending.origins),
        .views = calloc(count, sizeof *mending.views),
    };
    const enum tug_status status =
        mending.blobs != NULL && mending.origins != NULL && mending.views != NULL
            ? mend_described(verification, bad, &mending, count, err)
            : tug__fail_memory(err);

    for (size_t i = 0; mending.origins != NULL && i < count; i++) {
        tug__origins_fini(&mending.origins[i]);
    }
    free(mending.blobs);
    free(mending.origins);
    free(mending.views);
    return status;
}

enum tug_status tug__verification_mend(struct tug__verification *verification,
                                       struct tug_error *err)
{
    struct tug__pending *const pending = &verification->pending;
    struct tug__bad *const chosen = calloc(pending->count + 1, sizeof *chosen);
    enum tug_status status = TUG_OK;
    size_t chosen_count = 0;
    size_t left = 0;

    if (chosen == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < pending->count; i++) {
        if (can_mend(verification, &pending->bad[i])) {
            chosen[chosen_count++] = pending->bad[i];
        } else {
            pending->bad[left++] = pending->bad[i];
        }
    }
    pending->count = left;
    if (chosen_count > 0) {
        status = mend(verification, chosen, chosen_count, err);
    }
    free(chosen);
    return status;
}

enum tug_status tug__verification_tell(struct tug__verification *verification,
                                       struct tug_error *err)
{
    const struct tug__verify_settings *const settings = verification->settings;
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < verification->pending.count; i++) {
        const struct tug__bad *const bad = &verification->pending.bad[i];
        const uint32_t number = tug__walk_find(verification->walk, &bad->digest);
        enum tug__mending mending = TUG__MENDED_NOT;
        struct tug_error error = {0};

        if (settings->repair != NULL && bad->damage != TUG_DAMAGE_DOCUMENT &&
            bad->damage != TUG_DAMAGE_NOT_A_FILE && number != TUG__WALK_NONE &&
            !tug__walk_blob(verification->walk, number)->is_named) {
            mending = tug__store_remove_blob(settings->store, &bad->digest, &error) == TUG_OK
                          ? TUG__MENDED_REMOVED
                          : TUG__MENDED_FAILED;
        }
        status =
            tug__tell_bad(&verification->findings, verification->walk, bad, mending, &error, err);
    }
    return status;
}
