/* SPDX-License-Identifier: Apache-2.0
 *
 * One import, for the files import*.c.
 */
#ifndef TUG_ARCHIVE_IMPORT_INTERNAL_H
#define TUG_ARCHIVE_IMPORT_INTERNAL_H

#include "archive/completing.h"
#include "archive/found.h"
#include "archive/import.h"
#include "archive/intake.h"
#include "archive/work.h"

/* One import at work. */
struct tug__import {
    struct tug_store *store;                  /* borrowed */
    const struct tug_import_options *options; /* borrowed */
    struct tug__work *work;                   /* borrowed */
    struct tug__intake intake;
    struct tug__images_found images;
    struct tug__completing completing;
    int source_fd; /* of a directory; borrowed */
};

/* Read a tar archive from a descriptor to its end: all its content is in the store then, committed,
 * and import->images are known. Errors: as tug_store_import. */
enum tug_status tug__import_tar(struct tug__import *import, int fd, struct tug_error *err);

/* Read the index.json of a layout that is a directory: import->images are known then, and
 * import->completing brings content. Errors: as tug_store_import. */
enum tug_status tug__import_dir(struct tug__import *import, int fd, struct tug_error *err);

#endif
