/* SPDX-License-Identifier: Apache-2.0
 *
 * Of a manifest of signatures, request what a judgement may look at, and no more.
 *
 * Knows: images, media types of signatures. Does not know: requests, keys, the graph.
 * Threads: the resolver.
 *
 * Whoever may push to a repository may put any number of signatures of any size beside an image.
 * What is over a limit is not fetched; the judgement finds it missing and says so.
 */
#include "pipeline/resolver.h"

#include <stdlib.h>

#include "base/error.h"

bool tug__extras_are_signatures(const struct tug__wish *wish)
{
    return wish->signatures && !wish->referrers;
}

/* Tell whether a child of a manifest is fetched: payloads, and the config, which says nothing but
 * belongs to the manifest. */
static bool is_wanted(const struct tug__document *document, size_t child, size_t payload_count)
{
    const struct tug__descriptor *const descriptor = &document->children[child];
    const bool is_config = document->has_config && child == 0;

    return descriptor->size_bytes <= TUG__SIGNATURE_BYTES_MAX &&
           (is_config || (tug__is_signature_type(descriptor->media_type) &&
                          payload_count < TUG__SIGNATURES_MAX));
}

enum tug_status tug__image_want_payloads(struct tug__resolver *resolver, struct tug__image *image,
                                         size_t number, const struct tug__document *document,
                                         struct tug_error *err)
{
    struct tug__extras *const extras = &image->extras;
    struct tug__document part = {.children =
                                     calloc(document->child_count + 1, sizeof *part.children)};
    enum tug_status status = TUG_OK;

    if (part.children == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < document->child_count; i++) {
        if (is_wanted(document, i, extras->payload_count)) {
            part.children[part.child_count++] = document->children[i];
            extras->payload_count += document->has_config && i == 0 ? 0 : 1;
        }
    }
    /* a manifest of which a part is missing gets no name */
    extras->items[number].is_kept = part.child_count == document->child_count;
    status = tug__image_want_children(resolver, image, &part, 0, part.child_count, err);
    free(part.children);
    return status;
}
