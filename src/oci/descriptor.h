/* SPDX-License-Identifier: Apache-2.0
 *
 * Read the objects that manifests, indexes and configs share. Internal to this room.
 * Threads: any.
 */
#ifndef TUG_OCI_DESCRIPTOR_H
#define TUG_OCI_DESCRIPTOR_H

#include <tug/error.h>
#include <tug/oci.h>

#include "base/json.h"
#include "oci/document.h"

/* The known members of a descriptor; NULL-terminated. */
extern const char *const tug__descriptor_names[];

/* Read one descriptor.
 * value: borrowed; NULL (a JSON null) is refused as any other non-object.
 * out_descriptor: to be freed with tug__descriptor_fini; untouched on failure.
 * Errors: TUG_ERR_CONTENT (the message begins with the member that is wrong), TUG_ERR_UNSUPPORTED
 * (digest algorithm), TUG_ERR_NO_MEMORY. */
enum tug_status tug__descriptor_read(const struct tug__json_value *value,
                                     struct tug__descriptor *out_descriptor, struct tug_error *err);

/* Free what a descriptor owns. A zeroed one is allowed. */
void tug__descriptor_fini(struct tug__descriptor *descriptor);

/* Read os, architecture, variant and os.version of an object, normalised; missing ones stay empty.
 * out_platform: untouched on failure.
 * Errors: TUG_ERR_CONTENT (not an object; a member that is not a string, is too long or not
 * printable, or differs from a known one in case only). */
enum tug_status tug__platform_read(const struct tug__json_value *value,
                                   struct tug_platform *out_platform, struct tug_error *err);

/* Copy the `artifactType` of a descriptor or document. out_type: owned; NULL: there is none, or it
 * is no media type: it decides nothing about the content. Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__artifact_type_read(const struct tug__json_value *value, char **out_type,
                                        struct tug_error *err);

/* Check that a media type is printable ASCII of at most TUG__MEDIA_TYPE_MAX characters.
 * Errors: TUG_ERR_CONTENT. */
enum tug_status tug__media_type_check(const char *media_type, struct tug_error *err);

#endif
