/* SPDX-License-Identifier: Apache-2.0
 *
 * What `docker save` and its relatives write: manifest.json, configs and layers, and no manifests.
 * Threads: the calling one. Blocks: on the disk.
 */
#ifndef TUG_ARCHIVE_DOCKER_SAVE_H
#define TUG_ARCHIVE_DOCKER_SAVE_H

#include "archive/found.h"
#include "archive/intake.h"
#include "archive/table.h"

/* An archive whose members were all read. All borrowed. */
struct tug__docker_save {
    struct tug__intake *intake;
    struct tug__table *table;
    struct tug__images_found *images; /* the ones found are added */
};

/* Make a manifest for each image of manifest.json: an OCI one, of the config and the layers as they
 * are, always the same bytes for the same content. Each layer has to be what the config's rootfs
 * says, unpacked for that where it is compressed. All of it is committed.
 * Errors: TUG_ERR_CONTENT, TUG_ERR_TOO_LARGE, TUG_ERR_STORE, TUG_ERR_CANCELLED, TUG_ERR_NO_MEMORY.
 */
enum tug_status tug__docker_save_read(const struct tug__docker_save *save, const char *text,
                                      size_t length, struct tug_error *err);

#endif
