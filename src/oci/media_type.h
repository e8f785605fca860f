/* SPDX-License-Identifier: Apache-2.0
 *
 * What a media type means for fetching.
 */
#ifndef TUG_OCI_MEDIA_TYPE_H
#define TUG_OCI_MEDIA_TYPE_H

#include <stdbool.h>

enum tug__media_kind {
    TUG__MEDIA_OTHER = 0, /* an opaque blob: fetched, never read */
    TUG__MEDIA_INDEX,     /* OCI index, Docker manifest list */
    TUG__MEDIA_MANIFEST,  /* OCI manifest, Docker manifest v2 schema 2 */
    TUG__MEDIA_SCHEMA1,   /* Docker manifest v2 schema 1: refused, unless it is to be converted */
    TUG__MEDIA_CONFIG,    /* an image config (OCI, Docker): has a platform */
    TUG__MEDIA_LAYER,     /* a file system layer of any packing */
    TUG__MEDIA_FOREIGN, /* a layer that registries may lack; then its `urls` say where to get it */
};

/* Classify a media type; case does not matter, parameters after ';' are ignored.
 * media_type: NUL-terminated, NULL means none. Threads: any. Blocks: no. */
enum tug__media_kind tug__media_kind(const char *media_type);

/* Tell whether a media type says nothing about the content (missing, application/json,
 * application/octet-stream, text/plain): then the document's own mediaType decides. */
bool tug__media_is_generic(const char *media_type);

/* The value of the Accept header for a manifest request: all manifest and index types, schema 1
 * only if accepts_schema1. Static. */
const char *tug__media_accept(bool accepts_schema1);

#endif
