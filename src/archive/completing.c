/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether the store has all that an imported image needs.
 *
 * Knows: documents, the store. Does not know: archives, index.json's text, HTTP.
 * Threads: the calling one.
 */
#include "archive/completing.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "oci/content_kind.h"
#include "oci/document.h"
#include "oci/limits.h"
#include "store/store.h"

/* Foreign layers that are named one by one; containerd takes labels of 4096 bytes. */
#define LEFT_OUT_NAMED 24
#define LEFT_OUT_BYTES_MAX ((LEFT_OUT_NAMED + 1) * (size_t)TUG_DIGEST_TEXT_MAX)

static enum tug_status visit(struct tug__completing *completing,
                             const struct tug__descriptor *descriptor, unsigned depth,
                             bool *out_is_complete, struct tug_error *err);

static enum tug_status bring(struct tug__completing *completing,
                             const struct tug__descriptor *descriptor, struct tug_error *err)
{
    return completing->bring == NULL ? TUG_OK
                                     : completing->bring(completing->context, &descriptor->digest,
                                                         descriptor->size_bytes, err);
}

static enum tug_status look(const struct tug__completing *completing,
                            const struct tug__descriptor *descriptor, bool *out_is_there,
                            struct tug_error *err)
{
    bool is_present = false;
    uint64_t size_bytes = 0;
    const enum tug_status status = tug_store_stat(completing->intake->store, &descriptor->digest,
                                                  &is_present, &size_bytes, err);

    *out_is_there = is_present && size_bytes == descriptor->size_bytes;
    return status;
}

static void note_missing(struct tug__completing *completing,
                         const struct tug__descriptor *descriptor)
{
    if (completing->missing.algorithm == TUG_DIGEST_NONE) {
        completing->missing = descriptor->digest;
    }
}

static enum tug_status leave_out(struct tug__completing *completing,
                                 const struct tug__descriptor *descriptor, struct tug_error *err)
{
    const size_t count = completing->left_out_count++;
    char digest[TUG_DIGEST_TEXT_MAX];

    (void)tug_digest_format(&descriptor->digest, digest);
    if (count > LEFT_OUT_NAMED || (count > 0 && count < LEFT_OUT_NAMED &&
                                   strstr(completing->left_out.data, digest) != NULL)) {
        return TUG_OK;
    }
    return tug__buf_printf(&completing->left_out, err, "%s%s", count > 0 ? "," : "",
                           count < LEFT_OUT_NAMED ? digest : "...");
}

/* Look at the parts of a manifest. */
static enum tug_status visit_manifest(struct tug__completing *completing,
                                      const struct tug__document *document, bool *out_is_complete,
                                      struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    *out_is_complete = true;
    for (size_t i = 0; status == TUG_OK && i < document->child_count; i++) {
        const struct tug__descriptor *const child = &document->children[i];
        bool is_there = false;

        status = look(completing, child, &is_there, err);
        if (status != TUG_OK || is_there) {
            continue;
        }
        if (child->kind == TUG__MEDIA_FOREIGN && child->has_urls) {
            status = leave_out(completing, child, err);
            continue;
        }
        *out_is_complete = false;
        note_missing(completing, child);
    }
    return status;
}

static enum tug_status visit_index(struct tug__completing *completing,
                                   const struct tug__document *document, unsigned depth,
                                   bool *out_is_complete, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    *out_is_complete = document->child_count == 0;
    for (size_t i = 0; status == TUG_OK && i < document->child_count; i++) {
        const struct tug__descriptor *const child = &document->children[i];
        bool is_complete = false;

        status = visit(completing, child, depth + 1, &is_complete, err);
        *out_is_complete = *out_is_complete || is_complete;
        if (status == TUG_OK && (child->kind != TUG__MEDIA_INDEX || !is_complete)) {
            status = tug__platform_set_add(&completing->platforms,
                                           child->has_platform ? &child->platform : NULL,
                                           is_complete, err);
        }
    }
    return status;
}

/* Bring what a document names, all together: then one commit does for all. */
static enum tug_status bring_children(struct tug__completing *completing,
                                      const struct tug__document *document, struct tug_error *err)
{
    enum tug_status status = TUG_OK;

    for (size_t i = 0; status == TUG_OK && i < document->child_count; i++) {
        status = bring(completing, &document->children[i], err);
    }
    return status == TUG_OK ? tug__intake_commit(completing->intake, err) : status;
}

static enum tug_status read_document(const struct tug__completing *completing,
                                     const struct tug__descriptor *descriptor,
                                     struct tug__document *out_document, struct tug_error *err)
{
    struct tug__document_text text = {.media_type = descriptor->media_type, .is_pinned = true};
    char digest[TUG_DIGEST_TEXT_MAX];
    struct tug__buf buf;
    enum tug_status status;

    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    status = tug__store_read(completing->intake->store, &descriptor->digest, &buf, err);
    if (status == TUG_OK) {
        text.bytes = buf.data;
        text.length = buf.length;
        status = tug__document_parse(&text, out_document, err);
    }
    tug__buf_fini(&buf);
    return status == TUG_OK
               ? TUG_OK
               : tug__wrap(err, status, "%s", tug_digest_format(&descriptor->digest, digest));
}

