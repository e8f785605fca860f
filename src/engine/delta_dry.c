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

/* Planned layers of a repository that are looked at for one layer: the latest. */
#define PLANNED_MAX 512

/* A dry run goes on to its end: it only reads documents, each once. */
static bool never(void *context)
{
    (void)context;
    return false;
}

/* Search the stores, the first time. */
static void find_donors(struct tug__engine *engine)
{
    const struct tug__search_stop stop = {.should_stop = never};

    if (!engine->delta.is_searched) {
        (void)tug__donors_find(&engine->delta.donors, &stop, NULL); /* what it found will do */
        engine->delta.is_searched = true;
        tug__delta_tell_unread(engine);
    }
}

/* Find a layer of this run that would be awaited for another one: the same place in another image
 * of the same repository. The layer itself is planned from now on. Returns: borrowed; NULL: none,
 * or the layer was planned before. */
static const struct tug__donor *find_planned(struct tug__donors *planned,
                                             const struct tug__donor *layer)
{
    const struct tug__donor_list *const near = tug__donors_near(planned, layer->repository);
    const struct tug__donor *donor = near != NULL ? near->first : NULL;
    const struct tug__donor *found = NULL;

    for (unsigned i = 0; donor != NULL && i < PLANNED_MAX; i++) {
        if (donor->repository == layer->repository && donor->number == layer->number &&
            donor->place.format == layer->place.format) {
            if (tug_digest_equal(&donor->digest, &layer->digest)) {
                return NULL;
            }
            found = found != NULL ? found : donor;
        }
        donor = donor->next_near;
    }
    (void)tug__donors_add(planned, layer);
    return found;
}

bool tug__engine_ask_donors(struct tug__engine *engine, const struct tug__descriptor *layer,
                            unsigned number, const struct tug_ref *source,
                            struct tug_digest *out_donor, uint64_t *out_copied_bytes)
{
    struct tug__donor wanted = {.digest = layer->digest, .number = number};
    const struct tug__donor *planned;
    struct tug__donor *donor;

    if (!engine->settings.is_dry || engine->delta.donors.store_count == 0 ||
        !tug__chunked_find(layer, &wanted.place) ||
        !tug__copies_may_be_worth_it(tug__chunked_tail(&wanted.place))) {
        return false;
    }
    find_donors(engine);
    wanted.repository = tug__delta_repository(source);
    planned = find_planned(&engine->delta.planned, &wanted);
    if (tug__donors_choose(&engine->delta.donors,
                           &(struct tug__donor_wish){.digest = &layer->digest,
                                                     .format = wanted.place.format,
                                                     .repository = wanted.repository,
                                                     .number = number},
                           &donor, 1) == 0) {
        if (planned == NULL) {
            return false;
        }
        *out_donor = planned->digest;
    } else {
        *out_donor = donor->digest;
    }
    *out_copied_bytes = tug__chunked_tail(&wanted.place);
    return true;
}
