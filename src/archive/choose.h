/* SPDX-License-Identifier: Apache-2.0
 *
 * Which content of the store an export of some images holds.
 * Threads: the calling one. Blocks: no.
 */
#ifndef TUG_ARCHIVE_CHOOSE_H
#define TUG_ARCHIVE_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/archive.h>

#include "archive/lists.h"
#include "oci/digest_set.h"
#include "walk/walk.h"

/* What is chosen. Begin with all zero but walk and options. */
struct tug__choice {
    struct tug__walk *walk;                   /* borrowed */
    const struct tug_export_options *options; /* borrowed */
    bool *is_chosen;                          /* owned; by the number of the blob */
    struct tug__index_line *lines;            /* owned, with platforms; an image each */
    size_t line_count;
    struct tug__docker_line *docker_lines; /* owned, with their layers; of the images that Docker
                                              can load */
    size_t docker_count;
};

/* Get room for so many images. Errors: TUG_ERR_NO_MEMORY; tug__choice_fini is due in any case. */
enum tug_status tug__choice_begin(struct tug__choice *choice, size_t image_count,
                                  struct tug_error *err);
void tug__choice_fini(struct tug__choice *choice);

/* Add an image: its documents and the content of its manifests. Of an index these are the ones of
 * options.platforms (for each the best that is complete), without that all that are complete, or,
 * with allow_partial, whatever there is of all. One manifest alone has to be complete, unless
 * allow_partial. Where Docker can load it, it gets one manifest: this machine's, else the first.
 * image: its number in the walk; not more images than tug__choice_begin was told.
 * Errors: TUG_ERR_NOT_FOUND (incomplete, or none of the platforms), TUG_ERR_CONTENT (damaged),
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__choice_add(struct tug__choice *choice, uint32_t image, struct tug_error *err);
/* Add an entry of index.json that is there for what refers to an image: all of it, whatever
 * platforms are wanted. roots: of the images that were added. Errors: as tug__choice_add. */
enum tug_status tug__choice_add_follower(struct tug__choice *choice, uint32_t image,
                                         const struct tug__digest_set *roots,
                                         struct tug_error *err);

#endif
