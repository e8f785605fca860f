/* SPDX-License-Identifier: Apache-2.0
 *
 * Check that images are signed, by signatures that the store has.
 *
 * Knows: walks, the judgement's interface. Does not know: keys, forms of signatures, registries.
 * Threads: the verification's.
 */
#include "upkeep/verify_internal.h"

#include <tug/ref.h>

#include "base/error.h"
#include "pipeline/signed.h"
#include "upkeep/origin.h"
#include "upkeep/signers.h"

/* One more is noted, so that the judgement can tell that there are more. */
#define MANIFESTS_MAX (TUG__SIGNATURES_MAX + 1)

/* What is checked in one verification. */
struct checking {
    struct tug__verification *verification;
    struct tug__signers signers;
    struct tug_digest manifests[MANIFESTS_MAX]; /* of the digest at hand */
};

/* Judge the signatures of a digest for one repository; NULL: any will do. */
static enum tug_status judge(struct checking *checking, const struct tug_digest *digest,
                             const char *repository, struct tug__verdict *out_verdict,
                             struct tug_error *err)
{
    const struct tug__verify_settings *const settings = checking->verification->settings;
    const size_t count =
        tug__signers_of(&checking->signers, digest, checking->manifests, MANIFESTS_MAX);
    struct tug__signed_question question = {
        .store = settings->store,
        .keys = settings->keys,
        .digest = digest,
        .manifests = checking->manifests,
        .manifest_count = count < MANIFESTS_MAX ? count : MANIFESTS_MAX,
    };
    struct tug_ref *ref = NULL;
    enum tug_status status = repository != NULL ? tug_ref_parse(repository, &ref, err) : TUG_OK;

    *out_verdict = (struct tug__verdict){0};
    if (status == TUG_OK) {
        question.ref = ref;
        status = tug__signed_judge(&question, out_verdict, err);
    }
    tug_ref_destroy(ref);
    return status;
}

/* Judge the signatures of a digest for each repository that it may be from. image: TUG__WALK_NONE:
 * none has it as its root. */
static enum tug_status judge_origins(struct checking *checking, uint32_t image,
                                     const struct tug_digest *digest,
                                     struct tug__verdict *out_verdict, struct tug_error *err)
{
    const struct tug__walk_image *const entry =
        image != TUG__WALK_NONE ? tug__walk_image(checking->verification->walk, image) : NULL;
    struct tug__origins origins = {0};
    enum tug_status status = TUG_OK;

    if (checking->verification->settings->options->verify_any_name) {
        return judge(checking, digest, NULL, out_verdict, err);
    }
    if (entry != NULL) {
        status = tug__origins_add(&origins, entry->name, entry->annotations, err);
    }
    if (status == TUG_OK && origins.count == 0) {
        tug__verdict_tell(out_verdict, digest,
                          "no repository is known for it, which --verify-any-name allows");
    }
    for (size_t i = 0; status == TUG_OK && i < origins.count && !out_verdict->is_signed; i++) {
        struct tug_error why = {0};

        status = judge(checking, digest, origins.texts[i], out_verdict, &why);
        if (status == TUG_ERR_INVALID_ARGUMENT) { /* no repository: another tool wrote it */
            tug__verdict_tell(out_verdict, digest, why.message);
            status = TUG_OK;
        } else if (status != TUG_OK) {
            *err = why;
        }
    }
    tug__origins_fini(&origins);
    return status;
}

/* Check one digest, and tell when it is not signed. */
static enum tug_status check(struct checking *checking, uint32_t image,
                             const struct tug_digest *digest, struct tug_error *err)
{
    struct tug__verification *const verification = checking->verification;
    struct tug__verdict verdict = {0};
    struct tug_error why = {0};
    enum tug_status status = tug__watch_check(verification->settings->watch, err);

    if (status == TUG_OK) {
        status = judge_origins(checking, image, digest, &verdict, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    if (tug__verdict_check(&verdict, &why) == TUG_OK) {
        verification->result->images_signed++;
    } else {
        tug__tell_unsigned(
            &verification->findings,
            image != TUG__WALK_NONE ? tug__walk_image(verification->walk, image)->name : NULL,
            digest, why.message);
    }
    return TUG_OK;
}

/* Check what was asked for. */
static enum tug_status check_chosen(struct checking *checking, struct tug_error *err)
{
    const struct tug__verify_settings *const settings = checking->verification->settings;
    struct tug__walk *const walk = checking->verification->walk;
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < settings->count; i++) {
        const uint32_t image =
            settings->names[i] != NULL
                ? tug__walk_find_name(walk, settings->names[i])
                : tug__walk_find_root(walk, tug__walk_find(walk, &settings->digests[i]));

        status = check(checking, image, &settings->digests[i], err);
    }
    return status;
}

/* Check all images of the store. */
static enum tug_status check_all(struct checking *checking, struct tug_error *err)
{
    const struct tug__walk *const walk = checking->verification->walk;
    const uint32_t count = tug__walk_counts(walk).images;
    enum tug_status status = TUG_OK;

    for (uint32_t i = 0; status == TUG_OK && i < count; i++) {
        const uint32_t root = tug__walk_image(walk, i)->root;

        if (root != TUG__WALK_NONE && !tug__is_referrer(walk, i)) {
            status = check(checking, i, &tug__walk_blob(walk, root)->digest, err);
        }
    }
    return status;
}

enum tug_status tug__verification_check_signed(struct tug__verification *verification,
                                               struct tug_error *err)
{
    struct checking checking = {.verification = verification};
    enum tug_status status;

    if (verification->settings->keys == NULL) {
        return TUG_OK;
    }
    status = tug__signers_find(verification->walk, &checking.signers, err);
    if (status == TUG_OK) {
        status = verification->settings->digests != NULL ? check_chosen(&checking, err)
                                                         : check_all(&checking, err);
    }
    tug__signers_fini(&checking.signers);
    return status;
}
