/* SPDX-License-Identifier: Apache-2.0
 *
 * What something is that is named by its digest alone. Threads: any. Blocks: never.
 */
#ifndef TUG_OCI_CONTENT_KIND_H
#define TUG_OCI_CONTENT_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "oci/limits.h"

/* Tell whether content is meant to be a manifest or an index, well-formed or not: JSON that has a
 * member, or a mediaType, of theirs. A config or a layer is not. */
bool tug__content_is_document(const char *bytes, size_t length);

/* The media type of a blob by what a registry says: without parameters. Where that is nothing, no
 * type, or the type of a document, which it is not, application/octet-stream.
 * said: NUL-terminated, foreign text. */
void tug__content_type_of_blob(const char *said, char out_type[TUG__MEDIA_TYPE_MAX]);

#endif
