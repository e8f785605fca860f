/* SPDX-License-Identifier: Apache-2.0
 *
 * Look at what refers to an image: lists of referrers, their documents, what is below these.
 *
 * Knows: questions, documents. Does not know: HTTP, how a registry lists referrers, what index.json
 * says of them. Threads: the resolver.
 *
 * A registry's word is not enough: a list can be a tag that anyone may have written, so a listed
 * manifest counts only if its `subject` is the one that was asked about. Cosign's tags are the
 * exception, since their manifests have none; a signature says itself what it is of.
 */
#include "pipeline/resolver.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "oci/limits.h"

static enum tug_status take_document(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__purpose *purpose,
                                     const struct tug__document_text *text, struct tug_error *err);

/* Request a manifest or index of an extra, and use it at once if the store has it. */
static enum tug_status want_document(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__purpose *purpose,
                                     const struct tug__descriptor *descriptor,
                                     struct tug_error *err)
{
    const struct tug__request request = {
        .descriptor = descriptor,
        .has_size = true,
        .is_document = true,
        .want = TUG__WANT_ALL,
        .depth = purpose->depth,
        .extra = purpose->extra,
    };
    struct tug__buf body;
    bool is_read = false;
    enum tug_status status;

    tug__buf_init(&body, TUG__MANIFEST_BYTES_MAX);
    status = tug__image_ask(resolver, image, &request, &body, &is_read, err);
    if (status == TUG_OK && is_read) {
        const struct tug__document_text text = {.bytes = body.data,
                                                .length = body.length,
                                                .media_type = descriptor->media_type,
                                                .is_pinned = true};

        status = take_document(resolver, image, purpose, &text, err);
    }
    tug__buf_fini(&body);
    return status;
}

/* Request what an extra that is an index names. */
static enum tug_status want_entries(struct tug__resolver *resolver, struct tug__image *image,
                                    const struct tug__purpose *purpose,
                                    const struct tug__document *document, struct tug_error *err)
{
    const struct tug__purpose below = {.extra = purpose->extra, .depth = purpose->depth + 1};
    enum tug_status status = TUG_OK;

    if (below.depth > TUG__INDEX_DEPTH_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "indexes are nested more than %d levels deep",
                         TUG__INDEX_DEPTH_MAX);
    }
    status = tug__image_admit_all(resolver, image, document, err);
    for (size_t i = 0; status == TUG_OK && i < document->child_count; i++) {
        const struct tug__descriptor *const child = &document->children[i];
        const struct tug__request blob = {.descriptor = child, .has_size = true};

        status = tug__plan_is_document(child) ? want_document(resolver, image, &below, child, err)
                                              : tug__image_want(resolver, image, &blob, err);
    }
    return status;
}

/* Give an extra without a type that of its document: a tag that the store's copy answers has none.
 */
static enum tug_status note_type(struct tug__extra *item, const struct tug__document *document,
                                 struct tug_error *err)
{
    char *type;

    if (item->media_type[0] != '\0') {
        return TUG_OK;
    }
    type = strdup(document->media_type);
    if (type == NULL) {
        return tug__fail_memory(err);
    }
    free(item->media_type);
    item->media_type = type;
    return TUG_OK;
}

/* Decide whether an extra counts, by its document. */
static enum tug_status judge(struct tug__resolver *resolver, struct tug__image *image,
                             struct tug__extra *item, const struct tug__document *document,
                             struct tug_error *err)
{
    const char *const type = tug__extras_type_of(document);
    char digest[TUG_DIGEST_TEXT_MAX];
    char subject[TUG_DIGEST_TEXT_MAX];

    item->is_read = true;
    item->is_index = document->kind == TUG__MEDIA_INDEX;
    if (!item->has_tag && !tug_digest_equal(&document->subject, &item->subject)) {
        tug__emit_warning(resolver, image,
                          "%s is listed as referring to %s, but does not say so itself: left out",
                          tug_digest_format(&item->digest, digest),
                          tug_digest_format(&item->subject, subject));
        return TUG_OK;
    }
    item->is_kept = tug__extras_is_wanted(&image->wish, document, item->has_tag);
    if (item->is_kept && type != NULL) {
        free(item->artifact_type);
        item->artifact_type = strdup(type);
        return item->artifact_type != NULL ? TUG_OK : tug__fail_memory(err);
    }
    return TUG_OK;
}

