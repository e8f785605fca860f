/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether the store has all that an imported image needs; and bringing it, where it can be asked
 * for. Threads: the calling one. Blocks: on the disk.
 */
#ifndef TUG_ARCHIVE_COMPLETING_H
#define TUG_ARCHIVE_COMPLETING_H

#include <stdbool.h>

#include "archive/found.h"
#include "archive/intake.h"
#include "archive/platform_set.h"
#include "oci/digest_set.h"

/* A check of the images of one import, one after the other. All zero but for the members that are
 * set at the beginning. */
struct tug__completing {
    struct tug__intake *intake; /* borrowed */
    /* Bring a blob that the store may lack, if the archive has it. NULL: all is there that there
     * is. */
    enum tug_status (*bring)(void *context, const struct tug_digest *digest, uint64_t size_bytes,
                             struct tug_error *err);
    void *context;
    /* private: of the present image */
    struct tug__digest_set seen;     /* documents that were read: each once, however many name it */
    struct tug__digest_set complete; /* of these, the ones that lack nothing */
    struct tug_digest missing;       /* the first blob that is missing */
    struct tug__platform_set platforms;
    struct tug__buf left_out; /* digests of foreign layers that are missing */
    size_t left_out_count;
};

/* Check an image, and set its platforms. An index is complete when one of its manifests is: others
 * may be there without their content, as --all-metadata fetches them. A foreign layer with URLs may
 * be missing, which image->left_out says then. Errors: TUG_ERR_CONTENT: it lacks something, or has
 * a document that cannot be read; TUG_ERR_STORE, TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY. */
enum tug_status tug__completing_check(struct tug__completing *completing,
                                      struct tug__image_found *image, struct tug_error *err);
#endif
