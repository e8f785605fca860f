/* SPDX-License-Identifier: Apache-2.0
 *
 * What a store has to have: of the blobs that documents name, those that are not just somebody
 * else's platform.
 */
#ifndef TUG_UPKEEP_NEEDED_H
#define TUG_UPKEEP_NEEDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "walk/walk.h"

/* Marks of a blob. */
#define TUG__MARK_CHOSEN 1U /* belongs to what was asked for */
#define TUG__MARK_NEEDED 2U /* its absence is damage */

/* Where to begin. */
struct tug__target {
    uint32_t image; /* of the walk; TUG__WALK_NONE: a blob of no image */
    uint32_t blob;  /* the image's root, or that blob */
};

/* Mark what targets need, and all of it that is known.
 *
 * An image's root is needed, and what the manifests need that were fetched for it: the platforms
 * that its entry tells (TUG__INDEX_PLATFORMS). Where no entry tells it, a manifest below an index
 * counts as fetched when the store has one of its layers. What was left out is not needed.
 * marks: of each blob of the walk; added to. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__mark_needed(struct tug__walk *walk, const struct tug__target *targets,
                                 size_t count, uint8_t *marks, struct tug_error *err);
/* The same for the whole store. A manifest that no entry leads to counts as fetched when the store
 * has a layer of it that no entry leads to either. */
enum tug_status tug__mark_all(struct tug__walk *walk, uint8_t *marks, struct tug_error *err);

#endif
