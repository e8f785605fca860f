/* SPDX-License-Identifier: Apache-2.0
 *
 * What the conversion of an image makes: into the store, and into the place of the root.
 *
 * Knows: images, how they ask for content. Does not know: HTTP, how anything is converted.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "convert/convert.h"
#include "oci/limits.h"

enum tug_status tug__image_make(struct tug__resolver *resolver, struct tug__image *image,
                                struct tug__buf *bytes, const char *media_type,
                                struct tug_digest *out_digest, struct tug_error *err)
{
    char type[TUG__MEDIA_TYPE_MAX];
    struct tug__descriptor descriptor = {
        .size_bytes = bytes->length, .kind = tug__media_kind(media_type), .media_type = type};
    const struct tug__request request = {
        .descriptor = &descriptor,
        .has_size = true,
        .is_document = descriptor.kind != TUG__MEDIA_CONFIG,
        .is_known = true,
    };
    struct tug__buf body;
    bool is_read = false;
    enum tug_status status = tug__conversion_add(&image->conversion, bytes, out_digest, err);

    if (status != TUG_OK) {
        return status;
    }
    (void)snprintf(type, sizeof type, "%s", media_type);
    descriptor.digest = *out_digest;
    descriptor.data = (uint8_t *)tug__conversion_find(&image->conversion, out_digest)->bytes;
    tug__buf_init(&body, TUG__MANIFEST_BYTES_MAX);
    status = tug__image_ask(resolver, image, &request, &body, &is_read, err);
    tug__buf_fini(&body);
    return status;
}

enum tug_status tug__image_take_converted(struct tug__image *image,
                                          const struct tug__converted *result,
                                          struct tug_error *err)
{
    char text[TUG_DIGEST_TEXT_MAX];
    char *const media_type = strdup(result->media_type);
    char *const root =
        image->extras.root != NULL ? strdup(tug_digest_format(&result->digest, text)) : NULL;

    if (media_type == NULL || (root == NULL && image->extras.root != NULL)) {
        free(media_type);
        free(root);
        return tug__fail_memory(err);
    }
    free(image->extras.root); /* what refers to the original stays as long as this is there */
    image->extras.root = root;
    free(image->found.media_type);
    image->found.media_type = media_type;
    image->result.media_type = media_type;
    image->result.named.converted_from = image->result.digest;
    image->result.digest = result->digest;
    image->result.size_bytes = result->size_bytes;
    return TUG_OK;
}
