/* SPDX-License-Identifier: Apache-2.0
 *
 * Docker's schema 1 manifests, as plain structs with every length checked. Such a manifest has
 * neither a config nor sizes: a text for each layer says how it was made and which one is below it.
 * Threads: any. Blocks: no.
 */
#ifndef TUG_OCI_SCHEMA1_H
#define TUG_OCI_SCHEMA1_H

#include <stdbool.h>
#include <stddef.h>

#include <tug/error.h>
#include <tug/oci.h>

#include "base/buf.h"
#include "base/json.h"

/* The media type of a schema 1 manifest without signatures. */
#define TUG__SCHEMA1_TYPE "application/vnd.docker.distribution.manifest.v1+json"

/* One step of the image's history, and the layer that it made. */
struct tug__schema1_layer {
    struct tug_digest blob;
    char *history;     /* its v1Compatibility, one JSON object; owned */
    bool is_throwaway; /* said to have changed nothing: its blob is never needed */
};

/* A parsed schema 1 manifest. All zero: empty. */
struct tug__schema1 {
    struct tug__schema1_layer *layers; /* owned; the lowest first */
    size_t count;                      /* 1 to TUG__SCHEMA1_LAYERS_MAX */
    struct tug_platform platform;      /* normalised */
    /* Where the topmost history says neither: the manifest's architecture, and linux. "": it says
     * so itself. */
    char architecture[TUG_PLATFORM_FIELD_MAX];
    char os[TUG_PLATFORM_FIELD_MAX];
};

/* Tell whether an object is a schema 1 manifest, by any of its marks. */
bool tug__schema1_is(const struct tug__json_value *root);

/* Read a schema 1 manifest. Signatures are not looked at. A layer that is named twice in a row, as
 * Docker 1.3 did, counts once.
 * out_schema1: to be freed with tug__schema1_fini; untouched on failure. Errors: TUG_ERR_CONTENT
 * (fsLayers and history differ in length or are empty, a history is not a JSON object, the ids that
 * are told contradict the order, members of schema 2),
 * TUG_ERR_UNSUPPORTED (digest algorithm), TUG_ERR_TOO_LARGE (a limit of oci/limits.h),
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__schema1_read(const struct tug__json_value *root,
                                  struct tug__schema1 *out_schema1, struct tug_error *err);
/* The same for a text. */
enum tug_status tug__schema1_parse(const char *bytes, size_t length,
                                   struct tug__schema1 *out_schema1, struct tug_error *err);
/* Free what a manifest owns. A zeroed one is allowed. */
void tug__schema1_fini(struct tug__schema1 *schema1);

/* Take the signatures (JWS) off a document: what remains are the bytes that registries compute the
 * digest of. The signatures are not verified: their key is part of them, so they prove nothing.
 * payload: appended to. out_is_signed: false: there are none, and payload is unchanged.
 * Errors: TUG_ERR_CONTENT (not JSON, signatures that do not say what they sign), TUG_ERR_TOO_LARGE,
 * TUG_ERR_NO_MEMORY. */
enum tug_status tug__schema1_strip(const char *bytes, size_t length, struct tug__buf *payload,
                                   bool *out_is_signed, struct tug_error *err);

#endif
