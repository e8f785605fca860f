/* SPDX-License-Identifier: Apache-2.0
 *
 * Parse manifests and indexes.
 *
 * Knows: image-spec 1.1.1 "manifest" and "image-index", their Docker forms, CVE-2021-41190.
 * Does not know: the network, the store, whether the content matches its digest.
 * Threads: any.
 */
#include "oci/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "oci/descriptor.h"
#include "oci/limits.h"
#include "oci/schema1.h"

#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX "application/vnd.oci.image.index.v1+json"
/* Withdrawn before image-spec 1.1; the only document type without schemaVersion. */
#define ARTIFACT_MANIFEST "application/vnd.oci.artifact.manifest.v1+json"

/* The members of manifests and indexes with a meaning here or in other tools. */
static const char *const document_names[] = {
    "schemaVersion", "mediaType", "artifactType", "config",  "layers",     "blobs", "manifests",
    "subject",       "fsLayers",  "annotations",  "history", "signatures", NULL,
};

/* What a document claims to be. */
struct claims {
    char *announced; /* type by the response or the descriptor; NULL: none. Owned, normalised */
    char *own;       /* type by its mediaType member; NULL: none. Owned, normalised */
    bool is_pinned;
};

static void claims_fini(struct claims *claims)
{
    free(claims->announced);
    free(claims->own);
}

/* Copy a media type in lower case, without parameters and blanks; NULL for a generic one. */
static enum tug_status normalise_type(const char *text, char **out_type, struct tug_error *err)
{
    enum tug_status status;
    char *type;

    if (tug__media_is_generic(text)) {
        *out_type = NULL;
        return TUG_OK;
    }
    text += strspn(text, " \t");
    type = tug__strndup(text, strcspn(text, "; \t"));
    if (type == NULL) {
        return tug__fail_memory(err);
    }
    status = tug__media_type_check(type, err);
    if (status != TUG_OK) {
        free(type);
        return status;
    }
    for (char *at = type; *at != '\0'; at++) {
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    }
    *out_type = type;
    return TUG_OK;
}

static bool is_document_kind(enum tug__media_kind kind)
{
    return kind == TUG__MEDIA_INDEX || kind == TUG__MEDIA_MANIFEST;
}

static enum tug_status read_claims(const struct tug__json_value *root, const char *media_type,
                                   struct claims *claims, struct tug_error *err)
{
    const char *own = NULL;
    enum tug_status status = tug__json_get_string(root, "mediaType", &own, err);

    if (status == TUG_OK) {
        status = normalise_type(own, &claims->own, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    status = normalise_type(media_type, &claims->announced, err);
    return status == TUG_OK ? TUG_OK : tug__wrap(err, status, "announced");
}

static enum tug_status refuse_schema1(struct tug_error *err)
{
    return tug__fail(err, TUG_ERR_UNSUPPORTED,
                     "schema 1 manifests are no longer supported: fetch the image with --convert "
                     "oci, or ask its publisher to push it again with a current tool");
}

/* Tell whether a type says that this is schema 1. */
static bool claims_schema1(const struct claims *claims)
{
    return tug__media_kind(claims->announced) == TUG__MEDIA_SCHEMA1 ||
           tug__media_kind(claims->own) == TUG__MEDIA_SCHEMA1;
}

/* Refuse schema 1, by any of its marks, and anything that is not schema 2. */
static enum tug_status check_schema(const struct tug__json_value *root, const struct claims *claims,
                                    struct tug_error *err)
{
    uint64_t version = 0;
    enum tug_status status;

    if (claims_schema1(claims) || tug__schema1_is(root)) {
        return refuse_schema1(err);
    }
    if (!tug__json_has(root, "schemaVersion") && claims->own != NULL &&
        strcmp(claims->own, ARTIFACT_MANIFEST) == 0) {
        return TUG_OK;
    }
    status = tug__json_get_size(root, "schemaVersion", &version, err);
    if (status != TUG_OK) {
        return status;
    }
    return version == 2 ? TUG_OK : tug__fail(err, TUG_ERR_CONTENT, "schemaVersion: not 2");
}

/* Determine the kind from the claims; TUG__MEDIA_OTHER when there are none. */
static enum tug_status kind_by_claims(const struct claims *claims, enum tug__media_kind *out_kind,
                                      struct tug_error *err)
{
    const enum tug__media_kind announced = tug__media_kind(claims->announced);
    const enum tug__media_kind own = tug__media_kind(claims->own);

    if (claims->announced == NULL) {
        if (claims->own != NULL && !is_document_kind(own)) {
            return tug__fail(err, TUG_ERR_CONTENT,
                             "mediaType: '%s' is neither a manifest nor an index", claims->own);
        }
        *out_kind = own;
        return TUG_OK;
    }
    if (!is_document_kind(announced)) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "announced as '%s', which is neither a manifest nor an index",
                         claims->announced);
    }
    /* pinned: the announced type is the descriptor's, and an unknown own type does not contradict
     * it */
    if (claims->own != NULL && strcmp(claims->own, claims->announced) != 0 &&
        !(claims->is_pinned && (own == announced || own == TUG__MEDIA_OTHER))) {
        return tug__fail(err, TUG_ERR_CONTENT, "announced as '%s', but its mediaType is '%s'",
                         claims->announced, claims->own);
    }
    *out_kind = announced;
    return TUG_OK;
}