static enum tug_status use_document(struct tug__resolver *resolver, struct tug__image *image,
                                    const struct tug__purpose *purpose,
                                    const struct tug__document *document, struct tug_error *err)
{
    const size_t number = purpose->extra - 1;
    struct tug__extra *item = &image->extras.items[number];
    enum tug_status status;

    if (purpose->depth == 0) {
        status = note_type(item, document, err);
        if (status == TUG_OK) {
            status = judge(resolver, image, item, document, err);
        }
        if (status != TUG_OK || !item->is_kept) {
            return status;
        }
    }
    if (document->kind == TUG__MEDIA_INDEX) {
        status = want_entries(resolver, image, purpose, document, err);
    } else if (tug__extras_are_signatures(&image->wish)) {
        status = tug__image_want_payloads(resolver, image, number, document, err);
    } else {
        status = tug__image_want_children(resolver, image, document, 0, document->child_count, err);
    }
    item = &image->extras.items[number];
    return status == TUG_OK && purpose->depth == 0
               ? tug__image_ask_further(resolver, image, item, err)
               : status;
}

/* Use the document of an extra, or one below it (purpose->depth). */
static enum tug_status take_document(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__purpose *purpose,
                                     const struct tug__document_text *text, struct tug_error *err)
{
    const struct tug_digest digest = image->extras.items[purpose->extra - 1].digest;
    struct tug__document document = {0};
    char shown[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = tug__document_parse(text, &document, err);

    if (status == TUG_OK) {
        status = use_document(resolver, image, purpose, &document, err);
        tug__document_fini(&document);
    }
    return status == TUG_OK
               ? TUG_OK
               : tug__wrap(err, status, "referrer %s", tug_digest_format(&digest, shown));
}

/* Keep the text of a list, within the limit for all lists of the image. */
static enum tug_status keep_list(struct tug__extras *extras, struct tug__question *question,
                                 const char *bytes, size_t length, struct tug_error *err)
{
    if (length > TUG__EXTRAS_LIST_BYTES_MAX - extras->list_bytes) {
        return tug__fail(err, TUG_ERR_TOO_LARGE,
                         "the lists of what refers to the image are over the limit of %zu bytes",
                         TUG__EXTRAS_LIST_BYTES_MAX);
    }
    question->list = malloc(length + 1);
    if (question->list == NULL) {
        return tug__fail_memory(err);
    }
    memcpy(question->list, bytes, length);
    question->list[length] = '\0';
    question->list_length = length;
    extras->list_bytes += length;
    return TUG_OK;
}

/* Choose the entries of a list that have to be looked at, and check that they may be fetched.
 * out_entries: room for all; out_count: of those chosen. */
static enum tug_status choose(struct tug__resolver *resolver, struct tug__image *image,
                              const struct tug__document *list,
                              const struct tug__descriptor **out_entries, size_t *out_count,
                              struct tug_error *err)
{
    char text[TUG_DIGEST_TEXT_MAX];
    size_t count = 0;

    for (size_t i = 0; i < list->child_count; i++) {
        const struct tug__descriptor *const entry = &list->children[i];

        if (!tug__extras_may_be_wanted(&image->wish, entry->artifact_type) ||
            (tug__extras_are_signatures(&image->wish) && count >= TUG__SIGNATURES_MAX)) {
            continue;
        }
        if (entry->size_bytes > TUG__MANIFEST_BYTES_MAX) {
            return tug__fail(err, TUG_ERR_TOO_LARGE,
                             "referrer %s has %" PRIu64 " bytes, over the limit of %zu",
                             tug_digest_format(&entry->digest, text), entry->size_bytes,
                             TUG__MANIFEST_BYTES_MAX);
        }
        out_entries[count++] = entry;
    }
    tug__order_blobs(out_entries, count);
    *out_count = count;
    return tug__image_admit(resolver, image, out_entries, count, err);
}

/* Note the chosen entries of a list and request them. */
static enum tug_status want_listed(struct tug__resolver *resolver, struct tug__image *image,
                                   size_t number, const struct tug__descriptor *const *entries,
                                   size_t count, struct tug_error *err)
{
    const struct tug__question *const question = &image->extras.questions[number];
    const size_t first = image->extras.item_count;
    struct tug__extra item = {
        .subject = question->subject, .depth = question->depth, .question = number};
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        size_t place;

        item.digest = entries[i]->digest;
        item.size_bytes = entries[i]->size_bytes;
        item.media_type = entries[i]->media_type;
        item.artifact_type = entries[i]->artifact_type;
        status = tug__extras_add(&image->extras, &item, &place, err);
    }
    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        const struct tug__purpose purpose = {.extra = (unsigned)(first + i) + 1};

        status = want_document(resolver, image, &purpose, entries[i], err);
    }
    return status;
}

