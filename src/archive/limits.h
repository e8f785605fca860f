/* SPDX-License-Identifier: Apache-2.0
 *
 * Every limit on archives, with its reason.
 */
#ifndef TUG_ARCHIVE_LIMITS_H
#define TUG_ARCHIVE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "oci/limits.h"

/* Bytes that are read, hashed and written at a time: what tug_watch promises as the longest way to
 * the next look at should_stop. */
#define TUG__ARCHIVE_PIECE ((size_t)256 * 1024)
/* Members of an archive that is read, directories included: an image has about ten blobs, so this
 * is an archive of more than 20 000 images. What is remembered of each member is below 300 bytes.
 */
#define TUG__ARCHIVE_MEMBERS_MAX ((size_t)256 * 1024)
/* Bytes of all names that are remembered. */
#define TUG__ARCHIVE_NAMES_MAX ((size_t)32 * 1024 * 1024)
/* One name: longer ones are no names of the formats that are read. */
#define TUG__ARCHIVE_NAME_MAX 512
/* index.json, manifest.json: a descriptor with its annotations has about 600 bytes, so this is room
 * for 50 000 images. */
#define TUG__ARCHIVE_LIST_BYTES_MAX ((size_t)32 * 1024 * 1024)
/* oci-layout: one member of 30 bytes. */
#define TUG__ARCHIVE_LAYOUT_BYTES_MAX ((size_t)4096)
#define TUG__ARCHIVE_LIST_VALUES_MAX ((size_t)1024 * 1024)
/* Images that an archive may name. */
#define TUG__ARCHIVE_IMAGES_MAX ((size_t)50000)
/* Layers of one image of `docker save`: overlayfs mounts at most 500, Docker builds at most 127. */
#define TUG__ARCHIVE_LAYERS_MAX ((size_t)1024)
/* Links from one member to the next: the formats need one. */
#define TUG__ARCHIVE_LINKS_MAX 8
/* What may follow the end of the archive in a stream: tar fills up records, of up to 512 KiB where
 * the tape wanted it. Bytes beyond that are not waited for. */
#define TUG__ARCHIVE_TAIL_MAX ((size_t)1024 * 1024)

#endif
