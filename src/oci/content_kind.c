/* SPDX-License-Identifier: Apache-2.0
 *
 * Classify content that is known by its digest only: a document, or a blob.
 *
 * Knows: the members of manifests and indexes, media types. Does not know: the store, where content
 * comes from. Threads: any.
 */
#include "oci/content_kind.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "oci/descriptor.h"
#include "oci/limits.h"
#include "oci/media_type.h"

#define NO_TYPE "application/octet-stream"

static bool is_document_kind(enum tug__media_kind kind)
{
    return kind == TUG__MEDIA_INDEX || kind == TUG__MEDIA_MANIFEST || kind == TUG__MEDIA_SCHEMA1;
}

bool tug__content_is_document(const char *bytes, size_t length)
{
    static const struct tug__json_limits limits = {
        .max_bytes = TUG__MANIFEST_BYTES_MAX,
        .max_depth = TUG__JSON_DEPTH_MAX,
        .max_values = TUG__JSON_VALUES_MAX,
    };
    static const char *const marks[] = {"schemaVersion", "manifests", "layers", "fsLayers"};
    const struct tug__json_value *root;
    struct tug__json *json = NULL;
    bool is_document = false;

    if (tug__json_parse(bytes, length, &limits, &json, NULL) != TUG_OK) {
        return false;
    }
    root = tug__json_root(json);
    for (size_t i = 0; !is_document && i < sizeof marks / sizeof marks[0]; i++) {
        is_document = tug__json_has(root, marks[i]);
    }
    is_document =
        is_document ||
        is_document_kind(tug__media_kind(tug__json_text(tug__json_get(root, "mediaType"))));
    tug__json_destroy(json);
    return is_document;
}

void tug__content_type_of_blob(const char *said, char out_type[TUG__MEDIA_TYPE_MAX])
{
    const char *const bare = said + strspn(said, " \t");

    (void)snprintf(out_type, TUG__MEDIA_TYPE_MAX, "%.*s", (int)strcspn(bare, "; \t"), bare);
    if (out_type[0] == '\0' || is_document_kind(tug__media_kind(out_type)) ||
        tug__media_type_check(out_type, NULL) != TUG_OK) {
        (void)strcpy(out_type, NO_TYPE);
    }
}
