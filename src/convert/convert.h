/* SPDX-License-Identifier: Apache-2.0
 *
 * Interface of the convert room: Docker's documents as OCI ones. Bytes in, bytes out, and the same
 * input always gives the same output.
 *
 * Schema 2 manifests and lists get OCI's media types, and lists the digests and sizes of what their
 * entries became; every other byte stays as it is. Of a schema 1 manifest (convert/schema1.h)
 * config and manifest are written anew.
 *
 * Threads: any. Blocks: no.
 */
#ifndef TUG_CONVERT_CONVERT_H
#define TUG_CONVERT_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "oci/document.h"

#define TUG__OCI_MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define TUG__OCI_INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define TUG__OCI_CONFIG_TYPE "application/vnd.oci.image.config.v1+json"

/* Find the OCI media type for one of Docker's; case does not matter.
 * Returns: static text; NULL: it is none of Docker's, and stays. */
const char *tug__convert_type(const char *media_type);

/* What an entry of an index became. All zero: it stays. */
struct tug__converted {
    const char *media_type; /* borrowed; NULL: the entry stays */
    struct tug_digest digest;
    uint64_t size_bytes;
};

/* A document to convert. All is borrowed. */
struct tug__conversion_input {
    const char *bytes;
    size_t length;
    const struct tug__document *document; /* parsed from these bytes; not schema 1 */
    const struct tug__converted *entries; /* of an index: one for each child; NULL: all stay */
};

/* Convert a manifest or an index. In a Docker manifest, a config of type application/octet-stream
 * (Docker before 1.10) becomes an image config.
 * output: appended to; unchanged when nothing has to change, or on failure. out_is_changed: whether
 * there is an output. Errors: TUG_ERR_CONTENT: members are written so that they cannot be replaced
 * (escapes in their names); TUG_ERR_TOO_LARGE (the limit of output), TUG_ERR_NO_MEMORY. */
enum tug_status tug__convert_document(const struct tug__conversion_input *input,
                                      struct tug__buf *output, bool *out_is_changed,
                                      struct tug_error *err);

#endif
