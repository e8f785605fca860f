/* SPDX-License-Identifier: Apache-2.0
 *
 * Note the root of an image once it is known; for a reference by digest it may be a blob.
 *
 * Knows: images, the store. Does not know: HTTP, how content is requested.
 * Threads: the resolver.
 *
 * A blob as root has its own type, never that of a document: its content is not read.
 */
#include "pipeline/resolver.h"

#include <string.h>

#include "base/error.h"
#include "oci/content_kind.h"
#include "oci/limits.h"

bool tug__image_may_be_blob(const struct tug__image *image, const struct tug__purpose *purpose)
{
    return purpose->is_root && tug_ref_digest(image->ref) != NULL;
}

bool tug__image_use_blob(struct tug__resolver *resolver, struct tug__image *image,
                         const struct tug__purpose *purpose, const struct tug_digest *digest,
                         uint64_t size_bytes, const char *media_type)
{
    struct tug__need *const need = tug__image_need(image, digest);
    char type[TUG__MEDIA_TYPE_MAX];
    struct tug_error error = {0};

    if (!tug__image_may_be_blob(image, purpose)) {
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

enum tug_status tug__image_note_root(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug_digest *digest, uint64_t size_bytes,
                                     const char *media_type, struct tug_error *err)
{
    struct tug_event event = {
        .kind = TUG_EVENT_RESOLVED,
        .ref = image->result.ref,
        .digest = *digest,
        .media_type = media_type,
        .size_bytes = size_bytes,
    };

    image->found.media_type = strdup(media_type);
    if (image->found.media_type == NULL) {
        return tug__fail_memory(err);
    }
    image->result.media_type = image->found.media_type;
    image->result.digest = *digest;
    image->result.size_bytes = size_bytes;
    tug__emit(resolver, &event);
    return TUG_OK;
}
