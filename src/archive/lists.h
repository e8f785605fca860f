/* SPDX-License-Identifier: Apache-2.0
 *
 * The lists of an exported archive: index.json, and the manifest.json of `docker load`.
 * Threads: any. Blocks: no.
 */
#ifndef TUG_ARCHIVE_LISTS_H
#define TUG_ARCHIVE_LISTS_H

#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>

#include "base/buf.h"

/* Capacity for the name of a blob's member. */
#define TUG__BLOB_NAME_MAX (sizeof "blobs/" + TUG_DIGEST_TEXT_MAX)

/* Write the name of a blob's member, "blobs/sha256/…". Returns: out_name. */
char *tug__blob_member_name(const struct tug_digest *digest, char out_name[TUG__BLOB_NAME_MAX]);

/* An image of index.json. All borrowed. */
struct tug__index_line {
    const char *name; /* what it is sorted by; NULL: none, after all that have one */
    const char *media_type;
    struct tug_digest digest;
    uint64_t size_bytes;
    const char *annotations; /* key, NUL, value, NUL for each, and a NUL at the end; NULL: none */
    const char *platforms;   /* what TUG__INDEX_PLATFORMS is to say instead; NULL: nothing */
    const char *refers_to;   /* it is of no image, but there for these; NULL: it is one */
};

/* Append index.json. Images are sorted by name, then digest, and annotations by key; the same image
 * given twice is there once, and lines gets another order. Errors: as tug__buf_append. */
enum tug_status tug__index_text(struct tug__index_line *lines, size_t count, struct tug__buf *buf,
                                struct tug_error *err);

/* An image that Docker can load. All borrowed. */
struct tug__docker_line {
    const char *name;           /* full reference; NULL: none */
    struct tug_digest manifest; /* lines of one manifest become one image with several tags */
    struct tug_digest config;
    const struct tug_digest *layers;
    size_t layer_count;
};

/* Append manifest.json. Of a name Docker is told the tag; one without a tag cannot be told. Images
 * are sorted by their first tag, then digest; lines gets another order. Errors: as tug__buf_append.
 */
enum tug_status tug__docker_text(struct tug__docker_line *lines, size_t count, struct tug__buf *buf,
                                 struct tug_error *err);

#endif
