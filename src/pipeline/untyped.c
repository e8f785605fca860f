/* SPDX-License-Identifier: Apache-2.0
 *
 * References by digest may be of anything: what came decides whether it is read.
 *
 * Knows: images, the store. Does not know: how content is asked for.
 * Threads: the resolver.
 *
 * A blob that is a root has its own type, which is never that of a document: nothing in it is read.
 */
#include "pipeline/resolver.h"

#include "base/error.h"
#include "oci/content_kind.h"
#include "oci/limits.h"

static bool is_by_digest(const struct tug__image *image, const struct tug__purpose *purpose)
{
    return purpose->is_root && tug_ref_digest(image->ref) != NULL;
}

bool tug__image_take_blob(struct tug__resolver *resolver, struct tug__image *image,
                          const struct tug__purpose *purpose, const struct tug_digest *digest,
                          uint64_t size_bytes, const char *media_type)
{
    struct tug__need *const need = tug__image_need(image, digest);
    char type[TUG__MEDIA_TYPE_MAX];
    struct tug_error error = {0};

    if (!is_by_digest(image, purpose)) {
        return false;
    }
    if (need != NULL) {
        need->is_document = false;
    }
    tug__content_type_of_blob(media_type, type);
    if (image->state != TUG__IMAGE_DONE &&
        tug__image_note_root(resolver, image, digest, size_bytes, type, &error) != TUG_OK) {
        tug__image_fail(resolver, image, &error);
    }
    return true;
}

void tug__image_take_content(struct tug__resolver *resolver, struct tug__image *image,
                             const struct tug__purpose *purpose, const struct tug_digest *digest,
                             const char *bytes, size_t length, const char *media_type,
                             bool is_pinned)
{
    if (!is_by_digest(image, purpose) || tug__content_is_document(bytes, length) ||
        !tug__image_take_blob(resolver, image, purpose, digest, length, media_type)) {
        tug__image_take_document(resolver, image, purpose, digest, bytes, length, media_type,
                                 is_pinned);
    }
}

void tug__image_take_stored(struct tug__resolver *resolver, struct tug__image *image,
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
        tug__image_take_document(resolver, image, purpose, digest, buf.data, buf.length, NULL,
                                 true);
    } else if (!tug__image_take_blob(resolver, image, purpose, digest, settled->size_bytes,
                                     settled->media_type)) {
        (void)tug__fail(&error, TUG_ERR_CONTENT, "manifest %s: it is none, but a blob",
                        tug_digest_format(digest, text));
        tug__image_fail(resolver, image, &error);
    }
    tug__buf_fini(&buf);
}
