/* SPDX-License-Identifier: Apache-2.0
 *
 * Ask for what refers to an image: what is listed, and what Cosign's tags name.
 *
 * Knows: questions, the engine's interface. Does not know: HTTP, how a registry lists referrers,
 * what comes back. Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "oci/digest.h"
#include "oci/limits.h"

/* Cosign's tags: the tag of a digest, and one of these. */
static const char *const suffixes[] = {".sig", ".att", ".sbom"};
#define SUFFIX_COUNT (sizeof suffixes / sizeof suffixes[0])

/* Let an image wait for the answer to a question. */
static enum tug_status start_question(struct tug__resolver *resolver, struct tug__image *image,
                                      size_t number, struct tug__wanted *wanted,
                                      struct tug_error *err)
{
    const struct tug__purpose purpose = {
        .is_document = true, .is_optional = true, .extra = (unsigned)number + 1};
    enum tug_status status;

    wanted->is_document = true;
    wanted->source = image->ref;
    status = tug__engine_start(resolver->engine, wanted, &image->waiter,
                               tug__purpose_pack(&purpose), err);
    image->pending += status == TUG_OK;
    return status;
}

static enum tug_status ask_for_list(struct tug__resolver *resolver, struct tug__image *image,
                                    const struct tug_digest *subject, unsigned depth,
                                    struct tug_error *err)
{
    const struct tug__wish *const wish = &image->wish;
    const struct tug__question question = {.subject = *subject, .depth = depth};
    char text[TUG_DIGEST_TEXT_MAX];
    struct tug__wanted wanted = {
        .tag = tug_digest_format(subject, text),
        .inquiry = TUG__INQUIRY_REFERRERS,
        .media_type = wish->signatures ? NULL : (char *)(uintptr_t)wish->referrer_type,
    };
    size_t number = 0;
    const enum tug_status status =
        tug__extras_add_question(&image->extras, &question, &number, err);

    return status == TUG_OK ? start_question(resolver, image, number, &wanted, err) : status;
}

char *tug__image_tag_name(const struct tug__image *image, const char *tag)
{
    char *name = NULL;

    return asprintf(&name, "%s/%s:%s", tug_ref_host(image->ref), tug_ref_repository(image->ref),
                    tag) >= 0
               ? name
               : NULL;
}

static enum tug_status ask_for_tag(struct tug__resolver *resolver, struct tug__image *image,
                                   struct tug__question *question, struct tug_error *err)
{
    struct tug__wanted wanted = {.tag = question->tag};
    char *const name = tug__image_tag_name(image, question->tag);
    size_t number = 0;
    enum tug_status status = name != NULL ? TUG_OK : tug__fail_memory(err);

    if (status == TUG_OK) {
        status = tug__store_is_named(resolver, name, &wanted.asks_digest_first, err);
    }
    if (status == TUG_OK) {
        status = tug__extras_add_question(&image->extras, question, &number, err);
    }
    if (status == TUG_OK) {
        status = start_question(resolver, image, number, &wanted, err);
    }
    if (status == TUG_OK) { /* taken back if there is no such tag */
        image->result.blobs++;
        resolver->reporter.totals.blobs++;
    }
    free(name);
    return status;
}

/* Ask for Cosign's tags of a manifest: for all of them, or for its signatures. */
static enum tug_status ask_for_tags(struct tug__resolver *resolver, struct tug__image *image,
                                    const struct tug_digest *subject, unsigned depth,
                                    struct tug_error *err)
{
    const size_t count = image->wish.referrers && depth == 0 ? SUFFIX_COUNT : 1;
    char tag[TUG_DIGEST_TEXT_MAX + 8];
    struct tug__question question = {.subject = *subject, .depth = depth, .tag = tag};
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        char text[TUG_DIGEST_TEXT_MAX];

        (void)snprintf(tag, sizeof tag, "%s%s", tug__digest_tag(subject, text), suffixes[i]);
        status = ask_for_tag(resolver, image, &question, err);
    }
    return status;
}

enum tug_status tug__image_ask_referrers(struct tug__resolver *resolver, struct tug__image *image,
                                         const struct tug_digest *subject, struct tug_error *err)
{
    enum tug_status status;

    if ((!image->wish.referrers && !image->wish.signatures) || image->state == TUG__IMAGE_DONE ||
        !tug__digest_set_add(&image->extras.asked, subject)) {
        return TUG_OK;
    }
    status = ask_for_list(resolver, image, subject, 0, err);
    return status == TUG_OK ? ask_for_tags(resolver, image, subject, 0, err) : status;
}

enum tug_status tug__image_ask_further(struct tug__resolver *resolver, struct tug__image *image,
                                       const struct tug__extra *item, struct tug_error *err)
{
    const char *const tag = image->extras.questions[item->question].tag;
    const struct tug_digest digest = item->digest; /* the item may move */
    const unsigned depth = item->depth + 1;
    const bool is_sbom =
        tag != NULL && strlen(tag) > 5 && strcmp(tag + strlen(tag) - 5, ".sbom") == 0;
    enum tug_status status;

    if (!image->wish.referrers || !tug__digest_set_add(&image->extras.asked, &digest)) {
        return TUG_OK;
    }
    status = ask_for_list(resolver, image, &digest, depth, err);
    if (status == TUG_OK && is_sbom && depth < TUG__REFERRER_DEPTH_MAX) {
        status = ask_for_tags(resolver, image, &digest, depth, err);
    }
    return status;
}

void tug__image_lacks_referrers(struct tug__resolver *resolver, struct tug__image *image,
                                const struct tug__purpose *purpose)
{
    if (image->extras.questions[purpose->extra - 1].tag != NULL) {
        image->result.blobs--;
        resolver->reporter.totals.blobs--;
    }
}

bool tug__image_lose_payload(struct tug__resolver *resolver, struct tug__image *image,
                             const struct tug_digest *digest, const char *media_type,
                             uint64_t size_bytes)
{
    if (!tug__extras_are_signatures(&image->wish) || media_type == NULL ||
        !tug__is_signature_type(media_type)) {
        return false;
    }
    (void)tug__digest_set_add(&image->extras.lost, digest);
    tug__image_uncount(resolver, image, digest, size_bytes);
    return true;
}
