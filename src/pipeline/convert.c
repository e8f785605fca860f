/* SPDX-License-Identifier: Apache-2.0
 *
 * Convert an image that has everything it needs, before it is named (options.convert).
 *
 * Knows: documents in the store, the room that converts them. Does not know: HTTP, retries.
 * Threads: the resolver.
 *
 * Documents are converted from the leaves up, because an index names its entries by their digests.
 * What is made goes to the store like content embedded in a document: a lane hashes and commits it,
 * and the image waits for it. It is not named before. What was fetched stays in the store, too,
 * named by an annotation only.
 */
#include "pipeline/resolver.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "convert/convert.h"
#include "oci/digest.h"
#include "oci/limits.h"

/* A document that was converted: what became of it. */
struct remade {
    struct tug_digest digest; /* first: the tree compares by it */
    struct tug__converted result;
};

/* The conversion of an image at work. */
struct work {
    struct tug__resolver *resolver;
    struct tug__image *image;
    void *remade; /* tsearch tree */
};

/* --- what has to be fetched for it --- */

bool tug__image_is_docker_index(const struct tug__image *image)
{
    bool is_docker = tug__convert_type(image->found.media_type) != NULL;

    for (size_t i = 0; !is_docker && i < image->gathered.entry_count; i++) {
        is_docker = tug__convert_type(image->gathered.entries[i].media_type) != NULL;
    }
    return is_docker;
}

void tug__image_want_entries(const struct tug__image *image, enum tug__want *wants)
{
    for (size_t i = 0; i < image->gathered.entry_count; i++) {
        if (wants[i] == TUG__WANT_NOTHING &&
            image->gathered.entries[i].kind == TUG__MEDIA_MANIFEST) {
            wants[i] = TUG__WANT_MANIFEST;
        }
    }
}

void tug__image_skip_entry(struct tug__resolver *resolver, struct tug__image *image,
                           const struct tug_digest *digest, uint64_t size_bytes)
{
    char text[TUG_DIGEST_TEXT_MAX];

    tug__image_uncount(resolver, image, digest, size_bytes);
    tug__emit_warning(resolver, image,
                      "manifest %s, for another platform, is not there: its entry stays as it is",
                      tug_digest_format(digest, text));
}

/* --- documents --- */

static enum tug_status convert_one(struct work *work, const struct tug_digest *digest,
                                   const char *media_type, unsigned depth,
                                   struct tug__converted *out_result, struct tug_error *err);

/* Convert the entries of an index that were fetched for the image. The others stay. */
static enum tug_status convert_entries(struct work *work, const struct tug__document *document,
                                       unsigned depth, struct tug__converted *entries,
                                       struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < document->child_count; i++) {
        const struct tug__descriptor *const child = &document->children[i];
        const struct tug__need *const need = tug__image_need(work->image, &child->digest);

        if (need != NULL && need->is_document && !need->is_left_out) {
            status = convert_one(work, &child->digest,
                                 child->media_type[0] != '\0' ? child->media_type : NULL, depth + 1,
                                 &entries[i], err);
        }
    }
    return status;
}

/* Convert a document that was parsed. */
static enum tug_status convert_parsed(struct work *work, const struct tug__buf *text,
                                      const struct tug__document *document, unsigned depth,
                                      struct tug__converted *out_result, struct tug_error *err)
{
    struct tug__converted *const entries = calloc(document->child_count + 1, sizeof *entries);
    const struct tug__conversion_input input = {
        .bytes = text->data, .length = text->length, .document = document, .entries = entries};
    const char *const type = tug__convert_type(document->media_type);
    struct tug__buf output;
    bool is_changed = false;
    enum tug_status status = entries != NULL ? TUG_OK : tug__fail_memory(err);

    tug__buf_init(&output, TUG__MANIFEST_BYTES_MAX);
    if (status == TUG_OK && document->kind == TUG__MEDIA_INDEX) {
        status = convert_entries(work, document, depth, entries, err);
    }
    if (status == TUG_OK) {
        status = tug__convert_document(&input, &output, &is_changed, err);
    }
    if (status == TUG_OK && is_changed) {
        out_result->size_bytes = output.length;
        out_result->media_type = type != NULL                         ? type
                                 : document->kind == TUG__MEDIA_INDEX ? TUG__OCI_INDEX_TYPE
                                                                      : TUG__OCI_MANIFEST_TYPE;
        status = tug__image_make(work->resolver, work->image, &output, out_result->media_type,
                                 &out_result->digest, err);
    }
    tug__buf_fini(&output);
    free(entries);
    return status;
}

