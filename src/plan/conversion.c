/* SPDX-License-Identifier: Apache-2.0
 *
 * What the conversion of an image has made so far.
 *
 * Knows: digests, schema 1. Does not know: requests, the store, the engine.
 * Threads: its owner's.
 */
#include "plan/conversion.h"

#include <stdlib.h>

#include "base/error.h"
#include "oci/digest.h"

enum tug_status tug__conversion_add(struct tug__conversion *conversion, struct tug__buf *bytes,
                                    struct tug_digest *out_digest, struct tug_error *err)
{
    struct tug__made *made;
    const enum tug_status status =
        tug__digest_of(TUG_DIGEST_SHA256, bytes->data, bytes->length, out_digest, err);

    if (status != TUG_OK || tug__conversion_find(conversion, out_digest) != NULL) {
        return status;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return tug__fail_memory(err);
    }
    made->digest = *out_digest;
    made->bytes = tug__buf_steal(bytes, &made->length);
    made->next = conversion->made;
    conversion->made = made;
    return TUG_OK;
}

const struct tug__made *tug__conversion_find(const struct tug__conversion *conversion,
                                             const struct tug_digest *digest)
{
    const struct tug__made *made = conversion->made;

    while (made != NULL && !tug_digest_equal(&made->digest, digest)) {
        made = made->next;
    }
    return made;
}

void tug__conversion_note_layer(struct tug__conversion *conversion, const struct tug_digest *layer,
                                const struct tug__unpacked *unpacked)
{
    for (size_t i = 0; i < conversion->schema1.count; i++) {
        struct tug__layer_facts *const facts = &conversion->facts[i];

        if (tug_digest_equal(&conversion->schema1.layers[i].blob, layer)) {
            facts->is_blank = unpacked->is_blank;
            facts->diff_id = unpacked->digest;
            facts->media_type = tug__packing_layer_type(unpacked->packing);
        }
    }
}

void tug__conversion_fini(struct tug__conversion *conversion)
{
    while (conversion->made != NULL) {
        struct tug__made *const made = conversion->made;

        conversion->made = made->next;
        free(made->bytes);
        free(made);
    }
    tug__schema1_fini(&conversion->schema1);
    free(conversion->facts);
    *conversion = (struct tug__conversion){0};
}
