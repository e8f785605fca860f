/* SPDX-License-Identifier: Apache-2.0
 *
 * Classify content that is known by its digest only. Threads: any. Blocks: never.
 */
#ifndef TUG_OCI_CONTENT_KIND_H
#define TUG_OCI_CONTENT_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/limits.h"

/* Tell whether content is meant to be a manifest or an index, valid or not: JSON with a member or a
 * mediaType of one. A config or a layer is not. */
bool tug__content_is_document(const char *bytes, size_t length);

/* The media type of a blob from a registry's Content-Type, without parameters;
 * application/octet-stream when that is missing, is not a media type, or is the type of a document,
 * which a blob is not. said: NUL-terminated, untrusted. */
void tug__content_type_of_blob(const char *said, char out_type[TUG__MEDIA_TYPE_MAX]);

#endif
