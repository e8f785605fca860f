/* SPDX-License-Identifier: Apache-2.0
 *
 * Dry runs: report content that would be fetched.
 *
 * Knows: images, digests, donors. Does not know: HTTP, how it would be fetched.
 * Threads: the resolver.
 */
#include "pipeline/resolver.h"

void tug__plan_report(struct tug__resolver *resolver, struct tug__image *image,
                      const struct tug__settled *content, const struct tug_digest *donor)
{
    struct tug_event event = {
        .kind = TUG_EVENT_PLANNED,
        .ref = image->result.ref,
        .digest = content->digest,
        .media_type = content->media_type,
        .size_bytes = content->size_bytes,
        .is_repeated = !tug__digest_set_add(&resolver->planned, &content->digest),
        .image = &image->result,
        .copied_bytes = content->copied_bytes,
        .donor = donor,
    };

    image->result.bytes_fetched += content->size_bytes;
    tug__emit(resolver, &event);
}

void tug__plan_report_blob(struct tug__resolver *resolver, struct tug__image *image,
                           const struct tug__request *request)
{
    const struct tug__descriptor *const blob = request->descriptor;
    struct tug__settled content = {
        .digest = blob->digest, .media_type = blob->media_type, .size_bytes = blob->size_bytes};
    struct tug_digest donor;
    const bool has_donor = tug__engine_ask_donors(resolver->engine, blob, request->layer_number,
                                                  image->ref, &donor, &content.copied_bytes);

    tug__plan_report(resolver, image, &content, has_donor ? &donor : NULL);
}

void tug__plan_fini(struct tug__resolver *resolver)
{
    tug__digest_set_fini(&resolver->planned);
}
