/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz tug__document_parse and tug__config_platform: every child that comes out is whole.
 * Input: a byte that says how the document is asked for, then the document.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/digest.h"
#include "oci/document.h"
#include "oci/limits.h"

/* Enough for all members several times; longer texts only slow the search down. */
#define INPUT_MAX ((size_t)64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

/* Every annotation that is kept is found by its key, and all are within the limits. */
static void check_annotations(const struct tug__descriptor *child)
{
    size_t count = 0;

    for (const char *at = child->annotations; at != NULL && *at != '\0'; count++) {
        const char *const value = at + strlen(at) + 1;

        require(tug__descriptor_annotation(child, at) == value);
        require((size_t)(value - at) + strlen(value) + 1 <= TUG__ANNOTATION_BYTES_MAX);
        at = value + strlen(value) + 1;
    }
    require(count <= TUG__ANNOTATIONS_MAX && (child->annotations == NULL || count > 0));
}

static void check_child(const struct tug__descriptor *child)
{
    volatile uint8_t sum = 0;

    require(child->digest.algorithm != TUG_DIGEST_NONE);
    require(child->size_bytes <= INT64_MAX);
    require(child->media_type != NULL && strlen(child->media_type) <= TUG__MEDIA_TYPE_MAX);
    require(child->kind == tug__media_kind(child->media_type));
    check_annotations(child);
    for (uint64_t i = 0; child->data != NULL && i < child->size_bytes; i++) {
        sum = (uint8_t)(sum + child->data[i]);
    }
}

static void check(const struct tug__document *document)
{
    require(document->kind == TUG__MEDIA_INDEX || document->kind == TUG__MEDIA_MANIFEST);
    require(document->media_type != NULL);
    require(tug__media_kind(document->media_type) == document->kind);
    require(!document->has_config ||
            (document->kind == TUG__MEDIA_MANIFEST && document->child_count > 0));
    for (size_t i = 0; i < document->child_count; i++) {
        check_child(&document->children[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {
        NULL,
        "application/json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json; charset=utf-8",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "text/html",
    };
    struct tug__document document = {0};
    struct tug_platform platform;
    struct tug_error err = {0};
    bool has_platform;

    if (size == 0 || size > INPUT_MAX) {
        return 0;
    }
    const struct tug__document_text text = {.bytes = (const char *)data + 1,
                                            .length = size - 1,
                                            .media_type = types[data[0] & 7],
                                            .is_pinned = (data[0] & 8) != 0};
    if (tug__document_parse(&text, &document, &err) == TUG_OK) {
        check(&document);
        tug__document_fini(&document);
    } else {
        require(err.code != TUG_OK && err.message[0] != '\0' && document.children == NULL);
    }
    err = (struct tug_error){0};
    const enum tug_status status =
        tug__config_platform((const char *)data + 1, size - 1, &platform, &has_platform, &err);
    require((status == TUG_OK) == (err.code == TUG_OK) && (status == TUG_OK || !has_platform));
    require(!has_platform || (platform.os[0] != '\0' && platform.architecture[0] != '\0'));
    return 0;
}
