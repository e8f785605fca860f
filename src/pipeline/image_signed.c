/* SPDX-License-Identifier: Apache-2.0
 *
 * Before an image is named: did one of its keys sign the digest that is to be named?
 *
 * Knows: what was found to refer to the image. Does not know: requests, OpenSSL.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include "base/error.h"
#include "plan/signed.h"

/* One more is noted, so that the judgement can tell that there are more. */
#define MANIFESTS_MAX (TUG__SIGNATURES_MAX + 1)
/* Other digests that are looked at for the words of an error. */
#define OTHERS_MAX 8

/* Judge what was found for a digest: the image's own, or another one that belongs to it. */
static enum tug_status judge(const struct tug__resolver *resolver, const struct tug__image *image,
                             const struct tug_digest *digest, struct tug__verdict *out_verdict,
                             struct tug_error *err)
{
    struct tug_digest manifests[MANIFESTS_MAX];
    struct tug__signed_question question = {
        .store = resolver->settings->store,
        .keys = image->keys,
        .digest = digest,
        .ref = resolver->settings->options.verify_any_name ? NULL : image->ref,
        .manifests = manifests,
    };

    for (size_t i = 0; i < image->extras.item_count && question.manifest_count < MANIFESTS_MAX;
         i++) {
        const struct tug__extra *const item = &image->extras.items[i];

        if (item->is_read && tug_digest_equal(&item->subject, digest)) {
            manifests[question.manifest_count++] = item->digest;
        }
    }
    *out_verdict = (struct tug__verdict){0};
    return tug__signed_judge(&question, out_verdict, err);
}

/* Add to the failure of an image that another digest of it is signed. */
static enum tug_status advise(const struct tug__image *image, const struct tug_digest *other,
                              struct tug_error *err)
{
    const bool is_index = tug_digest_equal(other, &image->result.named.index_digest);
    char text[TUG_DIGEST_TEXT_MAX];

    return tug__advise(err, err->code, "%s %s is signed%s",
                       is_index ? "but the index" : "but its manifest",
                       tug_digest_format(other, text),
                       is_index                          ? ", which --root index names"
                       : image->wish.platform_count == 1 ? ", which --root platform names"
                                                         : "");
}

/* Look for another digest of the image that is signed: people sign an index and fetch a platform,
 * and the other way round. err: filled; added to. */
static enum tug_status look_further(const struct tug__resolver *resolver,
                                    const struct tug__image *image, struct tug_error *err)
{
    const struct tug_digest *last = &image->result.digest;
    size_t tried = 0;

    for (size_t i = 0; i < image->extras.item_count && tried < OTHERS_MAX; i++) {
        const struct tug_digest *const other = &image->extras.items[i].subject;
        struct tug__verdict verdict;

        if (image->extras.items[i].depth > 0 || tug_digest_equal(other, last) ||
            tug_digest_equal(other, &image->result.digest)) {
            continue;
        }
        last = other;
        tried++;
        if (judge(resolver, image, other, &verdict, NULL) == TUG_OK && verdict.is_signed) {
            return advise(image, other, err);
        }
    }
    return err->code;
}

enum tug_status tug__image_check_signed(const struct tug__resolver *resolver,
                                        const struct tug__image *image, struct tug_error *err)
{
    const bool is_converted = image->result.named.converted_from.algorithm != TUG_DIGEST_NONE;
    struct tug__verdict verdict;
    enum tug_status status;

    if (image->keys == NULL || resolver->settings->options.dry_run) {
        return TUG_OK;
    }
    /* nobody signs what is made here: checked is what it is made of, before and after */
    status = judge(resolver, image,
                   is_converted ? &image->result.named.converted_from : &image->result.digest,
                   &verdict, err);
    if (status == TUG_OK) {
        status = tug__verdict_check(&verdict, err);
    }
    return status == TUG_ERR_CONTENT ? look_further(resolver, image, err) : status;
}
