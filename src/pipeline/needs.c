/* SPDX-License-Identifier: Apache-2.0
 *
 * The digests that an image needs, and why.
 *
 * Knows: digests. Does not know: the graph, jobs, the store's content.
 * Threads: the resolver.
 */
#include "pipeline/image.h"

#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "oci/digest.h"
#include "oci/limits.h"

_Static_assert(offsetof(struct tug__need, digest) == 0, "a need is found by its first member");
_Static_assert(offsetof(struct tug__image, waiter) == 0, "an image is found by its first member");

/* Bits of a packed purpose. */
#define WANT_BITS 3U
#define ROOT_BIT 4U
#define AGAIN_BIT 8U
#define OPTIONAL_BIT 16U
#define DOCUMENT_BIT 32U
#define DEPTH_SHIFT 6
#define DEPTH_BITS 127U
#define EXTRA_SHIFT 13
_Static_assert(TUG__INDEX_DEPTH_MAX <= DEPTH_BITS, "a depth has its bits");
_Static_assert(TUG__QUESTIONS_MAX < UINT32_MAX >> EXTRA_SHIFT &&
                   TUG__EXTRAS_MAX < TUG__QUESTIONS_MAX,
               "so has the number of an extra");

unsigned tug__purpose_pack(const struct tug__purpose *purpose)
{
    return (unsigned)purpose->want | (purpose->is_root ? ROOT_BIT : 0) |
           (purpose->is_again ? AGAIN_BIT : 0) | (purpose->is_optional ? OPTIONAL_BIT : 0) |
           (purpose->is_document ? DOCUMENT_BIT : 0) | purpose->depth << DEPTH_SHIFT |
           purpose->extra << EXTRA_SHIFT;
}

struct tug__purpose tug__purpose_unpack(unsigned number)
{
    return (struct tug__purpose){
        .want = (enum tug__want)(number & WANT_BITS),
        .depth = number >> DEPTH_SHIFT & DEPTH_BITS,
        .extra = number >> EXTRA_SHIFT,
        .is_root = (number & ROOT_BIT) != 0,
        .is_again = (number & AGAIN_BIT) != 0,
        .is_optional = (number & OPTIONAL_BIT) != 0,
        .is_document = (number & DOCUMENT_BIT) != 0,
    };
}

enum tug__want tug__image_root_want(const struct tug__image *image)
{
    return image->wish.metadata_only ? TUG__WANT_METADATA : TUG__WANT_ALL;
}

struct tug__image *tug__image_of(const struct tug__edge *edge)
{
    return (struct tug__image *)edge->waiter;
}

enum tug_status tug__image_see(struct tug__image *image, const struct tug_digest *digest,
                               bool *out_is_new, struct tug_error *err)
{
    struct tug__need *need;

    *out_is_new = tug__image_need(image, digest) == NULL;
    if (!*out_is_new) {
        return TUG_OK;
    }
    need = calloc(1, sizeof *need);
    if (need == NULL) {
        return tug__fail_memory(err);
    }
    need->digest = *digest;
    if (tsearch(need, &image->needs.tree, tug__digest_compare) == NULL) {
        free(need);
        return tug__fail_memory(err);
    }
    need->next = image->needs.last;
    image->needs.last = need;
    return TUG_OK;
}

struct tug__need *tug__image_need(const struct tug__image *image, const struct tug_digest *digest)
{
    struct tug__need *const *const found = tfind(digest, &image->needs.tree, tug__digest_compare);

    return found != NULL ? *found : NULL;
}

static void free_need(void *argument)
{
    struct tug__need *const need = argument;

    free(need->urls);
    free(need);
}

void tug__image_fini(struct tug__image *image)
{
    tug__gathered_fini(&image->gathered);
    tug__conversion_fini(&image->conversion);
    tug__extras_fini(&image->extras);
    tdestroy(image->needs.tree, free_need);
    image->needs.tree = NULL;
    image->needs.last = NULL;
    free(image->found.media_type);
    image->found.media_type = NULL;
    free(image->found.left_out);
    image->found.left_out = NULL;
    free(image->found.left_out_text);
    image->found.left_out_text = NULL;
    free(image->found.platforms_text);
    image->found.platforms_text = NULL;
}