/* The registry has listed what refers to a subject. */
static enum tug_status take_list(struct tug__resolver *resolver, struct tug__image *image,
                                 size_t number, const struct tug__document_text *text,
                                 struct tug_error *err)
{
    struct tug__question *const question = &image->extras.questions[number];
    const unsigned depth = question->depth;
    struct tug__document list = {0};
    const struct tug__descriptor **entries = NULL;
    size_t count = 0;
    enum tug_status status = tug__document_parse(text, &list, err);

    if (status == TUG_OK) {
        entries = calloc(list.child_count + 1, sizeof(const struct tug__descriptor *));
        status = entries != NULL
                     ? keep_list(&image->extras, question, text->bytes, text->length, err)
                     : tug__fail_memory(err);
    }
    if (status == TUG_OK) {
        status = choose(resolver, image, &list, entries, &count, err);
    }
    if (status == TUG_OK && count > 0 && depth >= TUG__REFERRER_DEPTH_MAX) {
        status = tug__fail(err, TUG_ERR_TOO_LARGE,
                           "referrers of referrers go on for more than %d levels",
                           TUG__REFERRER_DEPTH_MAX);
    }
    if (status == TUG_OK) {
        status = want_listed(resolver, image, number, entries, count, err);
    }
    free(entries);
    tug__document_fini(&list);
    return status;
}

/* A tag of Cosign's names this manifest. */
static enum tug_status take_tagged(struct tug__resolver *resolver, struct tug__image *image,
                                   size_t number, const struct tug__settled *settled,
                                   const struct tug__document_text *text, struct tug_error *err)
{
    const struct tug__question *const question = &image->extras.questions[number];
    const struct tug__extra item = {
        .digest = settled->digest,
        .subject = question->subject,
        .depth = question->depth,
        .question = number,
        .has_tag = true,
        .size_bytes = settled->size_bytes,
        .media_type = (char *)(uintptr_t)settled->media_type,
    };
    struct tug__purpose purpose = {0};
    size_t place = 0;
    enum tug_status status = tug__extras_add(&image->extras, &item, &place, err);

    if (status != TUG_OK) {
        return status;
    }
    purpose.extra = (unsigned)place + 1;
    return take_document(resolver, image, &purpose, text, err);
}

void tug__image_use_extra(struct tug__resolver *resolver, struct tug__image *image,
                          const struct tug__purpose *purpose, const struct tug__settled *settled)
{
    const size_t number = purpose->extra - 1;
    const struct tug__document_text text = {
        .bytes = settled->body,
        .length = settled->size_bytes,
        .media_type = settled->is_referrers ? NULL : settled->media_type, /* the list says it */
        .is_pinned = settled->is_pinned,
    };
    struct tug_error error = {0};
    enum tug_status status;

    if (image->state == TUG__IMAGE_DONE) {
        return;
    }
    if (!purpose->is_optional) {
        status = take_document(resolver, image, purpose, &text, &error);
    } else if (settled->is_referrers) {
        status = take_list(resolver, image, number, &text, &error);
    } else {
        status = take_tagged(resolver, image, number, settled, &text, &error);
    }
    if (status != TUG_OK && purpose->is_optional) {
        tug__extras_blame(&image->extras.questions[number], &error);
    }
    if (status != TUG_OK) {
        tug__image_fail(resolver, image, &error);
    }
}

/* Use an extra that the image needed for another reason when it was listed. */
static enum tug_status use_late(struct tug__resolver *resolver, struct tug__image *image,
                                size_t number, struct tug_error *err)
{
    const struct tug__purpose purpose = {.extra = (unsigned)number + 1};
    struct tug__buf body;
    struct tug__document_text text = {.media_type = image->extras.items[number].media_type,
                                      .is_pinned = true};
    enum tug_status status;

    tug__buf_init(&body, TUG__MANIFEST_BYTES_MAX);
    status =
        tug__store_read(resolver->settings->store, &image->extras.items[number].digest, &body, err);
    if (status == TUG_OK) {
        text.bytes = body.data;
        text.length = body.length;
        status = take_document(resolver, image, &purpose, &text, err);
    }
    tug__buf_fini(&body);
    return status;
}

enum tug_status tug__image_use_late(struct tug__resolver *resolver, struct tug__image *image,
                                    struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < image->extras.item_count; i++) {
        if (!image->extras.items[i].is_read) {
            status = use_late(resolver, image, i, err);
        }
    }
    return status;
}
