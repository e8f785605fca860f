/* SPDX-License-Identifier: Apache-2.0
 *
 * What a store has that refers to its images: entries of index.json that are there for their sake.
 * Threads: as a walk. Blocks: only tug__referrers_find, on the disk.
 */
#ifndef TUG_WALK_REFERRERS_H
#define TUG_WALK_REFERRERS_H

#include <tug/images.h>

#include "oci/digest_set.h"
#include "walk/walk.h"

/* All zero: nothing was looked for. */
struct tug__referrers {
    struct tug_store *store;         /* borrowed */
    const struct tug__walk *walk;    /* borrowed */
    struct tug__follower *followers; /* owned; by the root that they refer to */
    size_t follower_count, follower_capacity;
    /* of the root that was asked for last */
    struct tug_image_referrer **items; /* owned, each with its type */
    size_t count, capacity;
};

/* Tell whether an entry of index.json is there for the sake of others. */
bool tug__walk_is_follower(const struct tug__walk_image *image);
/* Tell whether an entry is there for the sake of an image with one of these roots. */
bool tug__walk_follows(const struct tug__walk_image *image, const struct tug__digest_set *roots);

/* List those of these roots that an entry is there for, as TUG__INDEX_REFERS_TO, in ascending
 * order. Returns: owned; NULL when out of memory. */
char *tug__walk_followed(const struct tug__walk_image *image, const struct tug__digest_set *roots);

/* Collect the entries that refer to images. out_referrers: borrows the walk and the store;
 * tug__referrers_fini is due, also on failure. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__referrers_init(struct tug__referrers *out_referrers, struct tug_store *store,
                                    const struct tug__walk *walk, struct tug_error *err);
/* Find what refers to the images with this root: items, count. A document that cannot be read says
 * nothing. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__referrers_find(struct tug__referrers *referrers, const struct tug_digest *root,
                                    struct tug_error *err);
void tug__referrers_fini(struct tug__referrers *referrers);

#endif
