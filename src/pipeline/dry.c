/* SPDX-License-Identifier: Apache-2.0
 *
 * Dry runs: report content that would be fetched.
 *
 * Knows: images, digests. Does not know: HTTP, how it would be fetched.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

void tug__plan_report(struct tug__resolver *resolver, struct tug__image *image,
                      const struct tug_digest *digest, const char *media_type, uint64_t size_bytes)
{
    struct tug_event event = {
        .kind = TUG_EVENT_PLANNED,
        .ref = image->result.ref,
        .digest = *digest,
        .media_type = media_type,
        .size_bytes = size_bytes,
        .is_repeated = !tug__digest_set_add(&resolver->planned, digest),
        .image = &image->result,
    };

    image->result.bytes_fetched += size_bytes;
    tug__emit(resolver, &event);
}

void tug__plan_fini(struct tug__resolver *resolver)
{
    tug__digest_set_fini(&resolver->planned);
}
