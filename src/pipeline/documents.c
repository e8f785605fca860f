/* SPDX-License-Identifier: Apache-2.0
 *
 * Read manifests and indexes, and request what they name in turn.
 *
 * Knows: documents, images. Does not know: requests, retries, which platform is chosen.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "oci/content_kind.h"
#include "oci/limits.h"

#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

enum tug_status tug__image_want(struct tug__resolver *resolver, struct tug__image *image,
                                const struct tug__request *request, struct tug_error *err)
{
    const struct tug__descriptor *const descriptor = request->descriptor;
    const struct tug__purpose purpose = {
        .want = request->want,
        .depth = request->depth,
        .is_root = request->is_root,
        .is_document = true,
    };
    struct tug__buf body;
    bool is_read = false;
    enum tug_status status;

    tug__buf_init(&body, TUG__MANIFEST_BYTES_MAX);
    status = tug__image_ask(resolver, image, request, &body, &is_read, err);
    if (is_read) {
        tug__image_use_content(resolver, image, &purpose, &descriptor->digest, body.data,
                               body.length, descriptor->media_type, true);
    }
    tug__buf_fini(&body);
    return status;
}

/* Large blobs first: they take longest. Those with the same digest are adjacent (tug__image_admit).
 */
static int compare_blobs(const void *a, const void *b)
{
    const struct tug__descriptor *const *const left = a;
    const struct tug__descriptor *const *const right = b;

    if ((*left)->size_bytes != (*right)->size_bytes) {
        return (*left)->size_bytes < (*right)->size_bytes ? 1 : -1;
    }
    return memcmp(&(*left)->digest, &(*right)->digest, sizeof(*left)->digest);
}

/* Request children of a manifest. first_layer: of its children. */
static enum tug_status ask_for_blobs(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__descriptor *first_layer,
                                     const struct tug__descriptor **blobs, size_t count,
                                     struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < count; i++) {
        const struct tug__request request = {
            .descriptor = blobs[i],
            .has_size = true,
            .is_optional = tug__may_be_left_out(resolver, blobs[i]),
            .layer_number = blobs[i] >= first_layer ? (unsigned)(blobs[i] - first_layer) : 0,
        };

        status = tug__image_want(resolver, image, &request, err);
        if (status == TUG_ERR_NOT_FOUND && request.is_optional) { /* known from another image */
            status =
                tug__image_leave_out(resolver, image, &blobs[i]->digest, blobs[i]->size_bytes, err);
        } else if (status == TUG_ERR_NOT_FOUND &&
                   tug__image_lose_payload(resolver, image, &blobs[i]->digest, blobs[i]->media_type,
                                           blobs[i]->size_bytes)) {
            status = TUG_OK;
        }
    }
    return status;
}

/* Docker before 1.10 pushed configs with a generic type. */
static bool has_untyped_config(const struct tug__document *document)
{
    return document->has_config && strcmp(document->media_type, DOCKER_MANIFEST) == 0 &&
           strcasecmp(document->children[0].media_type, "application/octet-stream") == 0;
}

void tug__order_blobs(const struct tug__descriptor **blobs, size_t count)
{
    qsort(blobs, count, sizeof(const struct tug__descriptor *), compare_blobs);
}

/* List the children of a manifest from first up to end, in the order of their requests. Returns:
 * owned; NULL when out of memory. */
static const struct tug__descriptor **order_children(const struct tug__document *document,
                                                     size_t first, size_t end)
{
    const struct tug__descriptor **const blobs = calloc(end - first + 1, sizeof *blobs);

    if (blobs == NULL) {
        return NULL;
    }
    for (size_t i = first; i < end; i++) {
        blobs[i - first] = &document->children[i];
    }
    tug__order_blobs(blobs, end - first);
    return blobs;
}

enum tug_status tug__image_admit_all(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug__document *document, struct tug_error *err)
{
    const size_t count = document->child_count;
    const struct tug__descriptor **const blobs = order_children(document, 0, count);
    const enum tug_status status = blobs != NULL
                                       ? tug__image_admit(resolver, image, blobs, count, err)
                                       : tug__fail_memory(err);

    free(blobs);
    return status;
}

