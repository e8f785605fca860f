/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be put together in a dry run, which requests no layer, so it does not know how much.
 *
 * Knows: donors. Does not know: HTTP, what a table of contents looks like.
 * Threads: the resolver.
 */
#include "chunked/chunked.h"
#include "engine/delta_choice.h"
#include "engine/delta_internal.h"
#include "oci/document.h"

/* A dry run goes on to its end: it only reads documents, each once. */
static bool never(void *context)
{
    (void)context;
    return false;
}

/* Search the stores, the first time. */
static void find_donors(struct tug__delta_state *state)
{
    const struct tug__search_stop stop = {.should_stop = never};

    if (!state->is_searched) {
        (void)tug__donors_find(&state->donors, &stop, NULL); /* those that it found will do */
        state->is_searched = true;
    }
}

bool tug__engine_ask_donors(struct tug__engine *engine, const struct tug__descriptor *layer,
                            unsigned number, const struct tug_ref *source,
                            struct tug_digest *out_donor, uint64_t *out_copied_bytes)
{
    struct tug__donor_wish wish = {.digest = &layer->digest, .number = number};
    struct tug__chunked_place place;
    struct tug__donor *donor;

    if (!engine->settings.is_dry || engine->delta.donors.store_count == 0 ||
        !tug__chunked_find(layer, &place)) {
        return false;
    }
    find_donors(&engine->delta);
    wish.format = place.format;
    wish.repository = tug__delta_repository(source);
    if (tug__donors_choose(&engine->delta.donors, &wish, &donor, 1) == 0) {
        return false;
    }
    *out_donor = donor->digest;
    *out_copied_bytes = tug__chunked_tail(&place);
    return true;
}
