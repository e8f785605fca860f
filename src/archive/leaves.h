/* SPDX-License-Identifier: Apache-2.0
 *
 * The manifests of one image, for the files of the choice: choose.c, leaves.c.
 */
#ifndef TUG_ARCHIVE_LEAVES_H
#define TUG_ARCHIVE_LEAVES_H

#include "archive/choose.h"

/* One manifest of an image. */
struct tug__leaf {
    uint32_t blob;
    const struct tug_platform *platform; /* NULL: nothing says it */
    uint64_t missing;                    /* blobs that it lacks */
    uint32_t example;                    /* one of these */
    bool is_selected;
};

/* The manifests of one image. */
struct tug__leaves {
    struct tug__leaf *items; /* owned */
    size_t count, capacity;
};

/* Say which platforms the export has of an image, in the words of a fetch: the store may have more,
 * or may have got them otherwise.
 * out_text: owned; NULL: nothing is to be said. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__leaves_describe(const struct tug__choice *choice, uint32_t image,
                                     const struct tug__leaves *leaves, char **out_text,
                                     struct tug_error *err);

#endif