/* A manifest has a config and a list of layers, which may be empty (Go writes null for that). Only
 * the withdrawn artifact manifest has neither. */
static enum tug_status check_parts(const struct tug__json_value *root, const struct claims *claims,
                                   struct tug_error *err)
{
    const char *const type = claims->announced != NULL ? claims->announced : claims->own;

    if (type != NULL && strcmp(type, ARTIFACT_MANIFEST) == 0) {
        return TUG_OK;
    }
    if (tug__json_get(root, "config") == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT, "config: missing");
    }
    return tug__json_has(root, "layers") ? TUG_OK
                                         : tug__fail(err, TUG_ERR_CONTENT, "layers: missing");
}

/* Determine the kind from the members, and refuse members that contradict it. A member counts even
 * when it is null: other parsers may give it a meaning. kind: in: from kind_by_claims; out: index
 * or manifest. */
static enum tug_status kind_by_members(const struct tug__json_value *root,
                                       enum tug__media_kind *kind, struct tug_error *err)
{
    const bool is_index = tug__json_has(root, "manifests");
    const bool has_layers = tug__json_has(root, "layers");
    const bool has_blobs = tug__json_has(root, "blobs");

    if (is_index && (has_layers || tug__json_has(root, "config"))) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "ambiguous: an index by its 'manifests', a manifest by its '%s'",
                         has_layers ? "layers" : "config");
    }
    if (is_index && *kind == TUG__MEDIA_MANIFEST) {
        return tug__fail(err, TUG_ERR_CONTENT, "a manifest by its type, but has 'manifests'");
    }
    if (!is_index && *kind == TUG__MEDIA_INDEX) {
        return tug__fail(err, TUG_ERR_CONTENT, "an index by its type, but has no 'manifests'");
    }
    if (!is_index && !has_layers && !has_blobs && tug__json_get(root, "config") == NULL) {
        return tug__fail(err, TUG_ERR_CONTENT,
                         "none of 'manifests', 'config' and 'layers': neither an index nor a "
                         "manifest");
    }
    *kind = is_index ? TUG__MEDIA_INDEX : TUG__MEDIA_MANIFEST;
    return TUG_OK;
}

/* Read one descriptor and append it to the children. *capacity: of the array, grown when needed. */
static enum tug_status append_child(struct tug__document *document, size_t *capacity,
                                    const struct tug__json_value *value, struct tug_error *err)
{
    enum tug_status status;

    if (document->child_count == *capacity) {
        const size_t wanted = *capacity > 0 ? 2 * *capacity : 8;
        struct tug__descriptor *const grown =
            reallocarray(document->children, wanted, sizeof *grown);

        if (grown == NULL) {
            return tug__fail_memory(err);
        }
        document->children = grown;
        *capacity = wanted;
    }
    status = tug__descriptor_read(value, &document->children[document->child_count], err);
    if (status == TUG_OK) {
        document->child_count++;
    }
    return status;
}

/* Append all descriptors of an array member; a missing member counts as empty. */
static enum tug_status append_list(struct tug__document *document, size_t *capacity,
                                   const struct tug__json_value *root, const char *key,
                                   struct tug_error *err)
{
    const struct tug__json_value *const list = tug__json_get(root, key);
    const size_t count = tug__json_length(list);

    if (list != NULL && !tug__json_is_array(list)) {
        return tug__fail(err, TUG_ERR_CONTENT, "%s: not an array", key);
    }
    for (size_t i = 0; i < count; i++) {
        const enum tug_status status = append_child(document, capacity, tug__json_at(list, i), err);

        if (status != TUG_OK) {
            return tug__wrap(err, status, "%s[%zu]", key, i);
        }
    }
    return TUG_OK;
}

/* A subject is no content of the document: one that is malformed is none. */
static void read_subject(struct tug__document *document, const struct tug__json_value *root)
{
    const char *digest = tug__json_text(tug__json_get(tug__json_get(root, "subject"), "digest"));

    if (digest != NULL) {
        (void)tug_digest_parse(digest, strlen(digest), &document->subject, NULL);
    }
}

/* Fill in the children of a document whose kind is known. */
static enum tug_status read_children(struct tug__document *document,
                                     const struct tug__json_value *root, struct tug_error *err)
{
    const struct tug__json_value *const config = tug__json_get(root, "config");
    size_t capacity = 0;
    enum tug_status status;

    if (document->kind == TUG__MEDIA_INDEX) {
        return append_list(document, &capacity, root, "manifests", err);
    }
    if (config != NULL) {
        status = append_child(document, &capacity, config, err);
        if (status != TUG_OK) {
            return tug__wrap(err, status, "config");
        }
        document->has_config = true;
    }
    status = append_list(document, &capacity, root, "layers", err);
    /* next to config and layers, `blobs` is an extension unknown to us */
    if (status == TUG_OK && config == NULL && !tug__json_has(root, "layers")) {
        status = append_list(document, &capacity, root, "blobs", err);
    }
    return status;
}

