/* SPDX-License-Identifier: Apache-2.0
 *
 * The questions of an image and their answers, as lists; which types are wanted.
 *
 * Knows: documents, the wish. Does not know: requests, the graph, the store's content.
 * Threads: the resolver.
 */
#include "plan/extras.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "oci/limits.h"
#include "plan/plan.h"
#include "trust/trust.h"

/* Make room for one more element. Returns: the array, perhaps moved; NULL when out of memory. */
static void *grow(void *items, size_t count, size_t *capacity, size_t item_bytes)
{
    const size_t wanted = *capacity > 0 ? 2 * *capacity : 8;
    void *grown;

    if (count < *capacity) {
        return items;
    }
    grown = reallocarray(items, wanted, item_bytes);
    *capacity = grown != NULL ? wanted : *capacity;
    return grown;
}

enum tug_status tug__extras_add_question(struct tug__extras *extras,
                                         const struct tug__question *question, size_t *out_question,
                                         struct tug_error *err)
{
    struct tug__question copy = *question;
    struct tug__question *grown;

    if (extras->question_count >= TUG__QUESTIONS_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE,
                         "finding its referrers takes more than %zu questions", TUG__QUESTIONS_MAX);
    }
    grown =
        grow(extras->questions, extras->question_count, &extras->question_capacity, sizeof *grown);
    if (grown == NULL) {
        return tug__fail_memory(err);
    }
    extras->questions = grown;
    if (question->tag != NULL) {
        copy.tag = strdup(question->tag);
        if (copy.tag == NULL) {
            return tug__fail_memory(err);
        }
    }
    *out_question = extras->question_count;
    extras->questions[extras->question_count++] = copy;
    return TUG_OK;
}

enum tug_status tug__extras_add(struct tug__extras *extras, const struct tug__extra *item,
                                size_t *out_item, struct tug_error *err)
{
    struct tug__extra copy = *item;
    struct tug__extra *grown;

    if (extras->item_count >= TUG__EXTRAS_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "more than %zu manifests refer to the image",
                         TUG__EXTRAS_MAX);
    }
    grown = grow(extras->items, extras->item_count, &extras->item_capacity, sizeof *grown);
    if (grown == NULL) {
        return tug__fail_memory(err);
    }
    extras->items = grown;
    copy.media_type = strdup(item->media_type);
    copy.artifact_type = item->artifact_type != NULL ? strdup(item->artifact_type) : NULL;
    if (copy.media_type == NULL || (copy.artifact_type == NULL && item->artifact_type != NULL)) {
        free(copy.media_type);
        free(copy.artifact_type);
        return tug__fail_memory(err);
    }
    *out_item = extras->item_count;
    extras->items[extras->item_count++] = copy;
    return TUG_OK;
}

void tug__extras_fini(struct tug__extras *extras)
{
    for (size_t i = 0; i < extras->question_count; i++) {
        free(extras->questions[i].tag);
        free(extras->questions[i].list);
        free(extras->questions[i].name);
    }
    for (size_t i = 0; i < extras->item_count; i++) {
        free(extras->items[i].media_type);
        free(extras->items[i].artifact_type);
    }
    free(extras->questions);
    free(extras->items);
    free(extras->root);
    tug__digest_set_fini(&extras->asked);
    tug__digest_set_fini(&extras->lost);
    *extras = (struct tug__extras){0};
}

size_t tug__extras_count(const struct tug__extras *extras)
{
    struct tug__digest_set seen = {0};
    size_t count = 0;

    for (size_t i = 0; i < extras->item_count; i++) {
        count += extras->items[i].is_kept && tug__digest_set_add(&seen, &extras->items[i].digest);
    }
    tug__digest_set_fini(&seen);
    return count;
}

bool tug__extras_are_signatures(const struct tug__wish *wish)
{
    return wish->signatures && !wish->referrers;
}

bool tug__extras_wants_payload(const struct tug__document *document, size_t child,
                               size_t payload_count)
{
    const struct tug__descriptor *const descriptor = &document->children[child];
    const bool is_config = document->has_config && child == 0;

    return descriptor->size_bytes <= TUG__SIGNATURE_BYTES_MAX &&
           (is_config || (tug__is_signature_type(descriptor->media_type) &&
                          payload_count < TUG__SIGNATURES_MAX));
}

bool tug__extras_may_be_wanted(const struct tug__wish *wish, const char *artifact_type)
{
    const char *const wanted = wish->referrer_type;

    return (wish->referrers &&
            (wanted == NULL || artifact_type == NULL || strcmp(wanted, artifact_type) == 0)) ||
           (wish->signatures && tug__may_be_signature(artifact_type));
}

const char *tug__extras_type_of(const struct tug__document *document)
{
    if (document->artifact_type != NULL) {
        return document->artifact_type;
    }
    return document->has_config ? document->children[0].media_type : NULL;
}

/* Tell whether one of a manifest's layers has a type that passes. type: NULL: a signature's. */
static bool has_layer(const struct tug__document *document, const char *type)
{
    for (size_t i = document->has_config; i < document->child_count; i++) {
        const char *const found = document->children[i].media_type;

        if (type != NULL ? strcmp(found, type) == 0 : tug__is_signature_type(found)) {
            return true;
        }
    }
    return false;
}

bool tug__extras_is_wanted(const struct tug__wish *wish, const struct tug__document *document,
                           bool has_tag)
{
    const char *const wanted = wish->referrer_type;
    const char *const type = tug__extras_type_of(document);

    if (wish->referrers && (wanted == NULL || (type != NULL && strcmp(wanted, type) == 0) ||
                            (has_tag && has_layer(document, wanted)))) {
        return true;
    }
    return wish->signatures && document->kind == TUG__MEDIA_MANIFEST && has_layer(document, NULL);
}

void tug__extras_blame(const struct tug__question *question, struct tug_error *error)
{
    char text[TUG_DIGEST_TEXT_MAX];

    if (question->tag != NULL) {
        (void)tug__wrap(error, error->code, "tag '%s'", question->tag);
    } else {
        (void)tug__wrap(error, error->code, "referrers of %s",
                        tug_digest_format(&question->subject, text));
    }
}