/* Remember what became of a document: an index may name it several times. */
static enum tug_status remember(struct work *work, const struct tug_digest *digest,
                                const struct tug__converted *result, struct tug_error *err)
{
    struct remade *const remade = calloc(1, sizeof *remade);

    if (remade == NULL) {
        return tug__fail_memory(err);
    }
    remade->digest = *digest;
    remade->result = *result;
    if (tsearch(remade, &work->remade, tug__digest_compare) == NULL) {
        free(remade);
        return tug__fail_memory(err);
    }
    return TUG_OK;
}

/* Read a document that the image needs, and check that it is what it was. */
static enum tug_status read_stored(const struct work *work, const struct tug_digest *digest,
                                   struct tug__buf *text, struct tug_error *err)
{
    struct tug_digest found = {0};
    enum tug_status status = tug__store_read(work->resolver->settings->store, digest, text, err);

    if (status == TUG_OK) {
        status = tug__digest_of(digest->algorithm, text->data, text->length, &found, err);
    }
    if (status == TUG_OK && !tug_digest_equal(&found, digest)) {
        status = tug__fail(err, TUG_ERR_STORE, "it was damaged in the store");
    }
    return status;
}

static enum tug_status convert_stored(struct work *work, const struct tug_digest *digest,
                                      const char *media_type, unsigned depth,
                                      struct tug__converted *out_result, struct tug_error *err)
{
    struct tug__document document = {0};
    struct tug__buf text;
    enum tug_status status;

    tug__buf_init(&text, TUG__MANIFEST_BYTES_MAX);
    status = read_stored(work, digest, &text, err);
    if (status == TUG_OK) {
        const struct tug__document_text input = {
            .bytes = text.data, .length = text.length, .media_type = media_type, .is_pinned = true};

        status = tug__document_parse(&input, &document, err);
    }
    if (status == TUG_OK) {
        status = convert_parsed(work, &text, &document, depth, out_result, err);
    }
    tug__document_fini(&document);
    tug__buf_fini(&text);
    return status;
}

/* Convert a document and what it names. out_result: without a type: it stays. */
static enum tug_status convert_one(struct work *work, const struct tug_digest *digest,
                                   const char *media_type, unsigned depth,
                                   struct tug__converted *out_result, struct tug_error *err)
{
    const struct remade *const *const known = tfind(digest, &work->remade, tug__digest_compare);
    struct tug__converted result = {0};
    char text[TUG_DIGEST_TEXT_MAX];
    enum tug_status status;

    if (known != NULL) {
        *out_result = (*known)->result;
        return TUG_OK;
    }
    status = depth < TUG__CONVERT_DEPTH_MAX
                 ? convert_stored(work, digest, media_type, depth, &result, err)
                 : tug__fail(err, TUG_ERR_CONTENT,
                             "indexes nested more than %d levels deep are not converted",
                             TUG__CONVERT_DEPTH_MAX);
    if (status != TUG_OK) {
        return tug__wrap(err, status, "manifest %s", tug_digest_format(digest, text));
    }
    *out_result = result;
    return remember(work, digest, &result, err);
}

/* --- the image --- */

/* Convert an image of any other kind than schema 1. */
static enum tug_status convert_documents(struct tug__resolver *resolver, struct tug__image *image,
                                         struct tug_error *err)
{
    struct work work = {.resolver = resolver, .image = image};
    struct tug__converted result = {0};
    enum tug_status status =
        convert_one(&work, &image->result.digest, image->found.media_type, 0, &result, err);

    tdestroy(work.remade, free);
    if (status == TUG_OK && result.media_type != NULL) {
        status = tug__image_take_converted(image, &result, err);
    }
    return status;
}

enum tug_status tug__image_convert(struct tug__resolver *resolver, struct tug__image *image,
                                   struct tug_error *err)
{
    const enum tug__media_kind kind = tug__media_kind(image->found.media_type);
    enum tug_status status = TUG_OK;

    if (resolver->settings->options.convert == NULL || resolver->settings->options.dry_run ||
        image->conversion.is_done) {
        return TUG_OK;
    }
    image->pending++; /* until all of it is requested, so that it cannot advance before */
    if (image->conversion.schema1.count > 0) {
        status = tug__image_convert_schema1(resolver, image, err);
    } else if (kind == TUG__MEDIA_INDEX || kind == TUG__MEDIA_MANIFEST) {
        status = convert_documents(resolver, image, err);
        image->conversion.is_done = true;
    } else {
        image->conversion.is_done = true; /* a blob */
    }
    image->pending--;
    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "cannot be converted");
}
