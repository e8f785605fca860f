/* SPDX-License-Identifier: Apache-2.0
 *
 * Of a manifest of signatures, request what a judgement may look at, and no more.
 *
 * Knows: images, media types of signatures. Does not know: requests, keys, the graph.
 * Threads: the resolver.
 *
 * Whoever may push to a repository may put any number of signatures of any size beside an image.
 * What is over a limit is not fetched, and what the registry has lost is no reason to fail: the
 * judgement finds it missing and says so.
 */
#include "pipeline/resolver.h"

#include <stdlib.h>

#include "base/error.h"

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
        if (tug__extras_wants_payload(document, i, extras->payload_count)) {
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
