/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs that are left out: foreign layers, which may be, and what the program skips; how they are
 * reported.
 *
 * Knows: images, edges. Does not know: requests.
 * Threads: the resolver.
 *
 * A foreign layer with `urls` is requested from the registry like any other. If the registry does
 * not have it, and the user has not allowed its URLs, the image is complete without it, but never
 * silently: a warning, the result, and the entry in index.json report it.
 */
#include "pipeline/resolver.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

bool tug__may_be_left_out(const struct tug__resolver *resolver, const struct tug__descriptor *blob)
{
    return blob->kind == TUG__MEDIA_FOREIGN && blob->has_urls &&
           !resolver->settings->options.foreign_layers;
}

void tug__image_uncount(struct tug__resolver *resolver, struct tug__image *image,
                        const struct tug_digest *digest, uint64_t size_bytes)
{
    struct tug__need *const need = tug__image_need(image, digest);

    if (need != NULL) {
        need->is_left_out = true;
    }
    image->result.blobs--;
    image->result.bytes_known -= size_bytes;
    image->wanted_bytes -= size_bytes;
    resolver->reporter.totals.blobs--;
    resolver->reporter.totals.bytes_known -= size_bytes;
}

/* Subtract a blob that was counted, and note it for the result. Errors: TUG_ERR_NO_MEMORY. */
static enum tug_status note_lack(struct tug__resolver *resolver, struct tug__image *image,
                                 const struct tug_digest *digest, uint64_t size_bytes,
                                 struct tug_error *err)
{
    struct tug_digest *const grown =
        reallocarray(image->found.left_out, image->result.left_out_count + 1, sizeof *grown);

    if (grown == NULL) {
        return tug__fail_memory(err);
    }
    image->found.left_out = grown;
    image->found.left_out[image->result.left_out_count++] = *digest;
    image->result.left_out = image->found.left_out;
    tug__image_uncount(resolver, image, digest, size_bytes);
    return TUG_OK;
}

enum tug_status tug__image_leave_out(struct tug__resolver *resolver, struct tug__image *image,
                                     const struct tug_digest *digest, uint64_t size_bytes,
                                     struct tug_error *err)
{
    const enum tug_status status = note_lack(resolver, image, digest, size_bytes, err);
    char text[TUG_DIGEST_TEXT_MAX];

    if (status == TUG_OK) {
        tug__emit_shortfall(resolver, image,
                            "foreign layer %s is left out: the registry does not have it (see "
                            "--foreign-layers)",
                            tug_digest_format(digest, text));
    }
    return status;
}

bool tug__image_skips(const struct tug__resolver *resolver, const struct tug__image *image,
                      const struct tug__request *request)
{
    const struct tug_fetch_options *const options = &resolver->settings->options;
    const struct tug__descriptor *const descriptor = request->descriptor;
    const struct tug_blob_offer offer = {.position = image->result.position,
                                         .ref = image->result.ref,
                                         .digest = descriptor->digest,
                                         .media_type = descriptor->media_type,
                                         .size_bytes = descriptor->size_bytes};

    return options->on_offer != NULL && !request->is_document && !request->is_root &&
           !request->is_recheck && request->extra == 0 && descriptor->kind != TUG__MEDIA_CONFIG &&
           options->on_offer(options->offer_context, &offer) == TUG_BLOB_SKIP;
}

enum tug_status tug__image_skip(struct tug__resolver *resolver, struct tug__image *image,
                                const struct tug__request *request, struct tug_error *err)
{
    const struct tug__descriptor *const descriptor = request->descriptor;

    return note_lack(resolver, image, &descriptor->digest, descriptor->size_bytes, err);
}
