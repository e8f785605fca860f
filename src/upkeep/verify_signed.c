/* SPDX-License-Identifier: Apache-2.0
 *
 * Check that images are signed, by signatures that the store has.
 *
 * Knows: walks, the judgement's interface. Does not know: keys, forms of signatures, registries.
 * Threads: the verification's.
 */
#include "upkeep/verify_internal.h"

#include <string.h>

#include <tug/ref.h>

#include "base/error.h"
#include "index/annotations.h"
#include "plan/signed.h"
#include "upkeep/origin.h"
#include "upkeep/signers.h"

/* One more is noted, so that the judgement can tell that there are more. */
#define MANIFESTS_MAX (TUG__SIGNATURES_MAX + 1)

/* What is checked in one verification. */
struct checking {
    struct tug__verification *verification;
    struct tug__signers signers;
    /* of the digest at hand */
    const struct tug_digest *digest;
    struct tug_digest manifests[MANIFESTS_MAX];
    struct tug__verdict verdict;
};

/* Judge the signatures for one repository; NULL: any will do. */
static enum tug_status judge(struct checking *checking, const char *repository,
                             struct tug_error *err)
{
    const struct tug__verify_settings *const settings = checking->verification->settings;
    const size_t count =
        tug__signers_of(&checking->signers, checking->digest, checking->manifests, MANIFESTS_MAX);
    struct tug__signed_question question = {
        .store = settings->store,
        .keys = settings->keys,
        .digest = checking->digest,
        .manifests = checking->manifests,
        .manifest_count = count < MANIFESTS_MAX ? count : MANIFESTS_MAX,
    };
    struct tug_ref *ref = NULL;
    enum tug_status status = repository != NULL ? tug_ref_parse(repository, &ref, err) : TUG_OK;

    checking->verdict = (struct tug__verdict){0};
    if (status == TUG_OK) {
        question.ref = ref;
        status = tug__signed_judge(&question, &checking->verdict, err);
    }
    tug_ref_destroy(ref);
    return status;
}

/* Judge the signatures for each of some repositories, until one will do. */
static enum tug_status judge_each(struct checking *checking, const char *const *repositories,
                                  size_t count, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < count && !checking->verdict.is_signed; i++) {
        struct tug_error why = {0};

        status = judge(checking, repositories[i], &why);
        if (status == TUG_ERR_INVALID_ARGUMENT) { /* no repository: another tool wrote it */
            tug__verdict_tell(&checking->verdict, checking->digest, why.message);
            status = TUG_OK;
        } else if (status != TUG_OK) {
            *err = why;
        }
    }
    return status;
}

/* Tell whether an image was fetched from the repository of its name. Then identical content that
 * came from elsewhere, too, proves nothing for this name. */
static bool is_from_its_name(const struct tug__walk_image *image,
                             const struct tug__origins *origins)
{
    struct tug_ref *ref = NULL;
    const enum tug_status status =
        image->name != NULL ? tug_ref_parse(image->name, &ref, NULL) : TUG_ERR_INVALID_ARGUMENT;

    tug_ref_destroy(ref);
    return status != TUG_ERR_INVALID_ARGUMENT && origins->count == origins->source_count;
}

/* Judge the signatures for where the digest is from: the repository of its name if that is a
 * source, or all that is known; else all sources. image: TUG__WALK_NONE: none has it as its root.
 */
static enum tug_status judge_origins(struct checking *checking, uint32_t image,
                                     struct tug_error *err)
{
    const struct tug__walk_image *const entry =
        image != TUG__WALK_NONE ? tug__walk_image(checking->verification->walk, image) : NULL;
    struct tug__origins origins = {0};
    enum tug_status status = TUG_OK;

    if (checking->verification->settings->options->verify_any_name) {
        return judge(checking, NULL, err);
    }
    if (entry != NULL) {
        status = tug__origins_add(&origins, entry->name, entry->annotations, err);
    }
    if (status == TUG_OK && origins.count == 0) {
        tug__verdict_tell(&checking->verdict, checking->digest,
                          "no repository is known for it, which --verify-any-name allows");
    } else if (status == TUG_OK && is_from_its_name(entry, &origins)) {
        status = judge_each(checking, &entry->name, 1, err);
    } else if (status == TUG_OK) {
        status = judge_each(checking, (const char *const *)origins.texts, origins.count, err);
    }
    tug__origins_fini(&origins);
    return status;
}

/* Find out whether a digest is signed: in checking->verdict. */
static enum tug_status judge_digest(struct checking *checking, uint32_t image,
                                    const struct tug_digest *digest, struct tug_error *err)
{
    checking->digest = digest;
    checking->verdict = (struct tug__verdict){0};
    return judge_origins(checking, image, err);
}

/* Look for another digest that an image's entry names and that is signed, and add it to why the
 * image is not. It does not count: only the entry says that it has to do with the image. */
static enum tug_status look_further(struct checking *checking, uint32_t image,
                                    struct tug_error *why, struct tug_error *err)
{
    static const struct {
        const char *key;
        const char *words;
    } others[] = {
        {TUG__INDEX_CONVERTED_FROM, "but what it was converted from"},
        {TUG__INDEX_INDEX, "but the index that it was chosen from"},
    };
    const struct tug__walk_image *const entry =
        tug__walk_image(checking->verification->walk, image);
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < sizeof others / sizeof others[0]; i++) {
        const char *const text = tug__walk_annotation(entry, others[i].key);
        struct tug_digest digest;

        if (text == NULL || tug_digest_parse(text, strlen(text), &digest, NULL) != TUG_OK) {
            continue;
        }
        status = judge_digest(checking, image, &digest, err);
        if (status == TUG_OK && checking->verdict.is_signed) {
            (void)tug__advise(why, why->code, "%s is signed: %s", others[i].words, text);
        }
    }
    return status;
}

/* Check one digest, and tell when it is not signed. */
static enum tug_status check(struct checking *checking, uint32_t image,
                             const struct tug_digest *digest, struct tug_error *err)
{
    struct tug__verification *const verification = checking->verification;
    struct tug_error why = {0};
    enum tug_status status = tug__watch_check(verification->settings->watch, err);

    if (status == TUG_OK) {
        status = judge_digest(checking, image, digest, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    if (tug__verdict_check(&checking->verdict, &why) == TUG_OK) {
        verification->result->images_signed++;
        return TUG_OK;
    }
    if (image == TUG__WALK_NONE) {
        tug__tell_unsigned(&verification->findings, NULL, digest, why.message);
        return TUG_OK;
    }
    status = look_further(checking, image, &why, err);
    if (status == TUG_OK) {
        tug__tell_unsigned(&verification->findings,
                           tug__walk_image(verification->walk, image)->name, digest, why.message);
    }
    return status;
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