enum tug_status tug__image_want_children(struct tug__resolver *resolver, struct tug__image *image,
                                         const struct tug__document *document, size_t first,
                                         size_t end, struct tug_error *err)
{
    const struct tug__descriptor **const blobs = order_children(document, first, end);
    enum tug_status status = blobs != NULL
                                 ? tug__image_admit(resolver, image, blobs, end - first, err)
                                 : tug__fail_memory(err);

    if (status == TUG_OK) {
        status = ask_for_blobs(resolver, image, document->children + (document->has_config ? 1 : 0),
                               blobs, end - first, err);
    }
    free(blobs);
    return status;
}

/* Request what a manifest names: the config, and the layers if they are wanted. document: moved
 * into the image when the config decides about the layers. */
static enum tug_status use_manifest(struct tug__resolver *resolver, struct tug__image *image,
                                    const struct tug__purpose *purpose,
                                    const struct tug_digest *digest, struct tug__document *document,
                                    struct tug_error *err)
{
    const bool is_held = purpose->is_root && purpose->want == TUG__WANT_ALL &&
                         !resolver->settings->options.dry_run &&
                         tug__image_is_judged_first(image, document);
    const size_t wanted = purpose->want == TUG__WANT_ALL        ? document->child_count
                          : purpose->want == TUG__WANT_METADATA ? (size_t)document->has_config
                                                                : 0;
    char text[TUG_DIGEST_TEXT_MAX];
    enum tug_status status = TUG_OK;

    if (has_untyped_config(document) && resolver->settings->options.convert == NULL) {
        tug__emit_warning(resolver, image,
                          "manifest %s was written by Docker before 1.10: its config has the type "
                          "application/octet-stream, which current tools may refuse (--convert oci "
                          "corrects it)",
                          tug_digest_format(digest, text));
    }
    if (document->has_config && document->children[0].kind == TUG__MEDIA_CONFIG && wanted > 0) {
        status = tug__gathered_add_check(&image->gathered, &document->children[0].digest,
                                         purpose->is_root ? NULL : digest, err);
    }
    if (status == TUG_OK && !purpose->is_root && image->state == TUG__IMAGE_GATHERING) {
        status = tug__gathered_add_entry(
            &image->gathered,
            &(struct tug__descriptor){
                .digest = *digest, .kind = document->kind, .media_type = document->media_type},
            err); /* an entry that might have been an index: now it can be chosen */
    }
    if (status == TUG_OK && is_held) { /* before any of it is fetched */
        status = tug__image_admit_all(resolver, image, document, err);
    }
    if (status == TUG_OK) {
        status = tug__image_want_children(resolver, image, document, 0, is_held ? 1 : wanted, err);
    }
    if (status == TUG_OK && purpose->is_root && !is_held) {
        status = tug__image_ask_referrers(resolver, image, digest, err);
    }
    if (status == TUG_OK && is_held) {
        image->gathered.held = *document;
        *document = (struct tug__document){0};
    }
    return status;
}

/* Request what an index names: nested indexes at once; the rest is kept for the choice. */
static enum tug_status use_index(struct tug__resolver *resolver, struct tug__image *image,
                                 const struct tug__purpose *purpose,
                                 const struct tug__document *document, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    if (purpose->depth >= TUG__INDEX_DEPTH_MAX) {
        return tug__fail(err, TUG_ERR_CONTENT, "indexes are nested more than %d levels deep",
                         TUG__INDEX_DEPTH_MAX);
    }
    for (size_t i = 0; status == TUG_OK && i < document->child_count; i++) {
        const struct tug__descriptor *const child = &document->children[i];

        if (tug__plan_may_be_index(child)) {
            const struct tug__request request = {.descriptor = child,
                                                 .has_size = true,
                                                 .is_document = true,
                                                 .want = tug__image_root_want(image),
                                                 .depth = purpose->depth + 1};

            status = tug__image_want(resolver, image, &request, err);
        } else {
            status = tug__gathered_add_entry(&image->gathered, child, err);
        }
    }
    return status;
}

/* Use a root of schema 1: request its layers, of which nothing says the sizes. */
static enum tug_status use_schema1(struct tug__resolver *resolver, struct tug__image *image,
                                   const struct tug__purpose *purpose,
                                   const struct tug_digest *digest,
                                   const struct tug__document_text *text,
                                   const struct tug__document *document, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    if (!purpose->is_root || purpose->want != TUG__WANT_ALL) {
        return tug__fail(err, TUG_ERR_UNSUPPORTED, "a schema 1 %s",
                         purpose->is_root ? "image needs its layers to be converted: fetch it "
                                            "without --metadata-only"
                                          : "manifest within an index is not converted");
    }
    status = tug__image_note_schema1(resolver, image, text, document, err);
    for (size_t i = 0; status == TUG_OK && i < document->child_count; i++) {
        const struct tug__request request = {.descriptor = &document->children[i]};

        status = tug__image_want(resolver, image, &request, err);
    }
    return status == TUG_OK ? tug__image_ask_referrers(resolver, image, digest, err) : status;
}