/* List the blobs that the layers of a schema 1 manifest need. */
static enum tug_status list_layers(const struct tug__schema1 *schema1,
                                   struct tug__document *document, struct tug_error *err)
{
    document->children = calloc(schema1->count, sizeof *document->children);
    if (document->children == NULL) {
        return tug__fail_memory(err);
    }
    for (size_t i = 0; i < schema1->count; i++) {
        struct tug__descriptor *const child = &document->children[document->child_count];

        if (schema1->layers[i].is_throwaway) {
            continue;
        }
        child->digest = schema1->layers[i].blob;
        child->kind = TUG__MEDIA_LAYER;
        child->media_type = strdup("");
        if (child->media_type == NULL) {
            return tug__fail_memory(err);
        }
        document->child_count++;
    }
    return TUG_OK;
}

/* Build a document from a schema 1 manifest. On failure it may hold memory that must be freed. */
static enum tug_status build_schema1(const struct tug__json_value *root,
                                     const struct claims *claims, struct tug__document *document,
                                     struct tug_error *err)
{
    const char *const types[] = {claims->own, claims->announced};
    struct tug__schema1 schema1 = {0};
    enum tug_status status;

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i] != NULL && tug__media_kind(types[i]) != TUG__MEDIA_SCHEMA1) {
            return tug__fail(err, TUG_ERR_CONTENT, "schema 1 by its members, but its type is '%s'",
                             types[i]);
        }
    }
    status = tug__schema1_read(root, &schema1, err);
    if (status == TUG_OK) {
        status = list_layers(&schema1, document, err);
    }
    document->kind = TUG__MEDIA_SCHEMA1;
    document->platform = schema1.platform;
    document->media_type = strdup(TUG__SCHEMA1_TYPE);
    tug__schema1_fini(&schema1);
    return status == TUG_OK && document->media_type == NULL ? tug__fail_memory(err) : status;
}

/* Build a document from parsed JSON. On failure it may hold memory that must be freed. */
static enum tug_status build_document(const struct tug__json_value *root, struct claims *claims,
                                      struct tug__document *document, struct tug_error *err)
{
    const char *type = claims->announced != NULL ? claims->announced : claims->own;
    enum tug_status status = tug__json_check_names(root, document_names, err);

    if (status == TUG_OK) {
        status = check_schema(root, claims, err);
    }
    if (status == TUG_OK) {
        status = kind_by_claims(claims, &document->kind, err);
    }
    if (status == TUG_OK) {
        status = kind_by_members(root, &document->kind, err);
    }
    if (status != TUG_OK) {
        return status;
    }
    if (type == NULL) {
        type = document->kind == TUG__MEDIA_INDEX ? OCI_INDEX : OCI_MANIFEST;
    }
    document->media_type = tug__strndup(type, strlen(type));
    if (document->media_type == NULL) {
        return tug__fail_memory(err);
    }
    read_subject(document, root);
    status = tug__artifact_type_read(root, &document->artifact_type, err);
    if (status == TUG_OK) {
        status = read_children(document, root, err);
    }
    if (status == TUG_OK && document->kind == TUG__MEDIA_MANIFEST) {
        status = check_parts(root, claims, err);
    }
    return status;
}

enum tug_status tug__document_parse(const struct tug__document_text *text,
                                    struct tug__document *out_document, struct tug_error *err)
{
    static const struct tug__json_limits limits = {
        .max_bytes = TUG__MANIFEST_BYTES_MAX,
        .max_depth = TUG__JSON_DEPTH_MAX,
        .max_values = TUG__JSON_VALUES_MAX,
    };
    struct tug__document document = {0};
    struct claims claims = {.is_pinned = text->is_pinned};
    struct tug__json *json = NULL;
    enum tug_status status = tug__json_parse(text->bytes, text->length, &limits, &json, err);

    if (status != TUG_OK) {
        return status;
    }
    status = read_claims(tug__json_root(json), text->media_type, &claims, err);
    if (status == TUG_OK) {
        status = text->accepts_schema1 &&
                         (claims_schema1(&claims) || tug__schema1_is(tug__json_root(json)))
                     ? build_schema1(tug__json_root(json), &claims, &document, err)
                     : build_document(tug__json_root(json), &claims, &document, err);
    }
    claims_fini(&claims);
    tug__json_destroy(json);
    if (status != TUG_OK) {
        tug__document_fini(&document);
        return status;
    }
    *out_document = document;
    return TUG_OK;
}

void tug__document_fini(struct tug__document *document)
{
    for (size_t i = 0; i < document->child_count; i++) {
        tug__descriptor_fini(&document->children[i]);
    }
    free(document->children);
    free(document->media_type);
    free(document->artifact_type);
    *document = (struct tug__document){0};
}
