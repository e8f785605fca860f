/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests and indexes, OCI and Docker, as plain structs with every length checked.
 */
#ifndef TUG_OCI_DOCUMENT_H
#define TUG_OCI_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tug/error.h>
#include <tug/oci.h>

#include "oci/media_type.h"

/* A reference from a document to its content (image-spec "descriptor"). */
struct tug__descriptor {
    struct tug_digest digest;
    uint64_t size_bytes;       /* 0 to INT64_MAX */
    enum tug__media_kind kind; /* of media_type */
    char *media_type;          /* owned, never NULL, possibly empty, at most TUG__MEDIA_TYPE_MAX */
    bool has_platform;
    struct tug_platform platform; /* normalised; valid when has_platform */
    /* The decoded `data` member, only when its length is size_bytes (its digest is not checked
     * here); NULL otherwise. Owned. */
    uint8_t *data;
    /* Of a foreign layer: its https URLs, at most TUG__FOREIGN_URLS_MAX, separated by spaces; NULL:
     * none. Owned. */
    char *urls;
    bool has_urls; /* of a foreign layer: it has URLs, https or not */
    /* For tug__descriptor_annotation: for each, key, NUL, value, NUL; then a NUL. NULL: none.
     * Owned.
     */
    char *annotations;
    char *artifact_type; /* as the descriptor says; owned; NULL: not said, or no media type */
};

/* A parsed manifest or index. */
struct tug__document {
    enum tug__media_kind kind; /* TUG__MEDIA_INDEX, TUG__MEDIA_MANIFEST or TUG__MEDIA_SCHEMA1 */
    char *media_type;          /* the effective one; owned, never NULL */
    /* An index's manifests; or a manifest's config (when it has one), then its layers, then the
     * `blobs` of the withdrawn artifact manifest. In the document's order, duplicates kept.
     * TUG__MEDIA_SCHEMA1: the layers but the throw-away ones, the lowest first, of unknown size and
     * type. */
    struct tug__descriptor *children;
    size_t child_count;
    bool has_config; /* children[0] is the config */
    /* What the document says it refers to, by its `subject`; unset: nothing, or nothing that can be
     * read. */
    struct tug_digest subject;
    char *artifact_type;          /* owned; NULL: none, or no media type */
    struct tug_platform platform; /* TUG__MEDIA_SCHEMA1: the image's, normalised */
};

/* A document as received. All is borrowed. */
struct tug__document_text {
    const char *bytes;
    size_t length;
    /* The announced type (Content-Type of the response, or the descriptor's type), NULL or a
     * generic type when unknown; then the document's own mediaType decides, and without that its
     * members (`manifests`, or `config` and `layers`). */
    const char *media_type;
    /* The document was requested by digest, so a mediaType member that differs from media_type
     * within the same kind is not an error. By tag, any known type that differs is one. */
    bool is_pinned;
    /* Read a schema 1 manifest, too, instead of refusing it. */
    bool accepts_schema1;
};

/* Parse a manifest or index and refuse what is ambiguous (CVE-2021-41190).
 * out_document: initialised on success, to be freed with tug__document_fini; untouched on failure.
 * Errors: TUG_ERR_CONTENT (not JSON, no schemaVersion 2, both index and manifest, kind differs from
 * media_type, a manifest without config or layers, a member that differs from a known one in case
 * only, a bad digest or size), TUG_ERR_UNSUPPORTED (schema 1 unless accepted, a digest algorithm
 * unknown to tug),
 * TUG_ERR_TOO_LARGE (a limit of oci/limits.h), TUG_ERR_NO_MEMORY. Threads: any. Blocks: no. */
enum tug_status tug__document_parse(const struct tug__document_text *text,
                                    struct tug__document *out_document, struct tug_error *err);

/* Free what a document owns. A zeroed document is allowed. */
void tug__document_fini(struct tug__document *document);

/* Find an annotation of a descriptor, by its exact key.
 * Returns: its value, borrowed from the descriptor; NULL when there is none. Annotations that are
 * not strings, have no key, or exceed a limit of oci/limits.h are dropped.
 * Threads: any. Blocks: no. */
const char *tug__descriptor_annotation(const struct tug__descriptor *descriptor, const char *key);

/* Read os, architecture, variant and os.version from an image config, normalised.
 * out_has_platform: false when the config is not a JSON object or has no usable os or architecture;
 * also on failure.
 * Errors: TUG_ERR_CONTENT: a config that other parsers may read differently (a duplicate member, or
 * one that differs from a known one in case only). Threads: any. Blocks: no. */
enum tug_status tug__config_platform(const char *bytes, size_t length,
                                     struct tug_platform *out_platform, bool *out_has_platform,
                                     struct tug_error *err);

/* What a config says, for people to look at. */
struct tug__config_glance {
    bool has_platform;
    struct tug_platform platform; /* normalised */
    char created[64];             /* when the image was made, unchecked; "": not said */
};

/* Read this in one pass, without the tree that tug__config_platform builds to refuse what other
 * parsers may read in another way: nothing is to be decided by it.
 * out_glance: filled in any case; without what is no text, does not fit or is written with escapes.
 * Threads: any. Blocks: no. */
void tug__config_glance(const char *bytes, size_t length, struct tug__config_glance *out_glance);

#endif