/* Use a document by its kind. digest: its own, not the image's. document: may be moved. */
static enum tug_status use_kind(struct tug__resolver *resolver, struct tug__image *image,
                                const struct tug__purpose *purpose, const struct tug_digest *digest,
                                const struct tug__document_text *text,
                                struct tug__document *document, struct tug_error *err)
{
    if (document->kind == TUG__MEDIA_INDEX) {
        return use_index(resolver, image, purpose, document, err);
    }
    if (document->kind == TUG__MEDIA_MANIFEST) {
        return use_manifest(resolver, image, purpose, digest, document, err);
    }
    return use_schema1(resolver, image, purpose, digest, text, document, err);
}

static void use_document(struct tug__resolver *resolver, struct tug__image *image,
                         const struct tug__purpose *purpose, const struct tug_digest *digest,
                         const char *bytes, size_t length, const char *media_type, bool is_pinned)
{
    const struct tug__document_text content = {.bytes = bytes,
                                               .length = length,
                                               .media_type = media_type,
                                               .is_pinned = is_pinned,
                                               .accepts_schema1 =
                                                   resolver->settings->options.convert != NULL};
    struct tug__document document = {0};
    struct tug_error error = {0};
    const uint64_t began_ns = tug__trace_begin(resolver->row);
    const struct tug_digest own = *digest; /* the other one may go with a failed image */
    char text[TUG_DIGEST_TEXT_MAX];
    enum tug_status status;

    if (image->state == TUG__IMAGE_DONE) {
        return;
    }
    status = tug__document_parse(&content, &document, &error);
    if (status != TUG_OK) {
        (void)tug__wrap(&error, status, "manifest %s", tug_digest_format(digest, text));
    } else if (purpose->is_root) {
        image->gathered.is_index = document.kind == TUG__MEDIA_INDEX;
        status = tug__image_note_root(resolver, image, digest, length, document.media_type, &error);
    }
    if (status == TUG_OK) {
        status = use_kind(resolver, image, purpose, &own, &content, &document, &error);
    }
    if (status != TUG_OK) {
        tug__image_fail(resolver, image, &error);
    }
    tug__document_fini(&document);
    tug__trace_end(resolver->row, began_ns,
                   &(struct tug_trace_event){
                       .name = "plan", .digest = own, .length = length, .status = status});
}

void tug__image_use_content(struct tug__resolver *resolver, struct tug__image *image,
                            const struct tug__purpose *purpose, const struct tug_digest *digest,
                            const char *bytes, size_t length, const char *media_type,
                            bool is_pinned)
{
    if (!tug__image_may_be_blob(image, purpose) || tug__content_is_document(bytes, length) ||
        !tug__image_use_blob(resolver, image, purpose, digest, length, media_type)) {
        use_document(resolver, image, purpose, digest, bytes, length, media_type, is_pinned);
    }
}

void tug__image_use_stored(struct tug__resolver *resolver, struct tug__image *image,
                           const struct tug__purpose *purpose, const struct tug__settled *settled)
{
    const struct tug_digest *const digest = &settled->digest;
    struct tug_error error = {0};
    char text[TUG_DIGEST_TEXT_MAX];
    bool is_document = false;
    struct tug__buf buf;

    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    if (settled->size_bytes <= TUG__MANIFEST_BYTES_MAX &&
        tug__store_read(resolver->settings->store, digest, &buf, NULL) == TUG_OK) {
        is_document = tug__content_is_document(buf.data, buf.length);
    }
    if (is_document) {
        use_document(resolver, image, purpose, digest, buf.data, buf.length, NULL, true);
    } else if (!tug__image_use_blob(resolver, image, purpose, digest, settled->size_bytes,
                                    settled->media_type)) {
        (void)tug__fail(&error, TUG_ERR_CONTENT, "manifest %s: a blob, not a manifest",
                        tug_digest_format(digest, text));
        tug__image_fail(resolver, image, &error);
    }
    tug__buf_fini(&buf);
}