static enum tug_status visit_document(struct tug__completing *completing,
                                      const struct tug__descriptor *descriptor, unsigned depth,
                                      bool *out_is_complete, struct tug_error *err)
{
    struct tug__document document = {0};
    enum tug_status status = read_document(completing, descriptor, &document, err);

    if (status == TUG_OK) {
        status = bring_children(completing, &document, err);
    }
    if (status == TUG_OK) {
        status = document.kind == TUG__MEDIA_INDEX
                     ? visit_index(completing, &document, depth, out_is_complete, err)
                     : visit_manifest(completing, &document, out_is_complete, err);
    }
    tug__document_fini(&document);
    return status;
}

/* Tell whether a blob is a document. An entry may be any blob, and may not say what it is. */
static enum tug_status is_document(const struct tug__completing *completing,
                                   const struct tug__descriptor *descriptor, bool *out_is_one,
                                   struct tug_error *err)
{
    struct tug__buf buf;
    enum tug_status status = TUG_OK;

    *out_is_one = descriptor->kind == TUG__MEDIA_INDEX || descriptor->kind == TUG__MEDIA_MANIFEST;
    if (*out_is_one || !tug__media_is_generic(descriptor->media_type) ||
        descriptor->size_bytes > TUG__MANIFEST_BYTES_MAX) {
        return TUG_OK;
    }
    tug__buf_init(&buf, TUG__MANIFEST_BYTES_MAX);
    status = tug__store_read(completing->intake->store, &descriptor->digest, &buf, err);
    *out_is_one = status == TUG_OK && tug__content_is_document(buf.data, buf.length);
    tug__buf_fini(&buf);
    return status;
}

static enum tug_status visit(struct tug__completing *completing,
                             const struct tug__descriptor *descriptor, unsigned depth,
                             bool *out_is_complete, struct tug_error *err)
{
    bool is_there = false;
    bool is_one = false;
    enum tug_status status = tug__work_go_on(completing->intake->work, err);

    if (status == TUG_OK) {
        status = look(completing, descriptor, &is_there, err);
    }
    *out_is_complete = is_there;
    if (status != TUG_OK || !is_there) {
        note_missing(completing, descriptor);
        return status;
    }
    status = is_document(completing, descriptor, &is_one, err);
    if (status != TUG_OK || !is_one) {
        return status;
    }
    if (depth > TUG__INDEX_DEPTH_MAX) {
        return tug__fail(err, TUG_ERR_TOO_LARGE, "more than %d indexes within each other",
                         TUG__INDEX_DEPTH_MAX);
    }
    if (!tug__digest_set_add(&completing->seen, &descriptor->digest)) {
        *out_is_complete = tug__digest_set_has(&completing->complete, &descriptor->digest);
        return TUG_OK;
    }
    status = visit_document(completing, descriptor, depth, out_is_complete, err);
    if (status == TUG_OK && *out_is_complete) {
        (void)tug__digest_set_add(&completing->complete, &descriptor->digest);
    }
    return status;
}

/* Take over what was found out: what is there of platforms, and of foreign layers what is not,
 * unless the archive says that itself. */
static enum tug_status settle(struct tug__completing *completing, struct tug__image_found *image,
                              bool is_index, struct tug_error *err)
{
    char *platforms = NULL;
    const enum tug_status status =
        tug__platform_set_end(&completing->platforms, TUG_OK, &platforms, err);
    size_t length;

    /* What the archive says of platforms may be false, and then counts as damage later. */
    free(image->platforms);
    image->platforms = is_index ? platforms : NULL;
    if (!is_index) {
        free(platforms);
    }
    if (status != TUG_OK || image->left_out != NULL || completing->left_out_count == 0) {
        return status;
    }
    image->left_out = tug__buf_steal(&completing->left_out, &length);
    return image->left_out != NULL ? TUG_OK : tug__fail_memory(err);
}

static enum tug_status check(struct tug__completing *completing, struct tug__image_found *image,
                             struct tug_error *err)
{
    const struct tug__descriptor root = {
        .digest = image->digest,
        .size_bytes = image->size_bytes,
        .kind = tug__media_kind(image->media_type),
        .media_type = image->media_type,
    };
    char digest[TUG_DIGEST_TEXT_MAX];
    bool is_complete = false;
    enum tug_status status = bring(completing, &root, err);

    if (status == TUG_OK) {
        status = tug__intake_commit(completing->intake, err);
    }
    if (status == TUG_OK) {
        status = visit(completing, &root, 0, &is_complete, err);
    }
    if (status == TUG_OK && !is_complete) {
        status = tug__fail(err, TUG_ERR_CONTENT, "the archive lacks %s",
                           completing->missing.algorithm != TUG_DIGEST_NONE
                               ? tug_digest_format(&completing->missing, digest)
                               : "a part of it");
    }
    return status == TUG_OK ? settle(completing, image, root.kind == TUG__MEDIA_INDEX, err)
                            : status;
}

enum tug_status tug__completing_check(struct tug__completing *completing,
                                      struct tug__image_found *image, struct tug_error *err)
{
    char digest[TUG_DIGEST_TEXT_MAX];
    enum tug_status status;

    completing->missing = (struct tug_digest){0};
    completing->platforms = (struct tug__platform_set){.is_all = true};
    completing->left_out_count = 0;
    tug__buf_init(&completing->left_out, LEFT_OUT_BYTES_MAX);
    status = check(completing, image, err);
    tug__buf_fini(&completing->left_out);
    tug__buf_fini(&completing->platforms.text);
    tug__digest_set_fini(&completing->seen);
    tug__digest_set_fini(&completing->complete);
    return status == TUG_OK
               ? TUG_OK
               : tug__wrap(err, status, "image '%s'",
                           image->name != NULL ? image->name
                                               : tug_digest_format(&image->digest, digest));
}
