/* SPDX-License-Identifier: Apache-2.0
 *
 * Dry runs: what would be fetched.
 *
 * Knows: images, digests. Does not know: how it would be fetched.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct tug_digest));
}

/* Remember a digest. Returns: false when it was there. Without memory it counts as new again. */
static bool remember(struct tug__resolver *resolver, const struct tug_digest *digest)
{
    struct tug_digest *copy;

    if (tfind(digest, &resolver->planned, compare_digests) != NULL) {
        return false;
    }
    copy = malloc(sizeof *copy);
    if (copy != NULL) {
        *copy = *digest;
        if (tsearch(copy, &resolver->planned, compare_digests) == NULL) {
            free(copy);
        }
    }
    return true;
}

void tug__plan_report(struct tug__resolver *resolver, struct tug__image *image,
                      const struct tug_digest *digest, const char *media_type, uint64_t size_bytes)
{
    struct tug_event event = {
        .kind = TUG_EVENT_PLANNED,
        .ref = image->result.ref,
        .digest = *digest,
        .media_type = media_type,
        .size_bytes = size_bytes,
        .is_repeated = !remember(resolver, digest),
        .image = &image->result,
    };

    image->result.bytes_fetched += size_bytes;
    tug__emit(resolver, &event);
}

void tug__plan_fini(struct tug__resolver *resolver)
{
    tdestroy(resolver->planned, free);
    resolver->planned = NULL;
}
