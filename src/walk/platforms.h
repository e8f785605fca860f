/* SPDX-License-Identifier: Apache-2.0
 *
 * The platforms of one image, and whether they are complete. Internal to this room.
 */
#ifndef TUG_WALK_PLATFORMS_H
#define TUG_WALK_PLATFORMS_H

#include <tug/images.h>

#include "walk/walk.h"

/* The platforms of an image. All zero: none. */
struct tug__platforms {
    struct tug_image_platform *items;       /* owned; kept from image to image */
    const struct tug_image_platform **list; /* owned, of the same capacity: leads to items */
    size_t count, capacity;
    bool is_complete;    /* as in tug_image_info */
    const char *created; /* as in tug_image_info; borrowed from the walk */
};

/* Find the platforms of an image whose root is known. walk: with configs. platforms: filled anew.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__platforms_find(struct tug__platforms *platforms, struct tug__walk *walk,
                                    uint32_t image, struct tug_error *err);
/* Free them. */
void tug__platforms_fini(struct tug__platforms *platforms);

#endif
